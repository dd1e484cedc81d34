package io.remapfs.health.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.store.HealthFile.Cell;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Power cuts at every point of a history, and rot in every part. */
class HealthFileCrashTest {
  private static final HealthGeometry DISK = HealthGeometry.of(new UUID(3, 4), 20L << 30, 4096);

  private static HealthFile open(CrashDisk disk) {
    try {
      return HealthFile.open(disk, "file", DISK, Access.READ_WRITE);
    } catch (HealthFileException e) {
      throw new AssertionError(e);
    }
  }

  private static CrashDisk formatted() throws BlockDeviceException {
    CrashDisk disk = new CrashDisk(HealthFile.sizeBytes(DISK));
    HealthFile.format(disk, DISK);
    return disk;
  }

  /** Long enough that a slot takes three sectors. */
  private static byte[] state(int number) {
    byte[] state = new byte[1100];
    Arrays.fill(state, (byte) number);
    ByteBuffer.wrap(state).putInt(number);
    return state;
  }

  private static int number(byte[] payload) {
    return payload.length == 0 ? 0 : ByteBuffer.wrap(payload).getInt();
  }

  /** What was written, and from which on it may be missing after a power cut. */
  private static final class Expected {
    int syncedState;
    int newestState;
    int syncedEvents;
    int events;
    final Map<Integer, List<Long>> records = new HashMap<>();

    void synced() {
      syncedState = newestState;
      syncedEvents = events;
      records.replaceAll(
          (region, values) -> new ArrayList<>(values.subList(values.size() - 1, values.size())));
    }

    void check(CrashDisk crashed) {
      HealthFile file = open(crashed);
      byte[] state = file.cell(Cell.SCAN).load();
      assertThat(number(state)).isBetween(syncedState, newestState);
      assertThat(number(state) == 0 || Arrays.equals(state, state(number(state)))).isTrue();
      List<Integer> found =
          file.events().readAll().stream().map(HealthFileCrashTest::number).toList();
      assertThat(found).isSorted().doesNotHaveDuplicates();
      int oldest = Math.max(1, events - HealthFileFormat.EVENTS + 1);
      for (int number = oldest; number <= syncedEvents; number++) {
        assertThat(found).contains(number);
      }
      assertThat(found).allMatch(number -> number <= events);
      checkRecords(file);
      checkGoesOn(file);
    }

    private void checkRecords(HealthFile file) {
      records.forEach(
          (region, values) -> {
            try {
              RegionRecords.Page page = file.records().readPage(region / 64);
              assertThat(page.damaged()).isZero();
              long value = page.words()[region % 64 * HealthFileFormat.RECORD_WORDS];
              assertThat(values).contains(value);
            } catch (BlockDeviceException e) {
              throw new AssertionError(e);
            }
          });
    }

