package io.remapfs.mount.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.MountTable;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.fs.ControlFile;
import io.remapfs.mount.fs.RemapFileSystem;
import io.remapfs.mount.fs.VirtualFile;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A real mount over a file, cleaned up whatever happens: unmounted, and if that is refused (a test
 * failed with the image still in use), its connection aborted and the dead mount taken away.
 */
final class MountFixture implements AutoCloseable {
  static final int SIZE_BYTES = 64 << 20;

  final Path directory;
  final Path mountPoint;
  final Path image;
  final ObservedDevice device;
  final RemapEngine engine;
  final RemapFileSystem fs;
  final FuseSession session;
  final AtomicInteger renders = new AtomicInteger();

  private MountFixture(Path directory, SessionKind kind, SessionOptions options, IoMode mode)
      throws IOException {
    this.directory = Files.createTempDirectory(directory, "mount");
    Path backing = this.directory.resolve("backing.img");
    try (RandomAccessFile file = new RandomAccessFile(backing.toFile(), "rw")) {
      file.setLength(SIZE_BYTES);
    }
    mountPoint = Files.createDirectory(this.directory.resolve("mnt, with \\ odd name"));
    image = mountPoint.resolve("image");
    device = new ObservedDevice(PosixBlockDevice.open(backing.toString(), mode, Access.READ_WRITE));
    engine = engineOver(device, this.directory.resolve("backing.img.remap"), mode);
    VirtualFile status =
        new VirtualFile() {
          @Override
          public String name() {
            return "status";
          }

          @Override
          public int mode() {
            return 0444;
          }

          @Override
          public byte[] render() {
            return ("render: " + renders.incrementAndGet() + "\n").getBytes(UTF_8);
          }
        };
    ControlFile control =
        command -> ("{\"echo\":\"" + new String(command, UTF_8).strip() + "\"}\n").getBytes(UTF_8);
    fs = new RemapFileSystem(engine, List.of(status), control, options.readOnly());
    session = FuseSession.open(kind, fs, mountPoint, options);
  }

  private static RemapEngine engineOver(BlockDevice backing, Path sparePath, IoMode mode)
      throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(sparePath.toFile(), "rw")) {
      file.setLength(16 << 20);
    }
    BlockDevice spare = PosixBlockDevice.open(sparePath.toString(), mode, Access.READ_WRITE);
    MetadataStore.format(spare, 4096, new BackingIdentity(backing.sizeBytes(), ""));
    MetadataStore metadata = MetadataStore.open(spare, null, Access.READ_WRITE);
    return RemapEngine.open(
        backing, metadata, EngineOptions.defaults(), EngineListener.NONE, Access.READ_WRITE);
  }

  /** Mounted, with an O_DIRECT or buffered backing. */
  static MountFixture mounted(Path directory, SessionKind kind, SessionOptions options, IoMode mode)
      throws IOException {
    MountFixture fixture = new MountFixture(directory, kind, options, mode);
    try {
      if (kind == SessionKind.URING) {
        UringSwitched.on(
            () -> {
              fixture.session.start(() -> {});
              return fixture;
            });
        assertThat(fixture.session.fallbackReason()).isEmpty();
      } else {
        fixture.session.start(() -> {});
      }
    } catch (RuntimeException | Error e) {
      fixture.close();
      throw e;
    }
    return fixture;
  }

  /** Mounted over a buffered backing, which takes any alignment. */
  static MountFixture mounted(Path directory, SessionKind kind) throws IOException {
    return mounted(directory, kind, SessionOptions.defaults("remapfs#test"), IoMode.BUFFERED);
  }

  /** Runs a command to its end; its output, or a failure that shows it. */
  static String run(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    process.getOutputStream().close();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    if (!process.waitFor(120, TimeUnit.SECONDS) || process.exitValue() != 0) {
      process.destroyForcibly();
      throw new AssertionError(String.join(" ", command) + " failed:\n" + output);
    }
    return output;
  }

  /** Whether anything is mounted on the mount point, by the kernel's word. */
  boolean isMounted() throws IOException {
    return MountTable.read().at(mountPoint).isPresent();
  }

  /** Aborts the connection, through a view of fusectl of our own: it is not mounted everywhere. */
  void abortConnection() throws IOException, InterruptedException {
    String device = MountTable.read().at(mountPoint).orElseThrow().device();
    String minor = device.substring(device.indexOf(':') + 1);
    Path control = Files.createDirectory(directory.resolve("fusectl"));
    run("mount", "-t", "fusectl", "fusectl", control.toString());
    try {
      Files.writeString(control.resolve(minor).resolve("abort"), "1");
    } finally {
      run("umount", control.toString());
    }
  }

  @Override
  public void close() throws IOException {
    try {
      session.unmount();
    } catch (UnmountException e) {
      try {
        abortConnection();
        run("umount", "-l", mountPoint.toString());
        session.awaitEnd();
      } catch (InterruptedException interrupted) {
        Thread.currentThread().interrupt();
      }
      throw new AssertionError("the mount was still in use at the end of the test", e);
    } finally {
      engine.close();
    }
  }

  /** Passes everything on; counts the barriers, and fails on demand. */
  static final class ObservedDevice implements BlockDevice {
    final AtomicInteger flushes = new AtomicInteger();
    final AtomicInteger zeroed = new AtomicInteger();
    volatile boolean broken;
    private volatile @Nullable BlockDeviceException failure;
    private final BlockDevice device;

    ObservedDevice(BlockDevice device) {
      this.device = device;
    }

    /** From now on a transfer that covers the byte fails with the errno. */
    void failAt(long byteOffset, int errno) {
      failure = DeviceErrors.of(name(), "test", errno, byteOffset, 1);
    }

    private void fail(long byteOffset, int lengthBytes) throws BlockDeviceException {
      if (broken) {
        throw new IllegalStateException("a bug, on purpose");
      }
      BlockDeviceException planned = failure;
      if (planned != null
          && planned.byteOffset() >= byteOffset
          && planned.byteOffset() < byteOffset + lengthBytes) {
        throw planned;
      }
    }

    @Override
    public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      fail(byteOffset, lengthBytes);
      device.read(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      fail(byteOffset, lengthBytes);
      device.write(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void flush() throws BlockDeviceException {
      flushes.incrementAndGet();
      device.flush();
    }

    @Override
    public void zero(long byteOffset, long lengthBytes, boolean deallocate)
        throws BlockDeviceException {
      zeroed.incrementAndGet();
      device.zero(byteOffset, lengthBytes, deallocate);
    }

    @Override
    public int descriptorFor(long byteOffset, long lengthBytes) {
      return broken || failure != null ? -1 : device.descriptorFor(byteOffset, lengthBytes);
    }

    @Override
    public long sizeBytes() {
      return device.sizeBytes();
    }

    @Override
    public int sectorSizeBytes() {
      return device.sectorSizeBytes();
    }

    @Override
    public String name() {
      return device.name();
    }

    @Override
    public void close() {
      device.close();
    }
  }
}
