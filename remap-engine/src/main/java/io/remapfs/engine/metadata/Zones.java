package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.spare.SpareLayout;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The copies of the metadata on the spare: writes go to all of them, reads may use any.
 *
 * <p>A copy that refuses a write is lost: from then on it lags behind, and must not be written as
 * if it did not, until {@link #takeBack} is followed by all of the state that is in force. When no
 * copy takes a write, or a flush fails, nothing is certain any more; this is sticky.
 *
 * <p>Writes and {@link #flush} are for one thread at a time (the store's I/O lock); the questions
 * may be asked by anyone.
 */
final class Zones {
  /** Where in a zone something lies. */
  @FunctionalInterface
  interface Place {
    /** The offset in bytes, on the spare. */
    long offsetIn(int zone);
  }

  private final BlockDevice spare;
  private final Map<Integer, String> lostReasons = new TreeMap<>(); // by zone; guarded by this
  private volatile int healthyCopies = SpareLayout.ZONES;
  private volatile String unavailableReason = "";

  Zones(BlockDevice spare) {
    this.spare = spare;
  }

  /**
   * Writes the same bytes to every healthy copy.
   *
   * @throws MetadataUnavailableException if none is left
   */
  void write(Place place, IoBuffer buffer, int at, int lengthBytes)
      throws MetadataUnavailableException {
    requireAvailable();
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      if (!isLost(zone)) {
        writeOne(zone, place.offsetIn(zone), buffer, at, lengthBytes);
      }
    }
    requireCopies();
  }

  /**
   * Fails for good where no copy takes writes any more.
   *
   * @throws MetadataUnavailableException if none is left
   */
  void requireCopies() throws MetadataUnavailableException {
    requireAvailable();
    if (healthyCopies == 0) {
      throw fail("no copy of the metadata on " + spare.name() + " can be written any more");
    }
  }

  /** Writes to one copy, if it is healthy; a failure makes it lost and is not thrown. */
  void writeOne(int zone, long offset, IoBuffer buffer, int at, int lengthBytes) {
    if (isLost(zone)) {
      return;
    }
    try {
      spare.write(offset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      lose(zone, e);
    }
  }

  /** Zeroes a range of one copy, if it is healthy; a failure makes it lost and is not thrown. */
  void zeroOne(int zone, long offset, long lengthBytes, boolean deallocate) {
    if (isLost(zone)) {
      return;
    }
    try {
      spare.zero(offset, lengthBytes, deallocate);
    } catch (BlockDeviceException e) {
      lose(zone, e);
    }
  }

  private synchronized void lose(int zone, BlockDeviceException e) {
    lostReasons.put(zone, "metadata copy " + zone + ": " + e.getMessage());
    healthyCopies = SpareLayout.ZONES - lostReasons.size();
  }

  /**
   * Writes to a lost copy, which counts as healthy again where it takes that. The caller then
   * writes it whole; whatever of that it refuses makes it lost again.
   *
   * @return whether it took the write
   */
  boolean takeBack(int zone, long offset, IoBuffer buffer, int at, int lengthBytes) {
    try {
      spare.write(offset, buffer, at, lengthBytes);
    } catch (BlockDeviceException e) {
      return false;
    }
    synchronized (this) {
      lostReasons.remove(zone);
      healthyCopies = SpareLayout.ZONES - lostReasons.size();
    }
    return true;
  }

  /**
   * Makes durable what was written to the spare, slots and metadata alike.
   *
   * @throws MetadataUnavailableException if that is not certain
   */
  void flush() throws MetadataUnavailableException {
    requireAvailable();
    try {
      spare.flush();
    } catch (BlockDeviceException e) {
      throw fail("the spare " + spare.name() + " cannot be flushed: " + e.getMessage());
    }
  }

  /**
   * Makes durable what was written to the slots of another spare of the set.
   *
   * @throws MetadataUnavailableException if that is not certain
   */
  void flushOther(BlockDevice other) throws MetadataUnavailableException {
    requireAvailable();
    try {
      other.flush();
    } catch (BlockDeviceException e) {
      throw fail("the spare " + other.name() + " cannot be flushed: " + e.getMessage());
    }
  }

  /** Notes for good that the metadata is unavailable, and makes the exception that says so. */
  MetadataUnavailableException fail(String reason) {
    if (unavailableReason.isEmpty()) {
      unavailableReason = reason;
    }
    return new MetadataUnavailableException(reason);
  }

  void requireAvailable() throws MetadataUnavailableException {
    if (!unavailableReason.isEmpty()) {
      throw new MetadataUnavailableException(unavailableReason);
    }
  }

  boolean isUnavailable() {
    return !unavailableReason.isEmpty();
  }

  int healthyCopies() {
    return isUnavailable() ? 0 : healthyCopies;
  }

  synchronized boolean isLost(int zone) {
    return lostReasons.containsKey(zone);
  }

  synchronized List<String> lostReasons() {
    return List.copyOf(lostReasons.values());
  }
}
