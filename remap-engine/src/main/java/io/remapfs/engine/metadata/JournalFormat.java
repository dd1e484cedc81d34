package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Opened;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.metadata.MetadataRecord.Unmapped;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * The bytes of a journal block: one group commit.
 *
 * <pre>
 *   0  "RMPJRNL1"        32 sequence of this block          64 + 16 i: record i, 251 at most
 *   8  version (u32)     40 sequence of the checkpoint         +0 kind (u8) | blockIndex (u56)
 *   12 records (u32)        that was durable before it         +8 cause (u8) | slot (u56)
 *   16 set UUID          48 next slot                       4080 zeros
 *                        56 next tag sequence               4092 CRC32C
 * </pre>
 *
 * <p>Kinds: 1 MAPPED, 2 PENDING, 3 UNMAPPED, 4 BURNT, 5 OPENED. Causes: 0 SALVAGED, 1 WRITTEN, 2
 * REQUESTED, 3 MIGRATED. "No slot" is 2^39 - 1. Fields that a kind does not have are 0.
 */
final class JournalFormat {
  static final long MAGIC = BlockFormat.magic("RMPJRNL1");

  /** Records that fit into one block. */
  static final int MAX_RECORDS = 251;

  private static final int COUNT_AT = 12;
  private static final int SEQUENCE_AT = 32;
  private static final int CHECKPOINT_SEQUENCE_AT = 40;
  private static final int NEXT_SLOT_AT = 48;
  private static final int NEXT_TAG_SEQUENCE_AT = 56;
  private static final int RECORDS_AT = 64;
  private static final int RECORD_BYTES = 16;

  private static final int KIND_SHIFT = 56;
  private static final long LOW_56 = (1L << KIND_SHIFT) - 1;
  private static final int MAPPED = 1;
  private static final int PENDING = 2;
  private static final int UNMAPPED = 3;
  private static final int BURNT = 4;
  private static final int OPENED = 5;

  private static final Cause[] CAUSES = {
    Cause.SALVAGED, Cause.WRITTEN, Cause.REQUESTED, Cause.MIGRATED
  };

  /** A decoded block. */
  record JournalBlock(
      long sequence,
      long checkpointSequence,
      long nextSlot,
      long nextTagSequence,
      List<MetadataRecord> records) {}

  private JournalFormat() {}

  static void encode(JournalBlock block, UUID setUuid, ByteBuffer bytes, int at) {
    if (block.records().size() > MAX_RECORDS) {
      throw new IllegalStateException(block.records().size() + " records in a journal block");
    }
    BlockFormat.begin(bytes, at, MAGIC, setUuid);
    bytes.putInt(at + COUNT_AT, block.records().size());
    bytes.putLong(at + SEQUENCE_AT, block.sequence());
    bytes.putLong(at + CHECKPOINT_SEQUENCE_AT, block.checkpointSequence());
    bytes.putLong(at + NEXT_SLOT_AT, block.nextSlot());
    bytes.putLong(at + NEXT_TAG_SEQUENCE_AT, block.nextTagSequence());
    int recordAt = at + RECORDS_AT;
    for (MetadataRecord each : block.records()) {
      encodeRecord(each, bytes, recordAt);
      recordAt += RECORD_BYTES;
    }
    BlockFormat.seal(bytes, at);
  }

  private static void encodeRecord(MetadataRecord each, ByteBuffer bytes, int at) {
    if (each instanceof Mapped mapped) {
      put(bytes, at, MAPPED, mapped.blockIndex(), indexOf(mapped.cause()), mapped.slot());
    } else if (each instanceof Pending pending) {
      put(bytes, at, PENDING, pending.blockIndex(), 0, pending.slotOrNoSlot());
    } else if (each instanceof Unmapped unmapped) {
      put(bytes, at, UNMAPPED, unmapped.blockIndex(), 0, 0);
    } else if (each instanceof Burnt burnt) {
      put(bytes, at, BURNT, 0, 0, burnt.slot());
    } else {
      put(bytes, at, OPENED, 0, 0, 0);
    }
  }

  private static void put(ByteBuffer bytes, int at, int kind, long block, int cause, long slot) {
    bytes.putLong(at, (long) kind << KIND_SHIFT | block);
    bytes.putLong(at + 8, (long) cause << KIND_SHIFT | slot);
  }

  /** The journal block at index {@code at}, or empty where there is no intact one of this set. */
  static Optional<JournalBlock> decode(UUID setUuid, ByteBuffer bytes, int at) {
    if (!BlockFormat.isOurs(bytes, at, MAGIC, setUuid)) {
      return Optional.empty();
    }
    int count = bytes.getInt(at + COUNT_AT);
    if (count < 0 || count > MAX_RECORDS) {
      return Optional.empty();
    }
    List<MetadataRecord> records = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      Optional<MetadataRecord> each = decodeRecord(bytes, at + RECORDS_AT + i * RECORD_BYTES);
      if (each.isEmpty()) {
        return Optional.empty();
      }
      records.add(each.get());
    }
    return Optional.of(
        new JournalBlock(
            bytes.getLong(at + SEQUENCE_AT),
            bytes.getLong(at + CHECKPOINT_SEQUENCE_AT),
            bytes.getLong(at + NEXT_SLOT_AT),
            bytes.getLong(at + NEXT_TAG_SEQUENCE_AT),
            records));
  }

  private static Optional<MetadataRecord> decodeRecord(ByteBuffer bytes, int at) {
    long first = bytes.getLong(at);
    long second = bytes.getLong(at + 8);
    long block = first & LOW_56;
    long slot = second & LOW_56;
    int cause = (int) (second >>> KIND_SHIFT);
    return switch ((int) (first >>> KIND_SHIFT)) {
      case MAPPED ->
          cause < CAUSES.length
              ? Optional.of(new Mapped(block, slot, CAUSES[cause]))
              : Optional.empty();
      case PENDING -> Optional.of(new Pending(block, slot));
      case UNMAPPED -> Optional.of(new Unmapped(block));
      case BURNT -> Optional.of(new Burnt(slot));
      case OPENED -> Optional.of(new Opened());
      default -> Optional.empty();
    };
  }

  private static int indexOf(Cause cause) {
    for (int i = 0; i < CAUSES.length; i++) {
      if (CAUSES[i] == cause) {
        return i;
      }
    }
    throw new IllegalStateException("cause " + cause + " has no number");
  }
}
