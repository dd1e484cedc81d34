package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;

/**
 * Gets out of a failing block what the medium still yields: the whole block again, a few times with
 * growing pauses; then sector by sector.
 *
 * <p>One object serves one request and bounds the time that all its blocks together may spend on
 * repetitions; the sector pass is never skipped. Not thread-safe.
 */
final class Salvage {
  /** What came of it. */
  enum Outcome {
    /** The whole block, when it was read again. */
    REPEATED,
    /** The whole block, sector by sector. */
    BY_SECTORS,
    /** At least one sector is lost; lost sectors read as zeros in the buffer. */
    LOST
  }

  private final EngineContext context;
  private long deadlineNanos;
  private boolean started;

  Salvage(EngineContext context) {
    this.context = context;
  }

  /**
   * Reads one block.
   *
   * @param into receives the block at index 0
   * @param unneededFrom first byte within the block that need not be readable
   * @param unneededTo its end; equal where every byte is needed
   * @throws BlockDeviceException if the device itself fails
   */
  Outcome readBlock(
      BlockDevice device, long deviceOffset, IoBuffer into, int unneededFrom, int unneededTo)
      throws BlockDeviceException {
    long pauseNanos = context.options.firstBackoff().toNanos();
    for (int i = 0; i < context.options.retries() && hasTime(pauseNanos); i++) {
      context.clock.sleepNanos(pauseNanos);
      pauseNanos *= 2;
      if (reads(device, deviceOffset, into, 0, context.blockSizeBytes)) {
        return Outcome.REPEATED;
      }
    }
    return readSectors(device, deviceOffset, into, unneededFrom, unneededTo);
  }

  /** Reads one block once more, without repetitions: for a block known to be lost. */
  boolean readsOnce(BlockDevice device, long deviceOffset, IoBuffer into)
      throws BlockDeviceException {
    return reads(device, deviceOffset, into, 0, context.blockSizeBytes);
  }

  /** Reads each sector once. */
  Outcome readSectors(
      BlockDevice device, long deviceOffset, IoBuffer into, int unneededFrom, int unneededTo)
      throws BlockDeviceException {
    int sector = Math.max(device.sectorSizeBytes(), Math.min(512, context.blockSizeBytes));
    boolean lost = false;
    for (int at = 0; at < context.blockSizeBytes; at += sector) {
      boolean needed = at < unneededFrom || at + sector > unneededTo;
      if (!reads(device, deviceOffset + at, into, at, sector)) {
        zeroFill(into, at, sector);
        lost |= needed;
      }
    }
    return lost ? Outcome.LOST : Outcome.BY_SECTORS;
  }

  /**
   * Repeats a failed write with growing pauses.
   *
   * @return whether it went through in the end
   */
  boolean repeatWrite(BlockDevice device, long deviceOffset, IoBuffer from, int at, int lengthBytes)
      throws BlockDeviceException {
    long pauseNanos = context.options.firstBackoff().toNanos();
    for (int i = 0; i < context.options.retries() && hasTime(pauseNanos); i++) {
      context.clock.sleepNanos(pauseNanos);
      pauseNanos *= 2;
      if (writes(device, deviceOffset, from, at, lengthBytes)) {
        return true;
      }
    }
    return false;
  }

  private boolean hasTime(long pauseNanos) {
    long now = context.clock.nanoTime();
    if (!started) {
      started = true;
      deadlineNanos = now + context.options.retryBudget().toNanos();
    }
    return now + pauseNanos - deadlineNanos <= 0;
  }

  private static boolean reads(
      BlockDevice device, long byteOffset, IoBuffer into, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      device.read(byteOffset, into, at, lengthBytes);
      return true;
    } catch (MediumErrorException e) {
      return false;
    }
  }

  private static boolean writes(
      BlockDevice device, long byteOffset, IoBuffer from, int at, int lengthBytes)
      throws BlockDeviceException {
    try {
      device.write(byteOffset, from, at, lengthBytes);
      return true;
    } catch (MediumErrorException e) {
      return false;
    }
  }

  private static void zeroFill(IoBuffer buffer, int at, int lengthBytes) {
    for (int i = at; i < at + lengthBytes; i += Long.BYTES) {
      buffer.bytes().putLong(i, 0);
    }
  }
}
