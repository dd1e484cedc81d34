package io.remapfs.health.scan;

/** Where a scanner keeps what outlives the daemon: a cell of the health file. */
public interface ScanMemory {
  /** What was saved last; empty where nothing was. */
  byte[] load();

  /** Replaces it, best effort. */
  void save(byte[] state);

  /** Keeps it as long as the daemon lives. */
  static ScanMemory inMemory() {
    return new ScanMemory() {
      private byte[] saved = {};

      @Override
      public synchronized byte[] load() {
        return saved.clone();
      }

      @Override
      public synchronized void save(byte[] state) {
        saved = state.clone();
      }
    };
  }
}
