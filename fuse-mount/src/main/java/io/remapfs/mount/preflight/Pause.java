package io.remapfs.mount.preflight;

import java.util.concurrent.TimeUnit;

/** A short wait between two looks at something that only the kernel can tell. */
public final class Pause {
  private Pause() {}

  /** Waits; an interrupt ends it early and stays set. */
  public static void millis(long milliseconds) {
    try {
      TimeUnit.MILLISECONDS.sleep(milliseconds);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
