package io.remapfs.engine.metadata;

import java.io.IOException;

/**
 * The metadata cannot be made durable any more, until the next mount.
 *
 * <p>The records of the failed call are in doubt: their journal block may or may not be found by
 * the next recovery. The store has therefore made pending (in memory) each block whose mapping is
 * in doubt, so that no newer data is put where a recovered mapping would hide it.
 */
public final class MetadataUnavailableException extends IOException {
  private static final long serialVersionUID = 1L;

  MetadataUnavailableException(String message) {
    super(message);
  }
}
