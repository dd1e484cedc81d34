package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDeviceException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/**
 * The newest entries of a fixed size, the oldest overwritten by the next.
 *
 * <p><b>How it survives.</b> An entry has a number, one more than the one before, and lies at its
 * number modulo the ring's size. It lies within one sector, so a power cut leaves it or what was
 * there before. What was not flushed may be missing anywhere; the others are still in order.
 *
 * <p>Invariants: {@code next} is greater than every number in the file; {@code unwritten} holds at
 * most {@value #MAX_UNWRITTEN} entries, in order. Thread-safe; not to be called on the path of an
 * I/O, as it writes to a file.
 */
public final class RecordRing {
  /** Entries that wait for a file that takes no writes at the moment; of more, the oldest go. */
  static final int MAX_UNWRITTEN = 256;

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Entry(long number, byte[] bytes) {}

  private final ByteAccess access;
  private final long placeAt;
  private final int entryBytes;
  private final int capacity;

  // Guarded by this.
  private final ArrayDeque<Entry> unwritten = new ArrayDeque<>();
  private long next = 1;
  private int damaged;

  RecordRing(ByteAccess access, long placeAt, int entryBytes, int capacity) {
    this.access = access;
    this.placeAt = placeAt;
    this.entryBytes = entryBytes;
    this.capacity = capacity;
  }

  /** Bytes of an entry that are the caller's. */
  public int payloadBytes() {
    return entryBytes - HealthFileFormat.PAYLOAD_AT;
  }

  /** Entries that the ring holds at most. */
  public int capacity() {
    return capacity;
  }

  /** Finds where the ring ends. */
  synchronized void open() {
    for (Entry entry : readIntact()) {
      next = Math.max(next, entry.number + 1);
    }
  }

  /** Entries that were found torn, rotten or unreadable when the file was opened. */
  synchronized int damaged() {
    return damaged;
  }

  /**
   * Adds an entry. Where it cannot be written now, each {@link HealthFile#sync} tries again.
   *
   * @param payload at most {@link #payloadBytes()}; zeros are added
   * @return whether it is in the file (durable after the next sync)
   */
  public synchronized boolean append(byte[] payload) {
    if (payload.length > payloadBytes()) {
      throw new IllegalArgumentException("an entry of " + payload.length + " bytes");
    }
    byte[] bytes = new byte[entryBytes];
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    fields.putLong(HealthFileFormat.SEQUENCE_AT, next);
    fields.put(HealthFileFormat.PAYLOAD_AT, payload);
    fields.putInt(0, HealthFileFormat.crc(placeOf(next), bytes, 4, entryBytes));
    unwritten.addLast(new Entry(next++, bytes));
    if (unwritten.size() > MAX_UNWRITTEN) {
      unwritten.removeFirst();
    }
    return writeAgain();
  }

  /** Writes what waits; false where it still cannot be. */
  synchronized boolean writeAgain() {
    while (!unwritten.isEmpty()) {
      Entry entry = unwritten.getFirst();
      try {
        access.write(placeOf(entry.number), entry.bytes);
      } catch (BlockDeviceException e) {
        return false;
      }
      unwritten.removeFirst();
    }
    return true;
  }

  /** The payloads of all entries, oldest first, those included that are not yet in the file. */
  public synchronized List<byte[]> readAll() {
    List<Entry> entries = readIntact();
    entries.removeIf(entry -> entry.number < next - capacity);
    entries.addAll(unwritten);
    List<byte[]> payloads = new ArrayList<>(entries.size());
    for (Entry entry : entries) {
      payloads.add(Arrays.copyOfRange(entry.bytes, HealthFileFormat.PAYLOAD_AT, entryBytes));
    }
    return payloads;
  }

  /** Intact entries in the order of their numbers. */
  private List<Entry> readIntact() {
    damaged = 0;
    List<Entry> entries = new ArrayList<>();
    int perRead = ByteAccess.MAX_BYTES / entryBytes;
    for (int first = 0; first < capacity; first += perRead) {
      int count = Math.min(perRead, capacity - first);
      byte[] bytes;
      try {
        bytes = access.read(placeAt + (long) first * entryBytes, count * entryBytes);
      } catch (BlockDeviceException e) {
        damaged += count;
        continue;
      }
      for (int i = 0; i < count; i++) {
        addIfIntact(first + i, bytes, i * entryBytes, entries);
      }
    }
    entries.sort(Comparator.comparingLong(Entry::number));
    return entries;
  }

  private void addIfIntact(int index, byte[] bytes, int at, List<Entry> entries) {
    if (HealthFileFormat.isZero(bytes, at, at + entryBytes)) {
      return;
    }
    ByteBuffer fields = ByteBuffer.wrap(bytes, at, entryBytes).slice();
    long number = fields.getLong(HealthFileFormat.SEQUENCE_AT);
    if (number <= 0
        || number >= HealthFileFormat.SEQUENCE_LIMIT
        || number % capacity != index
        || fields.getInt(0)
            != HealthFileFormat.crc(placeOf(number), bytes, at + 4, at + entryBytes)) {
      damaged++;
      return;
    }
    entries.add(new Entry(number, Arrays.copyOfRange(bytes, at, at + entryBytes)));
  }

  private long placeOf(long number) {
    return placeAt + number % capacity * entryBytes;
  }
}
