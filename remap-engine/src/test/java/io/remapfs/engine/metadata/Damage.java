package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import java.util.Arrays;

/** What can befall a 4 KiB block of a spare. */
enum Damage {
  BIT_FLIP,
  ZEROES,
  ONES,
  /** A write that was lost: what was there at an earlier moment. */
  OLD_CONTENTS,
  /** What another set of the same disk has at this place. */
  OF_ANOTHER_SET,
  /** A write that went astray: a block of this set that belongs elsewhere. */
  MISDIRECTED,
  UNREADABLE,
  UNWRITABLE;

  /** Spares that blocks are taken from: this one, as it was before, and another set's. */
  record Sources(byte[] now, byte[] before, byte[] anotherSet) {}

  /** Whether the block's bytes are other ones, or not there. */
  boolean hidesContents() {
    return this != UNWRITABLE;
  }

  /**
   * Damages one block, durably.
   *
   * @param detail the byte that flips, or where the misdirected block belongs; else of no meaning
   */
  void befall(CrashableDevice spare, long byteOffset, Sources sources, long detail)
      throws BlockDeviceException {
    switch (this) {
      case BIT_FLIP -> {
        byte[] block = blockOf(sources.now(), byteOffset);
        block[(int) detail] ^= (byte) (1 << detail % 8);
        put(spare, byteOffset, block);
      }
      case ZEROES -> put(spare, byteOffset, new byte[BlockFormat.BYTES]);
      case ONES -> {
        byte[] ones = new byte[BlockFormat.BYTES];
        Arrays.fill(ones, (byte) -1);
        put(spare, byteOffset, ones);
      }
      case OLD_CONTENTS -> put(spare, byteOffset, blockOf(sources.before(), byteOffset));
      case OF_ANOTHER_SET -> put(spare, byteOffset, blockOf(sources.anotherSet(), byteOffset));
      case MISDIRECTED -> put(spare, byteOffset, blockOf(sources.now(), detail));
      // One sector is enough.
      case UNREADABLE -> spare.fail(Operation.READ, byteOffset + 512, 512, Fault.MEDIUM);
      case UNWRITABLE -> spare.fail(Operation.WRITE, byteOffset + 512, 512, Fault.MEDIUM);
    }
  }

  private static byte[] blockOf(byte[] image, long byteOffset) {
    return Arrays.copyOfRange(image, (int) byteOffset, (int) byteOffset + BlockFormat.BYTES);
  }

  private static void put(CrashableDevice spare, long byteOffset, byte[] block)
      throws BlockDeviceException {
    IoBuffer buffer = IoBuffer.allocate(BlockFormat.BYTES);
    buffer.bytes().put(0, block);
    spare.write(byteOffset, buffer, 0, BlockFormat.BYTES);
    spare.flush();
  }
}
