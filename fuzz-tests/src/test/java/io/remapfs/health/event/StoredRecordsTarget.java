package io.remapfs.health.event;

import io.remapfs.fuzz.Expect;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** The input is records of the health file's rings, of 240 bytes each: events, then samples. */
public final class StoredRecordsTarget {
  private static final int RECORD_BYTES = 240;
  private static final long LOG_BYTES = 8 << 20;

  private StoredRecordsTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    List<byte[]> records = new ArrayList<>();
    for (int at = 0; at < input.length; at += RECORD_BYTES) {
      records.add(Arrays.copyOfRange(input, at, Math.min(input.length, at + RECORD_BYTES)));
    }
    RecordStore store = storeOf(records);
    Expect.allocatingAtMost(LOG_BYTES, () -> log(store, records.size()));
    Expect.allocatingAtMost(
        LOG_BYTES,
        () -> {
          History history = new History(store);
          Expect.that(history.read().size() <= records.size(), "samples from nothing");
          Expect.that(history.lastSpareUsedPercent() >= 0, "less than nothing is used");
        });
  }

  private static void log(RecordStore store, int count) {
    EventLog log = new EventLog(store, java.time.InstantSource.system(), (level, line) -> {});
    int restored = log.events().size();
    Expect.that(restored <= count, "events from nothing");
    log.publish(EventKind.DRIVE, "new");
    log.close();
    long last = 0;
    for (DiskEvent each : log.events()) {
      Expect.that(each.sequence() > last, "%s comes after event %d", each, last);
      last = each.sequence();
      byte[] stored = each.toStored();
      Expect.that(stored.length <= DiskEvent.MAX_STORED_BYTES, "%d bytes", stored.length);
      Expect.that(
          DiskEvent.ofStored(stored).time().equals(each.time()), "%s at another time", each);
    }
    String lines = new String(log.renderJsonLines(), StandardCharsets.UTF_8);
    Expect.that(lines.lines().count() == restored + 1, "%d events in: %s", restored + 1, lines);
  }

  private static RecordStore storeOf(List<byte[]> records) {
    return new RecordStore() {
      @Override
      public List<byte[]> readAll() {
        return records;
      }

      @Override
      public void append(byte[] stored) throws IOException {
        throw new IOException("read-only");
      }
    };
  }
}
