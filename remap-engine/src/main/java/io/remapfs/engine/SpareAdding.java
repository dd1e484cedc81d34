package io.remapfs.engine;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import java.io.IOException;

/**
 * Adds a spare to the set of a running engine. Thread-safe; the metadata store does one at a time.
 */
final class SpareAdding {
  private final EngineContext context;

  SpareAdding(EngineContext context) {
    this.context = context;
  }

  /**
   * Adds a spare; closes the device if that fails.
   *
   * @param slotsNeeded the least slots that it must have
   */
  AddedSpare add(BlockDevice device, String pathHint, long slotsNeeded) throws IOException {
    try {
      requireSuitable(device, slotsNeeded);
      AddedSpare added = context.metadata.addSpare(device, pathHint);
      context.spareAdded();
      context.tell(
          Kind.SPARE_ADDED,
          -1,
          added.firstSlot(),
          "the spare "
              + added.name()
              + " was added, with "
              + added.slotCount()
              + " slots; it holds the metadata from now on");
      return added;
    } catch (MetadataUnavailableException e) {
      context.metadataFailed(String.valueOf(e.getMessage()));
      throw e;
    } finally {
      if (context.pool.members().live().stream().noneMatch(each -> each.device() == device)) {
        device.close();
      }
    }
  }

  private void requireSuitable(BlockDevice device, long slotsNeeded) throws IOException {
    if (context.readOnly) {
      throw DeviceErrors.readOnly(context.backing.name());
    }
    if (context.flushFailed()) {
      throw new IOException("no spare is added after a flush has failed; mount anew first");
    }
    // Requests under way were cut to the sectors of today.
    if (device.sectorSizeBytes() > context.unalignedMask + 1) {
      throw new IllegalArgumentException(
          device.name()
              + " has sectors of "
              + device.sectorSizeBytes()
              + " bytes, larger than the "
              + (context.unalignedMask + 1)
              + " of the devices in use; take another spare");
    }
    long slots = context.metadata.layoutFor(device).slotCount();
    if (slots < slotsNeeded) {
      throw new IllegalArgumentException(
          device.name()
              + " has room for "
              + slots
              + " blocks, but "
              + slotsNeeded
              + " are to be moved; give it a larger file or device");
    }
  }
}
