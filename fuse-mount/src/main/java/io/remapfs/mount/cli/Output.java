package io.remapfs.mount.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.Map;

/** Prints facts in the two forms that every command has: aligned lines, or JSON. */
final class Output {
  private Output() {}

  /** An object as indented JSON. */
  static void json(PrintWriter out, Object value) {
    try {
      out.println(JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(value));
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }

  /** Aligned {@code key: value} lines. */
  static void lines(PrintWriter out, Map<String, Object> facts) {
    int width = facts.keySet().stream().mapToInt(String::length).max().orElse(0) + 2;
    facts.forEach(
        (key, value) -> out.println(key + ":" + " ".repeat(width - key.length() - 1) + value));
  }
}
