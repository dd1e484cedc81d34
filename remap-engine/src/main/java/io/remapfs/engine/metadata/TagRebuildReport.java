package io.remapfs.engine.metadata;

import java.util.List;

/**
 * What {@link TagRebuild} made, and what it cannot know.
 *
 * @param superblock of the rebuilt set
 * @param rebuiltBlocks blocks that are mapped to a slot now
 * @param supersededSlots slots whose tag names a block that a newer tag names too; not used
 * @param damagedTags tags of the set that fail their checksum
 * @param unreadableTagBlocks tag blocks that the medium does not yield, each of up to 128 slots
 * @param foreignTags tags of another set; not used
 * @param nextSlot the first slot that will be handed out, behind every slot that may be in use
 * @param healthyCopies copies of the metadata that could be written, 1 to 3
 * @param findings what was noticed, one line each
 * @param notVouchedFor what the rebuilt set may have wrong, one line each; never empty
 */
public record TagRebuildReport(
    Superblock superblock,
    long rebuiltBlocks,
    long supersededSlots,
    long damagedTags,
    long unreadableTagBlocks,
    long foreignTags,
    long nextSlot,
    int healthyCopies,
    List<String> findings,
    List<String> notVouchedFor) {
  public TagRebuildReport {
    findings = List.copyOf(findings);
    notVouchedFor = List.copyOf(notVouchedFor);
  }
}
