package io.remapfs.engine;

/**
 * Where an entered transfer goes ({@link StraightPath}). Made once by whoever transfers, and filled
 * in anew at each entry, since entries allocate nothing. Not thread-safe: it is its transfer's.
 */
public final class TransferPlace {
  private int descriptor;
  private long byteOffset;
  private boolean onSpare;

  void set(int newDescriptor, long newByteOffset, boolean newOnSpare) {
    descriptor = newDescriptor;
    byteOffset = newByteOffset;
    onSpare = newOnSpare;
  }

  /** Takes over what another says. */
  public void copy(TransferPlace from) {
    set(from.descriptor, from.byteOffset, from.onSpare);
  }

  /** The descriptor of the device. */
  public int descriptor() {
    return descriptor;
  }

  /** The first byte on the device. */
  public long byteOffset() {
    return byteOffset;
  }

  /** Whether the device is a spare, and the range in its slots. */
  public boolean isOnSpare() {
    return onSpare;
  }
}