    /** What was found must be replaceable at once. */
    private static void checkGoesOn(HealthFile file) {
      assertThat(file.cell(Cell.SCAN).save(state(77))).isTrue();
      assertThat(file.events().append(new byte[] {0, 1, 0, 0})).isTrue();
      assertThat(number(file.cell(Cell.SCAN).load())).isEqualTo(77);
      List<byte[]> all = file.events().readAll();
      assertThat(number(all.get(all.size() - 1))).isEqualTo(65536);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3})
  void shouldKeepWhatWasSyncedWhenPowerIsCutAnywhere(int seed) throws Exception {
    Random random = new Random(seed);
    CrashDisk disk = formatted();
    HealthFile file = open(disk);
    Expected expected = new Expected();
    int states = 0;
    for (int step = 0; step < 40; step++) {
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          file.cell(Cell.SCAN).save(state(++expected.newestState));
        }
        case 2 -> {
          file.events().append(ByteBuffer.allocate(4).putInt(++expected.events).array());
        }
        case 3 -> {
          int region = random.nextInt(4) * 5;
          long[] words = new long[HealthFileFormat.RECORD_WORDS];
          Arrays.fill(words, step + 1);
          file.records().writeRecord(region, words, 0);
          expected
              .records
              .computeIfAbsent(region, absent -> new ArrayList<>(List.of(0L)))
              .add(step + 1L);
        }
        case 4 -> {
          file.sync();
          expected.synced();
        }
        default -> {
          file.close();
          file = open(disk); // a killed daemon: nothing is lost, and opening makes it durable
          assertThat(number(file.cell(Cell.SCAN).load())).isEqualTo(expected.newestState);
          expected.synced();
        }
      }
      states += disk.forEachCrash(64, random, expected::check);
    }
    System.out.println("health file: " + states + " states after a power cut, seed " + seed);
    assertThat(states).isGreaterThan(300);
  }

  @Test
  void shouldHaveWholeFileOrNoneWhenPowerIsCutWhileItIsMade() throws Exception {
    CrashDisk disk = new CrashDisk(HealthFile.sizeBytes(DISK));
    disk.failFlushes(true);
    try {
      HealthFile.format(disk, DISK);
    } catch (BlockDeviceException e) {
      assertThat(e).hasMessage("injected");
    }
    int states =
        disk.forEachCrash(
            4096,
            new Random(1),
            crashed -> {
              try {
                HealthFile.open(crashed, "file", DISK, Access.READ_WRITE);
              } catch (HealthFileException e) {
                assertThat(e.reason()).isEqualTo(HealthFileException.Reason.FOREIGN);
              }
            });
    assertThat(states).isEqualTo(4);
  }

  @Test
  void shouldDropOnlyWhatIsDamagedWhenAnyBitFlips() throws Exception {
    CrashDisk disk = formatted();
    HealthFile file = open(disk);
    for (int i = 1; i <= 3; i++) {
      file.cell(Cell.SCAN).save(state(i));
      file.events().append(ByteBuffer.allocate(4).putInt(i).array());
      file.records().writeRecord(i, new long[] {i, 0, 0, 0, 0, 0, 0}, 0);
    }
    file.sync();
    long[][] parts = {
      {HealthFileFormat.HEADER_A_AT, 512},
      {HealthFileFormat.HEADER_B_AT, 512},
      {HealthFileFormat.CELLS_AT, 3 * HealthFileFormat.CELL_SLOT_BYTES},
      {HealthFileFormat.EVENTS_AT, 1024},
      {HealthFileFormat.RECORDS_AT, 512}
    };
    Random random = new Random(5);
    for (long[] part : parts) {
      for (int i = 0; i < 120; i++) {
        long place = part[0] + random.nextInt((int) part[1]);
        int bit = 1 << random.nextInt(8);
        disk.flip(place, bit);
        HealthFile damaged = open(disk);
        int state = number(damaged.cell(Cell.SCAN).load());
        assertThat(state).isBetween(2, 3);
        assertThat(damaged.events().readAll().size()).isBetween(2, 3);
        RegionRecords.Page page = damaged.records().readPage(0);
        assertThat(Long.bitCount(page.live())).isBetween(2, 4);
        assertThat(page.live() & page.damaged()).isZero();
        for (int region = 1; region <= 3; region++) {
          if ((page.live() >>> region & 1) != 0) {
            assertThat(page.words()[region * HealthFileFormat.RECORD_WORDS]).isEqualTo(region);
          }
        }
        // A header that was repaired is not broken again.
        if (part[1] != 512 || part[0] == HealthFileFormat.RECORDS_AT) {
          disk.flip(place, bit);
        }
      }
    }
  }

  @Test
  void shouldKeepAllInMemoryAndWriteItLaterWhenFileTakesNoWrites() throws Exception {
    CrashDisk disk = formatted();
    HealthFile file = open(disk);
    file.cell(Cell.SCAN).save(state(1));
    file.sync();
    disk.failWrites(place -> true);
    assertThat(file.cell(Cell.SCAN).save(state(2))).isFalse();
    assertThat(file.events().append(new byte[] {0, 0, 0, 9})).isFalse();
    assertThat(number(file.cell(Cell.SCAN).load())).isEqualTo(2);
    assertThat(file.events().readAll()).hasSize(1);
    assertThat(file.isDirty()).isTrue();
    disk.failWrites(place -> false);
    file.sync();
    HealthFile later = open(disk);
    assertThat(number(later.cell(Cell.SCAN).load())).isEqualTo(2);
    assertThat(later.events().readAll()).hasSize(1);
    assertThat(file.isDirty()).isFalse();
  }

  @Test
  void shouldOpenWithoutWhatCannotBeReadWhenMediumFails() throws Exception {
    CrashDisk disk = formatted();
    HealthFile file = open(disk);
    file.cell(Cell.SCAN).save(state(1));
    file.cell(Cell.FORECAST).save(state(2));
    file.sync();
    disk.failReads(
        place ->
            place == HealthFileFormat.HEADER_A_AT
                || (place >= HealthFileFormat.CELLS_AT
                    && place < HealthFileFormat.CELLS_AT + 3 * HealthFileFormat.CELL_SLOT_BYTES)
                || place == HealthFileFormat.EVENTS_AT);
    HealthFile later = open(disk);
    assertThat(later.cell(Cell.SCAN).load()).isEmpty();
    assertThat(number(later.cell(Cell.FORECAST).load())).isEqualTo(2);
    assertThat(later.findings()).hasSize(2);
  }
}
