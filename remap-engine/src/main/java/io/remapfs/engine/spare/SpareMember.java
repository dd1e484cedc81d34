package io.remapfs.engine.spare;

import io.remapfs.engine.device.BlockDevice;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * One spare of a set: its device, and which slot numbers of the set lie where on it.
 *
 * <p>Thread-safe.
 */
public final class SpareMember {
  private final BlockDevice device;
  private final SpareLayout layout;
  private final UUID memberUuid;

  /** Whether slots were written since the last {@link #takeUnflushed}. */
  private final AtomicBoolean unflushed = new AtomicBoolean();

  /**
   * A spare of a set.
   *
   * @param layout also says which slot numbers it has
   * @param memberUuid its name in the superblocks
   */
  public SpareMember(BlockDevice device, SpareLayout layout, UUID memberUuid) {
    this.device = device;
    this.layout = layout;
    this.memberUuid = memberUuid;
  }

  public BlockDevice device() {
    return device;
  }

  public SpareLayout layout() {
    return layout;
  }

  public UUID memberUuid() {
    return memberUuid;
  }

  /** Whether it has the slot of this number. */
  public boolean has(long slot) {
    return slot >= layout.firstSlot() && slot < layout.endSlot();
  }

  /** Where the bytes of a slot that it {@link #has} begin on its device. */
  public long slotByteOffset(long slot) {
    return layout.slotByteOffset(slot - layout.firstSlot());
  }

  /** How many slots lie one behind the other from {@code slot} on, itself included. */
  public int contiguousSlots(long slot) {
    return layout.contiguousSlots(slot - layout.firstSlot());
  }

  long tagBlockOffset(long slot) {
    return layout.tagBlockOffset(slot - layout.firstSlot());
  }

  int tagIndex(long slot) {
    return layout.tagIndex(slot - layout.firstSlot());
  }

  void noteWritten() {
    unflushed.set(true);
  }

  /**
   * Whether slots were written since this was last asked. Ask before a flush: what is written from
   * then on is said the next time.
   */
  public boolean takeUnflushed() {
    return unflushed.getAndSet(false);
  }
}
