package io.remapfs.engine.metadata;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.MetadataRecord.Burnt;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Pending;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import io.remapfs.fuzz.Expect;
import io.remapfs.fuzz.MemoryDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A spare of 256 KiB with something of everything, for targets to damage, and what must hold of any
 * spare that opens.
 *
 * <p>Its last run was killed: four remapped blocks, a pending one and a burnt slot; the checkpoint
 * in force has sequence {@value #CHECKPOINT_SEQUENCE}, and one journal block follows it.
 */
final class SmallSpare {
  static final int BLOCK_SIZE = 4096;
  static final BackingIdentity BACKING = new BackingIdentity(1 << 20, "SERIAL-1");
  static final SpareLayout LAYOUT = SpareLayout.of(256 * 1024, BLOCK_SIZE, 4);
  static final long CHECKPOINT_SEQUENCE = 5;

  /** Two opens and a rebuild, each with loaders of 1.5 MiB and a table of at most 2 MiB. */
  static final long OPEN_BYTES = 48 << 20;

  private static final byte[] IMAGE;
  private static final UUID SET_UUID;

  static {
    try {
      MemoryDevice device = new MemoryDevice(new byte[(int) LAYOUT.spareSizeBytes()]);
      SET_UUID = MetadataStore.format(device, LAYOUT, BACKING).setUuid();
      MetadataStore store = MetadataStore.open(device, BACKING, Access.READ_WRITE);
      store.markOpened();
      for (long block = 10; block < 13; block++) {
        map(store, block);
      }
      long slot = store.pool().allocate();
      store.commit(List.of(new Burnt(slot), new Pending(20, Target.NO_SLOT)));
      store.checkpoint();
      map(store, 30);
      IMAGE = device.image();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private SmallSpare() {}

  /** A fresh copy. */
  static MemoryDevice copy() {
    return new MemoryDevice(IMAGE.clone());
  }

  static UUID setUuid() {
    return SET_UUID;
  }

  private static void map(MetadataStore store, long block) throws IOException {
    long slot = store.pool().allocate();
    IoBuffer data = IoBuffer.allocate(BLOCK_SIZE);
    store.pool().write(slot, block, store.nextSequence(), data, 0);
    store.commit(List.of(new Mapped(block, slot, Cause.WRITTEN)));
  }

  /** Writes a metadata block's magic, version and set, and its checksum, over {@code block}. */
  static void makeOurs(byte[] block, long magic) {
    ByteBuffer bytes = ByteBuffer.wrap(block);
    bytes.putLong(BlockFormat.MAGIC_AT, magic);
    bytes.putInt(BlockFormat.VERSION_AT, BlockFormat.VERSION);
    bytes.putLong(BlockFormat.SET_AT, SET_UUID.getMostSignificantBits());
    bytes.putLong(BlockFormat.SET_AT + 8, SET_UUID.getLeastSignificantBits());
    BlockFormat.seal(bytes, 0);
  }

  /** Puts a part of an input into a block: as much as there is, and as fits. */
  static void put(byte[] input, int from, byte[] block, int at, int most) {
    int count = Math.min(most, Math.min(input.length - from, block.length - at));
    if (count > 0) {
      System.arraycopy(input, from, block, at, count);
    }
  }

  static void write(MemoryDevice device, long byteOffset, byte[] block) {
    System.arraycopy(block, 0, device.image(), (int) byteOffset, block.length);
  }

  /**
   * Opens a spare, whatever is on it. If it is refused, nothing was written; if it opens, its table
   * makes sense, the next open finds the same, and it takes one more mapping for good.
   */
  static void open(MemoryDevice device) {
    Expect.allocatingAtMost(
        OPEN_BYTES,
        () -> {
          MetadataStore store = tryOpen(device);
          if (store == null) {
            return;
          }
          requireSound(store);
          MetadataStore again = MetadataStore.open(device, null, Access.READ_WRITE);
          requireSame(store, again);
          long slot = again.pool().allocate();
          if (slot >= 0) {
            again.commit(List.of(new Mapped(0, slot, Cause.WRITTEN)));
            MetadataStore later = MetadataStore.open(device, null, Access.READ_WRITE);
            requireSame(again, later);
            Expect.that(
                later.table().targetOf(0) == Target.remapped(slot), "a commit was forgotten");
          }
        });
  }

  private static @Nullable MetadataStore tryOpen(MemoryDevice device) {
    byte[] before = device.image().clone();
    try {
      return MetadataStore.open(device, null, Access.READ_WRITE);
    } catch (MetadataException refusal) {
      Expect.that(refusal.getMessage() != null, "a refusal without a sentence");
      Expect.that(Arrays.equals(before, device.image()), "a refusal changed the spare");
      return null;
    }
  }

  private static void requireSound(MetadataStore store) {
    BitSet seen = new BitSet();
    store
        .table()
        .forEach(
            (block, target) -> {
              Expect.that(block < store.table().blockCount(), "block %d", block);
              long slot = Target.slot(target);
              if (Target.isRemapped(target) || slot != Target.NO_SLOT) {
                Expect.that(store.pool().isAllocated(slot), "slot %d is handed out twice", slot);
                Expect.that(!seen.get((int) slot), "two blocks in slot %d", slot);
                seen.set((int) slot);
              }
            });
  }

  private static void requireSame(MetadataStore one, MetadataStore other) {
    Expect.that(entries(one).equals(entries(other)), "the next open finds other mappings");
    Expect.that(one.pool().nextSlot() <= other.pool().nextSlot(), "slots are handed out again");
    long limit = one.pool().nextSlot();
    Expect.that(
        Arrays.equals(one.pool().burntWords(limit), other.pool().burntWords(limit)),
        "the next open finds other burnt slots");
  }

  private static TreeMap<Long, Long> entries(MetadataStore store) {
    TreeMap<Long, Long> entries = new TreeMap<>();
    store.table().forEach(entries::put);
    return entries;
  }
}
