package io.remapfs.engine.metadata;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/**
 * A moment in the life of a set at which the tests damage its spare, and what then counts. The life
 * is this one; journal block <i>n</i> lies at place <i>n mod 4</i> of the ring:
 *
 * <pre>
 *   format                     checkpoint 1 in area A
 *   journal 1 to 4             records of every kind
 *   ring is full               checkpoint 2 in area B: contains 1 to 4
 *   journal 5                  what OLD_CONTENTS are of
 *   superblocks rewritten
 *   journal 6 to 8
 *   ring is full               checkpoint 3 in area A: contains 5 to 8       CHECKPOINTED
 *   journal 9 to 12            over 5 to 8
 *   ring is full               checkpoint 4 in area B: contains 9 to 12
 *   journal 13 to 15           over 9 to 11                                  WRAPPED
 * </pre>
 */
enum DamagedMoment {
  /** All is in the newest checkpoint, and in the one before it with the journal, too. */
  CHECKPOINTED,
  /** The newest checkpoint and the three journal blocks after it are all needed. */
  WRAPPED;

  static final SpareLayout LAYOUT = TestSet.SMALL;

  /** Where a block lies in its zone; the same in each of the three. */
  enum Kind {
    SUPERBLOCK,
    AREA_A,
    AREA_B,
    RING
  }

  /** A metadata block that each zone has at {@code index} of its kind. */
  record Place(Kind kind, int index) {
    long offsetIn(int zone) {
      return switch (kind) {
        case SUPERBLOCK -> LAYOUT.superblockOffset(zone);
        case AREA_A -> LAYOUT.checkpointOffset(zone, 0, index);
        case AREA_B -> LAYOUT.checkpointOffset(zone, 1, index);
        case RING -> LAYOUT.ringOffset(zone) + (long) index * BlockFormat.BYTES;
      };
    }
  }

  /** Every metadata block of a zone. */
  static List<Place> places() {
    List<Place> places = new ArrayList<>(List.of(new Place(Kind.SUPERBLOCK, 0)));
    for (int i = 0; i < LAYOUT.checkpointBlocks(); i++) {
      places.add(new Place(Kind.AREA_A, i));
      places.add(new Place(Kind.AREA_B, i));
    }
    for (int i = 0; i < LAYOUT.ringBlocks(); i++) {
      places.add(new Place(Kind.RING, i));
    }
    return places;
  }

  /**
   * The spare at this moment.
   *
   * @param image what is durable
   * @param oldContents what was durable after journal block 5
   * @param entries what the table says
   * @param entriesBefore what it said before the last commit
   * @param burnt the slots that failed
   * @param nextSlot the first slot that nobody had
   */
  record Life(
      byte[] image,
      byte[] oldContents,
      TreeMap<Long, Long> entries,
      TreeMap<Long, Long> entriesBefore,
      List<Long> burnt,
      long nextSlot) {}

  /** Lives a set's life up to this moment; another one each time, by its UUID. */
  Life live() throws IOException {
    CrashableDevice spare = TestSet.formatted(LAYOUT);
    MetadataStore store = TestSet.open(spare);
    store.markOpened();
    final long bad = TestSet.map(store, 0, 1);
    TestSet.map(store, 7, 2);
    store.commit(List.of(new Burnt(bad), new Pending(0, bad), new Pending(500, Target.NO_SLOT)));
    TestSet.map(store, 14, 3);
    final byte[] old = spare.durableImage();
    store.rewriteSuperblock(each -> each.withSpareId("known since"));
    for (int i = 0; i < 3; i++) {
      TestSet.map(store, 21 + 7 * i, 4 + i);
    }
    TreeMap<Long, Long> before = TestSet.entries(store.table());
    if (this == CHECKPOINTED) {
      store.checkpoint();
    } else {
      for (int i = 0; i < 5; i++) {
        TestSet.map(store, 42 + 7 * i, 7 + i);
      }
      store.commit(List.of(new Pending(501, Target.NO_SLOT)));
      before = TestSet.entries(store.table());
      TestSet.map(store, 49, 12);
    }
    return new Life(
        spare.durableImage(),
        old,
        TestSet.entries(store.table()),
        before,
        List.of(bad),
        store.pool().nextSlot());
  }

  /** The area that does not hold the newest checkpoint: the next one is written there. */
  Kind idleArea() {
    return this == CHECKPOINTED ? Kind.AREA_B : Kind.AREA_A;
  }

  /** Whether recovery needs a good copy of this block, or of what it stands for. */
  boolean counts(Place place) {
    return switch (place.kind()) {
      case SUPERBLOCK -> true;
      case AREA_A, AREA_B -> place.kind() != idleArea();
      case RING -> this == WRAPPED && place.index() != 0;
    };
  }

  /** Whether the newest commit of all is in this block, and nowhere else. */
  boolean isNewestCommit(Place place) {
    return this == WRAPPED && place.kind() == Kind.RING && place.index() == 3;
  }
}
