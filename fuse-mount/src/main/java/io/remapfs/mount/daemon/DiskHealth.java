package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.event.DiskWatch;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.History;
import io.remapfs.health.event.RecordStore;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.RecordRing;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * What watches over the disk's health, put together: the health file and all that fills it.
 *
 * <p>The engine tells it on I/O threads ({@link #onEvent}, {@link #onMediumError}), which only
 * store; {@link #doWork} does the rest once a second, on a thread of its own: a health file that
 * makes its writer wait holds up nobody else. {@link #close} comes after the engine's, so that
 * nothing the engine says is missed.
 */
final class DiskHealth implements EngineListener, AutoCloseable {
  /** How much of what was learnt a power cut may take. */
  private static final Duration SYNC_PERIOD = Duration.ofSeconds(5);

  private final HealthFile file;
  private final EventLog events;
  private final History history;
  private final Consumer<String> notes;
  private final Housekeeper keeper = new Housekeeper("remapfs-health", this::doWork);

  // Used by the keeper, and by close after the keeper's end.
  private long lastSyncNanos = System.nanoTime();
  private boolean failureTold;
  private @Nullable DiskWatch watch;

  private volatile EngineListener scanner = EngineListener.NONE;

  /**
   * Takes over the file.
   *
   * @param notes told, once, that the file cannot be written
   */
  DiskHealth(HealthFile file, Consumer<String> notes) {
    this.file = file;
    this.events = new EventLog(new Ring(file.events()));
    this.history = new History(new Ring(file.samples()));
    this.notes = notes;
  }

  /** The file, or what stands in for it. */
  HealthFile file() {
    return file;
  }

  /** What happened to the disk. */
  EventLog events() {
    return events;
  }

  /** How the disk was at earlier times. */
  History history() {
    return history;
  }

  /** Looks at the engine from now on; to be called before {@link #start}. */
  void watch(Supplier<EngineStatus> engine) {
    watch = new DiskWatch(engine, events, history, () -> -1);
  }

  /** Lets the scanner hear of the engine's events too. */
  void tellToo(EngineListener listener) {
    scanner = listener;
  }

  /** Begins to call {@link #doWork} once a second. */
  void start() {
    keeper.start();
  }

  @Override
  public void onEvent(EngineEvent event) {
    events.onEvent(event);
    scanner.onEvent(event);
  }

  @Override
  public void onMediumError(long blockIndex, boolean onWrite, boolean inSlot) {
    // The health map hears of it here.
  }

  /** One turn. */
  void doWork() {
    if (watch != null) {
      watch.look();
    }
    events.doWork();
    if (file.isDirty() && System.nanoTime() - lastSyncNanos >= SYNC_PERIOD.toNanos()) {
      sync();
    }
  }

  private void sync() {
    lastSyncNanos = System.nanoTime();
    try {
      file.sync();
    } catch (BlockDeviceException e) {
      if (!failureTold) {
        failureTold = true;
        String sentence = "the health file " + file.name() + " cannot be written";
        LogManager.getLogger(DiskHealth.class).warn("{}: {}", sentence, e.getMessage());
        notes.accept(sentence + "; what is learnt of the disk may be lost at the end");
      }
    }
  }

  /** Ends the thread; the engine may still tell of events. */
  void stop() {
    keeper.close();
    if (watch != null) {
      watch.finish();
    }
  }

  /** Writes what is left, and closes the file. */
  @Override
  public void close() {
    keeper.close();
    try {
      events.close();
      if (file.isDirty()) {
        sync();
      }
    } finally {
      file.close();
    }
  }

  /** The ring keeps what it cannot write and tries again by itself. */
  private record Ring(RecordRing ring) implements RecordStore {
    @Override
    public void append(byte[] stored) {
      ring.append(stored);
    }

    @Override
    public List<byte[]> readAll() {
      return ring.readAll();
    }
  }
}
