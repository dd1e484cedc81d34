package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDeviceException;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A small state that is replaced as a whole: the scanner's position, a forecast.
 *
 * <p><b>How it survives.</b> There are three slots, each with a sequence number. The slot that is
 * known to be durable is never written, nor is the newest: the third is. So a power cut leaves the
 * state of the last {@link HealthFile#sync} or a newer one, and a killed process all but a save
 * that it was in the middle of.
 *
 * <p>Invariants: {@code newest} and {@code durable} are slots with the highest sequence and the
 * highest that was flushed, or -1; {@code payload} is what {@link #load} answers, also when it
 * could not be written. Thread-safe; not to be called on the path of an I/O, as it writes to a
 * file.
 */
public final class StateCell {
  private static final byte[] NOTHING = {};

  private final ByteAccess access;
  private final long placeAt;

  // Guarded by this.
  private byte[] payload = NOTHING;
  private long sequence;
  private int newest = -1;
  private int durable = -1;
  private final long[] sequences = new long[HealthFileFormat.CELL_SLOTS];
  private boolean unwritten;
  private int damaged;

  StateCell(ByteAccess access, int index) {
    this.access = access;
    this.placeAt =
        HealthFileFormat.CELLS_AT
            + (long) index * HealthFileFormat.CELL_SLOTS * HealthFileFormat.CELL_SLOT_BYTES;
  }

  /** Finds the newest intact slot. All that is in the file must be durable. */
  synchronized void open() {
    for (int slot = 0; slot < HealthFileFormat.CELL_SLOTS; slot++) {
      byte[] found = readSlot(slot);
      long number =
          found == null ? 0 : ByteBuffer.wrap(found).getLong(HealthFileFormat.SEQUENCE_AT);
      if (found != null && number > sequence) {
        sequence = number;
        newest = slot;
        sequences[slot] = number;
        int length = ByteBuffer.wrap(found).getInt(HealthFileFormat.CELL_LENGTH_AT);
        payload = new byte[length];
        System.arraycopy(found, HealthFileFormat.PAYLOAD_AT, payload, 0, length);
      }
    }
    durable = newest;
  }

  private byte @Nullable [] readSlot(int slot) {
    long place = placeOf(slot);
    byte[] bytes;
    try {
      bytes = access.read(place, HealthFileFormat.PAYLOAD_AT + HealthFileFormat.MAX_STATE_BYTES);
    } catch (BlockDeviceException e) {
      damaged++;
      return null;
    }
    if (HealthFileFormat.isZero(bytes, 0, bytes.length)) {
      return null;
    }
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    int length = fields.getInt(HealthFileFormat.CELL_LENGTH_AT);
    long number = fields.getLong(HealthFileFormat.SEQUENCE_AT);
    if (length < 0
        || length > HealthFileFormat.MAX_STATE_BYTES
        || number <= 0
        || number >= HealthFileFormat.SEQUENCE_LIMIT
        || fields.getInt(0)
            != HealthFileFormat.crc(place, bytes, 4, HealthFileFormat.PAYLOAD_AT + length)) {
      damaged++;
      return null;
    }
    return bytes;
  }

  private long placeOf(int slot) {
    return placeAt + (long) slot * HealthFileFormat.CELL_SLOT_BYTES;
  }

  /** Slots that {@link #open} could not use: torn, rotten or unreadable. */
  synchronized int damaged() {
    return damaged;
  }

  /** What was saved last; empty where nothing ever was. The array is the caller's. */
  public synchronized byte[] load() {
    return payload.clone();
  }

  /**
   * Replaces the state. It is seen by {@link #load} in any case; where it cannot be written now,
   * each {@link HealthFile#sync} tries again.
   *
   * @param state at most {@link HealthFileFormat#MAX_STATE_BYTES} bytes
   * @return whether it is in the file (durable after the next sync)
   */
  public synchronized boolean save(byte[] state) {
    if (state.length > HealthFileFormat.MAX_STATE_BYTES) {
      throw new IllegalArgumentException("a state of " + state.length + " bytes");
    }
    payload = state.clone();
    return write();
  }

  private boolean write() {
    int slot = 0;
    while (slot == newest || slot == durable) {
      slot++;
    }
    byte[] bytes = new byte[HealthFileFormat.PAYLOAD_AT + payload.length];
    ByteBuffer fields = ByteBuffer.wrap(bytes);
    fields.putInt(HealthFileFormat.CELL_LENGTH_AT, payload.length);
    fields.putLong(HealthFileFormat.SEQUENCE_AT, sequence + 1);
    fields.put(HealthFileFormat.PAYLOAD_AT, payload);
    fields.putInt(0, HealthFileFormat.crc(placeOf(slot), bytes, 4, bytes.length));
    // Also a write that fails may have landed: the number is spent.
    sequence++;
    sequences[slot] = 0;
    try {
      access.write(placeOf(slot), bytes);
    } catch (BlockDeviceException e) {
      unwritten = true;
      return false;
    }
    newest = slot;
    sequences[slot] = sequence;
    unwritten = false;
    return true;
  }

  /** Tries once more what could not be written; false where it still cannot. */
  synchronized boolean writeAgain() {
    return !unwritten || write();
  }

  /** The number of the newest state in the file; for {@link #flushed}. */
  synchronized long newestNumber() {
    return newest < 0 ? 0 : sequences[newest];
  }

  /** The state of this number was in the file when a flush began that has now succeeded. */
  synchronized void flushed(long number) {
    for (int slot = 0; slot < sequences.length; slot++) {
      // A slot that was written again meanwhile may be torn by a power cut.
      if (number > 0 && sequences[slot] == number) {
        durable = slot;
      }
    }
  }
}
