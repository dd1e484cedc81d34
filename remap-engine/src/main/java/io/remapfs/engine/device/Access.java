package io.remapfs.engine.device;

/** Whether a device may be changed. */
public enum Access {
  READ_ONLY,
  READ_WRITE
}
