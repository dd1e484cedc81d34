package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.spare.SlotTag;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareTooSmallException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/**
 * What the tags of a spare's slots say when its metadata cannot be used. Reads only.
 *
 * <p><b>How it works.</b> Where tags lie follows from the spare's size and the block size. A
 * superblock that is left over says which; else every block size is tried. Slots are handed out
 * from the first one on, and format zeroes the first tag block of every block size; so the set is
 * the one whose tags are in the first tag block, and tags farther back that a former set left are
 * not taken for its own. Where the first tag block cannot be read, the set with the most tags is
 * taken. Of several block sizes that show tags (contents of slots may look like tags) the one with
 * the most counts.
 *
 * <p>Immutable once made. It takes 16 bytes of heap for each slot that was ever used.
 */
public final class TagSurvey {
  private static final int[] BLOCK_SIZES = {4096, 512, 1024, 2048, 8192, 16384, 32768, 65536};

  private final SpareLayout layout;
  private final long setId;
  private final @Nullable Superblock superblock;
  private final List<String> findings = new ArrayList<>();

  // By slot, as far as a tag was found; a block index of -1 is none.
  private long[] blocks = new long[SpareLayout.SLOTS_PER_GROUP];
  private long[] sequences = new long[SpareLayout.SLOTS_PER_GROUP];
  private long taggedSlots;
  private long damagedTags;
  private long foreignTags;
  private long unreadableTagBlocks;
  private long greatestSequence;
  private long nextSlot;
  private long formerGroup; // the first slot of the group that was taken before

  private TagSurvey(SpareLayout layout, long setId, @Nullable Superblock superblock) {
    this.layout = layout;
    this.setId = setId;
    this.superblock = superblock;
  }

  /**
   * Reads all tags of a spare whose metadata cannot be recovered.
   *
   * @return empty if there is no tag of the set that was there last
   * @throws MetadataException if a superblock of another format version is there
   */
  public static Optional<TagSurvey> of(BlockDevice spare) throws MetadataException {
    BlockReader reader = new BlockReader(spare);
    Superblock superblock = superblockOf(spare, reader);
    if (superblock != null) {
      TagSurvey survey =
          new TagSurvey(layoutOf(superblock), SlotTag.setId(superblock.setUuid()), superblock);
      survey.read(reader);
      return survey.taggedSlots > 0 ? Optional.of(survey) : Optional.empty();
    }
    List<TagSurvey> found = new ArrayList<>();
    for (SpareLayout layout : possibleLayouts(spare)) {
      OptionalLong setId = setIdIn(reader, layout);
      if (setId.isPresent()) {
        TagSurvey survey = new TagSurvey(layout, setId.getAsLong(), null);
        survey.read(reader);
        found.add(survey);
      }
    }
    found.sort((a, b) -> Long.compare(b.taggedSlots, a.taggedSlots));
    for (TagSurvey other : found.subList(Math.min(1, found.size()), found.size())) {
      found
          .get(0)
          .findings
          .add(
              other.taggedSlots
                  + " tags for blocks of "
                  + other.blockSizeBytes()
                  + " bytes were found as well, and not used");
    }
    return found.stream().findFirst();
  }

  private static @Nullable Superblock superblockOf(BlockDevice spare, BlockReader reader)
      throws MetadataException {
    try {
      Superblock found = SuperblockReader.find(spare, reader).superblock();
      return layoutOf(found).spareSizeBytes() <= spare.sizeBytes() ? found : null;
    } catch (CorruptMetadataException | NotFormattedException | IllegalArgumentException e) {
      return null;
    }
  }

  private static SpareLayout layoutOf(Superblock superblock) {
    return SpareSet.layoutOf(superblock);
  }

  /** The layouts that a spare of this size can have, one a block size, the usual one first. */
  static List<SpareLayout> possibleLayouts(BlockDevice spare) {
    List<SpareLayout> layouts = new ArrayList<>();
    for (int blockSizeBytes : BLOCK_SIZES) {
      if (blockSizeBytes % spare.sectorSizeBytes() == 0) {
        try {
          layouts.add(SpareLayout.of(spare.sizeBytes(), blockSizeBytes));
        } catch (SpareTooSmallException e) {
          // So it never was formatted with this block size.
        }
      }
    }
    return layouts;
  }

  /** Whose tags these are, or empty where the first tag block can be read and holds none. */
  private static OptionalLong setIdIn(BlockReader reader, SpareLayout layout) {
    long[] first = new long[2]; // how many tags, and the set of the first of them
    boolean[] unreadable = {false};
    int slots = layout.contiguousSlots(0);
    reader.read(
        layout.tagBlockOffset(0),
        1,
        (index, bytes, at, readable) -> {
          unreadable[0] = !readable;
          for (int i = slots - 1; readable && i >= 0; i--) {
            if (SlotTag.isIntact(bytes, at + i * SlotTag.BYTES)) {
              first[0]++;
              first[1] = SlotTag.setIdAt(bytes, at + i * SlotTag.BYTES);
            }
          }
        });
    if (unreadable[0]) {
      return mostFrequentSetId(reader, layout);
    }
    return first[0] > 0 ? OptionalLong.of(first[1]) : OptionalLong.empty();
  }

