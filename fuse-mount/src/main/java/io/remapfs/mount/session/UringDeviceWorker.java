package io.remapfs.mount.session;

/**
 * Serves what comes by {@code /dev/fuse} although there are queues: INIT, FORGET and INTERRUPT. One
 * thread, mostly asleep.
 */
final class UringDeviceWorker implements SessionWorker {
  private final SessionWorker reader;
  private final UringStart start;

  /** Takes the reader over. */
  UringDeviceWorker(SessionWorker reader, UringStart start) {
    this.reader = reader;
    this.start = start;
  }

  @Override
  public void serve() {
    try {
      reader.serve();
    } finally {
      start.deviceIsGone();
    }
  }

  @Override
  public void close() {
    reader.close();
  }
}
