package io.remapfs.engine;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.spare.SpareLayout;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** An engine over two disks in memory that fail as told. */
final class EngineFixture {
  static final int BLOCK = 4096;
  static final int BLOCKS = 256;

  /** A spare with a slot for every block; the smallest has fewer. */
  static final int LARGE_SPARE_BYTES = 4 << 20;

  final CrashableDevice backing;
  final CrashableDevice spare;
  final TestClock clock = new TestClock();
  final List<EngineEvent> events = new ArrayList<>();
  EngineOptions options = EngineOptions.defaults();
  RemapEngine engine;

  EngineFixture(CrashableDevice backing, CrashableDevice spare) {
    this.backing = backing;
    this.spare = spare;
  }

  /** A formatted pair; block n of the backing is full of {@code stamp(n)}. */
  static EngineFixture formatted() throws IOException {
    return formatted((int) SpareLayout.minimumBytes(BLOCK));
  }

  static EngineFixture formatted(int spareBytes) throws IOException {
    byte[] image = new byte[BLOCKS * BLOCK];
    for (int i = 0; i < image.length; i++) {
      image[i] = stamp(i / BLOCK);
    }
    EngineFixture fixture =
        new EngineFixture(new CrashableDevice(image, 512), new CrashableDevice(spareBytes, 512));
    MetadataStore.format(fixture.spare, BLOCK, new BackingIdentity(image.length, ""));
    fixture.open(Access.READ_WRITE);
    return fixture;
  }

  static byte stamp(int block) {
    return (byte) (1 + block % 100);
  }

  EngineFixture with(EngineOptions.PendingWrite pendingWrite, EngineOptions.Unreadable unreadable)
      throws IOException {
    options =
        new EngineOptions(
            3, Duration.ofMillis(10), Duration.ofSeconds(2), pendingWrite, unreadable);
    open(Access.READ_WRITE);
    return this;
  }

  void open(Access access) throws IOException {
    MetadataStore metadata = MetadataStore.open(spare.reopened(), null, access);
    engine = RemapEngine.open(backing.reopened(), metadata, options, events::add, access, clock);
  }

  byte[] read(long byteOffset, int lengthBytes) throws BlockDeviceException {
    IoBuffer buffer = IoBuffer.allocate(lengthBytes);
    engine.read(byteOffset, buffer, 0, lengthBytes);
    byte[] bytes = new byte[lengthBytes];
    buffer.bytes().get(0, bytes);
    return bytes;
  }

  byte[] readBlock(int block) throws BlockDeviceException {
    return read((long) block * BLOCK, BLOCK);
  }

  void write(long byteOffset, byte[] bytes) throws BlockDeviceException {
    IoBuffer buffer = IoBuffer.allocate(bytes.length);
    buffer.bytes().put(0, bytes);
    engine.write(byteOffset, buffer, 0, bytes.length);
  }

  void writeBlock(int block, byte value) throws BlockDeviceException {
    write((long) block * BLOCK, filled(BLOCK, value));
  }

  void failReads(int firstBlock, int blocks) {
    backing.fail(Operation.READ, (long) firstBlock * BLOCK, (long) blocks * BLOCK, Fault.MEDIUM);
  }

  void failWrites(int firstBlock, int blocks) {
    backing.fail(Operation.WRITE, (long) firstBlock * BLOCK, (long) blocks * BLOCK, Fault.MEDIUM);
  }

  long count(EngineEvent.Kind kind) {
    return events.stream().filter(event -> event.kind() == kind).count();
  }

  static byte[] filled(int length, byte value) {
    byte[] bytes = new byte[length];
    java.util.Arrays.fill(bytes, value);
    return bytes;
  }
}
