package io.remapfs.health.event;

import io.remapfs.engine.EngineStatus;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayDeque;
import java.util.List;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * How the disk has been since its health file was made: a sample at each mount and unmount that
 * finds it changed, one a day, and one an hour at most when it changes much; one at once when the
 * spare reaches a level of {@link SpareLevel}. So the {@value #CAPACITY} samples kept are the last
 * weeks of a disk that is dying, and the last years of one that is not.
 *
 * <p>Invariant: at most {@value #CAPACITY} samples are kept. Thread-safe; {@link #look} and {@link
 * #finish} by one thread at a time, and never one that serves I/O.
 */
public final class History {
  /** Samples kept, in memory and in the health file. */
  public static final int CAPACITY = 1024;

  private static final Duration DAY = Duration.ofDays(1);
  private static final Duration HOUR = Duration.ofHours(1);

  /** Blocks that make a change of a disk that has few bad ones; a quarter of the others'. */
  private static final long MANY_BLOCKS = 16;

  /** A tenth of the scale. */
  private static final int MUCH_SCORE = 100;

  private final RecordStore store;
  private final InstantSource clock;
  private final ArrayDeque<HistorySample> samples = new ArrayDeque<>();
  private final long readErrorsBefore;
  private final long writeErrorsBefore;
  private boolean looked;
  private boolean storeFailed;

  /** A history that goes on with the samples that {@code store} has kept. */
  public History(RecordStore store) {
    this(store, InstantSource.system());
  }

  History(RecordStore store, InstantSource clock) {
    this.store = store;
    this.clock = clock;
    restore();
    @Nullable HistorySample last = samples.peekLast();
    readErrorsBefore = last == null ? 0 : last.readErrors();
    writeErrorsBefore = last == null ? 0 : last.writeErrors();
  }

  private void restore() {
    try {
      for (byte[] record : store.readAll()) {
        add(HistorySample.ofStored(record));
      }
    } catch (IOException | IllegalArgumentException e) {
      LogManager.getLogger(History.class).warn("the history of the disk is not whole", e);
    }
  }

  private void add(HistorySample sample) {
    synchronized (samples) {
      if (samples.size() == CAPACITY) {
        samples.removeFirst();
      }
      samples.addLast(sample);
    }
  }

  /** The samples, oldest first. */
  public List<HistorySample> read() {
    synchronized (samples) {
      return List.copyOf(samples);
    }
  }

  /** What was in use of the spare at the last sample, of a hundred; 0 where there is none. */
  public int lastSpareUsedPercent() {
    synchronized (samples) {
      @Nullable HistorySample last = samples.peekLast();
      return last == null ? 0 : usedPercent(last);
    }
  }

  private static int usedPercent(HistorySample sample) {
    return SpareLevel.usedPercent(sample.spareUsed(), sample.spareSlots());
  }

  /**
   * Adds a sample if it is time for one.
   *
   * @param score the disk's health, 0 to 1000, or -1
   */
  public void look(EngineStatus status, int score) {
    HistorySample now = sample(status, score);
    @Nullable HistorySample last;
    synchronized (samples) {
      last = samples.peekLast();
    }
    if (last == null || isWorthKeeping(now, last)) {
      keep(now);
    }
    looked = true;
  }

  private boolean isWorthKeeping(HistorySample now, HistorySample last) {
    if (!looked && !now.hasTheFiguresOf(last)) {
      return true;
    }
    if (SpareLevel.levelOf(usedPercent(now)) != SpareLevel.levelOf(usedPercent(last))) {
      return true;
    }
    // A clock that was set back must not end the history until it has caught up.
    Duration age = Duration.between(last.time(), now.time()).abs();
    return age.compareTo(DAY) >= 0 || (age.compareTo(HOUR) >= 0 && hasChangedMuch(now, last));
  }

  private static boolean hasChangedMuch(HistorySample now, HistorySample last) {
    long before = last.remapped() + last.pending();
    long changed =
        Math.abs(now.remapped() - last.remapped()) + Math.abs(now.pending() - last.pending());
    return changed >= Math.max(MANY_BLOCKS, before / 4)
        || Math.abs(now.score() - last.score()) >= MUCH_SCORE;
  }

  /** Adds the last sample of a mount, if the disk is not as it was at the last one. */
  public void finish(EngineStatus status, int score) {
    HistorySample now = sample(status, score);
    @Nullable HistorySample last;
    synchronized (samples) {
      last = samples.peekLast();
    }
    if (last == null || !now.hasTheFiguresOf(last)) {
      keep(now);
    }
  }

  private HistorySample sample(EngineStatus status, int score) {
    return new HistorySample(
        Instant.ofEpochMilli(clock.millis()),
        status.remappedBlocks(),
        status.pendingBlocks(),
        status.salvagedBlocks(),
        status.spareUsed(),
        status.spareSlots(),
        readErrorsBefore + status.readErrors(),
        writeErrorsBefore + status.writeErrors(),
        score);
  }

  private void keep(HistorySample sample) {
    add(sample);
    try {
      store.append(sample.toStored());
      storeFailed = false;
    } catch (IOException e) {
      if (!storeFailed) {
        LogManager.getLogger(History.class).warn("the history of the disk cannot be stored", e);
      }
      storeFailed = true;
    }
  }
}
