package io.remapfs.health.event;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * What happened to the disk: the newest events in memory, those of earlier mounts among them, and
 * each distinct one once in the log.
 *
 * <p>{@link #publish} and {@link #onEvent} run on I/O threads, so they only keep the event, under a
 * lock that is held for a few instructions. {@link #doWork} runs on the housekeeping thread and is
 * the only place that stores and logs, because a health file or a log on a slow disk would
 * otherwise hold up the I/O that is reported on. A daemon that is killed thus loses the events of
 * its last second.
 *
 * <p>A disk with ten thousand bad blocks costs a dozen lines of the log: an event is logged when
 * its kind and its message (numbers set aside) are new, and again whenever its count has grown
 * tenfold. Ten thousand that say the same within a second would push all else out of the ring; so
 * the first {@value DistinctEvents#APART_IN_A_TURN} of them are kept, and one event tells how many
 * more there were, and of which blocks.
 *
 * <p>Invariants: at most {@value #CAPACITY} events are kept, their sequences ascending; all up to
 * {@code storedSequence} are in the store or have left the memory; {@code lock} is never held while
 * logging, storing or formatting. Thread-safe; {@code doWork} and {@code close} by one thread at a
 * time.
 */
public final class EventLog implements EngineListener, AutoCloseable {
  /** Events kept, in memory and in the health file. */
  public static final int CAPACITY = 4096;

  /** Short of where a stored number is not believed: those counted on from here still are. */
  private static final long RESTORED_LIMIT = DiskEvent.SEQUENCE_LIMIT >>> 1;

  /** Where log lines go; a seam, so that tests read what was logged. */
  @FunctionalInterface
  interface Sink {
    void log(Level level, String line);
  }

  private final RecordStore store;
  private final InstantSource clock;
  private final Sink sink;
  private final List<Consumer<DiskEvent>> subscribers = new CopyOnWriteArrayList<>();
  private final Object lock = new Object();
  private final ArrayDeque<DiskEvent> newest = new ArrayDeque<>();
  private final DistinctEvents distinct = new DistinctEvents();
  private long lastSequence;
  private long storedSequence;
  private boolean storeFailed;

  /** A log that goes on with the events that {@code store} has kept, and writes through Log4j. */
  public EventLog(RecordStore store) {
    this(store, InstantSource.system(), new LoggerSink());
  }

  EventLog(RecordStore store, InstantSource clock, Sink sink) {
    this.store = store;
    this.clock = clock;
    this.sink = sink;
    restore();
  }

  private void restore() {
    try {
      for (byte[] record : store.readAll()) {
        restore(record);
      }
    } catch (IOException e) {
      sink.log(Level.WARN, "the events of earlier mounts cannot be read: " + e.getMessage());
    }
    storedSequence = lastSequence;
  }

  private void restore(byte[] record) {
    DiskEvent event;
    try {
      event = DiskEvent.ofStored(record);
    } catch (IllegalArgumentException e) {
      sink.log(Level.WARN, "an event of an earlier mount is not understood: " + e.getMessage());
      return;
    }
    if (event.sequence() > lastSequence && event.sequence() < RESTORED_LIMIT) {
      add(event);
    }
  }

  /**
   * Has each later event shown to {@code subscriber}, in their order, on the thread that published
   * it and under a lock: it must return at once, not throw, and not publish.
   */
  public void subscribe(Consumer<DiskEvent> subscriber) {
    subscribers.add(subscriber);
  }

  @Override
  public void onEvent(EngineEvent event) {
    publish(EventKind.of(event.kind()), event.blockIndex(), event.slot(), event.message());
  }

  /** Tells of something that is about no block. */
  public void publish(EventKind kind, String message) {
    publish(kind, -1, -1, message);
  }

  /**
   * Tells that something happened. Returns at once; for any thread.
   *
   * @param blockIndex the block, or -1
   * @param slot the slot, or -1
   * @param message one sentence for people
   */
  public void publish(EventKind kind, long blockIndex, long slot, String message) {
    synchronized (lock) {
      DiskEvent event =
          new DiskEvent(lastSequence + 1, clock.instant(), kind, blockIndex, slot, message);
      if (distinct.countAndStandsApart(event)) {
        addAndShow(event);
      }
    }
  }

  private void addAndShow(DiskEvent event) {
    add(event);
    for (Consumer<DiskEvent> each : subscribers) {
      each.accept(event);
    }
  }

  private void add(DiskEvent event) {
    if (newest.size() == CAPACITY) {
      newest.removeFirst();
    }
    newest.addLast(event);
    lastSequence = event.sequence();
  }

  /** Stores and logs what is new since the last call. Returns the number of lines logged. */
  public int doWork() {
    return work(10);
  }

  /** Stores the rest, and logs the counts that are still unsaid. */
  @Override
  public void close() {
    work(1);
  }

  private int work(int factor) {
    List<DistinctEvents.Line> lines;
    List<DiskEvent> unstored = new ArrayList<>();
    synchronized (lock) {
      for (DistinctEvents.Folded folded : distinct.endTurn()) {
        addAndShow(
            new DiskEvent(
                lastSequence + 1, clock.instant(), folded.kind(), -1, -1, folded.message()));
      }
      lines = distinct.grownBy(factor);
      if (storedSequence < lastSequence) {
        newest.stream().filter(each -> each.sequence() > storedSequence).forEach(unstored::add);
      }
    }
    for (DistinctEvents.Line line : lines) {
      String times = line.count() == 1 ? "" : " (" + line.count() + " such events so far)";
      DiskEvent event = line.event();
      sink.log(levelOf(event.kind()), event.kind() + ": " + event.message() + times);
    }
    return lines.size() + store(unstored);
  }

  private static Level levelOf(EventKind kind) {
    return switch (kind.severity()) {
      case NOTE -> Level.INFO;
      case WARNING -> Level.WARN;
      case ERROR -> Level.ERROR;
    };
  }

  /** What cannot be stored is tried again in the next turn, as long as it is in memory. */
  private int store(List<DiskEvent> unstored) {
    try {
      for (DiskEvent each : unstored) {
        store.append(each.toStored());
        storedSequence = each.sequence();
      }
      storeFailed &= unstored.isEmpty();
      return 0;
    } catch (IOException e) {
      if (storeFailed) {
        return 0;
      }
      storeFailed = true;
      sink.log(Level.WARN, "events cannot be stored, and are kept in memory: " + e.getMessage());
      return 1;
    }
  }

  /** The kept events, oldest first. */
  public List<DiskEvent> events() {
    synchronized (lock) {
      return List.copyOf(newest);
    }
  }

  /** The kept events as JSON, one object a line, newest last. */
  public byte[] renderJsonLines() {
    List<DiskEvent> events = events();
    StringBuilder text = new StringBuilder(events.size() * 128);
    for (DiskEvent event : events) {
      text.append(event.toJson()).append('\n');
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
