package io.remapfs.engine.spare;

/**
 * Where everything lies in the spare: pure arithmetic from its size and the block size.
 *
 * <pre>
 *   0                                                                              size
 *   +----+--------+------------------+----+--------+------------------+--------+----+
 *   | SB | body 0 | groups of slots  | SB | body 1 | groups of slots  | body 2 | SB |
 *   +----+--------+------------------+----+--------+------------------+--------+----+
 *     zone 0           gap 0           zone 1           gap 1            zone 2
 *
 *   body    [ checkpoint area A | checkpoint area B | journal ring ]
 *   group   [ tag block, 4 KiB  | up to 128 slots of one block each ]
 * </pre>
 *
 * <p>The three superblocks lie where the size alone says (the first 4 KiB, the 4 KiB that begin at
 * the middle, the last whole 4 KiB), so that they are found before the block size is known. Each
 * zone is a full copy of the metadata; the copies are as far apart as the spare allows, because a
 * disk fails in runs.
 *
 * <p><b>Invariants.</b> (1) Zones and groups are disjoint: a gap begins where a zone ends, and a
 * slot's offset is computed inside its gap. (2) Everything begins at a multiple of 4 KiB, or of the
 * block size where that is smaller. (3) A checkpoint area holds {@link #maxEntries()} entries and a
 * bit for each slot, so that a checkpoint never fails for want of room. In a set of several spares
 * this means the slots of the older ones as well.
 *
 * <p>Slots are counted from 0 here, in this spare; {@link SpareMember} knows their numbers in the
 * set.
 *
 * <p>Immutable and thread-safe.
 */
public final class SpareLayout {
  /** The unit of all metadata, in bytes. */
  public static final int METADATA_BLOCK_BYTES = 4096;

  /** Full copies of the metadata. */
  public static final int ZONES = 3;

  /** Slots behind one tag block: 128 tags of 32 bytes fill it. */
  public static final int SLOTS_PER_GROUP = 128;

  /** Entries of the remap table in one checkpoint block; see {@code CheckpointFormat}. */
  public static final int ENTRIES_PER_CHECKPOINT_BLOCK = 251;

  /** Bits of the burnt-slot map in one checkpoint block. */
  public static final int BURNT_BITS_PER_CHECKPOINT_BLOCK = ENTRIES_PER_CHECKPOINT_BLOCK * 128;

  /** A spare with fewer slots is refused: it would be exhausted by its first scratch. */
  public static final int MIN_SLOTS = 8;

  /** The most slots that are used of a spare of any size; keeps a slot's bit within an int. */
  public static final int MAX_SLOTS = 1 << 30;

  private static final int MIN_RING_BLOCKS = 64;
  private static final int MAX_RING_BLOCKS = 1024;
  private static final int MIN_BLOCK_SIZE = 512;
  private static final int MAX_BLOCK_SIZE = 64 * 1024;

  /** Bytes of checkpoint a slot can need: two 16-byte entries, in two areas of each zone. */
  private static final int CHECKPOINT_BYTES_PER_SLOT = 2 * 16 * 2 * ZONES;

  private final long spareSizeBytes;
  private final int blockSizeBytes;
  private final int ringBlocks;
  private final long firstSlot;
  private final long olderSlots;
  private final int checkpointBlocks;
  private final long bodyBytes;
  private final boolean zonesFit;
  private final long[] superblockOffset = new long[ZONES];
  private final long[] bodyOffset = new long[ZONES];
  private final long[] gapOffset = new long[ZONES - 1];
  private final long[] gapSlots = new long[ZONES - 1];

