package io.remapfs.mount.session;

import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** One session, or another where the kernel or libfuse cannot carry the first. */
final class FallbackSession implements FuseSession {
  private static final Logger LOG = LogManager.getLogger(FallbackSession.class);

  private final FuseSession fallback;
  private final String whyPreferred;
  private volatile FuseSession chosen;
  private volatile String reason = "";

  /** The first was asked for. */
  FallbackSession(FuseSession preferred, FuseSession fallback) {
    this(preferred, fallback, "asked for");
  }

  /** The first is taken for {@code whyPreferred}, a few words. */
  FallbackSession(FuseSession preferred, FuseSession fallback, String whyPreferred) {
    this.chosen = preferred;
    this.fallback = fallback;
    this.whyPreferred = whyPreferred;
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
  public String reason() {
    String fellBack = fallbackReason();
    return fellBack.isEmpty() ? whyPreferred : fellBack;
  }

  @Override
  public String fallbackReason() {
    String further = chosen.fallbackReason();
    return further.isEmpty() || reason.isEmpty() ? reason + further : reason + "; " + further;
  }
}