  private static OptionalLong mostFrequentSetId(BlockReader reader, SpareLayout layout) {
    Map<Long, Long> counts = new HashMap<>();
    forEachGroup(
        reader,
        layout,
        (slot, slots, bytes, at, readable) -> {
          for (int i = 0; readable && i < slots; i++) {
            if (SlotTag.isIntact(bytes, at + i * SlotTag.BYTES)) {
              counts.merge(SlotTag.setIdAt(bytes, at + i * SlotTag.BYTES), 1L, Long::sum);
            }
          }
        });
    return counts.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(most -> OptionalLong.of(most.getKey()))
        .orElse(OptionalLong.empty());
  }

  /** Receives each tag block, with the slots that it is for. */
  @FunctionalInterface
  private interface GroupReceiver {
    void accept(long firstSlot, int slots, ByteBuffer bytes, int at, boolean readable);
  }

  private static void forEachGroup(BlockReader reader, SpareLayout layout, GroupReceiver receiver) {
    long slot = 0;
    while (slot < layout.slotCount()) {
      long firstSlot = slot;
      int slots = layout.contiguousSlots(slot);
      reader.read(
          layout.tagBlockOffset(slot),
          1,
          (index, bytes, at, readable) -> receiver.accept(firstSlot, slots, bytes, at, readable));
      slot += slots;
    }
  }

  private void read(BlockReader reader) {
    forEachGroup(reader, layout, this::take);
  }

  private void take(long firstSlot, int slots, ByteBuffer bytes, int at, boolean readable) {
    if (!readable) {
      unreadableTagBlocks++;
      // Groups are filled one after the other: behind a used one, this one may have been in use.
      if (firstSlot == 0 || nextSlot > formerGroup) {
        nextSlot = firstSlot + slots;
      }
    }
    for (int i = 0; readable && i < slots; i++) {
      int tagAt = at + i * SlotTag.BYTES;
      Optional<SlotTag> tag = SlotTag.decode(setId, bytes, tagAt);
      if (tag.isPresent() && isSane(tag.get())) {
        put((int) firstSlot + i, tag.get());
      } else if (tag.isEmpty() && SlotTag.isIntact(bytes, tagAt)) {
        foreignTags++;
      } else if (SlotTag.setIdAt(bytes, tagAt) == setId) {
        damagedTags++;
        nextSlot = firstSlot + i + 1;
      }
    }
    formerGroup = firstSlot;
  }

  /** Metadata that went on from such a sequence number would be refused as nothing of ours. */
  private static boolean isSane(SlotTag tag) {
    return tag.sequence() >= 0
        && BlockFormat.isSaneNumber(MetadataLog.nextIncarnation(tag.sequence()));
  }

  private void put(int slot, SlotTag tag) {
    int oldLength = blocks.length;
    if (taggedSlots == 0) {
      Arrays.fill(blocks, -1);
    }
    if (slot >= oldLength) {
      int length = (int) Math.min(layout.slotCount(), Math.max(slot + 1L, oldLength * 3L / 2));
      blocks = Arrays.copyOf(blocks, length);
      Arrays.fill(blocks, oldLength, length, -1);
      sequences = Arrays.copyOf(sequences, length);
    }
    blocks[slot] = tag.blockIndex();
    sequences[slot] = tag.sequence();
    greatestSequence = Math.max(greatestSequence, tag.sequence());
    nextSlot = slot + 1L;
    taggedSlots++;
  }

  /** The block whose contents a slot holds by its tag, or -1. */
  long blockOf(long slot) {
    return taggedSlots > 0 && slot < blocks.length ? blocks[(int) slot] : -1;
  }

  /** The sequence number of a tagged slot's tag. */
  long sequenceOf(long slot) {
    return sequences[(int) slot];
  }

  SpareLayout layout() {
    return layout;
  }

  /** See {@link SlotTag#setId}. */
  long setId() {
    return setId;
  }

  /** The superblock that is left over, or null. */
  @Nullable Superblock superblock() {
    return superblock;
  }

  long greatestSequence() {
    return greatestSequence;
  }

  /**
   * The first slot that was certainly never used: behind every tagged slot, every damaged tag, and
   * every tag block that cannot be read and directly follows a used one.
   */
  long nextSlot() {
    return nextSlot;
  }

  /** The unit of remapping that the tags were found with. */
  public int blockSizeBytes() {
    return layout.blockSizeBytes();
  }

  /** Slots that say whose contents they hold. */
  public long taggedSlots() {
    return taggedSlots;
  }

  /** Slots whose tag belongs to the set and fails its checksum, or says what none of ours can. */
  public long damagedTags() {
    return damagedTags;
  }

  /** Tags that another set left behind; they are not used. */
  public long foreignTags() {
    return foreignTags;
  }

  /** Tag blocks that the medium does not yield, each for up to 128 slots. */
  public long unreadableTagBlocks() {
    return unreadableTagBlocks;
  }

  /** What else was noticed, one line each. */
  public List<String> findings() {
    return List.copyOf(findings);
  }
}