  private SpareLayout(
      long spareSizeBytes, int blockSizeBytes, int ringBlocks, long firstSlot, long olderSlots) {
    this.spareSizeBytes = spareSizeBytes;
    this.blockSizeBytes = blockSizeBytes;
    this.ringBlocks = ringBlocks;
    this.firstSlot = firstSlot;
    this.olderSlots = olderSlots;
    long slotCap = Math.min(MAX_SLOTS - firstSlot, slotCap(spareSizeBytes, blockSizeBytes));
    this.checkpointBlocks = checkpointBlocks(2 * (olderSlots + slotCap), firstSlot + slotCap);
    this.bodyBytes = (2L * checkpointBlocks + ringBlocks) * METADATA_BLOCK_BYTES;
    for (int zone = 0; zone < ZONES; zone++) {
      superblockOffset[zone] = superblockOffset(spareSizeBytes, zone);
    }
    bodyOffset[0] = superblockOffset[0] + METADATA_BLOCK_BYTES;
    bodyOffset[1] = superblockOffset[1] + METADATA_BLOCK_BYTES;
    bodyOffset[2] = superblockOffset[2] - bodyBytes;
    gapOffset[0] = bodyOffset[0] + bodyBytes;
    gapOffset[1] = bodyOffset[1] + bodyBytes;
    long gap0Bytes = superblockOffset[1] - gapOffset[0];
    long gap1Bytes = bodyOffset[2] - gapOffset[1];
    zonesFit = gap0Bytes >= 0 && gap1Bytes >= 0;
    gapSlots[0] = zonesFit ? Math.min(slotCap, slotsIn(gap0Bytes)) : 0;
    gapSlots[1] = zonesFit ? Math.min(slotCap - gapSlots[0], slotsIn(gap1Bytes)) : 0;
  }

  /**
   * The layout of a new spare.
   *
   * @param spareSizeBytes the spare's size; what is beyond the last whole 4 KiB is not used
   * @param blockSizeBytes a power of two from 512 to 65536
   * @throws SpareTooSmallException if fewer than {@value #MIN_SLOTS} slots would fit
   */
  public static SpareLayout of(long spareSizeBytes, int blockSizeBytes) {
    requireBlockSize(blockSizeBytes);
    return of(spareSizeBytes, blockSizeBytes, defaultRingBlocks(spareSizeBytes, blockSizeBytes));
  }

  /**
   * The layout of a spare that is added to a set.
   *
   * @param firstSlot the number of its first slot, behind all that the set ever had
   * @param olderSlots slots of the spares that the set has
   * @throws SpareTooSmallException if fewer than {@value #MIN_SLOTS} slots would fit
   */
  public static SpareLayout ofAdded(
      long spareSizeBytes, int blockSizeBytes, long firstSlot, long olderSlots) {
    requireBlockSize(blockSizeBytes);
    int ringBlocks = defaultRingBlocks(spareSizeBytes, blockSizeBytes);
    return of(spareSizeBytes, blockSizeBytes, ringBlocks, firstSlot, olderSlots);
  }

  /**
   * The layout of a spare whose superblock names the length of its journal rings.
   *
   * @param ringBlocks at least 2
   * @throws SpareTooSmallException if fewer than {@value #MIN_SLOTS} slots would fit
   */
  public static SpareLayout of(long spareSizeBytes, int blockSizeBytes, int ringBlocks) {
    return of(spareSizeBytes, blockSizeBytes, ringBlocks, 0, 0);
  }

  /**
   * The layout of a spare whose superblock says all of this.
   *
   * @param ringBlocks at least 2
   * @param firstSlot the number of its first slot in the set
   * @param olderSlots slots of older spares that its checkpoints have room for
   * @throws SpareTooSmallException if fewer than {@value #MIN_SLOTS} slots would fit
   */
  public static SpareLayout of(
      long spareSizeBytes, int blockSizeBytes, int ringBlocks, long firstSlot, long olderSlots) {
    requireBlockSize(blockSizeBytes);
    if (firstSlot < 0
        || firstSlot > MAX_SLOTS - MIN_SLOTS
        || olderSlots < 0
        || olderSlots > firstSlot) {
      throw new IllegalArgumentException(
          "the set has used " + firstSlot + " slot numbers, and no spare can be added to it");
    }
    if (ringBlocks < 2 || ringBlocks > MAX_RING_BLOCKS) {
      throw new IllegalArgumentException("a journal ring of " + ringBlocks + " blocks");
    }
    SpareLayout layout =
        new SpareLayout(
            alignDown(spareSizeBytes), blockSizeBytes, ringBlocks, firstSlot, olderSlots);
    if (layout.slotCount() < MIN_SLOTS) {
      throw new SpareTooSmallException(
          spareSizeBytes, minimumBytes(blockSizeBytes, ringBlocks, firstSlot, olderSlots));
    }
    return layout;
  }

