package io.remapfs.engine.metadata;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * Hashes of a few places of the backing, taken at a clean unmount, which tell at the next mount
 * that somebody changed the backing meanwhile; and for a file the time of its last change, which
 * tells any change.
 *
 * <p>{@link SamplePlaces} chooses the places. A sample that is not wholly healthy, or cannot be
 * read, is unknown and compares equal to anything. Immutable.
 */
public final class Fingerprint {
  /** Places sampled. */
  public static final int SAMPLES = SamplePlaces.COUNT;

  /** A sample is {@code KNOWN | hash}, or 0 where it is unknown. */
  private static final long KNOWN = 1L << 63;

  private final long[] samples;
  private final long contentsStamp;

  private Fingerprint(long[] samples, long contentsStamp) {
    this.samples = samples;
    this.contentsStamp = contentsStamp;
  }

  /** A fingerprint that matches everything. */
  public static Fingerprint unknown() {
    return new Fingerprint(new long[SAMPLES], 0);
  }

  /**
   * Reads the samples. Read errors make a sample unknown; they are not reported.
   *
   * @param table says which blocks are not on the backing
   * @param blockSizeBytes the unit of remapping
   */
  public static Fingerprint take(BlockDevice backing, RemapTable table, int blockSizeBytes) {
    Sampler sampler = new Sampler(backing, table, blockSizeBytes);
    long[] places = SamplePlaces.of(backing.sizeBytes(), sampler.unitBytes, sampler::read);
    long[] samples = new long[SAMPLES];
    for (int i = 0; i < SAMPLES; i++) {
      samples[i] = sampler.sample(places[i]);
    }
    return new Fingerprint(samples, backing.contentsStamp());
  }

  /**
   * No CRC: what ends in its own checksum of that kind, as ext4's superblock does, has the same
   * checksum whatever its contents.
   */
  private static long hash(byte[] unit) {
    ByteBuffer words = ByteBuffer.wrap(unit);
    long hash = unit.length;
    while (words.remaining() >= Long.BYTES) {
      hash = (hash ^ words.getLong()) * 0x9E3779B97F4A7C15L;
      hash ^= hash >>> 32;
    }
    return hash;
  }

  /** Reads whole units of the backing, where they are on the backing. */
  private static final class Sampler {
    private final BlockDevice backing;
    private final RemapTable table;
    private final int blockSizeBytes;
    private final int unitBytes;
    private final IoBuffer buffer;

    Sampler(BlockDevice backing, RemapTable table, int blockSizeBytes) {
      this.backing = backing;
      this.table = table;
      this.blockSizeBytes = blockSizeBytes;
      this.unitBytes =
          backing.sizeBytes() < SamplePlaces.LEAST_UNIT_BYTES
              ? blockSizeBytes
              : Math.max(blockSizeBytes, SamplePlaces.LEAST_UNIT_BYTES);
      this.buffer = IoBuffer.allocate(unitBytes);
    }

    long sample(long byteOffset) {
      byte[] unit = read(byteOffset);
      if (unit.length == 0) {
        return 0;
      }
      return KNOWN | hash(unit);
    }

    /** One unit; empty where it cannot be had. */
    byte[] read(long byteOffset) {
      if (byteOffset < 0
          || byteOffset > backing.sizeBytes() - unitBytes
          || !isHealthy(byteOffset)) {
        return new byte[0];
      }
      try {
        backing.read(byteOffset, buffer, 0, unitBytes);
      } catch (BlockDeviceException e) {
        return new byte[0];
      }
      byte[] unit = new byte[unitBytes];
      buffer.bytes().get(0, unit);
      return unit;
    }

    private boolean isHealthy(long byteOffset) {
      long first = byteOffset / blockSizeBytes;
      long last = (byteOffset + unitBytes - 1) / blockSizeBytes;
      for (long blockIndex = first; blockIndex <= last; blockIndex++) {
        if (table.targetOf(blockIndex) != Target.HEALTHY) {
          return false;
        }
      }
      return true;
    }
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

  /** Whether both were last changed at the same time, as far as both know. */
  public boolean hasSameStampAs(Fingerprint other) {
    return contentsStamp == 0 || other.contentsStamp == 0 || contentsStamp == other.contentsStamp;
  }

  static Fingerprint of(long[] samples, long contentsStamp) {
    return new Fingerprint(Arrays.copyOf(samples, SAMPLES), contentsStamp);
  }

  long sampleAt(int index) {
    return samples[index];
  }

  long contentsStamp() {
    return contentsStamp;
  }
}
