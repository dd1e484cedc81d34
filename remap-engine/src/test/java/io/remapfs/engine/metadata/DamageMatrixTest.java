package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.metadata.DamagedMoment.Kind;
import io.remapfs.engine.metadata.DamagedMoment.Life;
import io.remapfs.engine.metadata.DamagedMoment.Place;
import io.remapfs.engine.spare.SpareLayout;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every 4 KiB block of the spare, damaged in every way, in each one, two and all three of its
 * copies: what comes of it, exactly. {@link #expected} is the matrix; {@code docs/data-format.md}
 * says the same in words.
 */
@Tag("slow")
final class DamageMatrixTest {
  private static final SpareLayout LAYOUT = DamagedMoment.LAYOUT;
  private static final List<Integer> ALL_COPIES = List.of(0, 1, 2);

  /** In magic, version, set, sequence or generation, body, the sectors behind, checksum. */
  private static final long[] FLIPPED_BYTES = {0, 11, 20, 39, 47, 70, 511, 600, 4088, 4095};

  /** What comes of it. */
  enum Outcome {
    /** Nothing is lost; what was damaged is reported and made whole. */
    RECOVERED,
    /** Nothing is lost, but no copy can be written: no remaps until that is mended. */
    RECOVERED_READ_ONLY,
    /** The newest commit is gone: it looks like one that a power cut had prevented. */
    LAST_COMMIT_LOST,
    SUPERBLOCKS_LOST,
    CHECKPOINTS_LOST,
    JOURNAL_HOLE;

    boolean isRefusal() {
      return compareTo(SUPERBLOCKS_LOST) >= 0;
    }
  }

  private static final Map<Outcome, Integer> COUNTS = new EnumMap<>(Outcome.class);

  private final Map<DamagedMoment, Life> lives = new EnumMap<>(DamagedMoment.class);
  private byte[] anotherSet = new byte[0];

  @BeforeEach
  void live() throws Exception {
    for (DamagedMoment moment : DamagedMoment.values()) {
      lives.put(moment, moment.live());
    }
    anotherSet = DamagedMoment.WRAPPED.live().image();
  }

  /** The matrix. */
  private static Outcome expected(
      DamagedMoment moment, Place place, Damage damage, List<Integer> copies) {
    if (damage == Damage.UNWRITABLE) {
      // The open writes a checkpoint to the area that the newest one does not use.
      boolean refusesTheRepair = place.kind() == moment.idleArea() && copies.equals(ALL_COPIES);
      return refusesTheRepair ? Outcome.RECOVERED_READ_ONLY : Outcome.RECOVERED;
    }
    if (place.kind() == Kind.SUPERBLOCK && damage == Damage.OF_ANOTHER_SET && copies.size() > 1) {
      // One copy left that names the set of the slots' tags shows that most copies are foreign.
      return copies.size() == 2 ? Outcome.SUPERBLOCKS_LOST : Outcome.CHECKPOINTS_LOST;
    }
    if (!copies.equals(ALL_COPIES) || !moment.counts(place)) {
      return Outcome.RECOVERED;
    }
    return switch (place.kind()) {
      case SUPERBLOCK ->
          damage == Damage.OLD_CONTENTS ? Outcome.RECOVERED : Outcome.SUPERBLOCKS_LOST;
      case RING -> moment.isNewestCommit(place) ? Outcome.LAST_COMMIT_LOST : Outcome.JOURNAL_HOLE;
      case AREA_A, AREA_B ->
          // The checkpoint before it serves, as long as the journal since then is there.
          moment == DamagedMoment.CHECKPOINTED ? Outcome.RECOVERED : Outcome.JOURNAL_HOLE;
    };
  }

  private static Stream<Arguments> matrix() {
    return kinds()
        .flatMap(
            kind ->
                IntStream.rangeClosed(1, 7)
                    .mapToObj(bits -> ALL_COPIES.stream().filter(c -> (bits >> c & 1) == 1))
                    .map(copies -> Arguments.of(kind.get()[0], kind.get()[1], copies.toList())));
  }

  private static Stream<Arguments> kinds() {
    return Arrays.stream(DamagedMoment.values())
        .flatMap(moment -> Arrays.stream(Damage.values()).map(each -> Arguments.of(moment, each)));
  }

  @ParameterizedTest(name = "{0}: {1} in copies {2}")
  @MethodSource("matrix")
  void shouldRecoverOrRefuseAsTheMatrixSays(
      DamagedMoment moment, Damage damage, List<Integer> copies) throws Exception {
    for (Place place : DamagedMoment.places()) {
      for (long detail : details(damage, place)) {
        CrashableDevice damaged = spareAt(moment);
        for (int copy : copies) {
          damage.befall(damaged, place.offsetIn(copy), sources(moment), detail);
        }
        String what = moment + ": " + place + " " + damage + " " + detail + " in copies " + copies;
        Outcome outcome = expected(moment, place, damage, copies);
        COUNTS.merge(outcome, 1, Integer::sum);
        if (outcome.isRefusal()) {
          requireRefused(damaged, outcome, what);
        } else {
          boolean differs = !Arrays.equals(damaged.image(), lives.get(moment).image());
          MetadataStore store = requireRecovered(damaged, moment, outcome, what);
          if (damage == Damage.UNWRITABLE) {
            boolean untouched = place.kind() != moment.idleArea();
            assertThat(store.recovery().repaired()).as(what).isEqualTo(untouched);
          } else if (copies.size() < SpareLayout.ZONES && moment.counts(place)) {
            boolean hidden = differs || damage == Damage.UNREADABLE;
            assertThat(reported(store)).as(what).isEqualTo(hidden ? copies.size() : 0);
          }
          requireWholeWhenMended(damaged, what);
        }
      }
    }
  }

  /** For every copy but one: the other two are damaged from end to end. */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kinds")
  void shouldRecoverFromOneCopyWhateverBefallsTheOthers(DamagedMoment moment, Damage damage)
      throws Exception {
    List<Place> places = DamagedMoment.places();
    for (int survivor : ALL_COPIES) {
      CrashableDevice damaged = spareAt(moment);
      for (int i = 0; i < places.size(); i++) {
        for (int copy = 0; copy < SpareLayout.ZONES; copy++) {
          long astray = places.get((i + 1) % places.size()).offsetIn(copy);
          long detail = damage == Damage.MISDIRECTED ? astray : 100;
          if (copy != survivor) {
            damage.befall(damaged, places.get(i).offsetIn(copy), sources(moment), detail);
          }
        }
      }
      String what = moment + ": " + damage + " in all copies but " + survivor;
      if (damage == Damage.OF_ANOTHER_SET) {
        requireRefused(damaged, Outcome.SUPERBLOCKS_LOST, what);
        continue;
      }
      MetadataStore store = requireRecovered(damaged, moment, Outcome.RECOVERED, what);
      int takeWrites = damage == Damage.UNWRITABLE ? 1 : SpareLayout.ZONES;
      assertThat(store.healthyCopies()).as(what).isEqualTo(takeWrites);
      assertThat(reported(store) > 0).as(what).isEqualTo(damage.hidesContents());
      requireWholeWhenMended(damaged, what);
    }
  }

  /**
   * Recovery reads neither slots nor tags: the table is right whatever befalls them, and nothing is
   * reported. Data has no checksum, and tags count only when all metadata is lost.
   */
  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("kinds")
  void shouldKeepTheTableWhateverBefallsSlotsAndTags(DamagedMoment moment, Damage damage)
      throws Exception {
    TreeSet<Long> offsets = new TreeSet<>();
    for (long slot = 0; slot < LAYOUT.slotCount(); slot++) {
      offsets.add(LAYOUT.slotByteOffset(slot));
      offsets.add(LAYOUT.tagBlockOffset(slot));
    }
    for (long offset : offsets) {
      CrashableDevice damaged = spareAt(moment);
      damage.befall(damaged, offset, sources(moment), 100);
      String what = moment + ": " + damage + " at byte " + offset;
      assertThat(reported(requireRecovered(damaged, moment, Outcome.RECOVERED, what))).isZero();
      requireWholeWhenMended(damaged, what);
    }
  }

  @AfterAll
  static void sayHowMuchWasDamaged() {
    System.out.println("damaged spares: " + COUNTS);
  }

  /** The ways in which this damage can lie. */
  private static long[] details(Damage damage, Place place) {
    return switch (damage) {
      case BIT_FLIP -> FLIPPED_BYTES;
      case MISDIRECTED ->
          DamagedMoment.places().stream()
              .filter(each -> !each.equals(place))
              .mapToLong(each -> each.offsetIn(0))
              .toArray();
      default -> LongStream.of(0).toArray();
    };
  }

  private CrashableDevice spareAt(DamagedMoment moment) {
    return new CrashableDevice(lives.get(moment).image().clone(), 512);
  }

  private Damage.Sources sources(DamagedMoment moment) {
    Life life = lives.get(moment);
    return new Damage.Sources(life.image(), life.oldContents(), anotherSet);
  }

  private static int reported(MetadataStore store) {
    return store.recovery().damagedBlocks() + store.recovery().staleBlocks();
  }

  private static void requireRefused(CrashableDevice damaged, Outcome outcome, String what) {
    byte[] before = damaged.image();
    Throwable refusal = catchThrowable(() -> TestSet.open(damaged));
    assertThat(refusal)
        .as(what)
        .isInstanceOf(CorruptMetadataException.class)
        .hasMessageContaining("nothing was changed");
    RecoveryCase found = ((MetadataException) refusal).recoveryCase();
    assertThat(found).as(what).isEqualTo(RecoveryCase.valueOf(outcome.name()));
    assertThat(damaged.image()).as("%s: nothing is written", what).isEqualTo(before);
  }

  private MetadataStore requireRecovered(
      CrashableDevice damaged, DamagedMoment moment, Outcome outcome, String what) {
    Life life = lives.get(moment);
    MetadataStore store;
    try {
      store = TestSet.open(damaged);
    } catch (MetadataException e) {
      throw new AssertionError(what, e);
    }
    boolean lost = outcome == Outcome.LAST_COMMIT_LOST;
    assertThat(TestSet.entries(store.table()))
        .as(what)
        .isEqualTo(lost ? life.entriesBefore() : life.entries());
    assertThat(store.pool().nextSlot()).as(what).isEqualTo(life.nextSlot() - (lost ? 1 : 0));
    life.burnt().forEach(slot -> assertThat(store.pool().isBurnt(slot)).as(what).isTrue());
    assertThat(store.isUnavailable()).as(what).isEqualTo(outcome == Outcome.RECOVERED_READ_ONLY);
    return store;
  }

  /** With the medium mended, the next open makes whole what this one could not; then all is. */
  private static void requireWholeWhenMended(CrashableDevice damaged, String what)
      throws MetadataException {
    damaged.heal();
    TestSet.open(damaged);
    RecoveryReport later = TestSet.open(damaged).recovery();
    assertThat(later.damagedBlocks() + later.staleBlocks()).as(what).isZero();
    assertThat(later.findings()).as(what).isEmpty();
  }
}
