package io.remapfs.engine.device;

/**
 * The one seam of the engine: bytes at positions, on a disk, a file, or a test's simulated disk.
 *
 * <p>The contract, which every implementation keeps and {@code BlockDeviceContract} tests:
 *
 * <ul>
 *   <li>Every call is positional and thread-safe; calls do not share state.
 *   <li>{@code read} and {@code write} transfer the whole range or throw. After a throw, a failed
 *       read's buffer contents and a failed write's range on the medium are undefined.
 *   <li>{@code byteOffset}, {@code lengthBytes} and the memory address must be multiples of {@link
 *       #sectorSizeBytes()}, and the range must lie within {@link #sizeBytes()}; else {@link
 *       IllegalArgumentException}.
 *   <li>A write that returned is seen by every later read, and survives a power cut only after a
 *       later {@link #flush()} returned.
 *   <li>After a flush failed once, every later one fails: what the device dropped then does not
 *       come back, and a later success would say that it had (what fsync did to PostgreSQL in
 *       2018).
 *   <li>EINTR and short transfers are handled inside; they are never seen by the caller.
 * </ul>
 */
public interface BlockDevice extends AutoCloseable {
  /** Stands in {@link #identity()} between a disk's and where in it the device begins. */
  String FROM_BYTE = " from byte ";

  /**
   * Reads {@code lengthBytes} bytes at {@code byteOffset} into {@code buffer} at index {@code at}.
   *
   * @throws MediumErrorException if the medium cannot yield these bytes
   * @throws TransportErrorException if the device cannot be spoken to
   */
  void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes) throws BlockDeviceException;

  /**
   * The same, but from the medium wherever the device can get past the kernel's cache: a cached
   * copy hides that the medium does not yield these bytes any more. {@link #mediumAccess()} says
   * how.
   */
  default void readMedium(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    read(byteOffset, buffer, at, lengthBytes);
  }

  /** How {@link #readMedium} gets past the kernel's cache, in words for people. */
  default String mediumAccess() {
    return "direct";
  }

  /**
   * Writes {@code lengthBytes} bytes from {@code buffer} at index {@code at} to {@code byteOffset}.
   *
   * @throws MediumErrorException if the medium refuses these bytes
   * @throws TransportErrorException if the device cannot be spoken to
   */
  void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes) throws BlockDeviceException;

  /**
   * Makes every write that returned before this call durable (a full barrier: {@code fdatasync}).
   *
   * @throws BlockDeviceException if durability is not certain; a later success proves nothing
   */
  void flush() throws BlockDeviceException;

  /**
   * Makes a range read as zeros, giving its space back where {@code deallocate} and the device can.
   * Device-level support varies, so the device falls back to writing zeros.
   *
   * @param byteOffset multiple of the sector size
   * @param lengthBytes multiple of the sector size, greater than 0
   */
  void zero(long byteOffset, long lengthBytes, boolean deallocate) throws BlockDeviceException;

  /**
   * Takes space for a range from the file system that the device lies on, so that a later write
   * there does not fail for want of it. What is in the range stays.
   *
   * <p>No promise where the device has no such file system or the file system does not offer it
   * (nothing happens then), nor on one that copies on write or on a thin volume, where writing the
   * same place again can need space again.
   *
   * @throws TransportErrorException with ENOSPC or EDQUOT if there is no room; part of the range
   *     may have its space then
   */
  default void reserve(long byteOffset, long lengthBytes) throws BlockDeviceException {}

  /**
   * The first byte at or after {@code byteOffset} that was ever written, as far as the device can
   * tell: what is before it reads as zeros. {@code byteOffset} where it cannot tell, {@link
   * #sizeBytes()} where nothing follows.
   */
  default long dataFrom(long byteOffset) {
    return byteOffset;
  }

  /**
   * The descriptor on which a transfer of this range may be submitted, at the same offset, by
   * whoever does not wait for it; -1 where it has to go through {@link #read} and {@link #write},
   * as it always has to where it failed or was short.
   */
  default int descriptorFor(long byteOffset, long lengthBytes) {
    return -1;
  }

  /** The size in bytes when it was opened; every range lies within it. */
  long sizeBytes();

  /**
   * Asks how large the device is now, in bytes: less than {@link #sizeBytes()} where it was cut
   * short, 0 where it is gone, {@link #sizeBytes()} where that cannot be told. Transfers behind an
   * end that was found this way fail until it is asked again and the device is whole.
   */
  default long presentSizeBytes() {
    return sizeBytes();
  }

  /** The logical sector in bytes, the unit of every transfer: 512 or 4096 (1 with buffered I/O). */
  int sectorSizeBytes();

  /** A name for messages: the path as the user gave it. */
  String name();

  /** What tells it from every other, a copy of it among them; "" where unknown. */
  default String identity() {
    return "";
  }

  /**
   * When its contents were last changed by anybody, for a file that the file system keeps that of;
   * durable on return. Nothing may be written at the same time.
   *
   * @return a number that any change replaces by another, 0 where unknown
   */
  default long contentsStamp() {
    return 0;
  }

  @Override
  void close();
}
