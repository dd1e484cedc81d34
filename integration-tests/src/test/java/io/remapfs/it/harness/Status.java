package io.remapfs.it.harness;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A parsed {@code status.json}; keys are named with dots. */
public final class Status {
  private final Map<String, Object> values;

  private Status(Map<String, Object> values) {
    this.values = values;
  }

  public static Status parse(String json) {
    try {
      return new Status(JSON.std.mapFrom(json));
    } catch (IOException e) {
      throw new UncheckedIOException(json, e);
    }
  }

  /** The value at {@code dottedKey}, or null when it or a part of its way is missing. */
  public @Nullable Object find(String dottedKey) {
    Object value = values;
    for (String part : dottedKey.split("\\.")) {
      value = value instanceof Map<?, ?> map ? map.get(part) : null;
    }
    return value;
  }

  /** The number at {@code dottedKey}; a missing one is an error that shows the whole status. */
  public long number(String dottedKey) {
    if (find(dottedKey) instanceof Number number) {
      return number.longValue();
    }
    throw new AssertionError("no number at " + dottedKey + " in " + values);
  }

  public String state() {
    return String.valueOf(find("state"));
  }

  public long remapped() {
    return number("blocks.remapped");
  }

  public long pending() {
    return number("blocks.pending");
  }

  public long salvaged() {
    return number("blocks.salvaged");
  }

  public long spareUsed() {
    return number("spare.used");
  }

  public long spareBurnt() {
    return number("spare.burnt");
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
