package io.remapfs.engine.metadata;

import io.remapfs.engine.spare.SpareLayout;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.UUID;

/**
 * The bytes of a checkpoint: a header block, then the entries of the remap table in ascending order
 * of their blocks, then the map of burnt slots.
 *
 * <pre>
 *   every block                      body of block 0, the header
 *   0  "RMPCKPT1"                    64  sequence: the journal continues with the next one
 *   8  version (u32)                 72  last journal sequence that is contained
 *   12 index in the checkpoint (u32) 80  entries
 *   16 set UUID                      88  burnt-map words (64 slots each, lowest bit first)
 *   32 generation                    96  next slot
 *   40 nonce                         104 next tag sequence
 *   48 blocks in all (u32)           112 salvaged blocks, ever
 *   52 zeros                         120 pending records dropped for want of room, ever
 *   64 body, 4016 bytes              128 flags (u32): 1 = closed cleanly
 *   4080 zeros                       132 fingerprint samples (u32): 80, or 0 for none
 *   4092 CRC32C                      136 samples: bit 63 known, the others hash
 *                                    776 stamp of the backing's contents, or 0
 *
 *   body of an entry block           body of a burnt-map block
 *   64 + 16 i: blockIndex, target    64 + 8 i: word i
 * </pre>
 *
 * <p>Generation and nonce (random for each checkpoint written) say which blocks belong together, so
 * that a checkpoint can be put together from the good blocks of several copies and never from the
 * remains of two attempts.
 */
final class CheckpointFormat {
  static final long MAGIC = BlockFormat.magic("RMPCKPT1");
  static final int ENTRIES_PER_BLOCK = SpareLayout.ENTRIES_PER_CHECKPOINT_BLOCK;
  static final int WORDS_PER_BLOCK = SpareLayout.BURNT_BITS_PER_CHECKPOINT_BLOCK / 64;
  static final int BODY_AT = 64;

  private static final int INDEX_AT = 12;
  private static final int GENERATION_AT = 32;
  private static final int NONCE_AT = 40;
  private static final int BLOCKS_AT = 48;
  private static final int SEQUENCE_AT = 64;
  private static final int CONTAINED_AT = 72;
  private static final int ENTRIES_AT = 80;
  private static final int WORDS_AT = 88;
  private static final int NEXT_SLOT_AT = 96;
  private static final int NEXT_TAG_SEQUENCE_AT = 104;
  private static final int SALVAGED_AT = 112;
  private static final int DROPPED_AT = 120;
  private static final int FLAGS_AT = 128;
  private static final int SAMPLES_AT = 132;
  private static final int FINGERPRINT_AT = 136;
  private static final int STAMP_AT = FINGERPRINT_AT + 8 * Fingerprint.SAMPLES;
  private static final int FLAG_CLEAN = 1;

  /**
   * The header block, decoded.
   *
   * @param generation grows with each checkpoint; the greatest complete one counts
   * @param sequence the journal blocks to replay have greater sequence numbers
   * @param containedSequence the last journal block whose records are in here; less than {@code
   *     sequence} in the first checkpoint of an incarnation
   */
  record Header(
      long generation,
      long nonce,
      int blocks,
      long sequence,
      long containedSequence,
      long entries,
      int burntWords,
      long nextSlot,
      long nextTagSequence,
      long salvagedTotal,
      long droppedPendingTotal,
      boolean clean,
      Optional<Fingerprint> fingerprint) {

    int entryBlocks() {
      return (int) ((entries + ENTRIES_PER_BLOCK - 1) / ENTRIES_PER_BLOCK);
    }
  }

  private CheckpointFormat() {}

  /** Zeroes a block and writes what every checkpoint block has. */
  static void begin(ByteBuffer bytes, int at, UUID setUuid, Header header, int index) {
    BlockFormat.begin(bytes, at, MAGIC, setUuid);
    bytes.putInt(at + INDEX_AT, index);
    bytes.putLong(at + GENERATION_AT, header.generation());
    bytes.putLong(at + NONCE_AT, header.nonce());
    bytes.putInt(at + BLOCKS_AT, header.blocks());
  }

