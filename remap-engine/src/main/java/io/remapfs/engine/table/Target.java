package io.remapfs.engine.table;

/**
 * Where the newest contents of a block are, packed into a {@code long}, so that a look-up allocates
 * nothing and an entry of the table fits in eight bytes.
 *
 * <pre>
 *   HEALTHY            -1: no entry, the contents are on the backing at the block's own place
 *   REMAPPED(slot)     bit 39 clear, bits 0..38 the slot
 *   PENDING(slot)      bit 39 set,   bits 0..38 the burnt slot that held the newest contents, or
 *                      {@link #NO_SLOT} where the unreadable backing holds them
 * </pre>
 *
 * <p>A pending block remembers the slot because its place on the backing then holds <em>older</em>
 * contents: reading them there would return stale bytes as a success.
 */
public final class Target {
  /** The block has no entry. */
  public static final long HEALTHY = -1;

  /** The number of bits of a target other than {@link #HEALTHY}. */
  public static final int BITS = 40;

  /**
   * In a pending target: no slot ever held the contents. Also the greatest slot number plus one.
   */
  public static final long NO_SLOT = (1L << 39) - 1;

  private static final long PENDING_BIT = 1L << 39;

  private Target() {}

  /**
   * The target of a block whose contents are in {@code slot}.
   *
   * @param slot 0 to {@link #NO_SLOT} - 1
   */
  public static long remapped(long slot) {
    if (slot < 0 || slot >= NO_SLOT) {
      throw new IllegalArgumentException("slot " + slot + " is out of range");
    }
    return slot;
  }

  /**
   * The target of a block whose contents are lost until it is rewritten.
   *
   * @param slotOrNoSlot the burnt slot that held them, or {@link #NO_SLOT}
   */
  public static long pending(long slotOrNoSlot) {
    if (slotOrNoSlot < 0 || slotOrNoSlot > NO_SLOT) {
      throw new IllegalArgumentException("slot " + slotOrNoSlot + " is out of range");
    }
    return PENDING_BIT | slotOrNoSlot;
  }

  /** Whether the contents are in a slot and readable. */
  public static boolean isRemapped(long target) {
    return target >= 0 && (target & PENDING_BIT) == 0;
  }

  /** Whether the contents are lost until the block is rewritten. */
  public static boolean isPending(long target) {
    return target >= 0 && (target & PENDING_BIT) != 0;
  }

  /** The slot of a remapped or pending target; {@link #NO_SLOT} for a pending one without. */
  public static long slot(long target) {
    return target & ~PENDING_BIT;
  }

  /** Whether a slot, readable or burnt, holds the newest contents; else the backing does. */
  public static boolean isInSlot(long target) {
    return target != HEALTHY && slot(target) != NO_SLOT;
  }

  /** For messages: "healthy", "remapped to slot 7", "pending". */
  public static String describe(long target) {
    if (target == HEALTHY) {
      return "healthy";
    }
    if (isRemapped(target)) {
      return "remapped to slot " + slot(target);
    }
    return slot(target) == NO_SLOT ? "pending" : "pending (was in slot " + slot(target) + ")";
  }
}
