package io.remapfs.engine;

import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.table.Target;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the remap table and the burnt slots are in the course of one history, one {@link Published}
 * after the other.
 *
 * <p>They are noted when the history is rehearsed, so that when it is played each power cut can be
 * held against the one before it and the one that was under way.
 */
final class Publications {
  private final List<Published> all;
  private final boolean rehearsal;
  private int index;

  /** Slots that any published table named since the last format, and whose they are. */
  private final Map<Long, Long> slotOwners = new HashMap<>();

  /** The remap table and the burnt slots, as published at one time. */
  record Published(TreeMap<Long, Long> entries, BitSet burnt) {
    static final Published NOTHING = new Published(new TreeMap<>(), new BitSet());

    static Published by(MetadataStore metadata) {
      TreeMap<Long, Long> entries = new TreeMap<>();
      metadata.table().forEach(entries::put);
      BitSet burnt = new BitSet();
      for (int slot = 0; slot < metadata.pool().nextSlot(); slot++) {
        burnt.set(slot, metadata.pool().isBurnt(slot));
      }
      return new Published(entries, burnt);
    }
  }

  private Publications(List<Published> all, boolean rehearsal) {
    this.all = all;
    this.rehearsal = rehearsal;
  }

  /** To be noted for the first time. */
  static Publications rehearsed() {
    return new Publications(new ArrayList<>(List.of(Published.NOTHING)), true);
  }

  /** The same again, from the beginning. */
  Publications played() {
    return new Publications(List.copyOf(all), false);
  }

  boolean isRehearsal() {
    return rehearsal;
  }

  /** Takes what is published now, and says whether that is a change. */
  boolean observe(Published now) {
    Published before = all.get(index);
    if (now.equals(before)) {
      return false;
    }
    next(now);
    now.entries()
        .forEach(
            (block, target) -> {
              if (Target.isRemapped(target) && !target.equals(before.entries().get(block))) {
                Long owner = slotOwners.put(Target.slot(target), block);
                require(owner == null, "slot " + Target.slot(target) + " was handed out twice");
              }
            });
    return true;
  }

  /** A new set begins: nothing is mapped, and all slots are free. */
  void formatted() {
    slotOwners.clear();
    next(Published.NOTHING);
  }

  private void next(Published now) {
    index++;
    if (rehearsal) {
      all.add(now);
    }
    require(index < all.size() && now.equals(all.get(index)), "the script does not repeat itself");
  }

  /** Whether a recovery may find this now: what was published last, or is published next. */
  boolean mayBeFound(Published found) {
    boolean next = index + 1 < all.size() && found.equals(all.get(index + 1));
    return next || found.equals(all.get(index));
  }

  /** The block that a slot was ever published for, by slot. */
  Map<Long, Long> slotOwners() {
    return slotOwners;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(otherwise);
    }
  }

  @Override
  public String toString() {
    return all.get(index).toString();
  }
}
