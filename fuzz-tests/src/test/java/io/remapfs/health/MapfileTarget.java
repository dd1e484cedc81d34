package io.remapfs.health;

import io.remapfs.health.BadBlockFile.Format;

/** The input is a mapfile that somebody imports, or a list of which nobody said what it is. */
public final class MapfileTarget {
  private MapfileTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    ListTarget.feed(input, Format.MAPFILE, 0);
    ListTarget.feed(input, Format.AUTO, 0);
  }
}
