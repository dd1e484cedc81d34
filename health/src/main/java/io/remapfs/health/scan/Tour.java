package io.remapfs.health.scan;

import io.remapfs.engine.ScanReport;
import io.remapfs.health.scan.Step.Kind;
import org.jspecify.annotations.Nullable;

/**
 * One tour at work: which step comes next, and what each has come to. Around new errors first, then
 * what was slow, then the way.
 *
 * <p>Not thread-safe; it does no I/O.
 */
final class Tour {
  private static final int MAX_SLOW_MOVES = 64;

  private final TourState state;
  private final Walk walk;
  private final StepLatency latency;
  private final long blockBytes;
  private final SlowBlocks slow = new SlowBlocks();

  /**
   * @param walk where the tour stands
   * @param latency of the disk, which outlives tours
   */
  Tour(TourState state, Walk walk, StepLatency latency, int blockBytes) {
    this.state = state;
    this.walk = walk;
    this.latency = latency;
    this.blockBytes = blockBytes;
  }

  Walk walk() {
    return walk;
  }

  /** Whether nothing is left to do, now or later. */
  boolean isFinished() {
    return walk.isAtEnd() && state.neighbourhood.isEmpty() && slow.isEmpty();
  }

  /**
   * The next step.
   *
   * @param batchBlocks a step on the way has so many at most
   * @param pieceBlocks one around an error so many
   * @param quiet whether users leave the disk alone
   * @return null where only suspects are left that are not due yet
   */
  @Nullable Step next(int batchBlocks, int pieceBlocks, boolean quiet, long nowNanos) {
    Neighbourhood around = state.neighbourhood;
    if (!around.isEmpty()) {
      int blocks = around.blocks(Math.min(batchBlocks, pieceBlocks));
      return new Step(Kind.NEIGHBOUR, state.tour, around.first(), blocks, quiet, null);
    }
    SlowBlocks.Suspect due = slow.due(nowNanos);
    if (due != null && !quiet) {
      slow.postpone(nowNanos);
    } else if (due != null) {
      return new Step(Kind.SUSPECT, state.tour, due.first, due.blocks, true, due);
    }
    return walk.isAtEnd()
        ? null
        : new Step(Kind.WAY, state.tour, walk.position(), walk.blocks(batchBlocks), quiet, null);
  }

  /** How long until a suspect is due. */
  long delayNanos(long nowNanos) {
    return slow.delayNanos(nowNanos);
  }

  /**
   * Takes note of a step.
   *
   * @param stillQuiet whether users left the disk alone while it was read
   * @return a block that is slow for good, or -1
   */
  long done(Step step, ScanReport report, boolean stillQuiet, long nowNanos) {
    int scanned = (int) (report.scannedBytes() / blockBytes);
    count(report);
    if (report.isComplete()) {
      state.unscanned.remove(step.first(), step.first() + scanned);
    }
    boolean measures = step.quiet() && stillQuiet && isClean(report) && scanned == step.blocks();
    boolean tooSlow = SlowBlocks.isSlow(report.readNanos(), latency.usualBatchNanos());
    long slowBlock = -1;
    SlowBlocks.Suspect suspect = step.suspect();
    if (suspect != null) {
      if (!stillQuiet) {
        slow.postpone(nowNanos);
      } else if (!isClean(report)) {
        slow.remove(suspect);
      } else if (slow.measured(suspect, tooSlow, nowNanos)) {
        slowBlock = suspect.first;
        state.counts.slowFound++;
      }
      return slowBlock;
    }
    if (measures && tooSlow) {
      slow.suspect(step.first(), scanned, nowNanos);
    }
    if (isClean(report)) {
      latency.add(report.scannedBytes(), report.readNanos());
    }
    goOn(step, scanned);
    return slowBlock;
  }

  private static boolean isClean(ScanReport report) {
    return report.newErrors() == 0 && report.pending() == 0;
  }

  private void count(ScanReport report) {
    TourState.Counts counts = state.counts;
    counts.readBytes += report.scannedBytes();
    counts.salvaged += report.salvaged();
    counts.lost += report.lost();
    counts.pending += report.pending();
    counts.unrecorded += report.unrecorded();
  }

  /** Leaves a step out: it cannot be carried out. Its blocks stay unscanned. */
  void skip(Step step) {
    state.counts.skippedSteps++;
    if (step.suspect() != null) {
      slow.remove(step.suspect());
    } else {
      goOn(step, step.blocks());
    }
  }

  private void goOn(Step step, int blocks) {
    if (step.kind() == Kind.NEIGHBOUR) {
      state.neighbourhood.read(step.first(), blocks);
    } else {
      walk.advance(blocks);
      state.remember(walk);
    }
  }

  /** Whether one more slow block may be moved in this tour, where so much of the spare is used. */
  boolean mayMoveSlow(int spareUsedPercent) {
    return state.counts.slowMoved < MAX_SLOW_MOVES && spareUsedPercent < 80;
  }
}
