package io.remapfs.health.scan;

import io.remapfs.health.scan.BlockRanges.Overflow;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * What outlives the daemon: the tour, how far it is, what it has found, and which blocks no tour
 * has read yet. Big-endian, in this order:
 *
 * <pre>
 *   0  version 1        int     8  blocks of the image   long
 *   4  block size       int    16  stage, mode, phase, walked: a byte each
 *  20  CPU percent      int    24  ten longs: rate in bytes a second, tour, started and ended
 *                                  (milliseconds since 1970), position, origin, full tours finished,
 *                                  when the last was, where a stopped full tour was, rounds
 * 104  the counts of {@link Counts}, a long each
 *      then three sets of ranges of {@link Neighbourhood}, and that of the unscanned blocks
 * </pre>
 *
 * <p>Not thread-safe.
 */
final class TourState {
  private static final int VERSION = 1;

  /** Ranges of unscanned blocks; where there are more, gaps count as unscanned too. */
  private static final int UNSCANNED_RANGES = 128;

  /** A {@link io.remapfs.health.store.StateCell} takes so much. */
  static final int MAX_BYTES = 4096;

  /** Where the tour stands. */
  enum Stage {
    /** There is none, or the last one ended. */
    IDLE(0),
    /** It is under way, also where something holds it up. */
    RUNNING(1),
    /** A user holds it, until he resumes it. */
    PAUSED(2);

    private final int code;

    Stage(int code) {
      this.code = code;
    }

    static Stage ofCode(int code) {
      return Arrays.stream(values())
          .filter(each -> each.code == code)
          .findFirst()
          .orElseThrow(IllegalArgumentException::new);
    }
  }

  /** What one tour has come to. */
  static final class Counts {
    long readBytes;
    long salvaged;
    long lost;
    long pending;
    long unrecorded;
    long slowFound;
    long slowMoved;
    long skippedSteps;
    long faults;

    private void putTo(ByteBuffer bytes) {
      bytes.putLong(readBytes).putLong(salvaged).putLong(lost).putLong(pending);
      bytes.putLong(unrecorded).putLong(slowFound).putLong(slowMoved);
      bytes.putLong(skippedSteps).putLong(faults);
    }

    private void readFrom(ByteBuffer bytes) {
      readBytes = bytes.getLong();
      salvaged = bytes.getLong();
      lost = bytes.getLong();
      pending = bytes.getLong();
      unrecorded = bytes.getLong();
      slowFound = bytes.getLong();
      slowMoved = bytes.getLong();
      skippedSteps = bytes.getLong();
      faults = bytes.getLong();
    }
  }

  private final long blockCount;
  private final int blockSizeBytes;
  private final ByteBuffer bytes = ByteBuffer.allocate(MAX_BYTES);

  Stage stage = Stage.IDLE;
  ScanMode mode = ScanMode.FULL;
  ScanLimits limits = ScanLimits.DEFAULT;

  /** Counts from 1; 0 before the first. */
  long tour;

  long startedAtMillis;
  long endedAtMillis;

  /** Of the {@link Walk}. */
  long position;

  int phase;
  long origin;

  /** Whether the walk is at its end, and the tour only measures slow blocks again. */
  boolean walked;

  long fullTours;
  long lastFullTourAtMillis;

  /**
   * Where the newest looks of full tours end: behind it lies what was not looked at for longest.
   */
  long oldestLook;

  Counts counts = new Counts();
  final Neighbourhood neighbourhood;
  final BlockRanges unscanned = new BlockRanges(UNSCANNED_RANGES, Overflow.GROW);

  TourState(long blockCount, int blockSizeBytes) {
    this.blockCount = blockCount;
    this.blockSizeBytes = blockSizeBytes;
    this.neighbourhood = new Neighbourhood(blockCount);
    unscanned.add(0, blockCount);
  }

  /** The state of a disk of this shape that {@link #encode} wrote; a blank one where it is none. */
  static TourState decode(byte[] saved, long blockCount, int blockSizeBytes) {
    TourState state = new TourState(blockCount, blockSizeBytes);
    try {
      if (saved.length > 0 && state.readFrom(ByteBuffer.wrap(saved))) {
        return state;
      }
    } catch (BufferUnderflowException | IllegalArgumentException | IndexOutOfBoundsException e) {
      // Nothing that data depends on: the tour begins anew.
    }
    return new TourState(blockCount, blockSizeBytes);
  }

  private boolean readFrom(ByteBuffer from) {
    if (from.getInt() != VERSION
        || from.getInt() != blockSizeBytes
        || from.getLong() != blockCount) {
      return false;
    }
    stage = Stage.ofCode(from.get());
    mode = ScanMode.ofCode(from.get());
    phase = from.get();
    walked = from.get() != 0;
    int cpuPercent = from.getInt();
    limits = new ScanLimits(from.getLong(), cpuPercent);
    tour = from.getLong();
    startedAtMillis = from.getLong();
    endedAtMillis = from.getLong();
    position = block(from.getLong());
    origin = block(from.getLong());
    fullTours = from.getLong();
    lastFullTourAtMillis = from.getLong();
    oldestLook = block(from.getLong());
    from.getLong();
    counts.readFrom(from);
    neighbourhood.readFrom(from);
    unscanned.readFrom(from, blockCount);
    return true;
  }

  private long block(long number) {
    if (number < 0 || number >= blockCount) {
      throw new IllegalArgumentException("block " + number);
    }
    return number;
  }

  byte[] encode() {
    bytes.clear();
    bytes.putInt(VERSION).putInt(blockSizeBytes).putLong(blockCount);
    bytes.put((byte) stage.code).put((byte) mode.code()).put((byte) phase);
    bytes.put((byte) (walked ? 1 : 0)).putInt(limits.cpuPercent());
    bytes.putLong(limits.bytesPerSecond()).putLong(tour);
    bytes.putLong(startedAtMillis).putLong(endedAtMillis);
    bytes.putLong(position).putLong(origin);
    bytes.putLong(fullTours).putLong(lastFullTourAtMillis).putLong(oldestLook).putLong(0);
    counts.putTo(bytes);
    neighbourhood.putTo(bytes);
    unscanned.putTo(bytes);
    byte[] encoded = new byte[bytes.position()];
    bytes.get(0, encoded);
    return encoded;
  }

  /** Begins another tour. */
  void begin(ScanMode newMode, ScanLimits newLimits, long nowMillis) {
    stage = Stage.RUNNING;
    mode = newMode;
    limits = newLimits;
    tour++;
    startedAtMillis = nowMillis;
    endedAtMillis = 0;
    position = 0;
    phase = 0;
    origin = 0;
    walked = false;
    counts = new Counts();
    neighbourhood.newTour();
  }

  void remember(Walk walk) {
    walked = walk.isAtEnd();
    position = walk.position();
    phase = walk.phase();
    origin = walk.origin();
    if (mode == ScanMode.FULL) {
      oldestLook = position;
    }
  }
}
