package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.Arrays;
import java.util.zip.CRC32C;

/**
 * Checksums of a few blocks of the backing, taken at a clean unmount, which tell at the next mount
 * that somebody changed the backing meanwhile.
 *
 * <p>Sampled are the first 17 blocks, where file systems keep what changes on every mount, and 31
 * spread evenly. A block that is not healthy, or cannot be read, is unknown and compares equal to
 * anything. Immutable.
 */
public final class Fingerprint {
  /** Blocks sampled. */
  public static final int SAMPLES = 48;

  private static final int LEADING = 17;
  private static final int SPREAD = SAMPLES - LEADING;

  /** A sample is {@code KNOWN | crc32c}, or 0 where it is unknown. */
  private static final long KNOWN = 1L << 63;

  private final long[] samples;

  private Fingerprint(long[] samples) {
    this.samples = samples;
  }

  /** A fingerprint that matches everything. */
  public static Fingerprint unknown() {
    return new Fingerprint(new long[SAMPLES]);
  }

  /**
   * Reads the samples. Read errors make a sample unknown; they are not reported.
   *
   * @param table says which blocks are not on the backing
   * @param blockSizeBytes the unit of remapping
   */
  public static Fingerprint take(BlockDevice backing, RemapTable table, int blockSizeBytes) {
    long blockCount = backing.sizeBytes() / blockSizeBytes;
    long[] samples = new long[SAMPLES];
    IoBuffer buffer = IoBuffer.allocate(blockSizeBytes);
    for (int i = 0; i < SAMPLES; i++) {
      long blockIndex = i < LEADING ? i : (blockCount - 1) / SPREAD * (i - LEADING + 1);
      if (blockIndex >= 0
          && blockIndex < blockCount
          && table.targetOf(blockIndex) == Target.HEALTHY) {
        samples[i] = sample(backing, blockIndex * blockSizeBytes, buffer, blockSizeBytes);
      }
    }
    return new Fingerprint(samples);
  }

  private static long sample(BlockDevice backing, long offset, IoBuffer buffer, int lengthBytes) {
    try {
      backing.read(offset, buffer, 0, lengthBytes);
    } catch (BlockDeviceException e) {
      return 0;
    }
    CRC32C crc = new CRC32C();
    crc.update(buffer.bytes().slice(0, lengthBytes));
    return KNOWN | crc.getValue();
  }

  /** Whether no sample that both know differs. */
  public boolean matches(Fingerprint other) {
    for (int i = 0; i < SAMPLES; i++) {
      if (samples[i] != 0 && other.samples[i] != 0 && samples[i] != other.samples[i]) {
        return false;
      }
    }
    return true;
  }

  static Fingerprint ofSamples(long[] samples) {
    return new Fingerprint(Arrays.copyOf(samples, SAMPLES));
  }

  long sampleAt(int index) {
    return samples[index];
  }
}
