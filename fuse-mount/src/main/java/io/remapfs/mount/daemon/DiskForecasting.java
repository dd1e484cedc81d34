package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.History;
import io.remapfs.health.forecast.DiskForecast;
import io.remapfs.health.forecast.ForecastWatch;
import io.remapfs.health.forecast.Preemption;
import io.remapfs.health.forecast.PreemptionTarget;
import io.remapfs.health.store.HealthFile;
import java.time.InstantSource;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * What is foretold of the disk, and, with {@code --preempt}, what is done about it on a thread of
 * its own, because a move waits for the disk.
 *
 * <p>{@link #noteError} is for any thread, {@link #get} too; the others for who puts things
 * together, and {@link #doWork} for the health thread.
 */
final class DiskForecasting {
  private static final String OFF = "off (mount --preempt)";

  private final ForecastWatch watch;
  private final EventLog events;
  private volatile @Nullable Preemption preemption;
  private @Nullable Supplier<EngineStatus> engine;
  private @Nullable Housekeeper mover;

  /** A forecast that goes on with what the health file has kept. */
  DiskForecasting(HealthFile file, EventLog events, History history) {
    this.events = events;
    this.watch =
        new ForecastWatch(
            file.cell(HealthFile.Cell.FORECAST), events, history::read, InstantSource.system());
  }

  /**
   * Looks at the engine from now on; to be called before {@link #start}.
   *
   * @param preempt whether blocks are moved ahead of time
   * @param shortage what the process is short of, or ""
   */
  void watch(RemapEngine engine, boolean preempt, Supplier<String> shortage) {
    this.engine = engine::status;
    if (preempt) {
      Preemption moving = new Preemption(watch, new Target(engine), events, shortage);
      preemption = moving;
      mover = new Housekeeper("remapfs-preempt", moving::doWork);
    }
  }

  /** Begins to move blocks, where asked to. */
  void start() {
    if (mover != null) {
      mover.start();
    }
  }

  /** Takes note of a block of the disk's medium that failed. */
  void noteError(long blockIndex) {
    watch.noteError(blockIndex);
  }

  /** One turn. */
  void doWork() {
    if (engine != null) {
      watch.doWork(engine.get());
    }
  }

  /** As of the last turn. */
  DiskForecast get() {
    @Nullable Preemption moving = preemption;
    return new DiskForecast(
        watch.blocks(), watch.spare(), watch.preempted(), moving == null ? OFF : moving.state());
  }

  /** Ends the moving; the engine may still tell of errors. */
  void stop() {
    if (mover != null) {
      mover.close();
    }
  }

  /** Keeps what is not yet kept. */
  void finish() {
    watch.finish();
  }

  private record Target(RemapEngine engine) implements PreemptionTarget {
    @Override
    public EngineStatus status() {
      return engine.status();
    }

    @Override
    public void forEachEntry(EntryVisitor visitor) {
      engine.forEachEntry(visitor);
    }

    @Override
    public boolean move(long blockIndex) throws BlockDeviceException {
      return engine.remap(blockIndex).moved();
    }
  }
}
