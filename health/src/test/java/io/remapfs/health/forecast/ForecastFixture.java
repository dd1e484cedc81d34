package io.remapfs.health.forecast;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.health.event.DiskEvent;
import io.remapfs.health.event.EventKind;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.HistorySample;
import io.remapfs.health.event.RecordStore;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthGeometry;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** A mounted disk to foretell of, with a clock that tests turn. */
final class ForecastFixture {
  static final long SIZE = 1L << 40;
  static final int BLOCK = 4096;

  final List<DiskEvent> events = new ArrayList<>();
  final List<HistorySample> samples = new ArrayList<>();
  final EventLog log = new EventLog(RecordStore.NONE);
  final HealthFile file = HealthFile.inMemory(HealthGeometry.of(new UUID(1, 2), SIZE, BLOCK));
  Instant now = Instant.parse("2026-03-01T00:00:00Z");
  EngineState state = EngineState.HEALTHY;
  long slots = 10_000;
  long used;
  long requests;
  boolean readOnly;
  ForecastWatch watch;

  ForecastFixture() {
    log.subscribe(events::add);
    watch = newWatch();
  }

  /** As a new mount makes it. */
  ForecastWatch newWatch() {
    return new ForecastWatch(file.cell(HealthFile.Cell.FORECAST), log, () -> samples, () -> now);
  }

  EngineStatus status() {
    return new EngineStatus(
        state,
        "",
        new UUID(1, 2),
        SIZE,
        BLOCK,
        readOnly,
        0,
        0,
        0,
        slots,
        used,
        slots - used,
        0,
        requests,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        false,
        List.of());
  }

  void pass(Duration time) {
    now = now.plus(time);
  }

  /** Bursts of errors at one place, one a day, and the forecast after each. */
  void failDaily(long block, int days) {
    for (int day = 0; day < days; day++) {
      pass(Duration.ofDays(1));
      watch.noteError(block + day);
      watch.doWork(status());
    }
  }

  void sample(long usedSlots) {
    used = usedSlots;
    samples.add(new HistorySample(now, 0, 0, 0, usedSlots, slots, 0, 0, -1));
  }

  List<String> told() {
    return events.stream()
        .filter(each -> each.kind() == EventKind.FORECAST)
        .map(DiskEvent::message)
        .toList();
  }
}
