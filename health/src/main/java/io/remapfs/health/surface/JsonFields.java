package io.remapfs.health.surface;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of one JSON object that somebody else wrote: each is asked for by name, type and
 * bounds, and what is not so is refused in a clause that names it.
 */
record JsonFields(String where, Map<?, ?> values) {
  private static final int MAX_NAME = 4096;

  private String at(String key) {
    return "'" + where + key + "'";
  }

  private PictureSyntaxException wrong(String key, String what) {
    return new PictureSyntaxException("its field " + at(key) + " " + what);
  }

  boolean has(String key) {
    return values.get(key) != null;
  }

  /** A text; "" where it is absent. */
  String text(String key) throws PictureSyntaxException {
    Object value = values.get(key);
    if (value == null) {
      return "";
    }
    if (value instanceof String text && text.length() <= MAX_NAME) {
      return text;
    }
    throw wrong(key, "is not a text");
  }

  /** The text of the cells, which may be longer. */
  String longText(String key, int most) throws PictureSyntaxException {
    if (values.get(key) instanceof String text && text.length() <= most) {
      return text;
    }
    throw wrong(key, "is missing or too long");
  }

  long number(String key, long least, long most) throws PictureSyntaxException {
    Object value = values.get(key);
    // Only what JSON's whole numbers are read as: a BigInteger's longValue would wrap around.
    if ((value instanceof Integer || value instanceof Long)
        && ((Number) value).longValue() >= least
        && ((Number) value).longValue() <= most) {
      return ((Number) value).longValue();
    }
    throw wrong(key, "is not a whole number from " + least + " to " + most);
  }

  double percent(String key) throws PictureSyntaxException {
    if (values.get(key) instanceof Number number
        && number.doubleValue() >= 0
        && number.doubleValue() <= 100) {
      return number.doubleValue();
    }
    throw wrong(key, "is not a percentage");
  }

  Instant time(String key) throws PictureSyntaxException {
    String text = text(key);
    try {
      Instant time = Instant.parse(text);
      // Far beyond any clock, sums and differences of times would overflow.
      if (time.getEpochSecond() >= 0 && time.getEpochSecond() < 253_402_300_800L) {
        return time;
      }
    } catch (DateTimeException e) {
      // told below
    }
    throw wrong(key, "is not a time such as 2026-01-31T12:00:00Z");
  }

  JsonFields object(String key) throws PictureSyntaxException {
    if (values.get(key) instanceof Map<?, ?> map) {
      return new JsonFields(where + key + ".", map);
    }
    throw wrong(key, "is missing or no object");
  }

  @Nullable JsonFields objectOrNull(String key) throws PictureSyntaxException {
    return has(key) ? object(key) : null;
  }

  /** A list; empty where it is absent. */
  List<?> list(String key, int most) throws PictureSyntaxException {
    Object value = values.get(key);
    if (value == null) {
      return List.of();
    }
    if (value instanceof List<?> list && list.size() <= most) {
      return list;
    }
    throw wrong(key, "is not a list of " + most + " at most");
  }

  /** A list of objects; empty where it is absent. */
  List<JsonFields> objects(String key, int most) throws PictureSyntaxException {
    List<JsonFields> objects = new ArrayList<>();
    for (Object each : list(key, most)) {
      if (!(each instanceof Map<?, ?> map)) {
        throw wrong(key, "has something that is no object");
      }
      objects.add(new JsonFields(where + key + ".", map));
    }
    return objects;
  }

  /** Fails unless it holds. */
  void require(boolean holds, String key, String what) throws PictureSyntaxException {
    if (!holds) {
      throw wrong(key, what);
    }
  }
}
