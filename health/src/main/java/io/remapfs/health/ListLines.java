package io.remapfs.health;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;

/**
 * The lines of a list of bad blocks, as fields separated by blanks. Reads a stream of any length
 * with two fixed buffers; comments may be as long as they like, other lines have {@value
 * #MAX_LINE_BYTES} bytes at most.
 *
 * <p>Invariant: the fields are those of the line {@link #lineNumber}. Not thread-safe.
 */
final class ListLines {
  /** The longest line; three numbers have less than 64 bytes. */
  static final int MAX_LINE_BYTES = 200;

  private static final int MAX_FIELDS = 4;
  private static final int QUOTED_CHARACTERS = 40;

  private final InputStream in;
  private final String name;
  private final byte[] chunk = new byte[1 << 16];
  private int chunkAt;
  private int chunkEnd;

  private final byte[] line = new byte[MAX_LINE_BYTES];
  private int lineBytes;
  private boolean comment;
  private final int[] starts = new int[MAX_FIELDS];
  private final int[] ends = new int[MAX_FIELDS];
  private int fields;
  private long lineNumber;

  /**
   * Lines of a stream.
   *
   * @param name the file's, for messages
   */
  ListLines(InputStream in, String name) {
    this.in = in;
    this.name = name;
  }

  /**
   * Goes to the next line that is not blank. Of a comment (it begins with #) only the beginning is
   * kept.
   *
   * @return whether there is one
   */
  boolean next() throws IOException, ListSyntaxException {
    while (readLine()) {
      if (comment) {
        return true;
      }
      split();
      if (fields > 0) {
        return true;
      }
    }
    return false;
  }

  private boolean readLine() throws IOException, ListSyntaxException {
    lineBytes = 0;
    comment = false;
    fields = 0;
    lineNumber++;
    for (int read = 0; ; read++) {
      int next = nextByte();
      if (next < 0) {
        return read > 0;
      }
      if (next == '\n') {
        return true;
      }
      comment |= next == '#' && lineBytes == 0;
      if (lineBytes < MAX_LINE_BYTES) {
        line[lineBytes++] = (byte) next;
      } else if (!comment) {
        throw error("it has more than " + MAX_LINE_BYTES + " characters; this is no list");
      }
    }
  }

  private int nextByte() throws IOException {
    if (chunkAt == chunkEnd) {
      chunkAt = 0;
      chunkEnd = Math.max(0, in.read(chunk));
      if (chunkEnd == 0) {
        return -1;
      }
    }
    return chunk[chunkAt++] & 0xff;
  }

  private void split() throws ListSyntaxException {
    int at = 0;
    while (at < lineBytes) {
      if (isBlank(line[at])) {
        at++;
        continue;
      }
      int start = at;
      while (at < lineBytes && !isBlank(line[at])) {
        if (line[at] < '!' || line[at] > '~') {
          throw error("it is not plain text; this is no list");
        }
        at++;
      }
      if (fields == MAX_FIELDS) {
        throw error("it has too many words");
      }
      starts[fields] = start;
      ends[fields++] = at;
    }
  }

  private static boolean isBlank(byte each) {
    return each == ' ' || each == '\t' || each == '\r';
  }

  /** Whether the line is a comment; it has no fields then. */
  boolean isComment() {
    return comment;
  }

  /** The beginning of a comment, the # left out. */
  String commentText() {
    return new String(line, 1, lineBytes - 1, StandardCharsets.ISO_8859_1).strip();
  }

  int fields() {
    return fields;
  }

  /** Whether a field is "-1". */
  boolean isMinusOne(int field) {
    int start = starts[field];
    return ends[field] - start == 2 && line[start] == '-' && line[start + 1] == '1';
  }

  /** The one character of a field, or -1 where it has several. */
  int character(int field) {
    return ends[field] - starts[field] == 1 ? line[starts[field]] : -1;
  }

  /** A decimal number of 0 to 2^63-1. */
  long decimal(int field, String what) throws ListSyntaxException {
    return digits(field, starts[field], 10, what);
  }

  /** A number as C writes it: 0x and hexadecimal, 0 and octal, or decimal; 0 to 2^63-1. */
  long cNumber(int field, String what) throws ListSyntaxException {
    int start = starts[field];
    int length = ends[field] - start;
    if (length > 1 && line[start] == '0') {
      boolean hex = length > 2 && (line[start + 1] == 'x' || line[start + 1] == 'X');
      return hex ? digits(field, start + 2, 16, what) : digits(field, start + 1, 8, what);
    }
    return digits(field, start, 10, what);
  }

  private long digits(int field, int from, int radix, String what) throws ListSyntaxException {
    long value = 0;
    for (int i = from; i < ends[field]; i++) {
      int digit = Character.digit(line[i], radix);
      if (digit < 0 || value > (Long.MAX_VALUE - digit) / radix) {
        throw error(quoted(field) + " is not " + what);
      }
      value = value * radix + digit;
    }
    return value;
  }

  /** A field for a message, cut where it is long. */
  String quoted(int field) {
    int length = Math.min(QUOTED_CHARACTERS, ends[field] - starts[field]);
    String text = new String(line, starts[field], length, StandardCharsets.US_ASCII);
    return "'" + text + (length < ends[field] - starts[field] ? "..." : "") + "'";
  }

  ListSyntaxException error(String what) {
    return new ListSyntaxException(name, lineNumber, what);
  }
}