  /** The least spare that {@link #of(long, int)} accepts for this block size, in bytes. */
  public static long minimumBytes(int blockSizeBytes) {
    requireBlockSize(blockSizeBytes);
    return minimumBytes(blockSizeBytes, MIN_RING_BLOCKS, 0, 0);
  }

  private static long minimumBytes(
      int blockSizeBytes, int ringBlocks, long firstSlot, long olderSlots) {
    // All zones must fit; from there on a few steps do.
    long bytes =
        new SpareLayout(METADATA_BLOCK_BYTES, blockSizeBytes, ringBlocks, firstSlot, olderSlots)
                .bodyBytes
            * ZONES;
    while (new SpareLayout(bytes, blockSizeBytes, ringBlocks, firstSlot, olderSlots).slotCount()
        < MIN_SLOTS) {
      bytes += METADATA_BLOCK_BYTES;
    }
    return bytes;
  }

  /**
   * Where the superblock of a zone lies, from the spare's size alone.
   *
   * @param spareSizeBytes at least three metadata blocks
   * @param zone 0 to {@value #ZONES} - 1
   */
  public static long superblockOffset(long spareSizeBytes, int zone) {
    long aligned = alignDown(spareSizeBytes);
    return switch (zone) {
      case 0 -> 0;
      case 1 -> alignDown(aligned / 2);
      case 2 -> aligned - METADATA_BLOCK_BYTES;
      default -> throw new IllegalArgumentException("zone " + zone);
    };
  }

  /** The blocks of a checkpoint, its header among them. */
  public static int checkpointBlocks(long entries, long burntBits) {
    return Math.toIntExact(
        1
            + ceilDiv(entries, ENTRIES_PER_CHECKPOINT_BLOCK)
            + ceilDiv(burntBits, BURNT_BITS_PER_CHECKPOINT_BLOCK));
  }

  public int blockSizeBytes() {
    return blockSizeBytes;
  }

  /** The part of the spare that is laid out, a multiple of 4 KiB. */
  public long spareSizeBytes() {
    return spareSizeBytes;
  }

  /** Where a zone begins, its superblock or (the last one) its body, in bytes. */
  public long zoneOffset(int zone) {
    return Math.min(superblockOffset[zone], bodyOffset[zone]);
  }

  /** The bytes of a zone, its superblock included. */
  public long zoneBytes() {
    return METADATA_BLOCK_BYTES + bodyBytes;
  }

  /** The superblock of {@code zone}, in bytes. */
  public long superblockOffset(int zone) {
    return superblockOffset[zone];
  }

  /**
   * A block of a checkpoint area, in bytes.
   *
   * @param area 0 for A, 1 for B
   * @param index 0 to {@link #checkpointBlocks()} - 1
   */
  public long checkpointOffset(int zone, int area, int index) {
    if (area < 0 || area > 1 || index < 0 || index >= checkpointBlocks) {
      throw new IllegalArgumentException("checkpoint area " + area + ", block " + index);
    }
    return bodyOffset[zone] + ((long) area * checkpointBlocks + index) * METADATA_BLOCK_BYTES;
  }

  /** The first block of a zone's journal ring, in bytes. */
  public long ringOffset(int zone) {
    return bodyOffset[zone] + 2L * checkpointBlocks * METADATA_BLOCK_BYTES;
  }

  /** The block of a zone's journal ring that sequence number {@code sequence} has, in bytes. */
  public long journalOffset(int zone, long sequence) {
    return ringOffset(zone) + Long.remainderUnsigned(sequence, ringBlocks) * METADATA_BLOCK_BYTES;
  }

  /** The blocks of one checkpoint area. */
  public int checkpointBlocks() {
    return checkpointBlocks;
  }

  /** The blocks of one journal ring. */
  public int ringBlocks() {
    return ringBlocks;
  }

