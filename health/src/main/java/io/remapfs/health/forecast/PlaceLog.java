package io.remapfs.health.forecast;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/**
 * The newest places where the medium failed, and how many blocks were moved ahead of time: what the
 * forecast goes by.
 *
 * <p>All of {@link ErrorHistory#MAX_PLACES} are kept in memory, the newest {@value #STORED} of them
 * also in the health file.
 *
 * <p>Thread-safe; {@link #add} only stores, under a lock that is held for a few instructions.
 */
public final class PlaceLog {
  // The stored form, big-endian: version u8, blocks moved ahead of time i64, number of places u16,
  // and for each, oldest first: block u40, minutes since 1970 u32.
  private static final int VERSION = 1;
  private static final int HEAD_BYTES = 11;
  private static final int PLACE_BYTES = 9;
  private static final int STATE_BYTES = 4096;
  private static final long MINUTE_MILLIS = 60_000;
  private static final long MAX_BLOCK = (1L << 40) - 1;
  private static final long MAX_MINUTES = 0xFFFF_FFFFL;

  /** As many as there is room for in a state of the health file. */
  static final int STORED = (STATE_BYTES - HEAD_BYTES) / PLACE_BYTES;

  private final ArrayDeque<BadPlace> places = new ArrayDeque<>();
  private long preempted;
  private long changes;

  /** Takes note of a block that failed. For any thread. */
  public synchronized void add(long blockIndex, long seenMillis) {
    if (places.size() == ErrorHistory.MAX_PLACES) {
      places.removeFirst();
    }
    places.addLast(new BadPlace(blockIndex, seenMillis));
    changes++;
  }

  synchronized void addPreempted() {
    preempted++;
    changes++;
  }

  /** Blocks ever moved ahead of time. */
  synchronized long preempted() {
    return preempted;
  }

  /** Grows with each change. */
  synchronized long changes() {
    return changes;
  }

  synchronized List<BadPlace> places() {
    return new ArrayList<>(places);
  }

  /** The form in the health file, at most 4 KiB. */
  synchronized byte[] toState() {
    int stored = Math.min(STORED, places.size());
    ByteBuffer state = ByteBuffer.allocate(HEAD_BYTES + stored * PLACE_BYTES);
    state.put((byte) VERSION).putLong(preempted).putShort((short) stored);
    int skipped = places.size() - stored;
    for (BadPlace each : places) {
      if (skipped-- <= 0) {
        long block = Math.max(0, Math.min(MAX_BLOCK, each.blockIndex()));
        long minutes = Math.max(0, Math.min(MAX_MINUTES, each.seenMillis() / MINUTE_MILLIS));
        state.put((byte) (block >>> 32)).putInt((int) block).putInt((int) minutes);
      }
    }
    return state.array();
  }

  /** Begins with what an earlier mount kept; with nothing where it is not understood. */
  synchronized void restore(byte[] stored) {
    ByteBuffer state = ByteBuffer.wrap(stored);
    if (stored.length < HEAD_BYTES || state.get() != VERSION) {
      return;
    }
    long moved = state.getLong();
    int count = Short.toUnsignedInt(state.getShort());
    if (moved < 0 || state.remaining() < count * PLACE_BYTES) {
      return;
    }
    preempted = moved;
    for (int i = 0; i < count; i++) {
      long block = Byte.toUnsignedLong(state.get()) << 32 | Integer.toUnsignedLong(state.getInt());
      places.addLast(new BadPlace(block, Integer.toUnsignedLong(state.getInt()) * MINUTE_MILLIS));
    }
    changes++;
  }
}
