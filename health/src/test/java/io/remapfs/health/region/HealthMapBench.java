package io.remapfs.health.region;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.Access;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthFileOpening;
import io.remapfs.health.store.HealthGeometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.InstantSource;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * A million health records: what they take, and what the map's calls take over them. Not run by
 * name pattern; {@code mvn test -pl health -am -Dtest=HealthMapBench} does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HealthMapBench {
  private static final int RECORDS = HealthGeometry.MAX_REGIONS;
  private static final long REGION_BLOCKS = 4096;

  /** 1024 pages, which a cache of the default size holds at once. */
  private static final int HOT = 1 << 16;

  private Path path = Path.of("");
  private HealthFile file = HealthFile.inMemory(geometry());
  private HealthMap map = new HealthMap(file, InstantSource.system());
  private final SplittableRandom random = new SplittableRandom(1);

  private static HealthGeometry geometry() {
    return new HealthGeometry(new UUID(1, 1), RECORDS * REGION_BLOCKS, 4096);
  }

  private static void fill(HealthMap map) {
    for (int region = 0; region < RECORDS; region++) {
      map.noteMediumError(region * REGION_BLOCKS, false);
      if ((region & 4095) == 4095) {
        map.doWork();
      }
    }
    map.doWork();
    assertThat(map.changes()).isEqualTo(RECORDS);
  }

  /** A file with a million records, behind a cache of the default size. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    path = Files.createTempFile("health-bench", ".health");
    Files.delete(path);
    file =
        HealthFileOpening.open(
            path,
            geometry(),
            Access.READ_WRITE,
            note -> {
              throw new IllegalStateException(note);
            });
    map = new HealthMap(file, InstantSource.system());
    fill(map);
    for (int region = 0; region < HOT; region++) {
      map.record(region);
    }
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    file.close();
    Files.delete(path);
  }

  /** Of a page that is in the cache. */
  @Benchmark
  public RegionHealth lookUpHit() {
    return map.record(random.nextInt(HOT));
  }

  /** Of any page: nine of ten are read from the file, and push another out. */
  @Benchmark
  public RegionHealth lookUpMiss() {
    return map.record(random.nextInt(RECORDS));
  }

  /** Of any page, which becomes dirty: the page that it pushes out is written back. */
  @Benchmark
  public void evictionWithWriteBack() {
    map.noteScanned(random.nextInt(RECORDS));
  }

  /** What an I/O thread does. */
  @Benchmark
  public void note() {
    map.noteMediumError(random.nextInt(HOT) % 4096 * REGION_BLOCKS, false);
  }

  /** What the health thread does with it, a record at a time, up to the page cache. */
  @Benchmark
  public int noteAndStore() {
    map.noteMediumError(random.nextInt(HOT) * REGION_BLOCKS, false);
    return map.doWork();
  }

  @Test
  void printFigures(@TempDir Path folder) throws RunnerException {
    printMemory(folder.resolve("all.health"));
    new Runner(
            new OptionsBuilder()
                .include(HealthMapBench.class.getSimpleName())
                .forks(1)
                .jvmArgs("-Xmx256m", "-XX:+UseSerialGC")
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(5)
                .measurementTime(TimeValue.seconds(2))
                .build())
        .run();
  }

  private static void printMemory(Path path) {
    try (HealthFile all =
        HealthFileOpening.open(
            path,
            geometry(),
            Access.READ_WRITE,
            note -> {
              throw new IllegalStateException(note);
            })) {
      long before = usedHeap();
      HealthMap whole = new HealthMap(all, InstantSource.system(), Long.MAX_VALUE);
      fill(whole);
      long bytes = usedHeap() - before;
      System.out.printf(
          "heap of %d records, all in memory: %d bytes, %.1f a record%n",
          RECORDS, bytes, (double) bytes / RECORDS);
      long start = System.nanoTime();
      int[] count = new int[1];
      whole.forEachRecord((region, health) -> count[0]++);
      System.out.printf(
          "a walk over %d records in memory: %d ms%n",
          count[0], TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - start));
      assertThat((double) bytes / RECORDS).isLessThanOrEqualTo(64);
    }
  }

  private static long usedHeap() {
    for (int i = 0; i < 3; i++) {
      System.gc();
    }
    return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
  }
}
