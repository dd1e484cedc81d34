package io.remapfs.health.scan;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import io.remapfs.engine.ScanReport;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.BlockRangeList;
import io.remapfs.health.event.EventKind;
import io.remapfs.health.scan.TourState.Stage;
import io.remapfs.health.surface.LatencyHistogram;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * Walks the disk and reads every block where its newest contents are, so that bad blocks are found
 * while they can still be salvaged.
 *
 * <p><b>How it works.</b> An agent: {@link #doWork} plans one step under the lock, carries it out
 * without it, and takes note of the outcome under it again; so whoever asks for the status, or has
 * found an error, never waits for the disk. {@link Tour} says what comes next, {@link ScanGate}
 * whether anything may, {@link Pacer} when. After each step the {@link TourState} is saved, so that
 * a killed daemon's successor goes on where it was.
 *
 * <p><b>Giving way.</b> While users are at work a step is 128 KiB, the rate 2 MiB/s at most, and
 * the disk is left alone for two hundred times as long as the step took, up to two seconds: a tour
 * still ends. When the disk answers slowly the rate is divided, down to 1 MiB/s.
 *
 * <p><b>Invariants.</b> (1) At most one step is under way. (2) What a step found is noted also if
 * its tour was stopped meanwhile; where it stood is not. (3) A step that fails for whatever reason
 * ends no tour: it is tried again, or left out and counted, and its blocks stay unscanned. (4)
 * {@code lock} is never held during I/O.
 *
 * <p>{@code doWork} by one thread; all else thread-safe.
 */
public final class Scanner implements EngineListener {
  /** A step on the way, in bytes; also the most by which a killed daemon's tour goes back. */
  public static final int BATCH_BYTES = 1 << 20;

  private static final int PIECE_BYTES = 128 << 10;
  private static final long BUSY_BYTES_PER_SECOND = 2L << 20;

  /**
   * By how much longer the disk is left to its users than a step took: a disk that does one thing
   * at a time then makes fewer than 1 request in 100 wait, which a 99th percentile does not see.
   */
  private static final int BUSY_REST = 200;

  /** A tour ends also on a disk that takes a second for each step. */
  private static final long BUSY_REST_NANOS = 2_000_000_000L;

  private static final long FLOOR_BYTES_PER_SECOND = 1L << 20;
  private static final long SECOND = 1_000_000_000L;
  private static final int ERRORS_QUEUED = 1024;
  private static final int FAULTS_LOGGED = 64;

  private final ScanTarget target;
  private final RegionHistory history;
  private final ScanMemory memory;
  private final ScanSettings settings;
  private final ScanClock clock;
  private final BiConsumer<EventKind, String> events;
  private final ArrayBlockingQueue<Long> newErrors = new ArrayBlockingQueue<>(ERRORS_QUEUED);
  private final Object saving = new Object();
  private final Object lock = new Object();
  private volatile Runnable wakeUp = () -> {};

  // Of the thread of doWork.
  private final Set<String> faultsLogged = new HashSet<>();
  private long cpuNanos = -1;

  // Guarded by lock.
  private final ScanGate gate;
  private final UserLoad load;
  private final StepLatency latency = new StepLatency(BATCH_BYTES);
  private final Pacer ratePacer = new Pacer();
  private final Pacer cpuPacer = new Pacer();
  private final RateMeter meter = new RateMeter();
  private final TourState state;
  private final Tours tours;
  private final long mountedAtMillis;
  private @Nullable Tour tour;
  private String waitsFor = "";
  private boolean busy;
  private long waitNanos;

  /**
   * Takes up what the daemon before has left.
   *
   * @param shortage what the process is short of, or ""; asked a few times a second
   * @param events told of tours that begin, wait and end
   */
  public Scanner(
      ScanTarget target,
      RegionHistory history,
      ScanMemory memory,
      ScanSettings settings,
      Supplier<String> shortage,
      ScanClock clock,
      BiConsumer<EventKind, String> events) {
    this.target = target;
    this.history = history;
    this.memory = memory;
    this.settings = settings;
    this.clock = clock;
    this.events = events;
    this.gate = new ScanGate(target, shortage);
    this.load = new UserLoad(target.userRequests());
    this.state = TourState.decode(memory.load(), target.blockCount(), target.blockSizeBytes());
    this.tours = new Tours(target, history);
    this.mountedAtMillis = clock.currentTimeMillis();
  }

  /** What to call when there may be work before {@link #waitNanos} have passed. */
  public void onWork(Runnable wake) {
    wakeUp = wake;
  }

  /** How long nothing is to be done, as of the last {@link #doWork}; a second at most. */
  public long waitNanos() {
    synchronized (lock) {
      return Math.min(SECOND, waitNanos);
    }
  }

  /**
   * Keeps new errors in mind, for their neighbours; not those of a slot, which has none. Returns at
   * once.
   */
  @Override
  public void onEvent(EngineEvent event) {
    boolean onDisk =
        switch (event.kind()) {
          case SALVAGED, REMAPPED -> true;
          case PENDING -> event.slot() < 0;
          default -> false;
        };
    if (onDisk && event.blockIndex() >= 0 && newErrors.offer(event.blockIndex())) {
      wakeUp.run();
    }
  }

  /**
   * Does one step, if there is one to do now.
   *
   * @return the steps done: 0 or 1
   */
  public int doWork() {
    Step step;
    synchronized (lock) {
      step = plan(clock.nanoTime());
    }
    if (step == null) {
      return 0;
    }
    if (cpuNanos < 0) {
      cpuNanos = clock.threadCpuNanos();
    }
    long begunNanos = clock.nanoTime();
    carryOut(step);
    long tookNanos = clock.nanoTime() - begunNanos;
    save();
    long usedNanos = clock.threadCpuNanos();
    synchronized (lock) {
      long now = clock.nanoTime();
      cpuPacer.spend(now, (usedNanos - cpuNanos) * 100 / state.limits.cpuPercent());
      long rest = busy ? Math.min(BUSY_REST_NANOS, BUSY_REST * tookNanos) : 0;
      long atRate = (long) step.blocks() * target.blockSizeBytes() * SECOND / rate();
      ratePacer.spend(now, Math.max(atRate, rest));
    }
    cpuNanos = usedNanos;
    return 1;
  }

  // ------------------------------------------------------------------------------------ planning

  private @Nullable Step plan(long now) {
    for (Long block = newErrors.poll(); block != null; block = newErrors.poll()) {
      state.neighbourhood.error(block);
      gate.error(block, now);
    }
    if (state.stage == Stage.IDLE) {
      beginIfDue();
    }
    waitNanos = SECOND;
    if (state.stage != Stage.RUNNING) {
      return null;
    }
    waitFor(gate.reason(now));
    if (!waitsFor.isEmpty()) {
      return null;
    }
    busy = load.isBusy(now, target.userRequests());
    waitNanos = Math.max(ratePacer.delayNanos(now), cpuPacer.delayNanos(now));
    return waitNanos > 0 ? null : next(now);
  }

  private void waitFor(String reason) {
    if (!reason.isEmpty() && waitsFor.isEmpty()) {
      events.accept(EventKind.SCAN_PAUSED, name() + " waits: " + reason);
    } else if (reason.isEmpty() && !waitsFor.isEmpty()) {
      events.accept(EventKind.SCAN_STARTED, name() + " goes on");
    }
    waitsFor = reason;
  }

  private @Nullable Step next(long now) {
    Tour current = currentTour();
    int blockBytes = target.blockSizeBytes();
    boolean small = busy || rate() < BATCH_BYTES;
    int batch = (small ? PIECE_BYTES : BATCH_BYTES) / blockBytes;
    Step step = current.next(batch, PIECE_BYTES / blockBytes, !busy, now);
    if (step == null && current.isFinished()) {
      end("finished");
    } else if (step == null) {
      waitNanos = current.delayNanos(now);
    }
    return step;
  }

  /** The tour at work; one that was left behind is taken up. */
  private Tour currentTour() {
    Tour current = tour;
    if (current == null) {
      Walk walk = tours.walk(state, true);
      while (state.walked && !walk.isAtEnd()) {
        walk.advance(walk.blocks(Integer.MAX_VALUE));
      }
      current = new Tour(state, walk, latency, target.blockSizeBytes());
      tour = current;
    }
    return current;
  }

  private long rate() {
    long wanted = state.limits.bytesPerSecond();
    long given = Math.max(wanted / latency.backoff(), Math.min(wanted, FLOOR_BYTES_PER_SECOND));
    return busy ? Math.min(given, BUSY_BYTES_PER_SECOND) : given;
  }

  private void beginIfDue() {
    long next = settings.nextAtMillis(state, mountedAtMillis);
    if (next >= 0 && clock.currentTimeMillis() >= next) {
      begin(ScanMode.FULL, settings.limits());
    }
  }

  private void begin(ScanMode mode, ScanLimits limits) {
    state.begin(mode, limits, clock.currentTimeMillis());
    Walk walk = tours.walk(state, false);
    state.remember(walk);
    tour = new Tour(state, walk, latency, target.blockSizeBytes());
    waitsFor = "";
    meter.reset();
    events.accept(EventKind.SCAN_STARTED, name() + " began");
  }

  private void end(String how) {
    state.stage = Stage.IDLE;
    state.endedAtMillis = clock.currentTimeMillis();
    if (how.equals("finished") && state.mode == ScanMode.FULL) {
      state.fullTours++;
      state.lastFullTourAtMillis = state.endedAtMillis;
      state.oldestLook = 0;
    }
    tour = null;
    waitsFor = "";
    TourState.Counts counts = state.counts;
    events.accept(
        EventKind.SCAN_FINISHED,
        name()
            + " "
            + how
            + ": "
            + counts.readBytes
            + " bytes read, "
            + counts.salvaged
            + " blocks salvaged, "
            + (counts.lost + counts.unrecorded)
            + " found lost");
    wakeUp.run();
  }

  private String name() {
    return "scan " + state.tour + " (" + state.mode.word() + ")";
  }

  // ---------------------------------------------------------------------------------- at work

  private void carryOut(Step step) {
    try {
      ScanReport report = target.scan(step.first(), step.blocks(), step.retriesPending());
      long slowBlock = noteDone(step, report);
      history.scanned(step.first(), report.scannedBytes() / target.blockSizeBytes());
      if (slowBlock >= 0) {
        moveSlow(slowBlock, report.readNanos());
      }
    } catch (BlockDeviceException e) {
      synchronized (lock) {
        boolean again = gate.failed(e, clock.nanoTime());
        if (!again) {
          leaveOut(step);
        }
      }
    } catch (RuntimeException | OutOfMemoryError | LinkageError e) {
      synchronized (lock) {
        state.counts.faults++;
        leaveOut(step);
      }
      logOnce(e);
    }
  }

  private long noteDone(Step step, ScanReport report) {
    synchronized (lock) {
      long now = clock.nanoTime();
      gate.passed();
      meter.add(now, report.scannedBytes());
      Tour current = tour;
      if (current == null || step.tour() != state.tour) {
        return -1; // stopped meanwhile
      }
      boolean quiet = !load.isBusy(now, target.userRequests());
      return current.done(step, report, quiet, now);
    }
  }

  private void leaveOut(Step step) {
    Tour current = tour;
    if (current != null && step.tour() == state.tour) {
      current.skip(step);
    }
  }

  /** It reads now, but need not tomorrow. */
  private void moveSlow(long block, long nanos) throws BlockDeviceException {
    history.slow(block, nanos);
    synchronized (lock) {
      Tour current = tour;
      if (target.isReadOnly()
          || current == null
          || !current.mayMoveSlow(target.spareUsedPercent())) {
        return;
      }
      state.counts.slowMoved++;
    }
    target.remap(block);
  }

  private void logOnce(Throwable e) {
    String key = e.toString();
    if (faultsLogged.size() < FAULTS_LOGGED && faultsLogged.add(key)) {
      LogManager.getLogger(Scanner.class).error("a step of the scan failed; it goes on", e);
    }
  }

  private void save() {
    synchronized (saving) {
      byte[] encoded;
      synchronized (lock) {
        encoded = state.encode();
      }
      memory.save(encoded);
    }
  }

  // --------------------------------------------------------------------------------- commands

  /**
   * Begins a tour.
   *
   * @param limits null for the mount's
   * @throws ScanRefusedException if there is one
   */
  public void start(ScanMode mode, @Nullable ScanLimits limits) throws ScanRefusedException {
    synchronized (lock) {
      if (state.stage == Stage.RUNNING) {
        throw new ScanRefusedException(
            name() + " is under way; wait for its end, or end it with: remapfs scan stop");
      }
      if (state.stage == Stage.PAUSED) {
        throw new ScanRefusedException(
            name()
                + " is paused; go on with: remapfs scan resume, or end it with: remapfs scan stop");
      }
      begin(mode, limits == null ? settings.limits() : limits);
    }
    save();
    wakeUp.run();
  }

  /**
   * Holds the tour until {@link #resume}, over any number of mounts.
   *
   * @throws ScanRefusedException if none is under way
   */
  public void pause() throws ScanRefusedException {
    synchronized (lock) {
      if (state.stage != Stage.RUNNING) {
        throw new ScanRefusedException(
            state.stage == Stage.PAUSED ? name() + " is paused already" : "no scan is under way");
      }
      state.stage = Stage.PAUSED;
      waitsFor = "";
      events.accept(EventKind.SCAN_PAUSED, name() + " was paused by a user");
    }
    save();
  }

  /**
   * Goes on with a paused tour.
   *
   * @throws ScanRefusedException if none is paused
   */
  public void resume() throws ScanRefusedException {
    synchronized (lock) {
      if (state.stage != Stage.PAUSED) {
        throw new ScanRefusedException("no scan is paused");
      }
      state.stage = Stage.RUNNING;
      meter.reset();
      events.accept(EventKind.SCAN_STARTED, name() + " goes on");
    }
    save();
    wakeUp.run();
  }

  /**
   * Ends the tour where it is; what it has found stays.
   *
   * @throws ScanRefusedException if there is none
   */
  public void stop() throws ScanRefusedException {
    synchronized (lock) {
      if (state.stage == Stage.IDLE) {
        throw new ScanRefusedException("no scan is under way");
      }
      end("stopped");
    }
    save();
  }

  /** How it is doing. */
  public ScanStatus status() {
    synchronized (lock) {
      @Nullable Walk walk = state.stage == Stage.IDLE ? null : currentTour().walk();
      long next = state.stage == Stage.IDLE ? settings.nextAtMillis(state, mountedAtMillis) : -1;
      return ScanStatus.of(
          state,
          walk,
          target,
          next,
          waitsFor,
          givesWay(),
          walk == null ? 0 : meter.bytesPerSecond(clock.nanoTime()));
    }
  }

  private String givesWay() {
    if (state.stage != Stage.RUNNING) {
      return "";
    }
    return busy ? "users are at work" : latency.backoff() > 1 ? "the disk answers slowly" : "";
  }

  /** When a full tour last came to its end, in milliseconds since 1970; 0 for never. */
  public long lastFullTourAtMillis() {
    synchronized (lock) {
      return state.lastFullTourAtMillis;
    }
  }

  /** How long its reads took, since the mount. */
  public LatencyHistogram latencies() {
    return latency.histogram();
  }

  /** Visits the ranges that no tour has read yet, in ascending order. */
  public void forEachUnscanned(BlockRangeList.Visitor visitor) {
    long[] ranges;
    synchronized (lock) {
      ranges = state.unscanned.toArray();
    }
    for (int i = 0; i < ranges.length; i += 2) {
      visitor.visit(ranges[i], ranges[i + 1]);
    }
  }
}
