package io.remapfs.mount.session;

import io.remapfs.mount.ring.IoUring;
import java.time.Duration;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * Knows when the memory that a loop's buffers took for long requests may be given back: when there
 * was no such request for one to two periods.
 *
 * <p>While some buffer has grown, and only then, an alarm in the loop's ring completes once a
 * period. Used by the loop's thread only.
 */
final class GrownBuffers {
  /** So rarely that it cannot be measured, and soon after a load. */
  static final Duration PERIOD = Duration.ofSeconds(2);

  /** A {@code struct __kernel_timespec}. */
  private final Pointer period =
      Memory.allocateDirect(Runtime.getSystemRuntime(), 2 * Long.BYTES, true);

  private boolean any;
  private boolean alarmIsSet;
  private boolean grewSinceAlarm;

  GrownBuffers(Duration periodOfTime) {
    period.putLong(0, periodOfTime.toSeconds());
    period.putLong(Long.BYTES, periodOfTime.toNanosPart());
  }

  /** Told of each request, before its payload or data is put in the buffer. */
  void used(RequestBuffer buffer, int dataBytes) {
    if (buffer.grows(dataBytes)) {
      any = true;
      grewSinceAlarm = true;
    }
  }

  /** Sets the alarm, where there is something to be given back later. */
  void setAlarm(IoUring ring, long userData) {
    if (any && !alarmIsSet) {
      alarmIsSet = true;
      grewSinceAlarm = false;
      ring.alarm(period.address(), userData);
    }
  }

  /** Told of the alarm's completion. */
  void alarmed() {
    alarmIsSet = false;
  }

  /** Whether this is the time, until the alarm is set anew. */
  boolean areIdle() {
    return any && !alarmIsSet && !grewSinceAlarm;
  }

  /** Told when all have been {@link RequestBuffer#shrink given back}. */
  void shrunk() {
    any = false;
  }
}