  /** All slots of this spare. */
  public long slotCount() {
    return gapSlots[0] + gapSlots[1];
  }

  /** The number of the first slot in the set. */
  public long firstSlot() {
    return firstSlot;
  }

  /** The number behind that of the last slot: no slot of the set has it or a greater one. */
  public long endSlot() {
    return firstSlot + slotCount();
  }

  /** Slots of older spares that the checkpoints have room for. */
  public long olderSlots() {
    return olderSlots;
  }

  /** The most entries that a checkpoint has room for: twice the slots of the set. */
  public long maxEntries() {
    return 2 * (olderSlots + slotCount());
  }

  /**
   * Where a slot's bytes begin.
   *
   * @param slot 0 to {@link #slotCount()} - 1
   */
  public long slotByteOffset(long slot) {
    requireSlot(slot);
    int gap = slot < gapSlots[0] ? 0 : 1;
    long inGap = slot - (gap == 0 ? 0 : gapSlots[0]);
    return groupOffset(gap, inGap / SLOTS_PER_GROUP)
        + METADATA_BLOCK_BYTES
        + inGap % SLOTS_PER_GROUP * blockSizeBytes;
  }

  /** How many slots lie one behind the other from {@code slot} on, itself included. */
  public int contiguousSlots(long slot) {
    requireSlot(slot);
    int gap = slot < gapSlots[0] ? 0 : 1;
    long inGap = slot - (gap == 0 ? 0 : gapSlots[0]);
    return (int) Math.min(SLOTS_PER_GROUP - inGap % SLOTS_PER_GROUP, gapSlots[gap] - inGap);
  }

  /** The tag block of a slot's group, in bytes. */
  public long tagBlockOffset(long slot) {
    return slotByteOffset(slot) - (long) tagIndex(slot) * blockSizeBytes - METADATA_BLOCK_BYTES;
  }

  /** A slot's place in its tag block, 0 to {@value #SLOTS_PER_GROUP} - 1. */
  public int tagIndex(long slot) {
    requireSlot(slot);
    return (int) ((slot < gapSlots[0] ? slot : slot - gapSlots[0]) % SLOTS_PER_GROUP);
  }

  private long groupOffset(int gap, long group) {
    return gapOffset[gap] + group * groupBytes();
  }

  private long groupBytes() {
    return METADATA_BLOCK_BYTES + (long) SLOTS_PER_GROUP * blockSizeBytes;
  }

  private long slotsIn(long bytes) {
    long rest = bytes % groupBytes();
    return bytes / groupBytes() * SLOTS_PER_GROUP
        + Math.max(0, (rest - METADATA_BLOCK_BYTES) / blockSizeBytes);
  }

  private void requireSlot(long slot) {
    if (slot < 0 || slot >= slotCount()) {
      throw new IllegalArgumentException("slot " + slot + " of " + slotCount());
    }
  }

  private static int defaultRingBlocks(long spareSizeBytes, int blockSizeBytes) {
    long wanted = slotCap(spareSizeBytes, blockSizeBytes) / 64;
    return (int) Math.max(MIN_RING_BLOCKS, Math.min(MAX_RING_BLOCKS, wanted));
  }

  /** No more slots than this are used, so that the checkpoint areas can be sized beforehand. */
  private static long slotCap(long spareSizeBytes, int blockSizeBytes) {
    return Math.min(
        MAX_SLOTS, alignDown(spareSizeBytes) / (blockSizeBytes + CHECKPOINT_BYTES_PER_SLOT));
  }

  private static void requireBlockSize(int blockSizeBytes) {
    if (blockSizeBytes < MIN_BLOCK_SIZE
        || blockSizeBytes > MAX_BLOCK_SIZE
        || Integer.bitCount(blockSizeBytes) != 1) {
      throw new IllegalArgumentException(
          "block size " + blockSizeBytes + " is not a power of two from 512 to 65536");
    }
  }

  private static long alignDown(long bytes) {
    return bytes - bytes % METADATA_BLOCK_BYTES;
  }

  private static long ceilDiv(long value, long divisor) {
    return (value + divisor - 1) / divisor;
  }
}
