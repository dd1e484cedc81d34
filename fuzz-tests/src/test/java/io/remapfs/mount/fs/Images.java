package io.remapfs.mount.fs;

import io.remapfs.engine.RemapEngine;

/** Makes images without the file system around them, which needs libfuse. */
public final class Images {
  private Images() {}

  /** The writable image of an engine. */
  public static ImageFile of(RemapEngine engine) {
    return new ImageFile(engine, false);
  }
}
