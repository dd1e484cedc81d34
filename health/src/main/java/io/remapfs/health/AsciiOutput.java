package io.remapfs.health;

import java.util.Arrays;

/**
 * A growing array of ASCII bytes. It exists because a list of a million bad blocks, built from
 * strings, would not fit the daemon's small heap.
 *
 * <p>Not thread-safe.
 */
final class AsciiOutput {
  private byte[] bytes = new byte[4096];
  private int size;

  int size() {
    return size;
  }

  AsciiOutput put(String ascii) {
    reserve(ascii.length());
    for (int i = 0; i < ascii.length(); i++) {
      bytes[size++] = (byte) ascii.charAt(i);
    }
    return this;
  }

  AsciiOutput putDecimal(long value) {
    int digits = 1;
    for (long rest = value; rest >= 10; rest /= 10) {
      digits++;
    }
    reserve(digits);
    long rest = value;
    for (int i = size + digits - 1; i >= size; i--) {
      bytes[i] = (byte) ('0' + rest % 10);
      rest /= 10;
    }
    size += digits;
    return this;
  }

  /** "0x" and at least eight hexadecimal digits, as ddrescue writes positions. */
  AsciiOutput putHex(long value) {
    int digits = 8;
    while (digits < 16 && value >>> (4 * digits) != 0) {
      digits++;
    }
    reserve(digits + 2);
    bytes[size++] = '0';
    bytes[size++] = 'x';
    for (int i = digits - 1; i >= 0; i--) {
      bytes[size++] = (byte) "0123456789ABCDEF".charAt((int) (value >>> (4 * i)) & 15);
    }
    return this;
  }

  byte[] toBytes() {
    return Arrays.copyOf(bytes, size);
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }
}
