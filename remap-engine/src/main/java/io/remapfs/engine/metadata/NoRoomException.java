package io.remapfs.engine.metadata;

import java.io.IOException;

/** The file system of a spare has no room for the metadata. */
public final class NoRoomException extends IOException {
  private static final long serialVersionUID = 1L;

  private final long neededBytes;

  NoRoomException(String spare, long neededBytes) {
    super("the file system of " + spare + " has no room for " + neededBytes + " bytes of metadata");
    this.neededBytes = neededBytes;
  }

  /** What all copies of the metadata take together. */
  public long neededBytes() {
    return neededBytes;
  }
}
