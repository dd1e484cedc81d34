package io.remapfs.health;

import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * ASCII bytes on their way to a growing array, or to a stream. It exists because a list of a
 * million bad blocks, built from strings, would not fit the daemon's small heap.
 *
 * <p>Not thread-safe.
 */
final class AsciiOutput {
  private static final int CHUNK_BYTES = 1 << 16;

  private final @Nullable OutputStream sink;
  private byte[] bytes = new byte[4096];
  private int size;

  /** To an array: {@link #toBytes}. */
  AsciiOutput() {
    sink = null;
  }

  /** To a stream, whose failure is thrown as {@link UncheckedIOException}. */
  AsciiOutput(OutputStream sink) {
    this.sink = sink;
  }

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

  /** Hands what is left to the stream. */
  void drain() {
    if (sink != null) {
      try {
        sink.write(bytes, 0, size);
        size = 0;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void reserve(int more) {
    if (sink != null && size >= CHUNK_BYTES) {
      drain();
    }
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(bytes.length * 2, size + more));
    }
  }
}
