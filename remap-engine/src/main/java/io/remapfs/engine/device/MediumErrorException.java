package io.remapfs.engine.device;

/** The medium itself failed in the given byte range: a bad block, worth a remap. */
public final class MediumErrorException extends BlockDeviceException {
  private static final long serialVersionUID = 1L;

  public MediumErrorException(String message, int errno, long byteOffset, long lengthBytes) {
    super(message, errno, byteOffset, lengthBytes);
  }
}
