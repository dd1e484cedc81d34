package io.remapfs.engine.metadata;

import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.CheckpointFormat.Header;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import java.nio.ByteBuffer;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Writes one checkpoint to every healthy copy, a chunk of blocks at a time, without holding it
 * whole in memory. It does not flush. Not thread-safe; for one checkpoint.
 */
final class CheckpointWriter {
  private final Zones zones;
  private final SpareLayout layout;
  private final UUID setUuid;
  private final int area;
  private final Header header;
  private final IoBuffer chunk;

  private int blocksBegun;
  private int filledInBlock;
  private long entriesWritten;
  private @Nullable MetadataUnavailableException failure;

  /**
   * Prepares to write.
   *
   * @param area 0 for A, 1 for B; never the one that holds the newest durable checkpoint
   * @param chunk memory of a whole number of metadata blocks
   */
  CheckpointWriter(
      Zones zones, SpareLayout layout, UUID setUuid, int area, Header header, IoBuffer chunk) {
    this.zones = zones;
    this.layout = layout;
    this.setUuid = setUuid;
    this.area = area;
    this.header = header;
    this.chunk = chunk;
  }

  /**
   * Writes header, entries and burnt map.
   *
   * @param table must not change meanwhile
   * @throws MetadataUnavailableException if no copy took it
   */
  void write(RemapTable table, long[] burntWords) throws MetadataUnavailableException {
    CheckpointFormat.encodeHeader(chunk.bytes(), 0, setUuid, header);
    blocksBegun = 1;
    filledInBlock = CheckpointFormat.ENTRIES_PER_BLOCK;
    table.forEach(this::entry);
    throwFailure();
    if (entriesWritten != header.entries()) {
      throw new IllegalStateException(
          "the table has " + entriesWritten + " entries but counts " + header.entries());
    }
    filledInBlock = CheckpointFormat.WORDS_PER_BLOCK;
    for (long word : burntWords) {
      word(word);
    }
    throwFailure();
    if (blocksBegun != header.blocks()) {
      throw new IllegalStateException(blocksBegun + " blocks, not " + header.blocks());
    }
    sealLastBlock();
    flushChunk();
    throwFailure();
  }

  private void entry(long blockIndex, long target) {
    if (filledInBlock == CheckpointFormat.ENTRIES_PER_BLOCK) {
      beginBlock();
    }
    int at = lastBlockAt() + CheckpointFormat.BODY_AT + 16 * filledInBlock;
    chunk.bytes().putLong(at, blockIndex);
    chunk.bytes().putLong(at + 8, target);
    filledInBlock++;
    entriesWritten++;
  }

  private void word(long word) {
    if (filledInBlock == CheckpointFormat.WORDS_PER_BLOCK) {
      beginBlock();
    }
    chunk.bytes().putLong(lastBlockAt() + CheckpointFormat.BODY_AT + 8 * filledInBlock, word);
    filledInBlock++;
  }

  private void beginBlock() {
    sealLastBlock();
    if (blocksBegun % chunkBlocks() == 0) {
      flushChunk();
    }
    int index = blocksBegun++;
    CheckpointFormat.begin(chunk.bytes(), lastBlockAt(), setUuid, header, index);
    filledInBlock = 0;
  }

  private void sealLastBlock() {
    ByteBuffer bytes = chunk.bytes();
    BlockFormat.seal(bytes, lastBlockAt());
  }

  /** Writes the blocks of the chunk that were begun. The table's visitor cannot throw, so note. */
  private void flushChunk() {
    if (failure != null) {
      return;
    }
    int first = (blocksBegun - 1) / chunkBlocks() * chunkBlocks();
    try {
      zones.write(
          zone -> layout.checkpointOffset(zone, area, first),
          chunk,
          0,
          (blocksBegun - first) * BlockFormat.BYTES);
    } catch (MetadataUnavailableException e) {
      failure = e;
    }
  }

  private int lastBlockAt() {
    return (blocksBegun - 1) % chunkBlocks() * BlockFormat.BYTES;
  }

  private int chunkBlocks() {
    return chunk.capacityBytes() / BlockFormat.BYTES;
  }

  private void throwFailure() throws MetadataUnavailableException {
    if (failure != null) {
      throw failure;
    }
  }
}
