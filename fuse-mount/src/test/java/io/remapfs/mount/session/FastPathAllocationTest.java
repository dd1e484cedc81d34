package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** That requests on their fast path make no garbage, as counted by the JVM for each worker. */
@Tag("integration")
final class FastPathAllocationTest {
  private static final int REQUESTS = 4000;
  private static final int SIZE_BYTES = 4096;

  /** The smallest object is 16 bytes, 8 with compact headers: one a request is far above this. */
  private static final long MAX_BYTES = REQUESTS;

  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path directory;

  private static long[] workers() {
    return Arrays.stream(THREADS.getThreadInfo(THREADS.getAllThreadIds()))
        .filter(thread -> thread != null && thread.getThreadName().startsWith("fuse-worker-"))
        .mapToLong(thread -> thread.getThreadId())
        .toArray();
  }

  private static long allocatedBy(long[] workers) {
    return Arrays.stream(THREADS.getThreadAllocatedBytes(workers)).sum();
  }

  private static void transfer(FileChannel image) throws IOException {
    ByteBuffer block = ByteBuffer.allocateDirect(SIZE_BYTES);
    for (int i = 0; i < REQUESTS; i++) {
      long byteOffset = i * 7919L * SIZE_BYTES % MountFixture.SIZE_BYTES;
      int count =
          (i & 1) == 0
              ? image.write(block.clear(), byteOffset)
              : image.read(block.clear(), byteOffset);
      assertThat(count).isEqualTo(SIZE_BYTES);
    }
  }

  @ParameterizedTest
  @EnumSource(
      mode = Mode.INCLUDE,
      names = {"THREADS", "RING"})
  void shouldAllocateNothingWhenHealthyBlocksAreReadAndWritten(SessionKind kind)
      throws IOException {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        FileChannel image =
            FileChannel.open(mount.image, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      transfer(image); // What is made once, at the first of its kind.
      long[] workers = workers();
      assertThat(workers).isNotEmpty();

      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5 && least > MAX_BYTES; round++) { // Others' requests come too.
        long before = allocatedBy(workers);
        transfer(image);
        least = Math.min(least, allocatedBy(workers) - before);
      }

      assertThat(least).as("bytes for %d requests", REQUESTS).isLessThanOrEqualTo(MAX_BYTES);
    }
  }
}
