import java.util.Map;

/**
 * A load as the script names it, PATTERN:BYTES:DEPTH:JOBS.
 *
 * @param pattern fio's: read, write, randread or randwrite
 * @param bytes of one request: 4k or 1m
 */
record Load(String pattern, String bytes, int depth, int jobs) {
  private static final Map<String, String> PATTERNS =
      Map.of(
          "read", "sequential read",
          "write", "sequential write",
          "randread", "random read",
          "randwrite", "random write");
  private static final Map<String, String> SIZES = Map.of("4k", "4 KiB", "1m", "1 MiB");

  static Load parse(String text) {
    String[] part = text.split(":");
    if (part.length != 4 || !PATTERNS.containsKey(part[0]) || !SIZES.containsKey(part[1])) {
      throw new IllegalArgumentException("no load: " + text);
    }
    return new Load(part[0], part[1], Integer.parseInt(part[2]), Integer.parseInt(part[3]));
  }

  /** Whether what counts is how long one request takes, rather than how many there are. */
  boolean isLatency() {
    return depth == 1 && jobs == 1;
  }

  boolean isSequential() {
    return !pattern.startsWith("rand");
  }

  /** Of what counts. */
  String unit() {
    return isLatency() ? "us" : isSequential() ? "MiB/s" : "kIOPS";
  }

  String title() {
    String how = jobs > 1 ? jobs + " jobs" : "depth " + depth;
    return SIZES.get(bytes) + " " + PATTERNS.get(pattern) + ", " + how;
  }

  /** A title for below a bar. */
  String shortTitle() {
    return PATTERNS.get(pattern).replace("sequential", "seq.")
        + (isLatency() ? "" : jobs > 1 ? ", " + jobs + " jobs" : ", depth " + depth);
  }
}
