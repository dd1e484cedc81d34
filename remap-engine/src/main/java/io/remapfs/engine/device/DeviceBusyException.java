package io.remapfs.engine.device;

/** Another process holds the device. */
public final class DeviceBusyException extends DeviceOpenException {
  private static final long serialVersionUID = 1L;

  private final long holderPid;

  public DeviceBusyException(String message, long holderPid) {
    super(Reason.IN_USE, message);
    this.holderPid = holderPid;
  }

  /** The holder's process id, or -1 where it cannot be told. */
  public long holderPid() {
    return holderPid;
  }
}
