package io.remapfs.health.scan;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.device.BlockDeviceException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether the scanner may read now, and if not, why: the disk's state, a storm of errors, steps
 * that could not be carried out, or what the process is short of. Not thread-safe.
 */
final class ScanGate {
  private static final long LOOK_NANOS = 250_000_000L;
  private static final long SECOND = 1_000_000_000L;
  private static final int ATTEMPTS = 5;

  private final ScanTarget target;
  private final Supplier<String> shortage;
  private final ErrorStorm storm = new ErrorStorm();

  private boolean looked;
  private long lookedAtNanos;
  private String state = "";

  private int failures;
  private long retryAtNanos;
  private String failure = "";

  /**
   * @param shortage what the process is short of, or ""
   */
  ScanGate(ScanTarget target, Supplier<String> shortage) {
    this.target = target;
    this.shortage = shortage;
  }

  /** Why nothing may be read now; "" if it may. */
  String reason(long nowNanos) {
    if (!looked || nowNanos - lookedAtNanos >= LOOK_NANOS) {
      looked = true;
      lookedAtNanos = nowNanos;
      String why = because(target.state());
      state = why == null ? shortage.get() : why;
    }
    if (!state.isEmpty()) {
      return state;
    }
    if (storm.pauseLeftNanos(nowNanos) > 0) {
      return "errors come in many places at once; the disk is left alone for a while";
    }
    return failures > 0 && nowNanos - retryAtNanos < 0 ? failure : "";
  }

  private static @Nullable String because(EngineState state) {
    return switch (state) {
      case HEALTHY, DEGRADED -> null;
      case EXHAUSTED -> "no free slot is left to move a bad block to; add one with add-spare";
      case SUSPENDED -> "the disk does not answer, or takes no writes";
      case EMERGENCY -> "bad blocks cannot be recorded";
    };
  }

  /** Takes note of a new error, whoever found it. */
  void error(long block, long nowNanos) {
    storm.error(block, nowNanos);
  }

  void passed() {
    failures = 0;
  }

  /**
   * Takes note of a step that could not be carried out, though no block is to blame.
   *
   * @return whether it is to be tried again
   */
  boolean failed(BlockDeviceException e, long nowNanos) {
    looked = false; // the engine may have seen more in it
    failures++;
    failure = "a step failed and is tried again: " + e.getMessage();
    retryAtNanos = nowNanos + Math.min(60 * SECOND, SECOND << Math.min(failures - 1, 6));
    if (failures < ATTEMPTS || because(target.state()) != null) {
      return true;
    }
    failures = 0;
    return false;
  }
}
