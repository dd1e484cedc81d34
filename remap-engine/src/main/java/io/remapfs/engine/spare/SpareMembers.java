package io.remapfs.engine.spare;

import java.util.ArrayList;
import java.util.List;

/**
 * The spares of a set at one time, in the order of their slots.
 *
 * <p><b>Invariants.</b> (1) Slot numbers ascend and no two spares share one. (2) The last one is
 * the head, which holds the metadata. (3) Released spares hold no block any more; they stay
 * addressable, because a reader that asked the table before may still be on its way to one.
 *
 * <p>Immutable and thread-safe.
 */
public final class SpareMembers {
  private final List<SpareMember> live;
  private final List<SpareMember> released;
  private final SpareMember[] all;
  private final long slotCount;

  private SpareMembers(List<SpareMember> live, List<SpareMember> released) {
    this.live = List.copyOf(live);
    this.released = List.copyOf(released);
    List<SpareMember> both = new ArrayList<>(live);
    both.addAll(released);
    this.all = both.toArray(new SpareMember[0]);
    this.slotCount = live.stream().mapToLong(each -> each.layout().slotCount()).sum();
    for (int i = 1; i < live.size(); i++) {
      if (live.get(i).layout().firstSlot() < live.get(i - 1).layout().endSlot()) {
        throw new IllegalStateException("two spares share slot numbers");
      }
    }
  }

  /**
   * The spares of a set.
   *
   * @param live at least one, the oldest first
   */
  public static SpareMembers of(List<SpareMember> live) {
    return new SpareMembers(live, List.of());
  }

  SpareMembers with(SpareMember added) {
    List<SpareMember> more = new ArrayList<>(live);
    more.add(added);
    return new SpareMembers(more, released);
  }

  SpareMembers without(List<SpareMember> gone) {
    List<SpareMember> left = new ArrayList<>(live);
    left.removeAll(gone);
    List<SpareMember> more = new ArrayList<>(released);
    more.addAll(gone);
    return new SpareMembers(left, more);
  }

  /** The spares that hold blocks, or may; the oldest first, the head last. */
  public List<SpareMember> live() {
    return live;
  }

  /** The spares that were released since open; they are still to be closed. */
  public List<SpareMember> released() {
    return released;
  }

  /** The spare that was added last. */
  public SpareMember head() {
    return live.get(live.size() - 1);
  }

  /**
   * The spare that has a slot.
   *
   * @throws IllegalArgumentException if none has, or ever had
   */
  public SpareMember of(long slot) {
    for (SpareMember each : all) {
      if (each.has(slot)) {
        return each;
      }
    }
    throw new IllegalArgumentException("no spare has slot " + slot);
  }

  /** Whether a spare that was not released has the slot. */
  public boolean hasLive(long slot) {
    for (SpareMember each : live) {
      if (each.has(slot)) {
        return true;
      }
    }
    return false;
  }

  /** Slots of all spares that were not released. */
  public long slotCount() {
    return slotCount;
  }
}
