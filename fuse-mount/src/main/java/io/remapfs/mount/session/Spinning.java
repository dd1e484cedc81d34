package io.remapfs.mount.session;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Decides whether a loop that has nothing to do looks again for a short while before it sleeps.
 *
 * <p>A thread that sleeps has to be woken, which takes some 10 us, and more on a virtual machine,
 * whose idle CPU must be called back; at depth 1 a loop pays that twice a request. Measured here (2
 * CPUs, O_DIRECT, 4 KiB reads at depth 1): 74 us with at most {@value #TRIES} looks, 107 us
 * without.
 *
 * <p>It pays as long as what is waited for comes soon, so it has to be earned: by sleeps that were
 * short, and by looks that found something; looks in vain cost more than was earned by one. At rest
 * nothing is earned, so there is no CPU to be measured. With much in flight it does not pay: the
 * completions that gather in a sleep are taken together. Nor with one CPU, where it would keep from
 * running whoever is waited for. And one loop at a time is enough.
 *
 * <p>Used by one thread, except for what the loops of a session share.
 */
final class Spinning {
  /** Looks before going to sleep; each is a system call of less than half a microsecond. */
  static final int TRIES = 300;

  /** Transfers in flight with which it still pays. */
  static final int MOST_IN_FLIGHT = 4;

  /** A sleep so short would have been spared by looking. */
  private static final long SHORT_NANOS = 150_000;

  private static final int MOST_CREDIT = 64;
  private static final int COST = 16;

  private final AtomicBoolean taken;
  private final boolean pays;
  private int credit;

  /**
   * Begins without credit.
   *
   * @param taken whether some loop of the session is looking
   * @param cpus of the machine
   */
  Spinning(AtomicBoolean taken, int cpus) {
    this.taken = taken;
    this.pays = cpus > 1;
  }

  /**
   * Whether to look before sleeping; if so, {@link #found} or {@link #foundNothing} must follow.
   */
  boolean begins(int inFlight) {
    return pays && credit >= COST && inFlight <= MOST_IN_FLIGHT && taken.compareAndSet(false, true);
  }

  /** Looking was worth it. */
  void found() {
    taken.set(false);
    earn();
  }

  /** Looking was in vain. */
  void foundNothing() {
    taken.set(false);
    credit -= COST;
  }

  /** Something came after a sleep. */
  void slept(long nanos) {
    if (nanos < SHORT_NANOS) {
      earn();
    }
  }

  private void earn() {
    credit = Math.min(MOST_CREDIT, credit + 1);
  }
}
