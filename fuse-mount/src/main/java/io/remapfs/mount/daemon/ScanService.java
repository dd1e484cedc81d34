package io.remapfs.mount.daemon;

import io.remapfs.engine.RemapEngine;
import io.remapfs.health.BlockRangeList;
import io.remapfs.health.ReportField;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.pressure.MemoryPressure;
import io.remapfs.health.pressure.PressureLevel;
import io.remapfs.health.scan.EngineTarget;
import io.remapfs.health.scan.RegionHistory;
import io.remapfs.health.scan.ScanClock;
import io.remapfs.health.scan.ScanMemory;
import io.remapfs.health.scan.ScanRefusedException;
import io.remapfs.health.scan.ScanSettings;
import io.remapfs.health.scan.ScanStatus;
import io.remapfs.health.scan.Scanner;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.StateCell;
import io.remapfs.mount.control.ScanRequest;
import io.remapfs.mount.preflight.RefusedException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/** The scanner of a mount with its thread, and what users ask of it. Thread-safe. */
final class ScanService implements AutoCloseable {
  private final Scanner scanner;
  private final ScanSettings settings;
  private final ScanThread thread;
  private final MemoryPressure pressure;

  /**
   * Takes up what the daemon before has left; begins with {@link #start}.
   *
   * @param pressure while memory is short, the scan waits
   * @param notes told what the scan has to do without
   */
  ScanService(
      RemapEngine engine,
      HealthFile file,
      EventLog events,
      RegionHistory history,
      ScanSettings settings,
      MemoryPressure pressure,
      Consumer<String> notes) {
    this.settings = settings;
    this.pressure = pressure;
    this.scanner =
        new Scanner(
            new EngineTarget(engine),
            history,
            new Cell(file.cell(HealthFile.Cell.SCAN)),
            settings,
            pressure::reason,
            ScanClock.SYSTEM,
            events::publish);
    this.thread = new ScanThread(scanner, notes);
  }

  /** What wants to hear of the engine's events. */
  Scanner scanner() {
    return scanner;
  }

  void start() {
    thread.start();
  }

  /** Does what a user asks. */
  ScanStatus carryOut(ScanRequest request) throws RefusedException {
    try {
      switch (request.action()) {
        case START -> scanner.start(request.mode(), request.limits(settings.limits()));
        case PAUSE -> scanner.pause();
        case RESUME -> scanner.resume();
        case STOP -> scanner.stop();
        case STATUS -> {}
      }
    } catch (ScanRefusedException e) {
      throw RefusedException.refused(String.valueOf(e.getMessage()));
    }
    return scanner.status();
  }

  /** What the report says of it. */
  List<ReportField> fields() {
    List<ReportField> fields = new ArrayList<>(scanner.status().fields());
    PressureLevel level = pressure.level();
    String why = pressure.reason();
    fields.add(
        new ReportField(
            "process.pressure",
            "memory pressure",
            level.name(),
            why.isEmpty() ? level.name() : level.name() + " - " + why));
    return fields;
  }

  void forEachUnscanned(BlockRangeList.Visitor visitor) {
    scanner.forEachUnscanned(visitor);
  }

  /** Stops, and waits until a step in progress is done. */
  @Override
  public void close() {
    thread.close();
  }

  /** The cell keeps what it cannot write and tries again by itself. */
  private record Cell(StateCell cell) implements ScanMemory {
    @Override
    public byte[] load() {
      return cell.load();
    }

    @Override
    public void save(byte[] state) {
      cell.save(state);
    }
  }
}
