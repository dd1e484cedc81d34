package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.posix.Errno;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The image on real mounts, in both kinds of session. */
@Tag("integration")
class MountedImageTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldBehaveAsAFileOfFixedSizeWhenOffsetsAndLengthsAreArbitrary(SessionKind kind)
      throws IOException {
    long seed = new Random().nextLong();
    Random random = new Random(seed);
    byte[] model = new byte[MountFixture.SIZE_BYTES];
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image =
            FileChannel.open(mount.image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (int step = 0; step < 1500; step++) {
        int lengthBytes = 1 + random.nextInt(random.nextInt(10) == 0 ? 3 << 20 : 20_000);
        int byteOffset = random.nextInt(model.length - lengthBytes);
        ByteBuffer bytes = ByteBuffer.allocateDirect(lengthBytes);
        if (random.nextBoolean()) {
          byte[] data = new byte[lengthBytes];
          random.nextBytes(data);
          System.arraycopy(data, 0, model, byteOffset, lengthBytes);
          bytes.put(0, data);
          assertThat(image.write(bytes, byteOffset)).isEqualTo(lengthBytes);
        } else {
          assertThat(image.read(bytes, byteOffset)).isEqualTo(lengthBytes);
          byte[] read = new byte[lengthBytes];
          bytes.get(0, read);
          if (!Arrays.equals(read, 0, lengthBytes, model, byteOffset, byteOffset + lengthBytes)) {
            throw new AssertionError(
                "seed " + seed + " step " + step + ": wrong bytes at " + byteOffset);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldEndAsADiskDoesWhenTheRangeCrossesTheEnd(SessionKind kind) throws IOException {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image =
            FileChannel.open(mount.image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      long size = MountFixture.SIZE_BYTES;
      assertThat(image.size()).isEqualTo(size);
      assertThat(image.read(ByteBuffer.allocate(4096), size)).isEqualTo(-1);
      assertThat(image.read(ByteBuffer.allocate(4096), size - 100)).isEqualTo(100);
      assertThat(image.write(ByteBuffer.allocate(4096), size - 100)).isEqualTo(100);
      assertThatThrownBy(() -> image.write(ByteBuffer.allocate(1), size))
          .hasMessageContaining("No space left");
      assertThat(image.size()).isEqualTo(size);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldRefuseWhatWouldChangeTheTree(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        RandomAccessFile image = new RandomAccessFile(mount.image.toFile(), "rw")) {
      image.setLength(MountFixture.SIZE_BYTES);
      String refused = "Operation not permitted";
      assertThatThrownBy(() -> image.setLength(4096)).hasMessageContaining(refused);
      assertThatThrownBy(() -> image.setLength(1L << 40)).hasMessageContaining(refused);
      assertThatThrownBy(() -> Files.delete(mount.image)).hasMessageContaining(refused);
      assertThatThrownBy(() -> Files.createFile(mount.mountPoint.resolve("new")))
          .hasMessageContaining(refused);
      assertThatThrownBy(() -> Files.createDirectory(mount.mountPoint.resolve("new")))
          .hasMessageContaining(refused);
      assertThatThrownBy(() -> Files.move(mount.image, mount.mountPoint.resolve("other")))
          .hasMessageContaining(refused);
      assertThat(Files.size(mount.image)).isEqualTo(MountFixture.SIZE_BYTES);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldReachTheDeviceWhenTheImageIsSynced(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      try (FileChannel image = FileChannel.open(mount.image, StandardOpenOption.WRITE)) {
        image.write(ByteBuffer.wrap(new byte[] {1}), 7);
        assertThat(mount.device.flushes).hasValue(0);
        image.force(false);
        assertThat(mount.device.flushes).hasValue(1);
      }
      assertThat(mount.device.flushes).as("closing is a barrier too").hasValue(2);
      Files.newByteChannel(mount.image).close();
      assertThat(mount.device.flushes).as("but not after mere reading").hasValue(2);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldAnswerEioWhenABlockIsLost(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image = FileChannel.open(mount.image, StandardOpenOption.READ)) {
      mount.device.failAt(40_960, Errno.EIO);
      assertThatThrownBy(() -> image.read(ByteBuffer.allocate(8192), 36_864))
          .hasMessageContaining("Input/output error");
      assertThat(image.read(ByteBuffer.allocate(4096), 36_864)).isEqualTo(4096);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldPassTheErrnoOnWhenTheDeviceIsGone(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image = FileChannel.open(mount.image, StandardOpenOption.READ)) {
      mount.device.failAt(40_960, Errno.ENOLINK);
      assertThatThrownBy(() -> image.read(ByteBuffer.allocate(8192), 36_864))
          .hasMessageContaining("Link has been severed");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldAnswerEioAndGoOnWhenWeHaveABug(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image =
            FileChannel.open(mount.image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      mount.device.broken = true;
      assertThatThrownBy(() -> image.read(ByteBuffer.allocate(10), 0))
          .hasMessageContaining("Input/output error");
      assertThatThrownBy(() -> image.write(ByteBuffer.allocate(10), 0))
          .hasMessageContaining("Input/output error");
      mount.device.broken = false;
      assertThat(image.read(ByteBuffer.allocate(10), 0)).isEqualTo(10);
      assertThat(image.write(ByteBuffer.allocate(10), 0)).isEqualTo(10);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldZeroWhenHolesArePunched(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      String image = mount.image.toString();
      byte[] ones = new byte[64 << 10];
      Arrays.fill(ones, (byte) 1);
      try (FileChannel channel = FileChannel.open(mount.image, StandardOpenOption.WRITE)) {
        channel.write(ByteBuffer.wrap(ones), 0);
      }
      MountFixture.run("fallocate", "-p", "-o", "4096", "-l", "4096", image);
      MountFixture.run("fallocate", "-z", "-o", "16384", "-l", "8192", image);
      assertThat(mount.device.zeroed).hasValue(2);
      byte[] expected = ones.clone();
      Arrays.fill(expected, 4096, 8192, (byte) 0);
      Arrays.fill(expected, 16_384, 24_576, (byte) 0);
      try (FileChannel channel = FileChannel.open(mount.image)) {
        ByteBuffer read = ByteBuffer.allocate(ones.length);
        channel.read(read, 0);
        assertThat(read.array()).isEqualTo(expected);
      }
      assertThatThrownBy(() -> MountFixture.run("fallocate", "-l", "128M", image))
          .hasMessageContaining("not supported");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldServeDirectIoWhenTheBackingIsOpenedDirectToo(SessionKind kind) throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.DIRECT)) {
      byte[] data = new byte[8 << 20];
      new Random(1).nextBytes(data);
      Path source = Files.write(directory.resolve("source"), data);
      String image = "of=" + mount.image;
      MountFixture.run("dd", "if=" + source, image, "bs=1M", "oflag=direct", "conv=notrunc,fsync");
      Path copy = directory.resolve("copy");
      MountFixture.run(
          "dd", "if=" + mount.image, "of=" + copy, "bs=64K", "count=128", "iflag=direct");
      assertThat(Files.mismatch(source, copy)).isEqualTo(-1);
    }
  }
}
