package io.remapfs.engine;

import io.remapfs.engine.Publications.Published;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.SpareSetOpening;
import io.remapfs.engine.metadata.TestSet;
import io.remapfs.engine.spare.SpareLayout;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The life of one image as a script tells it, with the power cut before every device operation.
 *
 * <p><b>How it works.</b> The script is played twice. The first time only the states that the table
 * goes through are noted. The second time, before each write and flush of either disk (a read
 * changes nothing), every admissible state of both disks is opened as a {@link RecoveredImage} and
 * held against what must be true then: the table is as it was last published or, whole, as it is
 * published next; a sector holds what was durable or written since. What a script can do is {@link
 * ScriptedImage}'s.
 *
 * <p>Single-threaded; the engine's own commits run in the caller.
 */
final class EngineHistory {
  static final int BLOCKS = 24;

  private static final int RING_BLOCKS = 4;
  private static final int METADATA_BYTES = 224 * 1024;
  private static final int SLOTS = 32;
  private static final int SECTOR = SectorModel.SECTOR_BYTES;
  private static final long FIRST_STAMP = 1;

  /** What an image goes through. */
  @FunctionalInterface
  interface Script {
    void play(ScriptedImage image) throws IOException;
  }

  /**
   * How many states are visited.
   *
   * @param whole a point with no more states than these is visited in every one
   * @param sampled about how many of the states of any other point
   */
  record Bounds(int whole, int sampled, long seed) {}

  /**
   * What was visited.
   *
   * @param wholePoints those of {@code points} that were visited in every possible way
   * @param fewestSampled the least number of states that any of the others could have
   * @param cutRecoveries states that a second power cut left, in the recovery from the first
   */
  record Visited(
      long points, long wholePoints, long fewestSampled, long states, long cutRecoveries) {
    static final Visited NOTHING = new Visited(0, 0, Long.MAX_VALUE, 0, 0);

    Visited plus(Visited other) {
      return new Visited(
          points + other.points,
          wholePoints + other.wholePoints,
          Math.min(fewestSampled, other.fewestSampled),
          states + other.states,
          cutRecoveries + other.cutRecoveries);
    }

    String describe(Bounds bounds) {
      String fewest = fewestSampled > Integer.MAX_VALUE ? "2^31" : Long.toString(fewestSampled);
      return "%d points, %d states, %d points enumerated whole, the other %d sampled with seed %d"
              .formatted(points, states, wholePoints, points - wholePoints, bounds.seed())
          + (points == wholePoints ? "" : " (each has " + fewest + " states or more)")
          + "; %d states of recoveries cut short as well".formatted(cutRecoveries);
    }
  }

  final String name;
  final int blockBytes;
  final EngineOptions options;
  final SpareLayout layout;
  final SectorModel model;
  final Publications publications;
  CrashableDevice backing;
  CrashableDevice spare;

  /** A spare that the script may add to the set; null where it does not. */
  @Nullable CrashableDevice second;

  /** While the spare is formatted anew: the set that it was; else null. */
  UUID formerSet;

  /** While a lost set is rebuilt from its tags: a refusal is answered by doing it again. */
  boolean isRebuilding;

  /** Whether the set was just closed in good order, and must be found so. */
  boolean closedCleanly;

  /** Null while nothing is open. */
  MetadataStore metadata;

  RemapEngine engine;
  int operation;

  private final Bounds bounds;
  private final Random random;
  private CrashStates states;
  private long points;
  private long wholePoints;
  private long fewestSampled = Long.MAX_VALUE;
  private long visitedStates;
  private long cutRecoveries;

  private EngineHistory(
      String name,
      SpareLayout layout,
      EngineOptions options,
      Bounds bounds,
      Publications publications,
      boolean withSecondSpare) {
    this.name = name;
    this.layout = layout;
    this.blockBytes = layout.blockSizeBytes();
    this.options = options;
    this.bounds = bounds;
    this.publications = publications;
    this.random = new Random(bounds.seed());
    this.model = new SectorModel(BLOCKS * blockBytes / SECTOR);
    byte[] image = new byte[BLOCKS * blockBytes];
    Stamps.fill(ByteBuffer.wrap(image), 0, image.length / SECTOR, FIRST_STAMP);
    for (int sector = 0; sector < image.length / SECTOR; sector++) {
      model.holds(sector, FIRST_STAMP);
    }
    this.backing = new CrashableDevice(image, SECTOR);
    this.spare = new CrashableDevice((int) layout.spareSizeBytes(), SECTOR).named("first");
    this.second =
        withSecondSpare
            ? new CrashableDevice((int) layout.spareSizeBytes(), SECTOR).named("second")
            : null;
  }

