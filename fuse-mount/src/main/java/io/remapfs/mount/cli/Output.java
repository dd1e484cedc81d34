package io.remapfs.mount.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.health.ByteCount;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Prints facts in the two forms that every command has: aligned lines, or JSON. */
final class Output {
  private static final Pattern CAPITAL = Pattern.compile("[A-Z]");
  private static final Pattern CONTROL = Pattern.compile("\\p{Cc}");
  private static final String BYTES = " bytes";

  private Output() {}

  /** An object as indented JSON. */
  static void json(PrintWriter out, Object value) {
    try {
      out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(value));
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }

  /** One or the other. */
  static void print(PrintWriter out, boolean asJson, Map<String, Object> facts) {
    if (asJson) {
      json(out, facts);
    } else {
      lines(out, facts);
    }
  }

  /** Aligned {@code key: value} lines; the keys of the JSON, as people say them. */
  static void lines(PrintWriter out, Map<String, Object> facts) {
    Map<String, String> said = new LinkedHashMap<>();
    facts.forEach((key, value) -> said.put(label(key), text(key, value)));
    int width = said.keySet().stream().mapToInt(String::length).max().orElse(0) + 2;
    said.forEach(
        (key, value) -> out.println(key + ":" + " ".repeat(width - key.length() - 1) + value));
  }

  /** Facts of which each needs a few characters: "superblock 0, journal blocks 64". */
  static String inOneLine(Map<String, Object> facts) {
    return facts.entrySet().stream()
        .map(fact -> label(fact.getKey()) + " " + fact.getValue())
        .collect(Collectors.joining(", "));
  }

  /** "closedCleanly" is "closed cleanly", and "spareSizeBytes" is "spare size". */
  static String label(String key) {
    String words = CAPITAL.matcher(key).replaceAll(" $0").toLowerCase(Locale.ROOT);
    return words.endsWith(BYTES) ? words.substring(0, words.length() - BYTES.length()) : words;
  }

  private static String text(String key, Object value) {
    if (value instanceof Boolean yes) {
      return yes ? "yes" : "no";
    }
    return key.endsWith("Bytes") && value instanceof Number size
        ? ByteCount.describe(size.longValue())
        : plain(value.toString());
  }

  /** Without control characters: a file's name or a spare's id must not command the terminal. */
  static String plain(String text) {
    return CONTROL.matcher(text).replaceAll("?");
  }
}
