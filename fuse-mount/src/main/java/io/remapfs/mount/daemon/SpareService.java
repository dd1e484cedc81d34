package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.MigrationReport;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.mount.control.MigrationState;
import io.remapfs.mount.control.MigrationState.Stage;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Path;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Adds spares to the set of an engine in use, and moves all blocks to the newest, in a thread of
 * its own that holds up nobody.
 *
 * <p>Invariants: at most one migration runs, and no spare is added while it does; {@link #close}
 * returns after it ended. Thread-safe.
 */
public final class SpareService implements AutoCloseable {
  private final RemapEngine engine;
  private final NewSpare newSpare;
  private final Consumer<String> log;

  // Guarded by this.
  private @Nullable Thread worker;
  private boolean closed;

  private volatile MigrationState state = MigrationState.none();
  private volatile boolean stop;

  /**
   * For one engine.
   *
   * @param ioMode how new spares are opened
   * @param log told in a sentence when a migration fails, for whoever does not ask
   */
  public SpareService(RemapEngine engine, Path backing, IoMode ioMode, Consumer<String> log) {
    this.engine = engine;
    this.log = log;
    this.newSpare = new NewSpare(engine, backing, ioMode);
  }

  /**
   * Adds a spare.
   *
   * @throws RefusedException as {@link io.remapfs.mount.control.ControlActions#addSpare}
   */
  public synchronized AddedSpare add(SpareRequest request) throws RefusedException {
    requireReady();
    return newSpare.add(request, false);
  }

  /**
   * Starts a migration, with a new spare unless {@code request} is null.
   *
   * @throws RefusedException as {@link io.remapfs.mount.control.ControlActions#migrate}
   */
  public synchronized void migrate(@Nullable SpareRequest request) throws RefusedException {
    requireReady();
    if (request != null) {
      newSpare.add(request, true);
    } else if (engine.status().spares().size() < 2) {
      throw RefusedException.usage(
          "the disk has one spare only, and all its moved blocks are there; name a new spare to"
              + " move them to");
    }
    long blocks = engine.sizeBytes() / engine.blockSizeBytes();
    state = new MigrationState(Stage.RUNNING, 0, blocks, null, "");
    Thread thread = new Thread(this::run, "remapfs-migration");
    thread.setDaemon(true);
    worker = thread;
    thread.start();
  }

  private void requireReady() throws RefusedException {
    if (closed) {
      throw RefusedException.refused("the disk is being unmounted; try again when it is mounted");
    }
    if (state.stage() == Stage.RUNNING) {
      throw RefusedException.refused(
          "blocks are being moved to another spare; wait until that is done");
    }
    EngineStatus status = engine.status();
    if (status.state() == EngineState.EMERGENCY || status.state() == EngineState.SUSPENDED) {
      throw RefusedException.refused(
          "the disk is "
              + status.state()
              + " ("
              + status.reason()
              + "), and its spares stay as they are until it is well again or mounted anew");
    }
  }

  private void run() {
    MigrationState end;
    try {
      MigrationReport report = engine.migrateToNewest(this::proceed);
      Stage stage = report.complete() ? Stage.DONE : Stage.STOPPED;
      end = new MigrationState(stage, state.doneBlocks(), state.totalBlocks(), report, "");
      if (report.complete()) {
        end = new MigrationState(stage, state.totalBlocks(), state.totalBlocks(), report, "");
      }
    } catch (BlockDeviceException | RuntimeException | OutOfMemoryError e) {
      log.accept("moving all blocks to the newest spare failed: " + e);
      end =
          new MigrationState(
              Stage.FAILED,
              state.doneBlocks(),
              state.totalBlocks(),
              null,
              String.valueOf(e.getMessage()));
    }
    state = end;
  }

  private boolean proceed(long doneBlocks, long totalBlocks) {
    state = new MigrationState(Stage.RUNNING, doneBlocks, totalBlocks, null, "");
    return !stop;
  }

  /** How the latest migration is doing. */
  public MigrationState migration() {
    return state;
  }

  /** Has a migration stop after the blocks that it is at; another one can go on from there. */
  public void stop() {
    stop = true;
  }

  /** Stops, waits until a migration has ended, and takes no more orders. */
  @Override
  public void close() {
    Thread running;
    synchronized (this) {
      closed = true;
      running = worker;
    }
    stop();
    if (running != null) {
      ThreadEnd.await(running);
    }
  }
}
