package io.remapfs.health.store;

import java.util.UUID;

/**
 * The disk that a health file belongs to, and how its regions lie on it.
 *
 * @param setUuid the set of spares that the disk has
 * @param blockCount blocks of the disk, greater than 0
 * @param blockSizeBytes bytes of a block
 */
public record HealthGeometry(UUID setUuid, long blockCount, int blockSizeBytes) {
  /** Blocks of a region, as a power of two: 16 MiB of blocks of 4 KiB. */
  private static final int LEAST_REGION_SHIFT = 12;

  /** The most regions that a disk has; on a larger disk they are larger. */
  public static final int MAX_REGIONS = 1 << 20;

  public HealthGeometry {
    if (blockCount <= 0 || blockSizeBytes <= 0) {
      throw new IllegalArgumentException(blockCount + " blocks of " + blockSizeBytes + " bytes");
    }
  }

  /** Of a disk of {@code sizeBytes}; a last block that is not whole counts. */
  public static HealthGeometry of(UUID setUuid, long sizeBytes, int blockSizeBytes) {
    return new HealthGeometry(setUuid, (sizeBytes - 1) / blockSizeBytes + 1, blockSizeBytes);
  }

  /** Blocks of a region are 2 to the power of this. */
  public int regionShift() {
    int shift = LEAST_REGION_SHIFT;
    while ((blockCount - 1) >>> shift >= MAX_REGIONS) {
      shift++;
    }
    return shift;
  }

  /** Regions of the disk, 1 to {@value #MAX_REGIONS}. */
  public int regionCount() {
    return (int) ((blockCount - 1) >>> regionShift()) + 1;
  }

  /** The region of a block; a block behind the end counts to the last region. */
  public int regionOf(long blockIndex) {
    return (int) Math.min(Math.max(blockIndex, 0) >>> regionShift(), regionCount() - 1L);
  }

  /** The first block of a region. */
  public long firstBlock(int region) {
    return (long) region << regionShift();
  }

  /** Blocks of a region; the last one may have fewer than the others. */
  public long blocksIn(int region) {
    return Math.min(1L << regionShift(), blockCount - firstBlock(region));
  }
}
