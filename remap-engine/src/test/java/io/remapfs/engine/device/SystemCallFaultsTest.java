package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.remapfs.engine.posix.Errno;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the kernel may answer to each call of a device: interrupted, in part, not at all. */
final class SystemCallFaultsTest {
  private static final int SIZE = 1 << 20;
  private static final int LENGTH = 16384;

  @TempDir Path directory;
  private Path file;
  private byte[] contents;
  private final ScriptedLibC script = new ScriptedLibC();

  @BeforeEach
  void makeDisk() throws IOException {
    file = directory.resolve("disk.img");
    contents = new byte[SIZE];
    new Random(7).nextBytes(contents);
    Files.write(file, contents);
  }

  private PosixBlockDevice open() throws DeviceOpenException {
    return PosixBlockDevice.open(script.libc(), file.toString(), IoMode.DIRECT, Access.READ_WRITE);
  }

  private static byte[] read(BlockDevice device, long byteOffset) throws IOException {
    IoBuffer buffer = IoBuffer.allocate(LENGTH);
    device.read(byteOffset, buffer, 0, LENGTH);
    byte[] bytes = new byte[LENGTH];
    buffer.bytes().get(0, bytes);
    return bytes;
  }

  private byte[] stored(int byteOffset) {
    return java.util.Arrays.copyOfRange(contents, byteOffset, byteOffset + LENGTH);
  }

  private static IoBuffer fresh() {
    IoBuffer buffer = IoBuffer.allocate(LENGTH);
    for (int i = 0; i < LENGTH; i++) {
      buffer.bytes().put(i, (byte) (i * 31 + (i >> 9)));
    }
    return buffer;
  }

  @ParameterizedTest
  @ValueSource(strings = {"open", "flock", "pread", "pwrite", "fdatasync", "fallocate"})
  void shouldGoOnWhenACallIsInterrupted(String call) throws Exception {
    script.fail(call, Errno.EINTR, Errno.EINTR, Errno.EINTR);
    try (PosixBlockDevice device = open()) {
      assertThat(read(device, 4096)).isEqualTo(stored(4096));
      device.write(65536, fresh(), 0, LENGTH);
      device.zero(4096, LENGTH, true);
      device.reserve(4096, LENGTH);
      device.flush();
      device.flush();
      assertThat(IoBuffer.allocate(LENGTH).bytes().put(0, read(device, 65536)))
          .isEqualTo(fresh().bytes());
      assertThat(read(device, 4096)).isEqualTo(new byte[LENGTH]);
    }
    assertThat(script.isDone()).isTrue();
  }

  @Test
  void shouldAskABlockDeviceAgainWhenAnIoctlIsInterrupted() throws Exception {
    String device = "/dev/loop0";
    assumeTrue(Files.isReadable(Path.of(device)), "may not open " + device);
    script.answer("flock", 0).fail("ioctl", Errno.EINTR, Errno.EINTR);
    try {
      PosixBlockDevice.open(script.libc(), device, IoMode.DIRECT, Access.READ_ONLY).close();
    } catch (DeviceOpenException e) {
      // A loop device without a file has no size; EINTR would have been said as FAILED.
      assertThat(e.reason()).isEqualTo(DeviceOpenException.Reason.EMPTY);
    }
    assertThat(script.isDone()).isTrue();
    assertThat(script.calls("ioctl")).isGreaterThan(2);
  }

  @Test
  void shouldReadAllWhenTheKernelGivesItInParts() throws Exception {
    // 5000 bytes end within a sector: what came of it is read again, at a whole one.
    script.shorten("pread", 512, 5000, 4096).fail("pread", Errno.EINTR).shorten("pread", 1024);
    try (PosixBlockDevice device = open()) {
      assertThat(read(device, 8192)).isEqualTo(stored(8192));
    }
    assertThat(script.isDone()).isTrue();
  }

  @Test
  void shouldWriteAllWhenTheKernelTakesItInParts() throws Exception {
    script.shorten("pwrite", 512, 5000, 4096).fail("pwrite", Errno.EINTR).shorten("pwrite", 1024);
    try (PosixBlockDevice device = open()) {
      device.write(8192, fresh(), 0, LENGTH);
      assertThat(IoBuffer.allocate(LENGTH).bytes().put(0, read(device, 8192)))
          .isEqualTo(fresh().bytes());
      assertThat(read(device, 8192 + LENGTH)).isEqualTo(stored(8192 + LENGTH));
    }
    assertThat(script.isDone()).isTrue();
  }

