package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** A path as the file system has it: any bytes but zero. */
public final class FileName {
  private final byte[] bytes;

  FileName(byte[] bytes) {
    this.bytes = bytes.clone();
  }

  byte[] bytes() {
    return bytes.clone();
  }

  /** The name exactly, if it is text. */
  public Optional<String> text() {
    try {
      return Optional.of(
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString());
    } catch (CharacterCodingException e) {
      return Optional.empty();
    }
  }

  /** All its bytes in hexadecimal. */
  public String hex() {
    return HexFormat.of().formatHex(bytes);
  }

  /**
   * For the eyes, on one line and without commands to a terminal: in double quotes with C's escapes
   * where the plain name would not do.
   */
  public String shown() {
    Optional<String> text = text();
    if (text.isPresent()
        && text.get().codePoints().noneMatch(FileName::needsEscape)
        && text.get().equals(text.get().strip())) {
      return text.get();
    }
    StringBuilder shown = new StringBuilder("\"");
    if (text.isPresent()) {
      text.get().codePoints().forEach(each -> escape(shown, each));
    } else {
      for (byte each : bytes) {
        escape(shown, each < 0 ? 0x110000 + (each & 0xff) : each);
      }
    }
    return shown.append('"').toString();
  }

  /** Controls, and what turns the direction of text or cannot be seen. */
  private static boolean needsEscape(int codePoint) {
    int type = Character.getType(codePoint);
    return codePoint == '"'
        || codePoint == '\\'
        || type == Character.CONTROL
        || type == Character.FORMAT
        || type == Character.LINE_SEPARATOR
        || type == Character.PARAGRAPH_SEPARATOR
        || type == Character.UNASSIGNED
        || type == Character.PRIVATE_USE;
  }

  private static void escape(StringBuilder shown, int codePoint) {
    if (codePoint >= 0x110000) {
      hex(shown, codePoint - 0x110000);
    } else if (codePoint == '"' || codePoint == '\\') {
      shown.append('\\').append((char) codePoint);
    } else if (codePoint == '\n') {
      shown.append("\\n");
    } else if (codePoint == '\t') {
      shown.append("\\t");
    } else if (needsEscape(codePoint)) {
      for (byte each : Character.toString(codePoint).getBytes(StandardCharsets.UTF_8)) {
        hex(shown, each & 0xff);
      }
    } else {
      shown.appendCodePoint(codePoint);
    }
  }

  private static void hex(StringBuilder shown, int value) {
    shown.append(String.format(Locale.ROOT, "\\x%02x", value));
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof FileName name && Arrays.equals(bytes, name.bytes);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(bytes);
  }

  @Override
  public String toString() {
    return shown();
  }
}
