package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineEvent;
import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.DiskScore;
import io.remapfs.health.ForecastFields;
import io.remapfs.health.ReportField;
import io.remapfs.health.drive.DriveDevice;
import io.remapfs.health.drive.DriveFacts;
import io.remapfs.health.drive.DriveReader;
import io.remapfs.health.drive.DriveWatch;
import io.remapfs.health.event.DiskWatch;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.event.History;
import io.remapfs.health.event.RecordStore;
import io.remapfs.health.region.HealthMap;
import io.remapfs.health.region.RegionSummary;
import io.remapfs.health.region.RegionWatch;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.RecordRing;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
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

  private static final String SMARTCTL = "smartctl";
  private static final Duration DRIVE_TIMEOUT = Duration.ofSeconds(30);

  private final HealthFile file;
  private final EventLog events;
  private final History history;
  private final HealthMap map;
  private final RegionWatch regions;
  private final DiskForecasting forecasting;
  private final Consumer<String> notes;
  private final Housekeeper keeper = new Housekeeper("remapfs-health", this::doWork);

  // Used by the keeper, and by close after the keeper's end.
  private long lastSyncNanos = System.nanoTime();
  private boolean failureTold;
  private @Nullable DiskWatch watch;
  private Supplier<String> shortage = () -> "";

  private volatile EngineListener scanner = EngineListener.NONE;
  private volatile @Nullable DriveWatch drive;

  /**
   * Takes over the file.
   *
   * @param notes told, once, that the file cannot be written
   */
  DiskHealth(HealthFile file, Consumer<String> notes) {
    this.file = file;
    this.events = new EventLog(new Ring(file.events()));
    this.history = new History(new Ring(file.samples()));
    this.map = new HealthMap(file, InstantSource.system());
    this.regions = new RegionWatch(map, InstantSource.system(), System::nanoTime);
    this.forecasting = new DiskForecasting(file, events, history);
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

  /** What happened where on the disk. */
  HealthMap map() {
    return map;
  }

  /** All of that at a glance, at most a minute old. */
  RegionSummary regions() {
    return regions.summary();
  }

  /** What the drive says of itself. */
  DriveFacts drive() {
    DriveWatch asked = drive;
    return asked == null ? DriveFacts.NOTHING : asked.facts();
  }

  /** The health of the whole disk. */
  DiskScore score(EngineStatus engine) {
    return DiskScore.of(engine, regions(), drive());
  }

  /** What a report says of all this. */
  List<ReportField> fields(EngineStatus engine) {
    List<ReportField> fields = new ArrayList<>(score(engine).fields(file.name()));
    fields.addAll(ForecastFields.of(forecasting.get()));
    return fields;
  }

  /** Has the drive of a block device asked about itself from {@link #start} on. */
  void askDrive(Path blockDevice) {
    DriveDevice.of(blockDevice)
        .ifPresent(
            device ->
                drive =
                    new DriveWatch(new DriveReader(SMARTCTL, device, DRIVE_TIMEOUT)::read, notes));
  }

  /** What is foretold of the disk. */
  DiskForecasting forecasting() {
    return forecasting;
  }

  /**
   * Gives memory back while some is short; to be called before {@link #start}.
   *
   * @param shortage what is short, or ""
   */
  void yieldTo(Supplier<String> shortage) {
    this.shortage = shortage;
  }

  /** Looks at the engine from now on; to be called before {@link #start}. */
  void watch(Supplier<EngineStatus> engine) {
    watch = new DiskWatch(engine, events, history, () -> score(engine.get()).score());
  }

  /** Lets the scanner hear of the engine's events too. */
  void tellToo(EngineListener listener) {
    scanner = listener;
  }

  /** Begins to call {@link #doWork} once a second. */
  void start() {
    keeper.start();
    DriveWatch asked = drive;
    if (asked != null) {
      asked.start();
    }
    forecasting.start();
  }

  @Override
  public void onEvent(EngineEvent event) {
    events.onEvent(event);
    scanner.onEvent(event);
    switch (event.kind()) {
      case SALVAGED -> map.noteSalvaged(event.blockIndex());
      case PENDING -> map.noteLost(event.blockIndex());
      default -> {
        return; // No evidence against a region.
      }
    }
  }

  @Override
  public void onMediumError(long blockIndex, boolean onWrite, boolean inSlot) {
    if (!inSlot) { // Else it is the spare's medium, and of no region of the disk.
      map.noteMediumError(blockIndex, onWrite);
      forecasting.noteError(blockIndex);
    }
  }

  /** One turn. */
  void doWork() {
    if (watch != null) {
      watch.look();
    }
    forecasting.doWork();
    events.doWork();
    regions.doWork();
    if (!shortage.get().isEmpty()) {
      map.shrink();
    }
    if (file.isDirty() && System.nanoTime() - lastSyncNanos >= SYNC_PERIOD.toNanos()) {
      sync();
    }
  }

  private void sync() {
    lastSyncNanos = System.nanoTime();
    boolean written = map.writeBack();
    try {
      file.sync();
      if (!written) {
        tellFailure("it does not take all records");
      }
    } catch (BlockDeviceException e) {
      tellFailure(e.getMessage());
    }
  }

  private void tellFailure(@Nullable String why) {
    if (failureTold) {
      return;
    }
    failureTold = true;
    String sentence = "the health file " + file.name() + " cannot be written";
    LogManager.getLogger(DiskHealth.class).warn("{}: {}", sentence, why);
    notes.accept(sentence + "; what is learnt of the disk may be lost at the end");
  }

  /** Ends the thread; the engine may still tell of events. */
  void stop() {
    forecasting.stop();
    keeper.close();
    DriveWatch asked = drive;
    if (asked != null) {
      asked.close();
    }
    if (watch != null) {
      watch.finish();
    }
  }

  /** Writes what is left, and closes the file. */
  @Override
  public void close() {
    keeper.close();
    try {
      map.doWork();
      forecasting.finish();
      events.close();
      sync();
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
