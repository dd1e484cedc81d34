package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.ScatteredFaults;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The image against a model in memory: reads, writes, flushes and punched holes of any offset and
 * length, after the idea of fsx. {@code -Dremapfs.it.seed} repeats a run.
 */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class ArbitraryRequestsTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int MAX_LENGTH = 64 << 10;
  private static final long SEED = Long.getLong("remapfs.it.seed", System.nanoTime());

  @ParameterizedTest
  @CsvSource({
    "threads, 4096, 60000",
    "threads, 512, 20000",
    "ring, 4096, 30000",
    "libfuse, 4096, 20000"
  })
  void shouldBehaveAsAFileOfFixedSizeWhenBlocksAreBad(
      String session, int blockSize, int operations, Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize, "--session=" + session);
    disk.faults(ScatteredFaults.over(SIZE, 4096, 0.5, SEED, "w", "r over=512", "w"));
    byte[] model = Images.pattern(1, 0, (int) SIZE);
    Random random = new Random(SEED);

    try (FileChannel image =
        FileChannel.open(mounted.image(), StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      for (int operation = 0; operation < operations; operation++) {
        step(random, image, mounted, model, operation);
      }
    }

    assertMatches(model, 0, mounted.read(0, (int) SIZE), "at the end");
    mounted.umount().orFail();
    assertThat(mounted.daemonAlive()).isFalse();
  }

  @Test
  void shouldRefuseToChangeSizeOrGoAwayWhenAskedTo(Workbench bench) throws IOException {
    Mounted mounted = bench.mount(bench.disk("disk.img", SIZE));

    assertThat(Shell.run("truncate", "-s", "1M", mounted.image().toString()).exitCode())
        .isNotZero();
    assertThat(Shell.run("truncate", "-s", "1G", mounted.image().toString()).exitCode())
        .isNotZero();
    assertThat(Shell.run("fallocate", "-l", "1G", mounted.image().toString()).exitCode())
        .isNotZero();
    assertThatThrownBy(() -> Files.delete(mounted.image())).isInstanceOf(IOException.class);
    assertThatThrownBy(() -> mounted.write(SIZE, new byte[512])).isInstanceOf(IOException.class);
    assertThat(mounted.read(SIZE, 512)).isEmpty();
    assertThat(mounted.read(SIZE - 100, 512)).hasSize(100);
    assertThat(Files.size(mounted.image())).isEqualTo(SIZE);
    try (RandomAccessFile image = new RandomAccessFile(mounted.image().toFile(), "rw")) {
      assertThat(image.length()).isEqualTo(SIZE);
    }
  }

  private static void step(
      Random random, FileChannel image, Mounted mounted, byte[] model, int operation)
      throws IOException {
    int lengthBytes = length(random);
    int byteOffset = random.nextInt((int) SIZE - lengthBytes + 1);
    if (random.nextInt(3) == 0) { // As file systems do: whole sectors or pages.
      int unit = random.nextBoolean() ? 512 : 4096;
      byteOffset -= byteOffset % unit;
      lengthBytes = Math.max(unit, lengthBytes - lengthBytes % unit);
    }
    String what =
        "seed " + SEED + " operation " + operation + " at " + byteOffset + "+" + lengthBytes;
    int kind = random.nextInt(1000);
    if (kind < 500) {
      byte[] bytes = new byte[lengthBytes];
      random.nextBytes(bytes);
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        image.write(buffer, (long) byteOffset + buffer.position());
      }
      System.arraycopy(bytes, 0, model, byteOffset, lengthBytes);
    } else if (kind < 995) {
      ByteBuffer buffer = ByteBuffer.allocate(lengthBytes);
      while (buffer.hasRemaining()
          && image.read(buffer, (long) byteOffset + buffer.position()) >= 0) {}
      assertMatches(model, byteOffset, buffer.array(), what);
    } else if (kind < 998) {
      image.force(false);
    } else {
      Shell.run(
              "fallocate",
              random.nextBoolean() ? "-p" : "-zn",
              "-o" + byteOffset,
              "-l" + lengthBytes,
              mounted.image().toString())
          .orFail();
      Arrays.fill(model, byteOffset, byteOffset + lengthBytes, (byte) 0);
    }
  }

  /** Mostly short, some of one byte, some up to 64 KiB. */
  private static int length(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> 1 + random.nextInt(64);
      case 1, 2 -> 1 + random.nextInt(10_000);
      default -> 1 + random.nextInt(MAX_LENGTH);
    };
  }

  private static void assertMatches(byte[] model, int byteOffset, byte[] actual, String what) {
    int mismatch =
        Arrays.mismatch(model, byteOffset, byteOffset + actual.length, actual, 0, actual.length);
    assertThat(mismatch)
        .withFailMessage("%s differs from the model at byte %d", what, byteOffset + mismatch)
        .isEqualTo(-1);
  }
}
