package io.remapfs.health.region;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.Access;
import io.remapfs.health.store.CrashDisk;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthGeometry;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class HealthMapTest {
  /** 2^16 regions. */
  private static final HealthGeometry DISK = HealthGeometry.of(new UUID(5, 6), 1L << 40, 4096);

  private static final int SMALL_CACHE = 2048;
  private static final long REGION_BLOCKS = 4096;

  private final InstantSource clock = () -> Instant.ofEpochSecond(1_800_000_000L);
  private CrashDisk disk = new CrashDisk(HealthFile.sizeBytes(DISK));
  private HealthMap map;

  HealthMapTest() throws Exception {
    HealthFile.format(disk, DISK);
    map = open(disk);
  }

  @BeforeEach
  void startEmpty() {
    assertThat(regions(map)).isEmpty();
  }

  private HealthFile file(CrashDisk on) throws Exception {
    return HealthFile.open(on, "file", DISK, Access.READ_WRITE);
  }

  private HealthMap open(CrashDisk on) throws Exception {
    return new HealthMap(file(on), clock, SMALL_CACHE);
  }

  private void readError(int region) {
    map.noteMediumError(region * REGION_BLOCKS + 5, false);
  }

  private static List<Integer> regions(HealthMap map) {
    List<Integer> regions = new ArrayList<>();
    map.forEachRecord((region, health) -> regions.add(region));
    return regions;
  }

  @Test
  void shouldHaveRecordsOnlyWhereSomethingHappenedWhenAsked() {
    readError(0);
    readError(0);
    map.noteMediumError(64 * REGION_BLOCKS, true);
    map.noteSalvaged(65 * REGION_BLOCKS - 1);
    map.noteLost(DISK.blockCount() - 1);
    map.noteSlow(REGION_BLOCKS);
    assertThat(map.doWork()).isEqualTo(4);
    assertThat(regions(map)).containsExactly(0, 1, 64, 65535);
    assertThat(map.record(0).readErrors()).isEqualTo(2);
    assertThat(map.record(1).slowIos()).isEqualTo(1);
    assertThat(map.record(64).writeErrors()).isEqualTo(1);
    assertThat(map.record(64).salvaged()).isEqualTo(1);
    assertThat(map.record(65535).lost()).isEqualTo(1);
    assertThat(map.record(2)).isEqualTo(RegionHealth.NOTHING);
    assertThat(map.doWork()).isZero();
  }

  @Test
  void shouldKnowAllAtNextMountWhenDaemonWasKilled() throws Exception {
    for (int region = 0; region < 65536; region += 97) {
      readError(region);
    }
    map.doWork();
    HealthMap later = open(disk);
    assertThat(regions(later)).hasSize(676).isEqualTo(regions(map));
    assertThat(later.record(97 * 33).readErrors()).isEqualTo(1);
  }

  @Test
  void shouldKeepTimeOfScanWhenRegionHasRecordAndElseCostNothing() throws Exception {
    for (int region = 0; region < 65536; region += 64) {
      readError(region);
    }
    map.doWork();
    for (int region = 0; region < 65536; region++) {
      map.noteScanned(region);
    }
    assertThat(regions(map)).hasSize(1024);
    assertThat(map.writeBack()).isTrue();
    HealthMap later = open(disk);
    assertThat(regions(later)).hasSize(1024);
    later.forEachRecord(
        (region, health) -> assertThat(health.lastScanSeconds()).isEqualTo(1_800_000_000L));
  }

  @Test
  void shouldKeepAllItKnowsInTheFileWhenItGivesItsMemoryBack() throws Exception {
    for (int region = 0; region < 640; region += 64) {
      readError(region);
    }
    map.doWork();
    map.noteScanned(64);

    map.shrink();

    assertThat(map.cachedPages()).isZero();
    assertThat(regions(map)).hasSize(10);
    assertThat(map.record(64).lastScanSeconds()).isEqualTo(1_800_000_000L);
    assertThat(open(disk).record(64)).isEqualTo(map.record(64));
  }

  @Test
  void shouldWriteTimeOfScanWhenPageIsEvicted() throws Exception {
    readError(0);
    map.doWork();
    map.noteScanned(0);
    // Each look-up pushes older pages out of a cache of a few.
    for (int region = 64; region < 65536; region += 64) {
      readError(region);
    }
    map.doWork();
    assertThat(open(disk).record(0).lastScanSeconds()).isEqualTo(1_800_000_000L);
  }

  @Test
  void shouldKeepEvidenceInMemoryAndWriteItLaterWhenFileIsFull() throws Exception {
    disk.failWrites(place -> true);
    for (int region = 0; region < 6400; region += 64) {
      readError(region);
    }
    map.doWork();
    assertThat(map.writeBack()).isFalse();
    assertThat(regions(map)).hasSize(100);
    assertThat(regions(open(disk))).isEmpty();
    disk.failWrites(place -> false);
    assertThat(map.writeBack()).isTrue();
    assertThat(regions(open(disk))).hasSize(100);
    assertThat(map.forgotten()).isZero();
  }

  @Test
  void shouldCountWhatIsForgottenWhenNeitherFileNorMemoryHasRoom() throws Exception {
    HealthGeometry large = HealthGeometry.of(new UUID(5, 6), 16L << 40, 4096);
    disk = new CrashDisk(HealthFile.sizeBytes(large));
    HealthFile.format(disk, large);
    map =
        new HealthMap(HealthFile.open(disk, "file", large, Access.READ_WRITE), clock, SMALL_CACHE);
    disk.failWrites(place -> true);
    for (int page = 0; page < HealthMap.MAX_UNWRITTEN + 10; page++) {
      readError(page * 64);
    }
    map.doWork();
    assertThat(map.forgotten()).isEqualTo(10);
    assertThat(regions(map)).hasSize(HealthMap.MAX_UNWRITTEN);
    disk.failWrites(place -> false);
    readError((HealthMap.MAX_UNWRITTEN + 10) * 64);
    map.doWork();
    assertThat(regions(map)).hasSize(HealthMap.MAX_UNWRITTEN + 1);
    assertThat(map.writeBack()).isTrue();
  }

  @Test
  void shouldDropDamagedRecordOnceWhenItIsMet() throws Exception {
    readError(3);
    readError(4);
    map.doWork();
    file(disk).sync();
    disk.flip(HealthFile.sizeBytes(DISK) - 65536 * 64 + 3 * 64 + 20, 4);
    HealthMap later = open(disk);
    assertThat(regions(later)).containsExactly(4);
    assertThat(later.dropped()).isEqualTo(1);
    HealthMap afterwards = open(disk);
    assertThat(regions(afterwards)).containsExactly(4);
    assertThat(afterwards.dropped()).isZero();
  }

  @Test
  void shouldServeTheRestWhenPageCannotBeRead() throws Exception {
    readError(3);
    readError(64);
    map.doWork();
    long records = HealthFile.sizeBytes(DISK) - 65536 * 64;
    HealthMap later = open(disk);
    disk.failReads(place -> place >= records && place < records + 4096);
    assertThat(regions(later)).containsExactly(64);
    disk.failReads(place -> false);
    assertThat(regions(later)).containsExactly(3, 64);
  }

  @Test
  void shouldTakeAtMost64BytesOfHeapForRecordWhenPagesAreFull() {
    RegionPage page = RegionPage.empty();
    for (int index = 63; index >= 0; index--) {
      page.put(index, RegionHealth.NOTHING.with(new Evidence(index, 0, 0, 0, 0), clock.instant()));
    }
    assertThat(page.heapBytes()).isLessThanOrEqualTo(64 * 64);
    for (int index = 0; index < 64; index++) {
      assertThat(page.get(index).readErrors()).isEqualTo(index);
    }
  }

  @Test
  void shouldReturnAtOnceWhenFileMakesItsWriterWait() throws Exception {
    CountDownLatch writing = new CountDownLatch(1);
    CountDownLatch released = new CountDownLatch(1);
    disk.failWrites(
        place -> {
          writing.countDown();
          await(released);
          return false;
        });
    readError(1);
    Thread worker = new Thread(map::doWork);
    worker.start();
    assertThat(writing.await(20, TimeUnit.SECONDS)).isTrue();
    readError(2); // would never return if it waited for the file
    released.countDown();
    worker.join();
    map.doWork();
    assertThat(regions(map)).containsExactly(1, 2);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void shouldAgreeWithPlainMapWhenFileFailsNowAndThen() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    TreeMap<Integer, Integer> model = new TreeMap<>();
    for (int step = 0; step < 20_000; step++) {
      int region = random.nextInt(40) * 64 + random.nextInt(4);
      switch (random.nextInt(8)) {
        case 0 -> map.noteScanned(region);
        case 1 -> map.writeBack();
        case 2 -> {
          boolean failing = random.nextInt(3) == 0;
          disk.failWrites(place -> failing);
        }
        case 3 ->
            assertThat(map.record(region).readErrors())
                .as("seed %d", seed)
                .isEqualTo(model.getOrDefault(region, 0));
        default -> {
          readError(region);
          map.doWork();
          model.merge(region, 1, Integer::sum);
        }
      }
      if (step % 2000 == 0) {
        disk.failWrites(place -> false);
        assertThat(map.writeBack()).isTrue();
        map = open(disk);
        TreeMap<Integer, Integer> found = new TreeMap<>();
        map.forEachRecord((each, health) -> found.put(each, health.readErrors()));
        assertThat(found).as("seed %d", seed).isEqualTo(model);
      }
    }
  }
}
