package io.remapfs.health.store;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.store.HealthFileException.Reason;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/**
 * What is known of a disk's health, in a file of fixed layout ({@link HealthFileFormat}) or in
 * memory.
 *
 * <p>What is written is in the page cache at once and so survives the end of the process; {@link
 * #sync} makes it survive a power cut. Each piece carries a checksum and is dropped, and told of in
 * {@link #findings}, where it is damaged; the others are not touched by that.
 *
 * <p>Nothing here may be called on the path of an I/O: a file that is written to can make its
 * writer wait. Thread-safe.
 */
public final class HealthFile implements AutoCloseable {
  /** The states that are kept; a number each, which never changes. */
  public enum Cell {
    /** Where the scanner is. */
    SCAN(0),
    /** What the forecast goes by. */
    FORECAST(1),
    /** For later. */
    THIRD(2),
    /** For later. */
    FOURTH(3);

    private final int index;

    Cell(int index) {
      this.index = index;
    }
  }

  private static final String IN_MEMORY = "memory";

  private final BlockDevice device;
  private final String name;
  private final HealthGeometry geometry;
  private final boolean lasting;
  private final ByteAccess access;
  private final List<StateCell> cells = new ArrayList<>();
  private final RecordRing events;
  private final RecordRing samples;
  private final RegionRecords records;
  private final List<String> findings = new ArrayList<>();
  private final Object syncing = new Object();

  private HealthFile(BlockDevice device, String name, HealthGeometry geometry, boolean lasting) {
    this.device = device;
    this.name = name;
    this.geometry = geometry;
    this.lasting = lasting;
    this.access = new ByteAccess(device);
    for (int index = 0; index < HealthFileFormat.CELLS; index++) {
      cells.add(new StateCell(access, index));
    }
    this.samples =
        new RecordRing(
            access,
            HealthFileFormat.SAMPLES_AT,
            HealthFileFormat.SAMPLE_ENTRY_BYTES,
            HealthFileFormat.SAMPLES);
    this.events =
        new RecordRing(
            access,
            HealthFileFormat.EVENTS_AT,
            HealthFileFormat.EVENT_ENTRY_BYTES,
            HealthFileFormat.EVENTS);
    this.records = new RegionRecords(access, device, geometry);
  }

  /** One that is forgotten with the process. */
  public static HealthFile inMemory(HealthGeometry geometry) {
    long sizeBytes = HealthFileFormat.fileBytes(geometry);
    return new HealthFile(new MemoryDevice(IN_MEMORY, sizeBytes, null), IN_MEMORY, geometry, false);
  }

  /**
   * Makes an empty one on a device of zeros, durably; its space is taken first.
   *
   * @throws BlockDeviceException if the device does not take it
   */
  public static void format(BlockDevice device, HealthGeometry geometry)
      throws BlockDeviceException {
    device.reserve(0, HealthFileFormat.RECORDS_AT);
    ByteAccess access = new ByteAccess(device);
    for (long place : new long[] {HealthFileFormat.HEADER_A_AT, HealthFileFormat.HEADER_B_AT}) {
      access.write(place, HealthFileFormat.header(geometry, place));
    }
    device.flush();
  }

  /** The size of the device that {@link #format} asks for, in bytes. */
  public static long sizeBytes(HealthGeometry geometry) {
    return HealthFileFormat.fileBytes(geometry);
  }

  /**
   * Opens one, which then closes the device.
   *
   * @param name what messages call it
   * @param access where it is {@link Access#READ_ONLY}, what is written stays in memory
   * @throws HealthFileException if it is not the health file of this disk; the device is open still
   */
  public static HealthFile open(
      BlockDevice device, String name, HealthGeometry geometry, Access access)
      throws HealthFileException {
    boolean writable = access == Access.READ_WRITE;
    requireHeader(device, name, geometry, writable);
    HealthFile file =
        new HealthFile(
            writable ? device : new MemoryDevice(name, device.sizeBytes(), device),
            name,
            geometry,
            writable);
    file.openParts();
    return file;
  }

