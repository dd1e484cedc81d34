package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.posix.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PosixBlockDeviceTest {
  private static final int SIZE = 1 << 20;

  @TempDir Path directory;
  private Path file;

  @BeforeEach
  void makeDisk() throws IOException {
    file = directory.resolve("disk.img");
    byte[] contents = new byte[SIZE];
    new Random(7).nextBytes(contents);
    Files.write(file, contents);
  }

  @Test
  void shouldReadBackWhatItWrote() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_WRITE)) {
      IoBuffer out = IoBuffer.allocate(8192);
      for (int i = 0; i < 8192; i++) {
        out.bytes().put(i, (byte) (i * 31));
      }
      device.write(4096, out, 0, 8192);
      device.flush();
      IoBuffer in = IoBuffer.allocate(12288);
      device.read(4096, in, 4096, 8192);
      assertThat(in.bytes().slice(4096, 8192)).isEqualTo(out.bytes());
    }
  }

  @Test
  void shouldKnowItsSizeAndSector() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_ONLY)) {
      assertThat(device.sizeBytes()).isEqualTo(SIZE);
      assertThat(device.sectorSizeBytes()).isIn(512, 4096);
      assertThat(device.facts().isBlockDevice()).isFalse();
    }
  }

  @Test
  void shouldRefuseARangeThatIsNoSectorsOrOutside() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_ONLY)) {
      IoBuffer buffer = IoBuffer.allocate(8192);
      assertThatThrownBy(() -> device.read(1, buffer, 0, 4096))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> device.read(SIZE - 4096, buffer, 0, 8192))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> device.read(0, buffer, 4096, 8192))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void shouldZeroARange() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_WRITE)) {
      device.zero(4096, 8192, true);
      device.zero(65536, 4096, false);
      IoBuffer in = IoBuffer.allocate(8192);
      device.read(4096, in, 0, 8192);
      assertThat(in.bytes()).isEqualTo(IoBuffer.allocate(8192).bytes());
      device.read(65536, in, 0, 4096);
      assertThat(in.bytes().slice(0, 4096)).isEqualTo(IoBuffer.allocate(4096).bytes());
    }
  }

  @Test
  void shouldTellTheTransportWhenTheFileWasShortened() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_ONLY)) {
      Files.write(file, new byte[8192]);
      IoBuffer buffer = IoBuffer.allocate(4096);
      assertThatThrownBy(() -> device.read(65536, buffer, 0, 4096))
          .isInstanceOf(TransportErrorException.class)
          .hasMessageContaining("ended at byte 8192, was " + SIZE);
    }
  }

  @Test
  void shouldKeepTheErrnoWhenTheKernelRefuses() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_ONLY)) {
      IoBuffer buffer = IoBuffer.allocate(4096);
      assertThatThrownBy(() -> device.write(0, buffer, 0, 4096))
          .isInstanceOfSatisfying(
              TransportErrorException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EBADF));
    }
  }

  @Test
  void shouldNameTheHolderWhenAlreadyLocked() throws Exception {
    try (PosixBlockDevice device = open(Access.READ_WRITE)) {
      assertThat(device.descriptorFor(0, 512)).isPositive();
      assertThatThrownBy(() -> open(Access.READ_WRITE))
          .isInstanceOfSatisfying(
              DeviceBusyException.class,
              e -> assertThat(e.holderPid()).isEqualTo(ProcessHandle.current().pid()))
          .hasMessageContaining("process " + ProcessHandle.current().pid());
    }
    open(Access.READ_WRITE).close();
  }

  @Test
  void shouldSayWhatIsWrongWhenItIsNoDisk() throws Exception {
    assertThatThrownBy(() -> openPath(directory.resolve("missing")))
        .hasMessageContaining("does not exist");
    assertThatThrownBy(() -> openPath(directory)).hasMessageContaining("is a directory");
    assertThatThrownBy(() -> openPath(Files.createFile(directory.resolve("empty"))))
        .hasMessageContaining("is empty");
    assertThatThrownBy(() -> openPath(Path.of("/dev/null")))
        .hasMessageContaining("neither a regular file nor a block device");
  }

  private PosixBlockDevice open(Access access) throws DeviceOpenException {
    return PosixBlockDevice.open(file.toString(), IoMode.DIRECT, access);
  }

  private static PosixBlockDevice openPath(Path path) throws DeviceOpenException {
    return PosixBlockDevice.open(path.toString(), IoMode.DIRECT, Access.READ_ONLY);
  }
}
