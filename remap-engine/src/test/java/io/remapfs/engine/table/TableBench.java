package io.remapfs.engine.table;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What the remap table's calls take over a million remaps, and what those take. Not run by name
 * pattern; {@code mvn test -pl remap-engine -am -Dtest=TableBench} does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class TableBench {
  private static final int REMAPS = 1_000_000;

  /** A disk of 1 TiB in blocks of 4 KiB. */
  private static final long BLOCKS = 1L << 28;

  /**
   * Look-ups timed together, as one takes about as long as reading the clock. Each waits for the
   * one before it, so that they cannot overlap.
   */
  private static final int CHAIN = 64;

  private static final int KEYS = 1 << 16;

  /**
   * Where the remaps are: {@code scattered} evenly over the disk, {@code half} of the blocks of one
   * place at random, or a {@code run} without a gap.
   */
  @Param({"scattered", "half", "run"})
  public String layout = "";

  private RemapTable table = new RemapTable(BLOCKS);
  private final long[] remapped = new long[KEYS];
  private final long[] healthy = new long[KEYS];
  private final long[] mixed = new long[KEYS];
  private int at;
  private long nextSlot = REMAPS;

  /** The table, and random blocks of each kind. */
  @Setup(Level.Trial)
  public void fill() {
    table = filled(layout);
    SplittableRandom random = new SplittableRandom(2);
    long[] all = new long[REMAPS];
    int[] count = new int[1];
    table.forEach((block, target) -> all[count[0]++] = block);
    for (int i = 0; i < KEYS; i++) {
      remapped[i] = all[random.nextInt(REMAPS)];
      do {
        healthy[i] = all[random.nextInt(REMAPS)] + 1 + (layout.equals("run") ? REMAPS : 0);
      } while (table.targetOf(healthy[i]) != Target.HEALTHY);
      mixed[i] = random.nextBoolean() ? remapped[i] : healthy[i];
    }
  }

  static RemapTable filled(String layout) {
    RemapTable table = new RemapTable(BLOCKS);
    TableLoader loader = new TableLoader(table);
    SplittableRandom random = new SplittableRandom(1);
    long block = 0;
    for (int i = 0; i < REMAPS; i++) {
      switch (layout) {
        // The golden ratio's multiples spread evenly, and no two of a million fall together.
        case "scattered" -> block = i * 0x9E3779B97F4A7C15L >>> 36;
        case "half" -> block += 1 + geometric(random);
        case "run" -> block++;
        default -> throw new IllegalArgumentException(layout);
      }
      loader.put(block, Target.remapped(i));
    }
    loader.finish();
    return table;
  }

  /** How often a coin falls on the wrong side first. */
  private static int geometric(SplittableRandom random) {
    return Long.numberOfTrailingZeros(random.nextLong() | Long.MIN_VALUE);
  }

  /** Of remapped blocks. */
  @Benchmark
  @OperationsPerInvocation(CHAIN)
  public long lookUpRemapped() {
    return lookUps(remapped);
  }

  /** Of healthy blocks beside remapped ones. */
  @Benchmark
  @OperationsPerInvocation(CHAIN)
  public long lookUpHealthy() {
    return lookUps(healthy);
  }

  /** Of both, at random. */
  @Benchmark
  @OperationsPerInvocation(CHAIN)
  public long lookUpMixed() {
    return lookUps(mixed);
  }

  private long lookUps(long[] blocks) {
    int next = at;
    for (int i = 0; i < CHAIN; i++) {
      long target = table.targetOf(blocks[next & (KEYS - 1)]);
      next += 1 + (int) (target >>> 63);
    }
    at = next;
    return next;
  }

  /** The straight path's question, of 4 KiB. */
  @Benchmark
  @OperationsPerInvocation(CHAIN)
  public long isHealthy() {
    int next = at;
    for (int i = 0; i < CHAIN; i++) {
      next += table.isHealthy(mixed[next & (KEYS - 1)], 1) ? 1 : 2;
    }
    at = next;
    return next;
  }

  /** A block more or, the second time that it is its turn, another slot. */
  @Benchmark
  public void insert() {
    table.put(healthy[at++ & (KEYS - 1)], Target.remapped(nextSlot++));
  }

  @Test
  void printFigures() throws RunnerException {
    for (String each : List.of("scattered", "half", "run")) {
      RemapTable table = filled(each);
      System.out.printf(
          "%s: %d remaps, %d bytes, %.1f a remap%n",
          each,
          table.remappedCount(),
          table.heapBytes(),
          (double) table.heapBytes() / table.remappedCount());
    }
    new Runner(
            new OptionsBuilder()
                .include(TableBench.class.getSimpleName())
                .forks(1)
                .jvmArgs("-Xmx96m", "-Xmn6m", "-XX:+UseSerialGC")
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(3)
                .measurementTime(TimeValue.seconds(1))
                .build())
        .run();
  }
}
