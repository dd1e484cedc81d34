package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import java.nio.ByteBuffer;

/**
 * The records of regions in a health file, read by the page and written singly or by the page.
 *
 * <p>Thread-safe; not to be called on the path of an I/O, as it reads and writes a file.
 */
public final class RegionRecords {
  private final ByteAccess access;
  private final BlockDevice device;
  private final int pageCount;

  RegionRecords(ByteAccess access, BlockDevice device, HealthGeometry geometry) {
    this.access = access;
    this.device = device;
    this.pageCount = HealthFileFormat.pageCount(geometry);
  }

  /** Pages of {@value HealthFileFormat#PAGE_RECORDS} records each. */
  public int pageCount() {
    return pageCount;
  }

  /**
   * The first page at or after {@code page} that may have a record; {@link #pageCount()} where none
   * has. Pages that were never written cost nothing to skip.
   */
  public int nextUsedPage(int page) {
    if (page >= pageCount) {
      return pageCount;
    }
    long data = device.dataFrom(HealthFileFormat.RECORDS_AT + (long) page * pageBytes());
    return (int) Math.min((data - HealthFileFormat.RECORDS_AT) / pageBytes(), pageCount);
  }

  private static int pageBytes() {
    return HealthFileFormat.PAGE_BYTES;
  }

  /**
   * What a page holds.
   *
   * @param live bit {@code i} is set where record {@code i} of the page is there
   * @param damaged bit {@code i} is set where something is there that is no record
   * @param words {@value HealthFileFormat#RECORD_WORDS} for each place of a record, zeros where it
   *     is not live
   */
  @SuppressWarnings("ArrayRecordComponent") // handed over, never compared
  public record Page(long live, long damaged, long[] words) {}

  /**
   * Reads a page.
   *
   * @throws BlockDeviceException if the file cannot be read there
   */
  public Page readPage(int page) throws BlockDeviceException {
    long place = placeOf(page * HealthFileFormat.PAGE_RECORDS);
    byte[] bytes = access.read(place, pageBytes());
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    long[] words = new long[HealthFileFormat.PAGE_RECORDS * HealthFileFormat.RECORD_WORDS];
    long live = 0;
    long damaged = 0;
    for (int i = 0; i < HealthFileFormat.PAGE_RECORDS; i++) {
      int at = i * HealthFileFormat.RECORD_BYTES;
      int end = at + HealthFileFormat.RECORD_BYTES;
      if (HealthFileFormat.isZero(bytes, at, end)) {
        continue;
      }
      if (fields.getInt(at) != HealthFileFormat.crc(place + at, bytes, at + 4, end)) {
        damaged |= 1L << i;
        continue;
      }
      live |= 1L << i;
      for (int word = 0; word < HealthFileFormat.RECORD_WORDS; word++) {
        words[i * HealthFileFormat.RECORD_WORDS + word] =
            fields.getLong(at + HealthFileFormat.RECORD_PAYLOAD_AT + Long.BYTES * word);
      }
    }
    return new Page(live, damaged, words);
  }

  /**
   * Writes one record.
   *
   * @param words {@value HealthFileFormat#RECORD_WORDS} of them, from index {@code at}
   * @throws BlockDeviceException if the file takes no writes there
   */
  public void writeRecord(int region, long[] words, int at) throws BlockDeviceException {
    byte[] bytes = new byte[HealthFileFormat.RECORD_BYTES];
    encode(bytes, 0, placeOf(region), words, at);
    access.write(placeOf(region), bytes);
  }

  /**
   * Writes all of a page.
   *
   * @param live bit {@code i} is set where record {@code i} is there
   * @param words as {@link Page#words()}
   * @throws BlockDeviceException if the file takes no writes there
   */
  public void writePage(int page, long live, long[] words) throws BlockDeviceException {
    long place = placeOf(page * HealthFileFormat.PAGE_RECORDS);
    byte[] bytes = new byte[pageBytes()];
    for (long left = live; left != 0; left &= left - 1) {
      int i = Long.numberOfTrailingZeros(left);
      int at = i * HealthFileFormat.RECORD_BYTES;
      encode(bytes, at, place + at, words, i * HealthFileFormat.RECORD_WORDS);
    }
    access.write(place, bytes);
  }

  private static void encode(byte[] bytes, int at, long place, long[] words, int from) {
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    for (int word = 0; word < HealthFileFormat.RECORD_WORDS; word++) {
      fields.putLong(
          at + HealthFileFormat.RECORD_PAYLOAD_AT + Long.BYTES * word, words[from + word]);
    }
    fields.putInt(
        at, HealthFileFormat.crc(place, bytes, at + 4, at + HealthFileFormat.RECORD_BYTES));
  }

  private static long placeOf(int region) {
    return HealthFileFormat.RECORDS_AT + (long) region * HealthFileFormat.RECORD_BYTES;
  }
}
