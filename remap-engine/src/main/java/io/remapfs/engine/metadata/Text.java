package io.remapfs.engine.metadata;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** A short text in a metadata block: its length in bytes (u32), then its UTF-8. */
final class Text {
  private Text() {}

  static void put(ByteBuffer bytes, int at, String text, int maxBytes) {
    byte[] encoded = text.getBytes(StandardCharsets.UTF_8);
    if (encoded.length > maxBytes) {
      throw new IllegalArgumentException(
          "a text of " + encoded.length + " bytes, at most " + maxBytes + " fit: " + text);
    }
    bytes.putInt(at, encoded.length);
    bytes.put(at + Integer.BYTES, encoded);
  }

  /**
   * Whether {@link #put} wrote it: what is not UTF-8 would grow when it is written again.
   *
   * @param maxBytes as in {@link #put}
   */
  static boolean isSane(ByteBuffer bytes, int at, int maxBytes) {
    int length = bytes.getInt(at);
    if (length < 0 || length > maxBytes) {
      return false;
    }
    byte[] encoded = new byte[length];
    bytes.get(at + Integer.BYTES, encoded);
    String decoded = new String(encoded, StandardCharsets.UTF_8);
    return Arrays.equals(encoded, decoded.getBytes(StandardCharsets.UTF_8));
  }

  /** Reads what {@link #isSane}. */
  static String get(ByteBuffer bytes, int at) {
    byte[] encoded = new byte[bytes.getInt(at)];
    bytes.get(at + Integer.BYTES, encoded);
    return new String(encoded, StandardCharsets.UTF_8);
  }
}
