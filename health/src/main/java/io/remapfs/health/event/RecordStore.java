package io.remapfs.health.event;

import java.io.IOException;
import java.util.List;

/**
 * Where records outlive the mount: a ring of the health file, or nowhere. Used by one thread at a
 * time.
 */
public interface RecordStore {
  /** Keeps nothing. */
  RecordStore NONE =
      new RecordStore() {
        @Override
        public List<byte[]> readAll() {
          return List.of();
        }

        @Override
        public void append(byte[] record) {}
      };

  /**
   * The kept records, oldest first; each may have zeros behind what was appended. Damaged ones are
   * left out.
   *
   * @throws IOException if they cannot be read
   */
  List<byte[]> readAll() throws IOException;

  /**
   * Keeps a record in place of the oldest one when it is full; it survives the end of the process
   * from then on.
   *
   * @throws IOException if it could not be written; it may be appended again
   */
  void append(byte[] record) throws IOException;
}
