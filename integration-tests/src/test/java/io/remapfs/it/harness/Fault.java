package io.remapfs.it.harness;

/**
 * One line of a failing disk's faults file.
 *
 * @param where {@code "START LENGTH"} in bytes, or {@code "all"}
 * @param mode {@code r}, {@code w} or {@code rw}
 * @param options what follows, such as {@code errno=ENODATA} or {@code over=512}; may be empty
 */
public record Fault(String where, String mode, String options) {
  public static Fault read(long startBytes, long lengthBytes) {
    return at(startBytes, lengthBytes, "r", "");
  }

  public static Fault write(long startBytes, long lengthBytes) {
    return at(startBytes, lengthBytes, "w", "");
  }

  public static Fault both(long startBytes, long lengthBytes) {
    return at(startBytes, lengthBytes, "rw", "");
  }

  /**
   * Reads longer than a sector fail, those of one sector succeed: what sector-wise salvage saves.
   */
  public static Fault salvageable(long startBytes, long lengthBytes) {
    return at(startBytes, lengthBytes, "r", "over=512");
  }

  public static Fault wholeDisk(String mode, String options) {
    return new Fault("all", mode, options);
  }

  private static Fault at(long startBytes, long lengthBytes, String mode, String options) {
    return new Fault(startBytes + " " + lengthBytes, mode, options);
  }

  String line() {
    return (where + " " + mode + " " + options).trim() + "\n";
  }
}
