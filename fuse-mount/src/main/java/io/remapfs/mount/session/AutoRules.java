package io.remapfs.mount.session;

/**
 * What {@link SessionKind#AUTO} may not take.
 *
 * @param whyNoRings why nothing with an io_uring, or ""
 * @param whyNoRing why not {@link SessionKind#RING}, or ""
 */
public record AutoRules(String whyNoRings, String whyNoRing) {
  /** Everything is allowed. */
  public static final AutoRules ANYTHING = new AutoRules("", "");
}
