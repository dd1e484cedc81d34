package io.remapfs.health.event;

import java.nio.ByteBuffer;
import java.time.Instant;

/**
 * How the disk was at one time.
 *
 * @param time when, to the millisecond
 * @param remapped blocks that lived in a slot
 * @param pending blocks whose contents were lost
 * @param salvaged blocks ever moved with their old contents
 * @param spareUsed slots ever handed out
 * @param spareSlots slots in all
 * @param readErrors reads answered with an error, over all mounts that the history knows of
 * @param writeErrors writes answered with an error, likewise
 * @param score the disk's health, 0 to 1000; -1 where it was not known
 */
public record HistorySample(
    Instant time,
    long remapped,
    long pending,
    long salvaged,
    long spareUsed,
    long spareSlots,
    long readErrors,
    long writeErrors,
    int score) {
  /** The length of the stored form, in bytes. */
  static final int STORED_BYTES = 38;

  // A stored sample, big-endian: time in milliseconds since 1970 i64, the seven counts u32 in
  // their order (2^32-1 for all above it), score i16.
  private static final long MOST = 0xFFFF_FFFFL;

  public HistorySample {
    time = Instant.ofEpochMilli(time.toEpochMilli());
  }

  /** The form in the health file. */
  byte[] toStored() {
    ByteBuffer stored = ByteBuffer.allocate(STORED_BYTES);
    stored.putLong(time.toEpochMilli());
    long[] counts = {remapped, pending, salvaged, spareUsed, spareSlots, readErrors, writeErrors};
    for (long count : counts) {
      stored.putInt((int) Math.min(MOST, count));
    }
    return stored.putShort((short) score).array();
  }

  /**
   * Reads the form in the health file, perhaps with bytes behind it.
   *
   * @throws IllegalArgumentException if this is not one
   */
  static HistorySample ofStored(byte[] record) {
    if (record.length < STORED_BYTES) {
      throw new IllegalArgumentException("a sample of " + record.length + " bytes");
    }
    ByteBuffer stored = ByteBuffer.wrap(record);
    return new HistorySample(
        Instant.ofEpochMilli(stored.getLong()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        Integer.toUnsignedLong(stored.getInt()),
        stored.getShort());
  }

  /** Whether the disk was the same, whenever it was. */
  boolean hasTheFiguresOf(HistorySample other) {
    return new HistorySample(
            other.time,
            remapped,
            pending,
            salvaged,
            spareUsed,
            spareSlots,
            readErrors,
            writeErrors,
            score)
        .equals(other);
  }
}