  /** A small spare, whose journal wraps soon. */
  static SpareLayout smallSpare(int blockBytes) {
    return SpareLayout.of(METADATA_BYTES + SLOTS * blockBytes, blockBytes, RING_BLOCKS);
  }

  /** Plays a script on a spare of this kind and visits what a power cut can leave. */
  static Visited enumerate(
      String name,
      SpareLayout layout,
      EngineOptions options,
      Bounds bounds,
      boolean withSecondSpare,
      Script script)
      throws IOException {
    Publications rehearsed = Publications.rehearsed();
    new EngineHistory(name, layout, options, bounds, rehearsed, withSecondSpare).play(script);
    EngineHistory history =
        new EngineHistory(name, layout, options, bounds, rehearsed.played(), withSecondSpare);
    history.play(script);
    return new Visited(
        history.points,
        history.wholePoints,
        history.fewestSampled,
        history.visitedStates,
        history.cutRecoveries);
  }

  private void play(Script script) throws IOException {
    TestSet.format(spare, layout, identity());
    power(backing, spare, second);
    ScriptedImage image = new ScriptedImage(this, FIRST_STAMP + 1);
    image.open();
    script.play(image);
    visit();
    countStates();
  }

  /** Opens what belongs to the set, beginning with its first spare. */
  static MetadataStore open(
      CrashableDevice first, @Nullable CrashableDevice other, @Nullable BackingIdentity identity)
      throws MetadataException {
    List<BlockDevice> set =
        SpareSetOpening.open(
            first,
            hint -> {
              if (other == null || !other.name().equals(hint.pathHint())) {
                throw new IOException("there is no " + hint.pathHint());
              }
              return other;
            });
    return MetadataStore.open(set, identity, Access.READ_WRITE);
  }

  BackingIdentity identity() {
    return new BackingIdentity(backing.sizeBytes(), "");
  }

  int sectorsPerBlock() {
    return blockBytes / SECTOR;
  }

  RemapEngine engineOver(CrashableDevice disk, MetadataStore store) {
    return RemapEngine.open(
        disk, store, options, EngineListener.NONE, Access.READ_WRITE, new TestClock());
  }

  // ------------------------------------------------------------------------ cutting the power

  /** From here on these are the disks, and the power is cut before each of their operations. */
  void power(
      CrashableDevice newBacking, CrashableDevice newSpare, @Nullable CrashableDevice newSecond) {
    countStates();
    backing = newBacking;
    spare = newSpare;
    second = newSecond;
    List<CrashableDevice> disks =
        newSecond == null
            ? List.of(newBacking, newSpare)
            : List.of(newBacking, newSpare, newSecond);
    states = new CrashStates(disks, bounds.whole(), bounds.sampled(), random);
    CrashableDevice.Hook hook =
        (kind, byteOffset, lengthBytes) -> {
          observe();
          if (kind != Operation.READ) {
            visit();
          }
        };
    disks.forEach(each -> each.setHook(hook));
  }

  private void countStates() {
    if (states != null) {
      points += states.points();
      wholePoints += states.exhaustedPoints();
      fewestSampled = Math.min(fewestSampled, states.fewestSampled());
      visitedStates += states.states();
      states = null;
    }
  }

  void countCutRecoveries(long number) {
    cutRecoveries += number;
  }

  /** Cuts the power now, in each way. */
  void visit() {
    if (!publications.isRehearsal() && states != null) {
      states.visit(crashed -> new RecoveredImage(this, crashed).check(states.states()));
    }
  }

  /** Says that the same bytes must stand up to something else from now on. */
  void expectationsChanged() {
    states.expectationsChanged();
  }

  /** Notes what the table says now. */
  void observe() {
    if (metadata == null) {
      return;
    }
    try {
      if (publications.observe(Published.by(metadata))) {
        expectationsChanged();
      }
    } catch (AssertionError e) {
      throw new AssertionError(where() + ": " + e.getMessage(), e);
    }
  }

  /** The stamp that a sector has where it lies on the backing. */
  long onBacking(int sector) {
    IoBuffer buffer = IoBuffer.allocate(SECTOR);
    buffer.bytes().put(0, backing.image(), sector * SECTOR, SECTOR);
    return Stamps.read(buffer, 0, sector);
  }

  void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(where() + ": " + otherwise);
    }
  }

  /** Where in the script this is, for messages. */
  String where() {
    long at = states == null ? 0 : states.points();
    return name + ", operation " + operation + ", point " + at + " since power on";
  }
}
