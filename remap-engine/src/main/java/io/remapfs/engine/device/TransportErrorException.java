package io.remapfs.engine.device;

/**
 * The way to the device failed (cable, controller, a vanished device, a full or read-only file
 * system under it). It tells nothing of any block, so it never costs a spare slot.
 */
public final class TransportErrorException extends BlockDeviceException {
  private static final long serialVersionUID = 1L;

  public TransportErrorException(String message, int errno, long byteOffset, long lengthBytes) {
    super(message, errno, byteOffset, lengthBytes);
  }
}
