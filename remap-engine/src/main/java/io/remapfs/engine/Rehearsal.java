package io.remapfs.engine;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.Arrays;

/**
 * Plays one bad block through on disks in memory: salvaged, lost, rewritten, flushed, closed.
 *
 * <p>The first real bad block may come when the kernel is short of memory and waits for us to write
 * its pages. Loading classes then means reading files, perhaps from the very disk that hangs; so
 * all that an error needs is loaded while the machine is still well.
 */
public final class Rehearsal {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 16;
  private static final int SALVAGED_BLOCK = 3;
  private static final int LOST_BLOCK = 7;

  private Rehearsal() {}

  /**
   * Plays it through. Takes some tens of milliseconds and about 1 MiB of heap, for a moment.
   *
   * @throws IllegalStateException if it went wrong: this program must not be trusted with a disk
   */
  public static void run() {
    try {
      play();
    } catch (IOException e) {
      throw new IllegalStateException("the rehearsal of a bad block failed", e);
    }
  }

  private static void play() throws IOException {
    MemoryDisk backing = new MemoryDisk(BLOCKS * BLOCK_BYTES);
    MemoryDisk spare = new MemoryDisk((int) SpareLayout.minimumBytes(BLOCK_BYTES));
    MetadataStore.format(spare, BLOCK_BYTES, new BackingIdentity(backing.sizeBytes(), ""));
    MetadataStore metadata = MetadataStore.open(spare, null, Access.READ_WRITE);
    metadata.markOpened();
    EngineOptions options = EngineOptions.defaults();
    RemapEngine engine =
        RemapEngine.open(
            backing, metadata, options, EngineListener.NONE, Access.READ_WRITE, new Impatient());
    IoBuffer buffer = IoBuffer.allocate(BLOCKS * BLOCK_BYTES);
    // The request, its repetition under the guard, and each half down to the block.
    backing.refuseReads(SALVAGED_BLOCK, 6);
    engine.read(0, buffer, 0, BLOCKS * BLOCK_BYTES);
    backing.refuseReads(LOST_BLOCK, Integer.MAX_VALUE);
    readLostBlock(engine, buffer);
    engine.write(LOST_BLOCK * BLOCK_BYTES, buffer, 0, BLOCK_BYTES);
    engine.write(100, buffer, 0, 100);
    engine.zero(0, 2 * BLOCK_BYTES, true);
    engine.flush();
    engine.housekeeping();
    EngineStatus status = engine.status();
    engine.close();
    if (status.remappedBlocks() != 2 || status.pendingBlocks() != 0) {
      throw new IllegalStateException("the rehearsal of a bad block ended otherwise: " + status);
    }
  }

  private static void readLostBlock(RemapEngine engine, IoBuffer buffer)
      throws BlockDeviceException {
    try {
      engine.read(LOST_BLOCK * BLOCK_BYTES, buffer, 0, BLOCK_BYTES);
      throw new IllegalStateException("the rehearsal read a block that cannot be read");
    } catch (MediumErrorException expected) {
      engine.forEachEntry((blockIndex, target) -> Target.describe(target));
    }
  }

  /** Does not wait between repetitions. */
  private static final class Impatient implements EngineClock {
    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public void sleepNanos(long nanos) {}
  }

  /** A disk of zeros on the heap, one block of which can refuse to be read. */
  private static final class MemoryDisk implements BlockDevice {
    private final byte[] bytes;
    private long refusedOffset = -1;
    private int refusalsLeft;

    MemoryDisk(int sizeBytes) {
      this.bytes = new byte[sizeBytes];
    }

    void refuseReads(int block, int times) {
      refusedOffset = (long) block * BLOCK_BYTES;
      refusalsLeft = times;
    }

    @Override
    public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws MediumErrorException {
      boolean refused = byteOffset <= refusedOffset && refusedOffset < byteOffset + lengthBytes;
      if (refused && refusalsLeft > 0) {
        refusalsLeft--;
        throw new MediumErrorException("rehearsed", Errno.EIO, byteOffset, lengthBytes);
      }
      buffer.bytes().put(at, bytes, (int) byteOffset, lengthBytes);
    }

    @Override
    public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes) {
      buffer.bytes().get(at, bytes, (int) byteOffset, lengthBytes);
    }

    @Override
    public void flush() {}

    @Override
    public void zero(long byteOffset, long lengthBytes, boolean deallocate) {
      Arrays.fill(bytes, (int) byteOffset, (int) (byteOffset + lengthBytes), (byte) 0);
    }

    @Override
    public long sizeBytes() {
      return bytes.length;
    }

    @Override
    public int sectorSizeBytes() {
      return 512;
    }

    @Override
    public String name() {
      return "rehearsal";
    }

    @Override
    public void close() {}
  }
}
