package io.remapfs.health;

/**
 * Receives what a list says to be unreadable, in the order in which the list says it.
 *
 * @param <X> what it may throw, which ends the reading
 */
@FunctionalInterface
public interface BadRanges<X extends Exception> {
  /**
   * Some bytes of the disk, perhaps beyond its end, perhaps named before.
   *
   * @param byteOffset not negative
   * @param lengthBytes at least 1; {@code byteOffset + lengthBytes} does not overflow
   */
  void bad(long byteOffset, long lengthBytes) throws X;
}
