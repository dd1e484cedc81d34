package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.remapfs.engine.device.IoMode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** What users put on the image: loop devices, file systems, fio, mmap. */
@Tag("integration")
@Timeout(180)
class LoopAndLoadTest {
  /** A worker's allocations for one request of the fast path; some room for the JVM's own. */
  private static final long ALLOWED_BYTES_A_REQUEST = 2;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldCarryAFileSystemWhenLoopedWithDirectIo(SessionKind kind) throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.DIRECT)) {
      String loop =
          MountFixture.run("losetup", "-f", "--show", "--direct-io=on", mount.image.toString())
              .strip();
      try {
        assertThatThrownBy(mount.session::unmount).hasMessageContaining(loop);
        MountFixture.run("mkfs.ext4", "-q", "-F", loop);
        Path ext4 = Files.createDirectory(directory.resolve("ext4"));
        MountFixture.run("mount", loop, ext4.toString());
        try {
          byte[] data = new byte[5_000_000];
          Arrays.fill(data, (byte) 'r');
          Files.write(ext4.resolve("file"), data);
          MountFixture.run("fstrim", ext4.toString());
        } finally {
          MountFixture.run("umount", ext4.toString());
        }
        assertThat(mount.device.flushes.get()).isPositive();
        assertThat(mount.device.zeroed.get()).as("discards").isPositive();
        MountFixture.run("e2fsck", "-fn", loop);
      } finally {
        detach(loop);
      }
    }
  }

  /** Waits for the detachment: udev may have the device open for a moment, which defers it. */
  private static void detach(String loop) throws IOException, InterruptedException {
    MountFixture.run("losetup", "-d", loop);
    Path attached = Path.of("/sys/block", Path.of(loop).getFileName().toString(), "loop");
    long deadlineNanos = System.nanoTime() + 10_000_000_000L;
    while (Files.exists(attached)) {
      assertThat(System.nanoTime()).as(loop + " stays attached").isLessThan(deadlineNanos);
      Thread.onSpinWait();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldVerifyWhenFioWritesAtDepth(SessionKind kind) throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.DIRECT)) {
      MountFixture.run(fio(mount, "libaio", 32, "--direct=1", "--bsrange=4k-1m", "--fsync=64"));
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldServeSharedMappingsWhenThePageCacheIsUsed(SessionKind kind) throws Exception {
    SessionOptions options = new SessionOptions(false, 4, false, "remapfs#test", true);
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.BUFFERED)) {
      MountFixture.run(fio(mount, "mmap", 1, "--bs=4k"));
    }
  }

  @Test
  void shouldServeSharedMappingsWhenDirectIoAllowsThem() throws Exception {
    // Linux 6.6 offers it; before, a shared mapping of a direct I/O file is refused.
    String[] release = System.getProperty("os.version", "0.0").split("[.-]");
    int version = Integer.parseInt(release[0]) * 1000 + Integer.parseInt(release[1]);
    assumeTrue(version >= 6006, "Linux before 6.6");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      MountFixture.run(fio(mount, "mmap", 1, "--bs=4k"));
    }
  }

  private static String[] fio(MountFixture mount, String engine, int depth, String... more) {
    List<String> command =
        new ArrayList<>(
            List.of(
                "fio",
                "--name=verify",
                // fio takes a colon for the next file, and a backslash to quote one.
                "--filename=" + mount.image.toString().replace("\\", "\\\\"),
                "--ioengine=" + engine,
                "--rw=randwrite",
                "--size=" + MountFixture.SIZE_BYTES,
                "--io_size=32m",
                "--iodepth=" + depth,
                "--verify=crc32c",
                "--verify_fatal=1",
                "--verify_state_save=0",
                "--randseed=17"));
    command.addAll(List.of(more));
    return command.toArray(new String[0]);
  }

  @ParameterizedTest
  @EnumSource(names = {"THREADS", "RING", "URING"})
  void shouldAllocateNothingWhenTheFastPathIsWarm(SessionKind kind) throws Exception {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    SessionOptions options = new SessionOptions(false, 1, false, "remapfs#test", false);
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.BUFFERED);
        FileChannel image =
            FileChannel.open(mount.image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      // Those that may serve it: the first, and with URING the loop of each CPU.
      long[] workers =
          Thread.getAllStackTraces().keySet().stream()
              .filter(thread -> workerIndex(thread.getName()) <= mount.session.workerCount())
              .mapToLong(Thread::getId)
              .toArray();
      ByteBuffer bytes = ByteBuffer.allocateDirect(4096);
      exercise(image, bytes, 20_000);
      long before = LongStream.of(threads.getThreadAllocatedBytes(workers)).sum();
      exercise(image, bytes, 20_000);
      long allocated = LongStream.of(threads.getThreadAllocatedBytes(workers)).sum() - before;
      assertThat(allocated).isLessThan(40_000 * ALLOWED_BYTES_A_REQUEST);
    }
  }

  private static int workerIndex(String threadName) {
    return threadName.startsWith("fuse-worker-")
        ? Integer.parseInt(threadName.substring("fuse-worker-".length()))
        : Integer.MAX_VALUE;
  }

  private static void exercise(FileChannel image, ByteBuffer bytes, int rounds) throws IOException {
    for (int i = 0; i < rounds; i++) {
      image.write(bytes.clear(), (i % 1000) * 4096L);
      image.read(bytes.clear(), (i % 1000) * 4096L);
    }
  }
}
