package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.List;

/**
 * What the blocks of a set that {@link TagRebuild} made read, in their slots and in their own
 * places on the backing: which of them are beyond doubt, and which nobody can vouch for.
 *
 * @param alike blocks whose slot and place read the same: it does not matter which is right
 * @param onlyInSlot blocks whose own place cannot be read: the slot is all there is
 * @param inDoubt blocks, ascending, whose slot and place differ: the slot's contents are used, and
 *     are the newer ones unless the block had been moved back, or its move was never finished
 * @param unreadable blocks, ascending, whose slot cannot be read: reading them will fail
 */
public record RebuiltBlocks(
    long alike, long onlyInSlot, List<Long> inDoubt, List<Long> unreadable) {
  public RebuiltBlocks {
    inDoubt = List.copyOf(inDoubt);
    unreadable = List.copyOf(unreadable);
  }

  /** Reads every mapped block in both of its places; writes nothing. */
  public static RebuiltBlocks compare(MetadataStore store, BlockDevice backing) {
    SpareLayout layout = store.pool().layout();
    int size = layout.blockSizeBytes();
    IoBuffer slotData = IoBuffer.allocate(size);
    IoBuffer diskData = IoBuffer.allocate(size);
    long[] counts = new long[2];
    List<Long> inDoubt = new ArrayList<>();
    List<Long> unreadable = new ArrayList<>();
    store
        .table()
        .forEach(
            (blockIndex, target) -> {
              long slotOffset = layout.slotByteOffset(Target.slot(target));
              // The backing's last block may be short.
              long rest = backing.sizeBytes() - blockIndex * size;
              int length = (int) Math.min(size, rest - rest % backing.sectorSizeBytes());
              if (!reads(store.spare(), slotOffset, slotData, size)) {
                unreadable.add(blockIndex);
              } else if (!reads(backing, blockIndex * size, diskData, length)) {
                counts[1]++;
              } else if (diskData
                      .bytes()
                      .slice(0, length)
                      .mismatch(slotData.bytes().slice(0, length))
                  >= 0) {
                inDoubt.add(blockIndex);
              } else {
                counts[0]++;
              }
            });
    return new RebuiltBlocks(counts[0], counts[1], inDoubt, unreadable);
  }

  private static boolean reads(BlockDevice device, long byteOffset, IoBuffer buffer, int length) {
    try {
      device.read(byteOffset, buffer, 0, length);
      return true;
    } catch (BlockDeviceException e) {
      return false;
    }
  }
}
