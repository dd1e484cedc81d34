package io.remapfs.it.harness;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.zip.CRC32C;

/**
 * Writes numbered generations of blocks until the file under it dies, and knows afterwards what
 * each block may read as.
 *
 * <p>Invariants, for each block: {@code flushed <= acknowledged <= issued}; only one thread writes
 * a block (block index modulo thread count), so generations reach it in order; a crash of the
 * daemon leaves any generation from {@code acknowledged} to {@code issued}, since the kernel keeps
 * what a completed write gave it; a power cut would leave any from {@code flushed}.
 */
public final class GenerationWriter {
  private static final int THREADS = 4;

  private final int blockSizeBytes;
  private final int blockCount;
  private final AtomicIntegerArray issued;
  private final AtomicIntegerArray acknowledged;
  private final AtomicIntegerArray flushed;
  private final AtomicInteger flushes = new AtomicInteger();
  private final List<Thread> threads = new ArrayList<>();

  public GenerationWriter(int blockSizeBytes, int blockCount) {
    this.blockSizeBytes = blockSizeBytes;
    this.blockCount = blockCount;
    issued = new AtomicIntegerArray(blockCount);
    acknowledged = new AtomicIntegerArray(blockCount);
    flushed = new AtomicIntegerArray(blockCount);
  }

  /** Starts writing to {@code image}, and flushing it now and then, until an error ends it. */
  public void start(Path image, long seed) {
    for (int thread = 0; thread < THREADS; thread++) {
      int residue = thread;
      Thread writer = new Thread(() -> write(image, residue, new Random(seed + residue)), "writer");
      writer.start();
      threads.add(writer);
    }
    Thread flusher = new Thread(() -> flush(image), "flusher");
    flusher.start();
    threads.add(flusher);
  }

  /** Waits until every thread met the end of the file under it. */
  public void join() throws InterruptedException {
    for (Thread thread : threads) {
      thread.join(20_000);
      if (thread.isAlive()) {
        throw new AssertionError(thread.getName() + " still hangs on the dead mount");
      }
    }
    threads.clear();
  }

  /** How many flushes were acknowledged so far. */
  public int flushes() {
    return flushes.get();
  }

  /**
   * Checks every block of {@code image} after a crash, and takes what it reads as the state to go
   * on from.
   *
   * @throws AssertionError naming the block that reads as something it cannot be
   */
  public void verify(Path image) throws IOException {
    byte[] all = Images.read(image, 0, blockSizeBytes * blockCount);
    for (int block = 0; block < blockCount; block++) {
      ByteBuffer buffer = ByteBuffer.wrap(all, block * blockSizeBytes, blockSizeBytes).slice();
      int generation = buffer.getInt(4);
      if (generation < acknowledged.get(block) || generation > issued.get(block)) {
        throw new AssertionError(
            "block %d reads generation %d; flushed %d, acknowledged %d, issued %d"
                .formatted(
                    block,
                    generation,
                    flushed.get(block),
                    acknowledged.get(block),
                    issued.get(block)));
      }
      if (!buffer.equals(contents(block, generation))) {
        throw new AssertionError("block %d of generation %d is torn".formatted(block, generation));
      }
      issued.set(block, generation);
      acknowledged.set(block, generation);
    }
  }

  private void write(Path image, int residue, Random random) {
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      while (true) {
        int block = random.nextInt(blockCount / THREADS) * THREADS + residue;
        int generation = issued.incrementAndGet(block);
        int written = channel.write(contents(block, generation), (long) block * blockSizeBytes);
        if (written != blockSizeBytes) {
          throw new AssertionError("short write of " + written);
        }
        acknowledged.set(block, generation);
      }
    } catch (IOException end) {
      // The daemon died under the write: what was issued last may or may not be there.
      return;
    }
  }

  private void flush(Path image) {
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.WRITE)) {
      int[] covered = new int[blockCount];
      while (true) {
        for (int block = 0; block < blockCount; block++) {
          covered[block] = acknowledged.get(block);
        }
        channel.force(false);
        for (int block = 0; block < blockCount; block++) {
          flushed.set(block, covered[block]);
        }
        flushes.incrementAndGet();
      }
    } catch (IOException end) {
      return;
    }
  }

  /**
   * Block index, generation, random bytes of both, and a CRC32C over all; generation 0 is zeros.
   */
  private ByteBuffer contents(int block, int generation) {
    ByteBuffer buffer = ByteBuffer.allocate(blockSizeBytes);
    if (generation > 0) {
      new Random(((long) block << 32) | generation).nextBytes(buffer.array());
      buffer.putInt(0, block).putInt(4, generation);
      CRC32C checksum = new CRC32C();
      checksum.update(buffer.array(), 0, blockSizeBytes - 4);
      buffer.putInt(blockSizeBytes - 4, (int) checksum.getValue());
    }
    return buffer;
  }
}
