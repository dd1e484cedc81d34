package io.remapfs.health;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * What happened to the disk: the newest events in memory, and each distinct one once in the log.
 *
 * <p>{@link #onEvent} runs on I/O threads, so it only stores: a bounded queue under a lock that is
 * held for a few instructions. {@link #doWork} runs on the housekeeping thread and is the only
 * place that logs, because a log on a slow disk would otherwise hold up the I/O that it reports on.
 * A disk with ten thousand bad blocks thus costs a dozen lines: an event is logged when its kind
 * and its message (numbers set aside) are new, and again whenever its count has grown tenfold.
 *
 * <p>Invariants: at most {@code capacity} events and {@value #MAX_DISTINCT} distinct messages are
 * kept; {@code lock} is never held while logging or formatting. Thread-safe.
 */
public final class EventLog implements EngineListener, AutoCloseable {
  /** The number of distinct messages that are counted apart; later ones share one count. */
  static final int MAX_DISTINCT = 256;

  private static final String DIGITS = "[0-9]+";

  /** Where log lines go; a seam, so that tests read what was logged. */
  @FunctionalInterface
  interface Sink {
    void log(Level level, String line);
  }

  private record Entry(Instant at, EngineEvent event) {}

  private static final class Distinct {
    private EngineEvent latest;
    private long count;
    private long loggedCount;

    Distinct(EngineEvent latest) {
      this.latest = latest;
    }
  }

  private final int capacity;
  private final InstantSource clock;
  private final Sink sink;
  private final Object lock = new Object();
  private final ArrayDeque<Entry> newest = new ArrayDeque<>();
  private final Map<String, Distinct> distinct = new LinkedHashMap<>();
  private boolean changed;

  /** A log that keeps {@code capacity} events and writes through Log4j. */
  public EventLog(int capacity) {
    this(capacity, InstantSource.system(), new LoggerSink());
  }

  EventLog(int capacity, InstantSource clock, Sink sink) {
    this.capacity = capacity;
    this.clock = clock;
    this.sink = sink;
  }

  @Override
  public void onEvent(EngineEvent event) {
    Instant now = clock.instant();
    String key = event.kind() + " " + event.message().replaceAll(DIGITS, "#");
    synchronized (lock) {
      if (newest.size() == capacity) {
        newest.removeFirst();
      }
      newest.addLast(new Entry(now, event));
      Distinct same = distinct.get(key);
      if (same == null) {
        String kept = distinct.size() < MAX_DISTINCT ? key : "";
        same = distinct.computeIfAbsent(kept, absent -> new Distinct(event));
      }
      same.latest = event;
      same.count++;
      changed = true;
    }
  }

  /** Logs what is new since the last call. Returns the number of lines logged. */
  public int doWork() {
    return logGrownBy(10);
  }

  /** Logs the counts that are still unsaid. */
  @Override
  public void close() {
    synchronized (lock) {
      changed = true;
    }
    logGrownBy(1);
  }

  private int logGrownBy(int factor) {
    record Line(EngineEvent event, long count) {}
    List<Line> lines = new ArrayList<>();
    synchronized (lock) {
      if (!changed) {
        return 0;
      }
      changed = false;
      for (Distinct each : distinct.values()) {
        if (each.count > each.loggedCount && each.count >= each.loggedCount * factor) {
          lines.add(new Line(each.latest, each.count));
          each.loggedCount = each.count;
        }
      }
    }
    for (Line line : lines) {
      String times = line.count == 1 ? "" : " (" + line.count + " such events so far)";
      sink.log(levelOf(line.event.kind()), line.event.kind() + ": " + line.event.message() + times);
    }
    return lines.size();
  }

  private static Level levelOf(EngineEvent.Kind kind) {
    return switch (kind) {
      case REMAPPED,
          SALVAGED,
          UNMAPPED,
          RESUMED,
          METADATA_REPAIRED,
          SPARE_ADDED,
          MIGRATED,
          SPARE_RELEASED ->
          Level.INFO;
      case PENDING, SLOT_BURNT, SUSPENDED, METADATA_COPY_LOST, SPARE_REFUSES, SPARE_LOW, COPIED ->
          Level.WARN;
      case SPARE_EXHAUSTED, EMERGENCY, FLUSH_FAILED -> Level.ERROR;
    };
  }

  /** The kept events as JSON, one object a line, newest last. */
  public byte[] renderJsonLines() {
    List<Entry> entries;
    synchronized (lock) {
      entries = List.copyOf(newest);
    }
    StringBuilder text = new StringBuilder(entries.size() * 128);
    for (Entry entry : entries) {
      Map<String, Object> object = new LinkedHashMap<>();
      object.put("time", entry.at.toString());
      object.put("kind", entry.event.kind().name());
      if (entry.event.blockIndex() >= 0) {
        object.put("block", entry.event.blockIndex());
      }
      if (entry.event.slot() >= 0) {
        object.put("slot", entry.event.slot());
      }
      object.put("message", entry.event.message());
      try {
        text.append(JSON.std.asString(object)).append('\n');
      } catch (IOException e) {
        throw new UncheckedIOException("rendering to memory cannot fail", e);
      }
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  /** Loads Log4j with the first line, on the housekeeping thread: a mount need not wait for it. */
  private static final class LoggerSink implements Sink {
    @Override
    public void log(Level level, String line) {
      Holder.LOGGER.log(level, line);
    }

    private static final class Holder {
      static final Logger LOGGER = LogManager.getLogger("remapfs.events");
    }
  }
}
