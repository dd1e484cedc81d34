package io.remapfs.mount.control;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * A spare that is to be added, as the words {@code PATH [size=BYTES] [force]} of a command. What is
 * not a plain character of the path is written as {@code %} and two hexadecimal digits a byte of
 * UTF-8.
 *
 * @param path absolute
 * @param sizeBytes the size of a file that is to be made, or 0 for the default
 * @param force whether what is on it may be overwritten
 */
public record SpareRequest(Path path, long sizeBytes, boolean force) {
  /** More than any file system takes, and no overflow in what is added to it. */
  public static final long MAX_SIZE_BYTES = 1L << 60;

  private static final String SIZE = "size=";
  private static final String FORCE = "force";

  /** The words, for a command. */
  public String toWords() {
    StringBuilder words = new StringBuilder();
    for (byte each : path.toString().getBytes(StandardCharsets.UTF_8)) {
      if (each > ' ' && each <= '~' && each != '%') {
        words.append((char) each);
      } else {
        words.append(String.format(Locale.ROOT, "%%%02X", each & 0xFF));
      }
    }
    if (sizeBytes > 0) {
      words.append(' ').append(SIZE).append(sizeBytes);
    }
    return words.append(force ? " " + FORCE : "").toString();
  }

  /** Reads the words from index 1 on; a command's name is before them. */
  static SpareRequest parse(String[] words, String usage) throws ControlSyntaxException {
    if (words.length < 2) {
      throw new ControlSyntaxException(words[0] + " was given no path; write it as: " + usage);
    }
    Path path = path(words[1]);
    long sizeBytes = 0;
    boolean force = false;
    for (int i = 2; i < words.length; i++) {
      if (words[i].startsWith(SIZE) && sizeBytes == 0) {
        String number = words[i].substring(SIZE.length());
        sizeBytes = ControlParser.number(number, "the size", 1, MAX_SIZE_BYTES);
      } else if (words[i].equals(FORCE) && !force) {
        force = true;
      } else {
        throw new ControlSyntaxException(
            words[0]
                + " does not understand "
                + ControlParser.quote(words[i])
                + "; write it as: "
                + usage);
      }
    }
    return new SpareRequest(path, sizeBytes, force);
  }

  private static Path path(String word) throws ControlSyntaxException {
    try {
      String text =
          StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(decoded(word))).toString();
      if (text.startsWith("/") && text.indexOf('\0') < 0) {
        return Path.of(text).normalize();
      }
    } catch (CharacterCodingException | InvalidPathException e) {
      throw new ControlSyntaxException(
          "the path " + ControlParser.quote(word) + " is none that a file can have here");
    }
    throw new ControlSyntaxException("the path must be absolute, not " + ControlParser.quote(word));
  }

  private static byte[] decoded(String word) throws ControlSyntaxException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream(word.length());
    for (int i = 0; i < word.length(); i++) {
      if (word.charAt(i) != '%') {
        bytes.write(word.charAt(i));
        continue;
      }
      int high = i + 2 <= word.length() - 1 ? Character.digit(word.charAt(i + 1), 16) : -1;
      int low = i + 2 <= word.length() - 1 ? Character.digit(word.charAt(i + 2), 16) : -1;
      if (high < 0 || low < 0) {
        throw new ControlSyntaxException(
            "after a % come two hexadecimal digits, in " + ControlParser.quote(word));
      }
      bytes.write(high << 4 | low);
      i += 2;
    }
    return bytes.toByteArray();
  }
}
