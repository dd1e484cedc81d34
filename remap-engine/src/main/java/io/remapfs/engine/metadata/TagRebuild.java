package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.SpareFormatter.Beginning;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * The last resort: a remap table made of what the slots' own tags tell, when no copy of the
 * metadata can be used. Done only when a user asks for it, because it guesses where recovery never
 * does; {@link TagRebuildReport#notVouchedFor} says what it guesses.
 *
 * <p>Each block is mapped to the slot whose tag names it with the greatest sequence. Slots and tags
 * are not written, so a rebuild that was cut short is simply done again.
 *
 * <p>The set gets a new UUID with the same set id. The id is all that tags know of their set, and
 * keeping it keeps them valid; a new UUID means that no remains of the lost metadata, on a copy
 * that cannot be read today, are ever taken for this set's.
 */
public final class TagRebuild {
  private static final long NONE = -1;

  private TagRebuild() {}

  /**
   * Writes fresh metadata of what the tags tell.
   *
   * @param spare a spare that {@link MetadataStore#open} refuses as corrupt or not formatted
   * @param backing the backing it was made for; its size cannot be known otherwise
   * @throws MetadataException if there is no tag, or if the spare was made for another backing;
   *     nothing was written then
   * @throws IllegalStateException if the metadata can be recovered: that loses nothing, this may
   * @throws IOException if no copy could be written, or what was written does not read back
   */
  public static TagRebuildReport rebuild(BlockDevice spare, BackingIdentity backing)
      throws IOException {
    requireLost(spare);
    requireAlone(spare);
    Optional<TagSurvey> tags = TagSurvey.of(spare);
    if (tags.isEmpty()) {
      throw new NotFormattedException(
          "no slot of the spare "
              + spare.name()
              + " has a tag, so there is nothing to rebuild from; if the spare has grown since it was"
              + " formatted, cut it to its former size first, else run `remapfs format`");
    }
    TagSurvey survey = tags.get();
    Superblock known = survey.superblock();
    if (known != null) {
      Recovery.requireSameBacking(spare.name(), known.backing(), backing);
    }
    SpareFormatter formatter = new SpareFormatter(spare);
    Superblock superblock =
        formatter.superblock(uuidOf(survey.setId()), survey.layout(), identity(known, backing));
    RemapTable table = tableOf(survey, Recovery.blockCount(superblock), spare.name());
    Beginning beginning =
        new Beginning(
            table,
            survey.nextSlot(),
            MetadataLog.nextIncarnation(survey.greatestSequence()),
            false);
    List<String> lostCopies = formatter.rebuild(superblock, survey.layout(), beginning);
    requireReadsBack(spare, superblock, beginning);
    return report(survey, superblock, table, lostCopies);
  }

  private static void requireLost(BlockDevice spare) throws MetadataException {
    try {
      new Recovery(SpareSet.of(List.of(spare))).run(null);
    } catch (CorruptMetadataException | NotFormattedException e) {
      return;
    }
    throw new IllegalStateException(
        "the metadata of the spare " + spare.name() + " can be recovered without its tags");
  }

  /** The tags of one spare of several tell of its own slots only: the others' blocks would go. */
  private static void requireAlone(BlockDevice spare) throws MetadataException {
    try {
      if (!MetadataStore.identify(spare).membership().isOnlyMember()) {
        throw new WrongSetException(
            "the spare "
                + spare.name()
                + " is one of several of its set, or was; such a set cannot be rebuilt from tags,"
                + " use copies of its spares made before the damage");
      }
    } catch (CorruptMetadataException | NotFormattedException e) {
      // No superblock is left to ask.
    }
  }

  /** A superblock that is left over may know of an id of the device that is not told today. */
  private static BackingIdentity identity(@Nullable Superblock known, BackingIdentity backing) {
    return known == null ? backing : known.backing();
  }

  private static UUID uuidOf(long setId) {
    long high = ThreadLocalRandom.current().nextLong();
    return new UUID(high, high ^ setId);
  }

  private static RemapTable tableOf(TagSurvey survey, long blockCount, String spareName)
      throws MetadataException {
    RemapTable table = new RemapTable(blockCount);
    for (long slot = 0; slot < survey.nextSlot(); slot++) {
      long blockIndex = survey.blockOf(slot);
      if (blockIndex == NONE) {
        continue;
      }
      if (blockIndex < 0 || blockIndex >= blockCount) {
        throw new WrongSetException(
            "slot "
                + slot
                + " of the spare "
                + spareName
                + " holds block "
                + blockIndex
                + ", but the backing has only "
                + blockCount
                + " blocks; name the backing it was made for");
      }
      long known = table.targetOf(blockIndex);
      if (known == Target.HEALTHY
          || survey.sequenceOf(Target.slot(known)) <= survey.sequenceOf(slot)) {
        table.put(blockIndex, Target.remapped(slot));
      }
    }
    return table;
  }

  private static void requireReadsBack(
      BlockDevice spare, Superblock superblock, Beginning beginning) throws IOException {
    RecoveredState state;
    try {
      state = new Recovery(SpareSet.of(List.of(spare))).run(superblock.backing()).state();
    } catch (MetadataException e) {
      throw doesNotReadBack(spare, e);
    }
    if (!state.superblock.setUuid().equals(superblock.setUuid())
        || state.nextSlot != beginning.nextSlot()
        || state.table.remappedCount() != beginning.table().remappedCount()) {
      throw doesNotReadBack(spare, null);
    }
  }

  private static IOException doesNotReadBack(BlockDevice spare, @Nullable MetadataException cause) {
    return new IOException(
        "what was rebuilt on the spare "
            + spare.name()
            + " does not read back; copy the spare to a good disk and rebuild it there",
        cause);
  }

  private static TagRebuildReport report(
      TagSurvey survey, Superblock superblock, RemapTable table, List<String> lostCopies) {
    List<String> findings = new ArrayList<>(survey.findings());
    findings.addAll(lostCopies);
    if (survey.superblock() == null) {
      findings.add(
          "blocks of "
              + survey.blockSizeBytes()
              + " bytes, and the backing as it is today, were taken to be the set's");
    }
    return new TagRebuildReport(
        superblock,
        table.remappedCount(),
        survey.taggedSlots() - table.remappedCount(),
        survey.damagedTags(),
        survey.unreadableTagBlocks(),
        survey.foreignTags(),
        survey.nextSlot(),
        SpareLayout.ZONES - lostCopies.size(),
        findings,
        notVouchedFor(survey));
  }

  private static List<String> notVouchedFor(TagSurvey survey) {
    List<String> notes = new ArrayList<>();
    notes.add(
        "a tag may be of a move that was never finished: a block's contents may be newer than what"
            + " was ever acknowledged, or garbage where the disk lost its last writes");
    notes.add(
        "a block that had been moved back to the backing reads its older contents in the slot");
    notes.add(
        "a block that was known to be lost (pending) reads what its slot or the backing yields,"
            + " which may be older contents");
    notes.add("slots that had failed are forgotten, and are found out again when they are read");
    if (survey.damagedTags() > 0 || survey.unreadableTagBlocks() > 0) {
      notes.add(
          "blocks in the slots of "
              + survey.damagedTags()
              + " damaged tags and "
              + survey.unreadableTagBlocks()
              + " unreadable tag blocks are missing: they read older contents, from the backing or"
              + " an older slot");
    }
    return notes;
  }
}