  @Test
  void shouldBlameTheTransportWhenAWriteMakesNoProgress() throws Exception {
    script.answer("pwrite", 0).answer("pwrite", 100);
    try (PosixBlockDevice device = open()) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> device.write(0, fresh(), 0, LENGTH))
            .isInstanceOf(TransportErrorException.class);
      }
    }
  }

  @Test
  void shouldBlameTheTransportWhenAReadGivesNothingInTheMiddle() throws Exception {
    script.answer("pread", 0);
    try (PosixBlockDevice device = open()) {
      assertThatThrownBy(() -> read(device, 4096))
          .isInstanceOf(TransportErrorException.class)
          .hasMessageContaining("gave no bytes at 4096");
      assertThat(read(device, 4096)).isEqualTo(stored(4096));
    }
  }

  @Test
  void shouldSayWhereItEndsWhenItWasCutShort() throws Exception {
    try (PosixBlockDevice device = open()) {
      resize(20_000); // within a sector, and within the request
      assertThatThrownBy(() -> read(device, 8192))
          .isInstanceOf(TransportErrorException.class)
          .hasMessageContaining("ended at byte 20000, was " + SIZE);
      assertThat(device.presentSizeBytes()).isEqualTo(20_000);
      assertThat(device.sizeBytes()).isEqualTo(SIZE);
    }
  }

  @Test
  void shouldNotMakeItGrowWhenItWasCutShort() throws Exception {
    try (PosixBlockDevice device = open()) {
      resize(65536);
      device.presentSizeBytes();
      assertThatThrownBy(() -> device.write(131_072, fresh(), 0, LENGTH))
          .isInstanceOf(TransportErrorException.class)
          .hasMessageContaining("ended at byte 65536");
      assertThatThrownBy(() -> device.zero(131_072, LENGTH, false))
          .isInstanceOf(TransportErrorException.class);
      assertThat(Files.size(file)).isEqualTo(65536);
      assertThat(read(device, 0)).isEqualTo(stored(0));
      resize(SIZE);
      assertThat(device.presentSizeBytes()).isEqualTo(SIZE);
      device.write(131_072, fresh(), 0, LENGTH);
    }
  }

  @Test
  void shouldFailForGoodWhenAFlushFailedOnce() throws Exception {
    script.fail("fdatasync", Errno.EIO);
    try (PosixBlockDevice device = open()) {
      assertThatThrownBy(device::flush).isInstanceOf(MediumErrorException.class);
      assertThatThrownBy(device::flush).hasMessageContaining("an earlier flush");
      assertThat(script.calls("fdatasync")).isEqualTo(1);
    }
  }

  @ParameterizedTest
  @ValueSource(
      ints = {
        Errno.ENODEV, Errno.ENXIO, Errno.ENOLINK, Errno.ETIMEDOUT, Errno.ESHUTDOWN, Errno.ENOTCONN,
        Errno.EROFS, Errno.EPERM, Errno.ENOSPC, Errno.EDQUOT, Errno.EINVAL, Errno.ENOMEM,
        Errno.EAGAIN, Errno.EBADF, Errno.EFBIG
      })
  void shouldBlameTheTransportWhenTheErrnoSpeaksOfNoSector(int errno) throws Exception {
    script.fail("pread", errno).fail("pwrite", errno).fail("fdatasync", errno);
    try (PosixBlockDevice device = open()) {
      assertThatThrownBy(() -> read(device, 0))
          .isInstanceOfSatisfying(
              TransportErrorException.class, e -> assertThat(e.errno()).isEqualTo(errno));
      assertThatThrownBy(() -> device.write(0, fresh(), 0, LENGTH))
          .isInstanceOfSatisfying(
              TransportErrorException.class, e -> assertThat(e.errno()).isEqualTo(errno));
      assertThatThrownBy(device::flush).isInstanceOf(TransportErrorException.class);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {Errno.EIO, Errno.ENODATA, Errno.EILSEQ, Errno.EREMOTEIO})
  void shouldBlameTheMediumWhenTheErrnoSpeaksOfASector(int errno) throws Exception {
    script.fail("pread", errno).fail("pwrite", errno);
    try (PosixBlockDevice device = open()) {
      assertThatThrownBy(() -> read(device, 0)).isInstanceOf(MediumErrorException.class);
      assertThatThrownBy(() -> device.write(0, fresh(), 0, LENGTH))
          .isInstanceOf(MediumErrorException.class);
    }
  }

  @Test
  void shouldWriteZerosWhenTheFileSystemCannotZero() throws Exception {
    script.fail("fallocate", Errno.EINTR, Errno.EOPNOTSUPP);
    try (PosixBlockDevice device = open()) {
      device.zero(4096, LENGTH, false);
      assertThat(read(device, 4096)).isEqualTo(new byte[LENGTH]);
    }
    assertThat(script.calls("pwrite")).isPositive();
  }

  @Test
  void shouldTakeSpaceAndKeepTheContentsWhenARangeIsReserved() throws Exception {
    Path sparse = directory.resolve("sparse");
    try (RandomAccessFile made = new RandomAccessFile(sparse.toFile(), "rw")) {
      made.setLength(SIZE);
    }
    try (PosixBlockDevice device =
        PosixBlockDevice.open(sparse.toString(), IoMode.BUFFERED, Access.READ_WRITE)) {
      device.write(0, fresh(), 0, LENGTH);
      device.reserve(0, SIZE);
      assertThat(IoBuffer.allocate(LENGTH).bytes().put(0, read(device, 0)))
          .isEqualTo(fresh().bytes());
    }
    assertThat(Files.size(sparse)).isEqualTo(SIZE);
    assertThat(allocatedBytes(sparse)).isGreaterThanOrEqualTo(SIZE);
  }

  @Test
  void shouldSayThatThereIsNoRoomWhenARangeCannotBeReserved() throws Exception {
    script.fail("fallocate", Errno.EINTR, Errno.ENOSPC);
    try (PosixBlockDevice device = open()) {
      assertThatThrownBy(() -> device.reserve(0, LENGTH))
          .isInstanceOfSatisfying(
              TransportErrorException.class, e -> assertThat(e.errno()).isEqualTo(Errno.ENOSPC));
      script.fail("fallocate", Errno.EOPNOTSUPP);
      device.reserve(0, LENGTH);
    }
  }

  private static long allocatedBytes(Path path) throws Exception {
    Process du = new ProcessBuilder("du", "-B1", path.toString()).start();
    String line =
        new String(du.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.US_ASCII);
    return Long.parseLong(line.split("\\s", 2)[0]);
  }

  private void resize(long sizeBytes) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.setLength(sizeBytes);
    }
  }
}