  private static void requireHeader(
      BlockDevice device, String name, HealthGeometry geometry, boolean writable)
      throws HealthFileException {
    if (device.sizeBytes() < HealthFileFormat.RECORDS_AT) {
      throw new HealthFileException(Reason.FOREIGN, name + " is not a health file");
    }
    ByteAccess access = new ByteAccess(device);
    long[] places = {HealthFileFormat.HEADER_A_AT, HealthFileFormat.HEADER_B_AT};
    byte[] intact = null;
    long badPlace = -1;
    boolean named = false;
    for (long place : places) {
      byte[] header;
      try {
        header = access.read(place, HealthFileFormat.HEADER_BYTES);
      } catch (BlockDeviceException e) {
        badPlace = place;
        named = true;
        continue;
      }
      named |= ByteBuffer.wrap(header).getLong(0) == HealthFileFormat.MAGIC;
      if (HealthFileFormat.isHeader(header, place)) {
        intact = intact == null ? header : intact;
      } else {
        badPlace = place;
      }
    }
    if (intact == null) {
      throw named
          ? new HealthFileException(Reason.DAMAGED, "the health file " + name + " is damaged")
          : new HealthFileException(Reason.FOREIGN, name + " is not a health file");
    }
    requireOurs(name, intact, geometry);
    if (device.sizeBytes() < HealthFileFormat.fileBytes(geometry)) {
      throw new HealthFileException(Reason.DAMAGED, "the health file " + name + " was cut short");
    }
    if (badPlace >= 0 && writable) {
      try {
        access.write(badPlace, HealthFileFormat.header(geometry, badPlace));
      } catch (BlockDeviceException e) {
        return; // The other copy is good, and the next open tries again.
      }
    }
  }

  private static void requireOurs(String name, byte[] header, HealthGeometry geometry)
      throws HealthFileException {
    ByteBuffer fields = ByteBuffer.wrap(header);
    int version = fields.getInt(HealthFileFormat.VERSION_AT);
    if (version != HealthFileFormat.VERSION) {
      throw new HealthFileException(
          Reason.TOO_NEW,
          "the health file " + name + " has version " + version + ", which is not known here");
    }
    UUID uuid = HealthFileFormat.uuid(header);
    if (!uuid.equals(geometry.setUuid())) {
      throw new HealthFileException(
          Reason.OTHER_SET, "the health file " + name + " belongs to another disk, set " + uuid);
    }
    if (fields.getLong(HealthFileFormat.BLOCKS_AT) != geometry.blockCount()
        || fields.getInt(HealthFileFormat.BLOCK_SIZE_AT) != geometry.blockSizeBytes()) {
      throw new HealthFileException(
          Reason.OTHER_SET, "the health file " + name + " belongs to a disk of another size");
    }
  }

  private void openParts() {
    try {
      // A killed process leaves what it wrote in the page cache, perhaps not yet on the disk.
      access.flush();
    } catch (BlockDeviceException e) {
      findings.add("the health file " + name + " cannot be made durable: " + e.getMessage());
    }
    int damaged = 0;
    for (StateCell cell : cells) {
      cell.open();
      damaged += cell.damaged();
    }
    told(damaged, "saved states");
    events.open();
    told(events.damaged(), "events");
    samples.open();
    told(samples.damaged(), "samples");
  }

  private void told(int damaged, String what) {
    if (damaged > 0) {
      findings.add("the health file " + name + " has damaged " + what + ", dropped: " + damaged);
    }
  }

  /** What was dropped when it was opened, one sentence each. */
  public List<String> findings() {
    return List.copyOf(findings);
  }

  /** The disk that it is of. */
  public HealthGeometry geometry() {
    return geometry;
  }

  /** Its path, or "memory". */
  public String name() {
    return name;
  }

  /** Whether what is written is there at the next mount. */
  public boolean isLasting() {
    return lasting;
  }

  /** One of the states. */
  public StateCell cell(Cell cell) {
    return cells.get(cell.index);
  }

  /** The ring of events. */
  public RecordRing events() {
    return events;
  }

  /** The ring of samples. */
  public RecordRing samples() {
    return samples;
  }

  /** The records of regions. */
  public RegionRecords records() {
    return records;
  }

  /** Whether something would be lost in a power cut. */
  public boolean isDirty() {
    return lasting && access.isDirty();
  }

  /**
   * Writes what could not be written before, and makes all durable that was written before this
   * call. To be called every few seconds while {@link #isDirty}, by a thread that may wait.
   *
   * @throws BlockDeviceException if something is not durable; to be tried again later
   */
  public void sync() throws BlockDeviceException {
    synchronized (syncing) {
      events.writeAgain();
      samples.writeAgain();
      long[] newest = new long[cells.size()];
      for (int i = 0; i < newest.length; i++) {
        cells.get(i).writeAgain();
        newest[i] = cells.get(i).newestNumber();
      }
      access.flush();
      for (int i = 0; i < newest.length; i++) {
        cells.get(i).flushed(newest[i]);
      }
    }
  }

  /** Lets go of the file, without a {@link #sync}. */
  @Override
  public void close() {
    device.close();
  }
}
