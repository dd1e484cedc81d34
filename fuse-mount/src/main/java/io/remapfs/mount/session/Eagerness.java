package io.remapfs.mount.session;

import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;

/**
 * Which of two ways of waiting serves more on this machine: an <i>eager</i> loop looks before it
 * sleeps ({@link Spinning}), and stays on its CPU where it has one; a <i>calm</i> one sleeps at
 * once, and runs where the scheduler likes.
 *
 * <p>Neither is better everywhere. Measured, 4 KiB reads at depth 1, in us: on one machine 58 eager
 * and 88 calm, on another, whose scheduler moves a caller away from a CPU that looks busy, 110
 * eager and 82 calm; with 4 callers the second serves 32 000 a second eager, 26 000 calm. So it is
 * tried: time is cut into epochs of {@value #EPOCH_MILLIS} ms, now and then one of them is spent in
 * the other way, and its rate compared with that of the epoch before it. The scheduler goes by how
 * busy threads were in the last 100 ms or so, so the first {@value #SETTLING_MILLIS} ms of an epoch
 * do not count. How much is in flight makes a difference: three kinds of load are told apart, and
 * what was learnt of one is used at once when it comes back.
 *
 * <p>A trial costs one epoch of {@value #EPOCHS_BETWEEN_TRIALS}, at first one of three. At rest
 * loops are calm, so that nothing is spent.
 *
 * <p>Shared by the loops of a session; thread-safe, and allocates nothing.
 */
final class Eagerness {
  static final int EPOCH_MILLIS = 200;
  static final int SETTLING_MILLIS = 80;
  static final long EPOCH_NANOS = EPOCH_MILLIS * 1_000_000L;
  static final long SETTLING_NANOS = SETTLING_MILLIS * 1_000_000L;

  /** Trials of a kind of load from which the first opinion of it is made. */
  static final int FIRST_TRIALS = 3;

  static final int EPOCHS_BETWEEN_TRIALS = 40;

  private static final int EPOCHS_BETWEEN_FIRST_TRIALS = 2;

  /** Fewer requests in what counts of an epoch say nothing. */
  static final int FEWEST_REQUESTS = 200;

  /** The way that costs less CPU is left only for this much. */
  private static final double WORTH_IT = 0.03;

  private static final double WEIGHT_OF_NEWEST = 0.25;

  /** The kinds of load: at most so many in flight, as a loop sees it. */
  private static final double[] DEPTHS = {1.5, 6, Double.MAX_VALUE};

  /** What is thought of each before it was tried: with a few callers it mostly pays. */
  private static final double[] FIRST_GAINS = {0, 0.1, 0};

  /** What is known of one kind of load. */
  private static final class Opinion {
    /** What an eager epoch serves more than a calm one, as a part of it. */
    private double gain;

    private int trials;
    private int epochsSinceTrial;

    Opinion(double gain) {
      this.gain = gain;
    }

    void compared(double eagerRate, double calmRate) {
      double seen = eagerRate / calmRate - 1;
      trials++;
      gain += (seen - gain) * Math.max(WEIGHT_OF_NEWEST, 1.0 / (1 + trials));
      epochsSinceTrial = 0;
    }

    boolean isForEager() {
      return gain > WORTH_IT;
    }

    /** After an epoch that was no trial: whether the next is one. */
    boolean isTrialDue() {
      epochsSinceTrial++;
      return epochsSinceTrial
          >= (trials < FIRST_TRIALS ? EPOCHS_BETWEEN_FIRST_TRIALS : EPOCHS_BETWEEN_TRIALS);
    }
  }

  private final LongAdder requests = new LongAdder();
  private final LongAdder depths = new LongAdder();
  private final AtomicBoolean turning = new AtomicBoolean();
  private final Opinion[] opinions = new Opinion[DEPTHS.length];

  /** What loops do in this epoch. */
  private volatile boolean eager;

  /** When there is something to do: the settling, or the epoch, is over. */
  private volatile long nextNanos;

  // The rest is guarded by `turning`.
  private long beginNanos;
  private boolean isSettling;
  private boolean isTrial;

  /** The epoch before: its kind of load, -1 if it said nothing, and its rate. */
  private int lastKind = -1;

  private double lastRate;

  /** Begins calm. */
  Eagerness(long nowNanos) {
    for (int i = 0; i < opinions.length; i++) {
      opinions[i] = new Opinion(FIRST_GAINS[i]);
    }
    begin(nowNanos, false, false);
  }

  /** How a loop is to wait now. */
  boolean isEager() {
    return eager;
  }

  /**
   * A loop has taken requests.
   *
   * @param count how many
   * @param inFlight what it has on its way with them
   * @param nowNanos of {@link System#nanoTime}
   */
  void took(int count, int inFlight, long nowNanos) {
    requests.add(count);
    depths.add((long) count * inFlight);
    if (nowNanos - nextNanos >= 0 && turning.compareAndSet(false, true)) {
      try {
        if (nowNanos - nextNanos >= 0) {
          goOn(nowNanos);
        }
      } finally {
        turning.set(false);
      }
    }
  }

  private void goOn(long nowNanos) {
    long elapsedNanos = nowNanos - beginNanos;
    long served = requests.sumThenReset();
    long depth = depths.sumThenReset();
    if (elapsedNanos > 2 * EPOCH_NANOS) { // Nothing came for a while.
      lastKind = -1;
      begin(nowNanos, false, false);
    } else if (isSettling) {
      isSettling = false;
      beginNanos = nowNanos;
      nextNanos = nowNanos + EPOCH_NANOS - SETTLING_NANOS;
    } else if (served < FEWEST_REQUESTS) {
      lastKind = -1;
      begin(nowNanos, false, false);
    } else {
      turn(nowNanos, kindOf((double) depth / served), (double) served / elapsedNanos);
    }
  }

  /** An epoch is over that says something. */
  private void turn(long nowNanos, int kind, double rate) {
    Opinion opinion = opinions[kind];
    if (isTrial && kind == lastKind) {
      opinion.compared(eager ? rate : lastRate, eager ? lastRate : rate);
    }
    boolean preferred = opinion.isForEager();
    // A trial is compared with an epoch of the preferred way, of this kind of load.
    boolean beginsTrial = !isTrial && opinion.isTrialDue() && eager == preferred;
    lastKind = kind;
    lastRate = rate;
    begin(nowNanos, preferred ^ beginsTrial, beginsTrial);
  }

  private static int kindOf(double depth) {
    int kind = 0;
    while (depth > DEPTHS[kind]) {
      kind++;
    }
    return kind;
  }

  private void begin(long nowNanos, boolean asEager, boolean asTrial) {
    eager = asEager;
    isTrial = asTrial;
    isSettling = true;
    beginNanos = nowNanos;
    nextNanos = nowNanos + SETTLING_NANOS;
  }
}
