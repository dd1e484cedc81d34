package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.posix.Errno;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The ways past the kernel's cache. */
final class MediumAccessTest {
  private static final int SIZE = 1 << 16;

  @TempDir private Path directory;
  private final ScriptedLibC script = new ScriptedLibC();
  private final byte[] contents = new byte[SIZE];
  private Path file;

  @BeforeEach
  void makeDisk() throws Exception {
    file = directory.resolve("disk.img");
    new Random(7).nextBytes(contents);
    Files.write(file, contents);
  }

  private PosixBlockDevice open(IoMode mode) throws DeviceOpenException {
    return PosixBlockDevice.open(script.libc(), file.toString(), mode, Access.READ_WRITE);
  }

  private void assertReads(PosixBlockDevice device) throws BlockDeviceException {
    IoBuffer buffer = IoBuffer.allocate(SIZE);
    device.readMedium(0, buffer, 0, SIZE);
    byte[] read = new byte[SIZE];
    buffer.bytes().get(0, read);
    assertThat(read).isEqualTo(contents);
  }

  @Test
  void shouldReadThroughTheOneDescriptorWhenThatIsDirect() throws Exception {
    try (PosixBlockDevice device = open(IoMode.DIRECT)) {
      assertReads(device);
      assertThat(device.mediumAccess()).isEqualTo("direct");
      assertThat(script.calls("open")).isEqualTo(1);
      assertThat(script.calls("posix_fadvise")).isZero();
    }
  }

  @Test
  void shouldOpenADirectDescriptorBesideABufferedOneAndSeeItsWrites() throws Exception {
    try (PosixBlockDevice device = open(IoMode.BUFFERED)) {
      IoBuffer fresh = IoBuffer.allocate(4096);
      fresh.bytes().put(0, contents, 8192, 4096);
      device.write(0, fresh, 0, 4096); // dirty in the cache, and nowhere else
      System.arraycopy(contents, 8192, contents, 0, 4096);
      assertReads(device);
      assertThat(device.mediumAccess()).isEqualTo("direct, beside the buffered mount");
      assertThat(script.calls("open")).isEqualTo(2);
    }
    assertThat(script.calls("close")).isEqualTo(2);
  }

  @Test
  void shouldDropCachedPagesWhenTheFileSystemRefusesDirectIo() throws Exception {
    script.fail("open", Errno.EINTR); // the device itself, which is tried again
    try (PosixBlockDevice device = open(IoMode.BUFFERED)) {
      script.fail("pread", Errno.EINVAL);
      assertReads(device);
      assertReads(device);
      assertThat(device.mediumAccess()).isEqualTo("buffered, cached pages dropped first");
      assertThat(script.calls("posix_fadvise")).isEqualTo(2);
    }
  }

  @Test
  void shouldSaySoWhenEvenThatIsRefused() throws Exception {
    try (PosixBlockDevice device = open(IoMode.BUFFERED)) {
      script.fail("pread", Errno.EINVAL).answer("posix_fadvise", Errno.EINVAL);
      assertReads(device);
      assertThat(device.mediumAccess()).contains("may answer from its cache");
    }
  }
}
