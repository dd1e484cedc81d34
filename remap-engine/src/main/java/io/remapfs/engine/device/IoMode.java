package io.remapfs.engine.device;

/** How transfers reach the device. */
public enum IoMode {
  /**
   * O_DIRECT: an error comes back with the request it belongs to, and a read touches only the
   * sectors asked for.
   */
  DIRECT,
  /** Through the kernel's page cache, for file systems that refuse O_DIRECT. */
  BUFFERED
}
