package io.remapfs.engine;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.EntryVisitor;
import java.util.UUID;

/** The engine's front: for now it passes every request to the backing. */
public final class RemapEngine {
  private final BlockDevice backing;

  private RemapEngine(BlockDevice backing) {
    this.backing = backing;
  }

  /** An engine without a spare. */
  public static RemapEngine passThrough(BlockDevice backing) {
    return new RemapEngine(backing);
  }

  public long sizeBytes() {
    return backing.sizeBytes();
  }

  public int blockSizeBytes() {
    return 4096;
  }

  public boolean isReadOnly() {
    return false;
  }

  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    backing.read(byteOffset, buffer, at, lengthBytes);
  }

  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    backing.write(byteOffset, buffer, at, lengthBytes);
  }

  public void flush() throws BlockDeviceException {
    backing.flush();
  }

  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    backing.zero(byteOffset, lengthBytes, deallocate);
  }

  public EngineStatus status() {
    return new EngineStatus(
        EngineState.HEALTHY,
        "",
        new UUID(0, 0),
        sizeBytes(),
        4096,
        false,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        false);
  }

  public void forEachEntry(EntryVisitor visitor) {}

  public RemapResult remap(long blockIndex) throws BlockDeviceException {
    return new RemapResult(blockIndex, -1, false);
  }

  public VerifyReport verify(long firstBlock, long blockCount) throws BlockDeviceException {
    return new VerifyReport(firstBlock, blockCount, blockCount, 0, 0);
  }

  public void housekeeping() {}

  public void close() {
    backing.close();
  }
}
