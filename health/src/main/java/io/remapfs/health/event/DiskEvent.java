package io.remapfs.health.event;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;

/**
 * Something that happened to the disk, to a block of it, or to what watches over it.
 *
 * @param sequence counts the events of this disk, over all mounts, from 1
 * @param time when, to the millisecond
 * @param kind what happened
 * @param blockIndex the block, or -1
 * @param slot the slot, or -1
 * @param message one sentence for people: no control characters, at most {@value
 *     #MAX_MESSAGE_CHARS} characters; {@value #STORED_MESSAGE_BYTES} bytes outlive the mount
 */
public record DiskEvent(
    long sequence, Instant time, EventKind kind, long blockIndex, long slot, String message) {
  /** Bounds the memory that events take. */
  static final int MAX_MESSAGE_CHARS = 512;

  /** The bytes of a message that have room in a record of the health file. */
  static final int STORED_MESSAGE_BYTES = 200;

  // A stored event, big-endian: sequence u64, time in milliseconds since 1970 i64, block i64,
  // slot i64, kind u16, length of the message u16, the message in UTF-8.
  private static final int KIND_AT = 32;
  private static final int LENGTH_AT = 34;
  private static final int MESSAGE_AT = 36;

  /** The longest stored form, in bytes. */
  static final int MAX_STORED_BYTES = MESSAGE_AT + STORED_MESSAGE_BYTES;

  /** More than ever happens; a damaged number must not be the one from which the count goes on. */
  static final long SEQUENCE_LIMIT = 1L << 56;

  private static final Pattern CONTROL = Pattern.compile("\\p{Cc}");
  private static final String CUT = "...";

  public DiskEvent {
    time = Instant.ofEpochMilli(time.toEpochMilli());
    message = CONTROL.matcher(shortened(message)).replaceAll("?");
  }

  private static String shortened(String message) {
    if (message.length() <= MAX_MESSAGE_CHARS) {
      return message;
    }
    int end = MAX_MESSAGE_CHARS - CUT.length();
    return message.substring(0, Character.isHighSurrogate(message.charAt(end - 1)) ? end - 1 : end)
        + CUT;
  }

  /** The event as one JSON object in one line, without a line feed. */
  public String toJson() {
    return json(toMap());
  }

  /** The object's fields in their order; {@code block} and {@code slot} only where there is one. */
  Map<String, Object> toMap() {
    Map<String, Object> object = new LinkedHashMap<>();
    object.put("seq", sequence);
    object.put("time", time.toString());
    object.put("kind", kind.name());
    if (blockIndex >= 0) {
      object.put("block", blockIndex);
    }
    if (slot >= 0) {
      object.put("slot", slot);
    }
    object.put("message", message);
    return object;
  }

  static String json(Map<String, Object> object) {
    try {
      return JSON.std.asString(object);
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }

  /** The form in the health file. */
  byte[] toStored() {
    byte[] text = message.getBytes(StandardCharsets.UTF_8);
    int lengthBytes = text.length;
    if (lengthBytes > STORED_MESSAGE_BYTES) {
      lengthBytes = STORED_MESSAGE_BYTES - CUT.length();
      while ((text[lengthBytes] & 0xC0) == 0x80) { // not inside a character
        lengthBytes--;
      }
      byte[] cut = CUT.getBytes(StandardCharsets.UTF_8);
      System.arraycopy(cut, 0, text, lengthBytes, cut.length);
      lengthBytes += cut.length;
    }
    ByteBuffer stored = ByteBuffer.allocate(MESSAGE_AT + lengthBytes);
    stored.putLong(sequence).putLong(time.toEpochMilli()).putLong(blockIndex).putLong(slot);
    stored.putShort((short) kind.code()).putShort((short) lengthBytes);
    stored.put(text, 0, lengthBytes);
    return stored.array();
  }

  /**
   * Reads the form in the health file, perhaps with bytes behind it.
   *
   * @throws IllegalArgumentException if this is not one
   */
  static DiskEvent ofStored(byte[] record) {
    if (record.length < MESSAGE_AT) {
      throw new IllegalArgumentException("an event of " + record.length + " bytes");
    }
    ByteBuffer stored = ByteBuffer.wrap(record);
    int lengthBytes = Short.toUnsignedInt(stored.getShort(LENGTH_AT));
    if (lengthBytes > record.length - MESSAGE_AT) {
      throw new IllegalArgumentException("a message of " + lengthBytes + " bytes");
    }
    long sequence = stored.getLong(0);
    if (sequence <= 0 || sequence >= SEQUENCE_LIMIT) {
      throw new IllegalArgumentException("an event with the number " + sequence);
    }
    return new DiskEvent(
        sequence,
        Instant.ofEpochMilli(stored.getLong(8)),
        EventKind.ofCode(Short.toUnsignedInt(stored.getShort(KIND_AT))),
        stored.getLong(16),
        stored.getLong(24),
        new String(record, MESSAGE_AT, lengthBytes, StandardCharsets.UTF_8));
  }
}
