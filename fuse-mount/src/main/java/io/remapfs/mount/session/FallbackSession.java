package io.remapfs.mount.session;

import io.remapfs.mount.fs.RemapFileSystem;
import java.nio.file.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** One session, or another where the kernel or libfuse cannot carry the first. */
final class FallbackSession implements FuseSession {
  private static final Logger LOG = LogManager.getLogger(FallbackSession.class);

  private final FuseSession fallback;
  private volatile FuseSession chosen;
  private volatile String reason = "";

  FallbackSession(RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    this(
        ThreadedSession.blocking(fs, mountPoint, options),
        new LibfuseSession(fs, mountPoint, options));
  }

  FallbackSession(FuseSession preferred, FuseSession fallback) {
    this.chosen = preferred;
    this.fallback = fallback;
  }

  @Override
  public void start(Runnable beforeServing) {
    try {
      chosen.start(beforeServing);
    } catch (SessionUnavailableException e) {
      reason = e.getMessage() + "; falling back to --session=" + fallback.kind();
      LOG.warn("{}", reason);
      chosen = fallback;
      fallback.start(beforeServing);
    }
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    chosen.awaitEnd();
  }

  @Override
  public void unmount() throws UnmountException {
    chosen.unmount();
  }

  @Override
  public String kind() {
    return chosen.kind();
  }

  @Override
  public int workerCount() {
    return chosen.workerCount();
  }

  @Override
  public boolean isIoFlusher() {
    return chosen.isIoFlusher();
  }

  @Override
  public String fallbackReason() {
    return reason;
  }
}