  static void encodeHeader(ByteBuffer bytes, int at, UUID setUuid, Header header) {
    begin(bytes, at, setUuid, header, 0);
    bytes.putLong(at + SEQUENCE_AT, header.sequence());
    bytes.putLong(at + CONTAINED_AT, header.containedSequence());
    bytes.putLong(at + ENTRIES_AT, header.entries());
    bytes.putLong(at + WORDS_AT, header.burntWords());
    bytes.putLong(at + NEXT_SLOT_AT, header.nextSlot());
    bytes.putLong(at + NEXT_TAG_SEQUENCE_AT, header.nextTagSequence());
    bytes.putLong(at + SALVAGED_AT, header.salvagedTotal());
    bytes.putLong(at + DROPPED_AT, header.droppedPendingTotal());
    bytes.putInt(at + FLAGS_AT, header.clean() ? FLAG_CLEAN : 0);
    if (header.fingerprint().isPresent()) {
      bytes.putInt(at + SAMPLES_AT, Fingerprint.SAMPLES);
      for (int i = 0; i < Fingerprint.SAMPLES; i++) {
        bytes.putLong(at + FINGERPRINT_AT + 8 * i, header.fingerprint().get().sampleAt(i));
      }
      bytes.putLong(at + STAMP_AT, header.fingerprint().get().contentsStamp());
    }
    BlockFormat.seal(bytes, at);
  }

  /** The header at index {@code at}, or empty where there is no intact and sane one of this set. */
  static Optional<Header> decodeHeader(UUID setUuid, SpareLayout layout, ByteBuffer bytes, int at) {
    if (!BlockFormat.isOurs(bytes, at, MAGIC, setUuid) || bytes.getInt(at + INDEX_AT) != 0) {
      return Optional.empty();
    }
    long entries = bytes.getLong(at + ENTRIES_AT);
    long words = bytes.getLong(at + WORDS_AT);
    long nextSlot = bytes.getLong(at + NEXT_SLOT_AT);
    if (entries < 0
        || entries > layout.maxEntries()
        || nextSlot < 0
        || nextSlot > layout.endSlot()
        || words < 0
        || words > (nextSlot + 63) / 64
        || bytes.getInt(at + BLOCKS_AT) != SpareLayout.checkpointBlocks(entries, words * 64)
        || !numbersAreSane(bytes, at)) {
      return Optional.empty();
    }
    return Optional.of(
        new Header(
            bytes.getLong(at + GENERATION_AT),
            bytes.getLong(at + NONCE_AT),
            bytes.getInt(at + BLOCKS_AT),
            bytes.getLong(at + SEQUENCE_AT),
            bytes.getLong(at + CONTAINED_AT),
            entries,
            (int) words,
            nextSlot,
            bytes.getLong(at + NEXT_TAG_SEQUENCE_AT),
            bytes.getLong(at + SALVAGED_AT),
            bytes.getLong(at + DROPPED_AT),
            (bytes.getInt(at + FLAGS_AT) & FLAG_CLEAN) != 0,
            decodeFingerprint(bytes, at)));
  }

  private static boolean numbersAreSane(ByteBuffer bytes, int at) {
    return BlockFormat.isSaneNumber(bytes.getLong(at + GENERATION_AT))
        && BlockFormat.isSaneNumber(bytes.getLong(at + SEQUENCE_AT))
        && BlockFormat.isSaneNumber(bytes.getLong(at + CONTAINED_AT))
        && BlockFormat.isSaneNumber(bytes.getLong(at + NEXT_TAG_SEQUENCE_AT))
        && BlockFormat.isSaneNumber(bytes.getLong(at + SALVAGED_AT))
        && BlockFormat.isSaneNumber(bytes.getLong(at + DROPPED_AT));
  }

  private static Optional<Fingerprint> decodeFingerprint(ByteBuffer bytes, int at) {
    if (bytes.getInt(at + SAMPLES_AT) != Fingerprint.SAMPLES) {
      return Optional.empty();
    }
    long[] samples = new long[Fingerprint.SAMPLES];
    for (int i = 0; i < samples.length; i++) {
      samples[i] = bytes.getLong(at + FINGERPRINT_AT + 8 * i);
    }
    return Optional.of(Fingerprint.of(samples, bytes.getLong(at + STAMP_AT)));
  }

  /** Whether an intact block is block {@code index} of the checkpoint that {@code header} heads. */
  static boolean isPartOf(ByteBuffer bytes, int at, UUID setUuid, Header header, int index) {
    return BlockFormat.isOurs(bytes, at, MAGIC, setUuid)
        && bytes.getLong(at + GENERATION_AT) == header.generation()
        && bytes.getLong(at + NONCE_AT) == header.nonce()
        && bytes.getInt(at + INDEX_AT) == index;
  }
}
