package io.remapfs.health.forecast;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.health.event.EventKind;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.SpareLevel;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves blocks that are likely to fail to the spare while they can still be read ({@code mount
 * --preempt}).
 *
 * <p>What it may cost is bounded: one block a turn, so {@value #BLOCKS_PER_MINUTE} a minute at
 * most; in all, over all mounts, {@value #SPARE_PERCENT} of a hundred of the slots that are free or
 * were used for it; none while the spare is low, the disk is not well enough, users are busy, or
 * the process is short of something. It goes through the engine's own move, under the block's
 * guard: a block that turns out to be bad is salvaged as for any read.
 *
 * <p>Invariant: a block is moved only if it was healthy when the plan was made, and each at most
 * once a plan. {@link #doWork} by one thread, which may wait for the disk; the rest thread-safe.
 */
public final class Preemption {
  /** One a turn, and a turn a second. */
  static final int BLOCKS_PER_MINUTE = 60;

  /** The share of the free slots that may be used up ahead of time. */
  static final int SPARE_PERCENT = 25;

  /** More requests than these in a turn mean that users are busy. */
  static final long BUSY_REQUESTS = 50;

  /** So many turns it keeps still after a device did not answer. */
  private static final int TURNS_AFTER_FAILURE = 60;

  private final ForecastWatch watch;
  private final PreemptionTarget target;
  private final EventLog events;
  private final Supplier<String> shortage;

  private volatile String state = "nothing to do";

  // Used by doWork only.
  private @Nullable Forecast planned;
  private long[] plan = {};
  private int next;
  private boolean told;
  private long requestsBefore;
  private int waitTurns;

  /**
   * Nothing is moved before {@link #doWork}.
   *
   * @param shortage what the process is short of, or ""
   */
  public Preemption(
      ForecastWatch watch, PreemptionTarget target, EventLog events, Supplier<String> shortage) {
    this.watch = watch;
    this.target = target;
    this.events = events;
    this.shortage = shortage;
  }

  /** What it does now, in words for people. */
  public String state() {
    return state;
  }

  /** One turn: moves at most one block. Returns the number of blocks moved. */
  public int doWork() {
    EngineStatus status = target.status();
    long requests = status.reads() + status.writes();
    long lately = requests - requestsBefore;
    requestsBefore = requests;
    makePlan(status);
    if (next >= plan.length) {
      state = "nothing to do";
      return 0;
    }
    String reason = waitTurns-- > 0 ? "a device did not answer" : reasonToWait(status, lately);
    if (!reason.isEmpty()) {
      state = "waiting: " + reason;
      return 0;
    }
    waitTurns = 0;
    state = "moving blocks ahead of time";
    return move(plan[next]);
  }

  private void makePlan(EngineStatus status) {
    Forecast latest = watch.blocks();
    if (latest.equals(planned)) {
      return;
    }
    planned = latest;
    ErrorHistory history = ForecastWatch.history(status, watch.log().places());
    plan = PreemptionPlan.of(latest, history, target::forEachEntry);
    next = 0;
    told = false;
  }

  private String reasonToWait(EngineStatus status, long requestsLately) {
    if (status.readOnly()) {
      return "the mount is read-only";
    }
    if (status.state() != EngineState.HEALTHY && status.state() != EngineState.DEGRADED) {
      return "the disk is " + status.state();
    }
    if (SpareLevel.isLow(status)) {
      return "the spare is low";
    }
    long moved = watch.preempted();
    if (moved >= (status.spareFree() + moved) * SPARE_PERCENT / 100) {
      return "it has used its share of the spare, " + SPARE_PERCENT + " %";
    }
    String missing = shortage.get();
    if (!missing.isEmpty()) {
      return missing;
    }
    return requestsLately > BUSY_REQUESTS ? "users are busy" : "";
  }

  private int move(long block) {
    try {
      boolean moved = target.move(block);
      next++;
      if (!moved) {
        return 0;
      }
    } catch (MediumErrorException e) {
      next++; // It failed before it was moved: the engine has recorded and told it.
      return 0;
    } catch (BlockDeviceException e) {
      waitTurns = TURNS_AFTER_FAILURE;
      return 0;
    }
    watch.log().addPreempted();
    if (!told) {
      told = true;
      events.publish(
          EventKind.FORECAST,
          block,
          -1,
          "moving up to " + plan.length + " blocks that are likely to fail ahead of time");
    }
    return 1;
  }
}
