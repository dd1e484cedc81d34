package io.remapfs.mount.session;

import io.remapfs.engine.EngineListener;
import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.fs.RemapFileSystem;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What a request takes in user space, apart from its I/O: decoded, checked, and its reply put in
 * place. Not run by name pattern; {@code mvn test -pl fuse-mount -am -Dtest=RequestDecodeBench}
 * does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class RequestDecodeBench {
  /** Requests timed together, as one takes about as long as reading the clock. */
  private static final int REQUESTS = 64;

  private static final long SIZE_BYTES = 64 << 20;
  private static final int BLOCK_BYTES = 4096;

  private Path folder = Path.of("");
  private @Nullable RemapEngine engine;
  private @Nullable ImageRequests requests;
  private final RequestBuffer buffer = new RequestBuffer(BLOCK_BYTES);
  private final ByteBuffer bytes =
      buffer.memory().bytes().duplicate().order(ByteOrder.nativeOrder());

  /** An image over a file in the page cache. */
  @Setup(Level.Trial)
  public void open() throws IOException {
    folder = Files.createTempDirectory("decode-bench");
    PosixBlockDevice backing = device("disk", SIZE_BYTES);
    PosixBlockDevice spare = device("disk.remap", 16 << 20);
    MetadataStore.format(spare, BLOCK_BYTES, new BackingIdentity(SIZE_BYTES, ""));
    engine =
        RemapEngine.open(
            backing,
            MetadataStore.open(spare, null, Access.READ_WRITE),
            EngineOptions.defaults(),
            EngineListener.NONE,
            Access.READ_WRITE);
    ImageFile image = new RemapFileSystem(engine, List.of(), command -> new byte[0], false).image();
    requests = new ImageRequests(image);
  }

  private PosixBlockDevice device(String name, long sizeBytes) throws IOException {
    Path path = folder.resolve(name);
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(sizeBytes);
    }
    return PosixBlockDevice.open(path.toString(), IoMode.BUFFERED, Access.READ_WRITE);
  }

  @TearDown(Level.Trial)
  public void close() throws IOException {
    engine.close();
    Files.delete(folder.resolve("disk"));
    Files.delete(folder.resolve("disk.remap"));
    Files.delete(folder);
  }

  /** A READ of nothing: all but the transfer and the table. */
  @Benchmark
  @OperationsPerInvocation(REQUESTS)
  public int decodeRead() {
    return requests(FuseProtocol.OPCODE_READ, 0);
  }

  /** A WRITE of nothing. */
  @Benchmark
  @OperationsPerInvocation(REQUESTS)
  public int decodeWrite() {
    return requests(FuseProtocol.OPCODE_WRITE, 0);
  }

  /** For comparison, a READ of 4 KiB: with the table and one pread from the page cache. */
  @Benchmark
  @OperationsPerInvocation(REQUESTS)
  public int serveRead4k() {
    return requests(FuseProtocol.OPCODE_READ, BLOCK_BYTES);
  }

  private int requests(int opcode, int sizeBytes) {
    int replied = 0;
    for (int i = 0; i < REQUESTS; i++) {
      // The reply overwrites the request's end, so each is put anew, as the kernel would.
      put(opcode, i, (long) i * BLOCK_BYTES, sizeBytes);
      replied += requests.serve(buffer, FuseProtocol.IO_HEADER_BYTES);
    }
    return replied;
  }

  private void put(int opcode, long unique, long byteOffset, int sizeBytes) {
    bytes.putInt(RequestBuffer.REQUEST + FuseProtocol.IN_OPCODE, opcode);
    bytes.putLong(RequestBuffer.REQUEST + FuseProtocol.IN_UNIQUE, unique);
    bytes.putLong(RequestBuffer.REQUEST + FuseProtocol.IO_HANDLE, ImageFile.WRITE_HANDLE);
    bytes.putLong(RequestBuffer.REQUEST + FuseProtocol.IO_OFFSET, byteOffset);
    bytes.putInt(RequestBuffer.REQUEST + FuseProtocol.IO_SIZE, sizeBytes);
  }

  @Test
  void printFigures() throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include(RequestDecodeBench.class.getSimpleName())
                .forks(1)
                .jvmArgs("-Xmx96m", "-XX:+UseSerialGC")
                .warmupIterations(3)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(3)
                .measurementTime(TimeValue.seconds(1))
                .build())
        .run();
  }
}
