package io.remapfs.engine.metadata;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.RemapTable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.TreeMap;

/** A small set in memory, and the moves that the tests repeat. */
public final class TestSet {
  static final int BLOCK_SIZE = 4096;
  static final BackingIdentity BACKING = new BackingIdentity(1L << 30, "SERIAL-1");

  /** Rings of 4 blocks wrap soon; 30-odd slots keep an image small. */
  static final SpareLayout SMALL = SpareLayout.of(256 * 1024, BLOCK_SIZE, 4);

  private TestSet() {}

  static CrashableDevice blank(SpareLayout layout) {
    return new CrashableDevice((int) layout.spareSizeBytes(), 512);
  }

  static CrashableDevice formatted(SpareLayout layout) throws IOException {
    CrashableDevice spare = blank(layout);
    format(spare, layout, BACKING);
    return spare;
  }

  /** Formats with a layout that the command would not choose: short rings wrap soon. */
  public static void format(CrashableDevice spare, SpareLayout layout, BackingIdentity backing)
      throws IOException {
    MetadataStore.format(spare, layout, backing);
  }

  /** Adds a spare with a layout that the command would not choose: short rings wrap soon. */
  public static void addSpare(MetadataStore store, CrashableDevice spare, int ringBlocks)
      throws IOException {
    long first = store.pool().layout().endSlot();
    long older = store.pool().slotCount();
    int blockSize = store.superblock().blockSizeBytes();
    SpareLayout layout = SpareLayout.of(spare.sizeBytes(), blockSize, ringBlocks, first, older);
    store.addSpare(spare, layout, spare.name());
  }

  static MetadataStore open(CrashableDevice spare) throws MetadataException {
    return MetadataStore.open(spare, BACKING, Access.READ_WRITE);
  }

  /** Allocates a slot, fills it with {@code content}, and commits the mapping. */
  static long map(MetadataStore store, long blockIndex, long content) throws IOException {
    long slot = store.pool().allocate();
    writeSlot(store, slot, blockIndex, content);
    store.commit(List.of(new Mapped(blockIndex, slot, Cause.WRITTEN)));
    return slot;
  }

  static void writeSlot(MetadataStore store, long slot, long blockIndex, long content)
      throws BlockDeviceException {
    IoBuffer data = IoBuffer.allocate(BLOCK_SIZE);
    for (int at = 0; at < BLOCK_SIZE; at += 8) {
      data.bytes().putLong(at, content);
    }
    store.pool().write(slot, blockIndex, store.nextSequence(), data, 0);
  }

  /** The content of a slot, or -1 if it is mixed. */
  static long slotContent(CrashableDevice spare, SpareLayout layout, long slot)
      throws BlockDeviceException {
    IoBuffer data = IoBuffer.allocate(BLOCK_SIZE);
    spare.read(layout.slotByteOffset(slot), data, 0, BLOCK_SIZE);
    ByteBuffer bytes = data.bytes();
    for (int at = 0; at < BLOCK_SIZE; at += 8) {
      if (bytes.getLong(at) != bytes.getLong(0)) {
        return -1;
      }
    }
    return bytes.getLong(0);
  }

  static TreeMap<Long, Long> entries(RemapTable table) {
    TreeMap<Long, Long> entries = new TreeMap<>();
    table.forEach(entries::put);
    return entries;
  }
}
