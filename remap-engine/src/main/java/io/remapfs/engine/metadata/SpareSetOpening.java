package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Finds the other spares of a set from one of them: follows successors to the newest, and from
 * there asks for the older ones that still hold slots, each at the path where it was.
 */
public final class SpareSetOpening {
  /** Opens another spare of the set. */
  @FunctionalInterface
  public interface Opener {
    /**
     * Opens and locks a spare.
     *
     * @param missing says where it was, and by what it is known
     */
    BlockDevice open(MissingSpareException missing) throws IOException;
  }

  private SpareSetOpening() {}

  /**
   * Opens what the set needs besides {@code first}.
   *
   * @param first any spare that is or was of the set; it is closed if the set has no use for it any
   *     more, and is left open when this throws
   * @return the spares for {@link MetadataStore#open(List, BackingIdentity,
   *     io.remapfs.engine.device.Access)}
   * @throws MetadataException if one cannot be opened, is another file than it was, or they are no
   *     set; those that were opened are closed
   */
  public static List<BlockDevice> open(BlockDevice first, Opener opener) throws MetadataException {
    List<BlockDevice> devices = new ArrayList<>(List.of(first));
    boolean done = false;
    try {
      while (true) {
        try {
          List<BlockDevice> unneeded = SpareSet.of(devices).unneeded();
          devices.removeAll(unneeded);
          unneeded.forEach(BlockDevice::close);
          done = true;
          return devices;
        } catch (MissingSpareException e) {
          if (devices.size() > 2 * Membership.MAX_MEMBERS) {
            throw e;
          }
          devices.add(openMissing(e, opener));
        }
      }
    } finally {
      if (!done) {
        devices.stream().filter(each -> each != first).forEach(BlockDevice::close);
      }
    }
  }

  private static BlockDevice openMissing(MissingSpareException missing, Opener opener)
      throws MissingSpareException {
    BlockDevice device;
    try {
      device = opener.open(missing);
    } catch (IOException e) {
      throw because(missing, String.valueOf(e.getMessage()));
    }
    boolean right = false;
    try {
      Superblock found = MetadataStore.identify(device);
      right = found.membership().memberUuid().equals(missing.memberUuid());
    } catch (MetadataException e) {
      throw because(missing, String.valueOf(e.getMessage()));
    } finally {
      if (!right) {
        device.close();
      }
    }
    if (!right) {
      throw because(missing, "what is there now is another spare");
    }
    return device;
  }

  private static MissingSpareException because(MissingSpareException missing, String why) {
    return new MissingSpareException(
        missing.memberUuid(), missing.pathHint(), missing.getMessage() + " (" + why + ")");
  }
}
