package io.remapfs.health.scan;

import io.remapfs.health.event.EventKind;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A scanner over a simulated disk whose time passes as it asks for it. */
final class ScanFixture {
  static final long SECOND = 1_000_000_000L;

  final SimulatedDisk disk;
  final List<String> events = new ArrayList<>();
  ScanMemory memory = ScanMemory.inMemory();
  ScanSettings settings = new ScanSettings(null, ScanLimits.DEFAULT);
  RegionHistory history = RegionHistory.NONE;
  String shortage = "";
  Scanner scanner;

  ScanFixture(long blockCount) {
    disk = new SimulatedDisk(blockCount);
    scanner = mount();
  }

  /** Another scanner, as after a kill -9 of the daemon that had the one before. */
  Scanner mount() {
    scanner = new Scanner(disk, history, memory, settings, () -> shortage, disk, this::published);
    disk.listener = scanner;
    return scanner;
  }

  private void published(EventKind kind, String message) {
    events.add(kind + " " + message);
  }

  ScanFixture every(@Nullable Duration interval) {
    settings = new ScanSettings(interval, ScanLimits.DEFAULT);
    mount();
    return this;
  }

  void start(ScanMode mode) {
    start(mode, new ScanLimits(ScanLimits.MAX_RATE, 100));
  }

  void start(ScanMode mode, ScanLimits limits) {
    try {
      scanner.start(mode, limits);
    } catch (ScanRefusedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Does one step, letting the time pass until it may be done; false where a minute was not enough.
   */
  boolean step() {
    for (long passed = 0; passed <= 60 * SECOND; ) {
      if (scanner.doWork() > 0) {
        return true;
      }
      long wait = Math.max(1, scanner.waitNanos());
      disk.pass(wait);
      passed += wait;
      if (!isUnderWay()) {
        return false;
      }
    }
    return false;
  }

  private boolean isUnderWay() {
    String state = scanner.status().state();
    return state.equals("running") || state.equals("waiting");
  }

  /** Steps to the tour's end; the number of steps. */
  int finish() {
    int steps = 0;
    while (isUnderWay()) {
      if (step()) {
        steps++;
      }
      if (steps > 2_000_000) {
        throw new IllegalStateException("the tour does not end: " + scanner.status());
      }
    }
    return steps;
  }

  /** Lets so many seconds pass, with all the work that is to be done in them. */
  void pass(int seconds) {
    long end = disk.nanoTime() + seconds * SECOND;
    while (disk.nanoTime() < end) {
      if (scanner.doWork() == 0) {
        disk.pass(Math.max(1, Math.min(end - disk.nanoTime(), scanner.waitNanos())));
      }
    }
  }
}
