package io.remapfs.health.event;

import java.util.ArrayList;
import java.util.List;

/**
 * Blocks in the order in which they are met, as spans of neighbours: for a sentence on many of
 * them. Keeps {@value #MAX_SPANS} spans and counts the rest. Not thread-safe.
 */
final class BlockSpans {
  private static final int MAX_SPANS = 8;

  private record Span(long first, long last) {
    @Override
    public String toString() {
      return first == last ? Long.toString(first) : first + "-" + last;
    }
  }

  private final List<Span> spans = new ArrayList<>();
  private long beyond;

  /** Adds a block; -1 is none. */
  void add(long blockIndex) {
    if (blockIndex < 0) {
      return;
    }
    for (int i = spans.size() - 1; i >= 0; i--) {
      Span span = spans.get(i);
      if (blockIndex >= span.first && blockIndex <= span.last) {
        return;
      }
      if (blockIndex == span.last + 1) {
        spans.set(i, new Span(span.first, blockIndex));
        return;
      }
      if (blockIndex == span.first - 1) {
        spans.set(i, new Span(blockIndex, span.last));
        return;
      }
    }
    if (spans.size() < MAX_SPANS) {
      spans.add(new Span(blockIndex, blockIndex));
    } else {
      beyond++;
    }
  }

  /** Such as ": blocks 3, 17-99 and 5 elsewhere"; nothing where there are none. */
  @Override
  public String toString() {
    if (spans.isEmpty()) {
      return "";
    }
    StringBuilder text = new StringBuilder(": blocks ");
    for (int i = 0; i < spans.size(); i++) {
      text.append(i == 0 ? "" : ", ").append(spans.get(i));
    }
    return beyond == 0
        ? text.toString()
        : text.append(" and ").append(beyond).append(" elsewhere").toString();
  }
}
