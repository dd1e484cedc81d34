package io.remapfs.health.event;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineEvent;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class EventLogTest {
  private static final InstantSource CLOCK =
      InstantSource.fixed(Instant.parse("2026-01-02T03:04:05.678Z"));

  private final List<String> logged = new ArrayList<>();
  private final MemoryStore store = new MemoryStore();
  private EventLog log = open();

  private EventLog open() {
    return new EventLog(store, CLOCK, (level, line) -> logged.add(level + " " + line));
  }

  private void meet(EngineEvent.Kind kind, long block) {
    log.onEvent(new EngineEvent(kind, block, -1, "block " + block + " cannot be read"));
  }

  private List<String> messages() {
    return log.events().stream().map(DiskEvent::message).toList();
  }

  @Test
  void shouldLogOnceWhenMessagesDifferOnlyInNumbers() {
    for (int i = 0; i < 9; i++) {
      meet(EngineEvent.Kind.PENDING, i);
      log.doWork();
    }
    assertThat(logged).containsExactly("WARN PENDING: block 0 cannot be read");
  }

  @Test
  void shouldLogAgainWhenCountGrewTenfold() {
    meet(EngineEvent.Kind.PENDING, 1);
    log.doWork();
    for (int i = 2; i <= 10; i++) {
      meet(EngineEvent.Kind.PENDING, i);
    }
    log.doWork();
    assertThat(logged)
        .hasSize(2)
        .last()
        .isEqualTo("WARN PENDING: block 10 cannot be read (10 such events so far)");
  }

  @Test
  void shouldLogUnsaidCountsWhenClosed() {
    meet(EngineEvent.Kind.EMERGENCY, 1);
    log.doWork();
    meet(EngineEvent.Kind.EMERGENCY, 2);
    log.doWork();
    log.close();
    assertThat(logged)
        .last()
        .isEqualTo("ERROR EMERGENCY: block 2 cannot be read (2 such events so far)");
  }

  @Test
  void shouldLogNothingWhenNothingHappened() {
    assertThat(log.doWork()).isZero();
  }

  @Test
  void shouldShareTheKindsCountWhenDistinctMessagesOverflow() {
    for (int i = 0; i < DistinctEvents.MAX_DISTINCT * 2; i++) {
      log.publish(EventKind.FORECAST, "x".repeat(i));
    }
    log.publish(EventKind.DRIVE, "hot");
    log.doWork();
    assertThat(logged).hasSize(DistinctEvents.MAX_DISTINCT + 2);
  }

  @Test
  void shouldKeepOnlyTheNewestWhenFull() {
    for (int i = 0; i < EventLog.CAPACITY + 5; i++) {
      meet(EngineEvent.Kind.PENDING, i);
      log.doWork();
    }
    assertThat(log.events()).hasSize(EventLog.CAPACITY);
    assertThat(log.events().get(0).sequence()).isEqualTo(6);
  }

  @Test
  void shouldRenderOneObjectALineWithEachField() {
    log.onEvent(new EngineEvent(EngineEvent.Kind.REMAPPED, 2, 7, "block 2 moved to slot 7"));
    log.publish(EventKind.SCAN_STARTED, "a \"full\" scan\nbegan");
    assertThat(new String(log.renderJsonLines(), StandardCharsets.UTF_8).lines())
        .containsExactly(
            "{\"seq\":1,\"time\":\"2026-01-02T03:04:05.678Z\",\"kind\":\"REMAPPED\",\"block\":2,"
                + "\"slot\":7,\"message\":\"block 2 moved to slot 7\"}",
            "{\"seq\":2,\"time\":\"2026-01-02T03:04:05.678Z\",\"kind\":\"SCAN_STARTED\","
                + "\"message\":\"a \\\"full\\\" scan?began\"}");
  }

  @Test
  void shouldNotCountOnToANumberThatIsNotReadAgainWhenAStoredOneIsDamaged() {
    long largest = DiskEvent.SEQUENCE_LIMIT - 1;
    Instant now = Instant.ofEpochMilli(0);
    store.records.add(new DiskEvent(largest, now, EventKind.DRIVE, -1, -1, "x").toStored());

    log = open();
    log.publish(EventKind.DRIVE, "new");
    log.close();

    byte[] stored = store.records.get(store.records.size() - 1);
    assertThat(DiskEvent.ofStored(stored).message()).isEqualTo("new");
  }

  @Test
  void shouldGoOnWithTheEventsOfEarlierMounts() {
    log.onEvent(new EngineEvent(EngineEvent.Kind.SLOT_BURNT, 1, 3, "slot 3 failed"));
    log.doWork();
    log.publish(EventKind.DRIVE, "not yet stored when the log is closed");
    List<DiskEvent> before = log.events();
    log.close();

    log = open();
    assertThat(log.events()).isEqualTo(before);
    log.publish(EventKind.DRIVE, "new");
    assertThat(log.events()).last().extracting(DiskEvent::sequence).isEqualTo(3L);
    log.close();
    assertThat(store.records).as("none is stored twice").hasSize(3);
  }

  @Test
  void shouldStoreNothingOnTheThreadThatPublishes() {
    meet(EngineEvent.Kind.PENDING, 1);
    assertThat(store.records).isEmpty();
    log.doWork();
    assertThat(store.records).hasSize(1);
  }

  @Test
  void shouldStoreEachEventOnceWhenTheStoreFailsForAWhile() {
    store.failing = true;
    meet(EngineEvent.Kind.PENDING, 1);
    log.doWork();
    meet(EngineEvent.Kind.PENDING, 2);
    log.doWork();
    assertThat(logged).filteredOn(line -> line.contains("cannot be stored")).hasSize(1);
    store.failing = false;
    log.doWork();
    log.doWork();
    assertThat(store.records).hasSize(2);
  }

  @Test
  void shouldSkipARecordThatIsNotUnderstood() {
    meet(EngineEvent.Kind.PENDING, 1);
    log.close();
    store.records.add(0, new byte[3]);
    store.records.add(1, new byte[] {1});
    log = open();
    assertThat(messages()).containsExactly("block 1 cannot be read");
  }

  @Test
  void shouldFoldABurstIntoOneEventThatNamesItsBlocks() {
    meet(EngineEvent.Kind.SUSPENDED, -1);
    for (int i = 0; i < 10_000; i++) {
      meet(EngineEvent.Kind.PENDING, i);
    }
    meet(EngineEvent.Kind.RESUMED, -1);
    log.doWork();
    assertThat(log.events()).hasSize(2 + DistinctEvents.APART_IN_A_TURN + 1);
    assertThat(log.events())
        .last()
        .satisfies(
            folded -> {
              assertThat(folded.kind()).isEqualTo(EventKind.PENDING);
              assertThat(folded.message())
                  .isEqualTo("9744 more such events, not listed one by one: blocks 256-9999");
            });
  }

  @Test
  void shouldListEventsOneByOneAgainAfterABurst() {
    for (int i = 0; i < 1000; i++) {
      meet(EngineEvent.Kind.PENDING, i);
    }
    log.doWork();
    meet(EngineEvent.Kind.PENDING, 5000);
    log.doWork();
    assertThat(messages()).last().isEqualTo("block 5000 cannot be read");
    assertThat(messages()).filteredOn(each -> each.contains("more such events")).hasSize(1);
  }

  @Test
  void shouldShowEachKeptEventToSubscribersInOrder() {
    List<Long> seen = new ArrayList<>();
    log.subscribe(event -> seen.add(event.sequence()));
    for (int i = 0; i < 300; i++) {
      meet(EngineEvent.Kind.PENDING, i);
    }
    log.doWork();
    assertThat(seen).hasSize(DistinctEvents.APART_IN_A_TURN + 1).isSorted();
  }
}
