package io.remapfs.engine.metadata;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;

/**
 * What making remaps durable takes, on a real file: the whole of {@link MetadataStore#commit}, with
 * its three copies, its flushes and, now and then, a checkpoint. Not run by name pattern; {@code
 * mvn test -pl remap-engine -am -Dtest=JournalAppendBench} does.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class JournalAppendBench {
  /** A disk of 1 TiB. */
  private static final BackingIdentity BACKING = new BackingIdentity(1L << 40, "");

  private static final int BLOCK_SIZE = 4096;
  private static final long SPARE_BYTES = 256L << 20;

  /** Blocks that are remapped again and again. */
  private static final int BLOCKS = 10_000;

  /** Slots that they go to in turn; a set that is used is never recovered. */
  private static final int SLOTS = 2 * BLOCKS;

  /**
   * {@code direct}: O_DIRECT and fdatasync. {@code unsynced}: page cache, and flushes do nothing.
   */
  @Param({"direct", "unsynced"})
  public String spare = "";

  private Path path = Path.of("");
  private @Nullable MetadataStore store;
  private @Nullable CountedDevice device;
  private final AtomicLong next = new AtomicLong();
  private final LongAdder calls = new LongAdder();

  /** A formatted spare, in the folder that {@code java.io.tmpdir} names. */
  @Setup(Level.Iteration)
  public void open() throws IOException {
    path = Files.createTempFile("journal-bench", ".remap");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SPARE_BYTES);
    }
    boolean direct = spare.equals("direct");
    device =
        new CountedDevice(
            PosixBlockDevice.open(
                path.toString(), direct ? IoMode.DIRECT : IoMode.BUFFERED, Access.READ_WRITE),
            direct);
    MetadataStore.format(device, BLOCK_SIZE, BACKING);
    store = MetadataStore.open(device, BACKING, Access.READ_WRITE);
    for (int i = 0; i < SLOTS; i++) {
      store.pool().allocate();
    }
    device.flushes.reset();
    calls.reset();
  }

  /** Says how many flushes the calls shared. */
  @TearDown(Level.Iteration)
  public void close() throws IOException {
    System.out.printf(
        " %d commits, %.2f flushes a commit%n ",
        calls.sum(), (double) device.flushes.sum() / Math.max(1, calls.sum()));
    device.close();
    Files.delete(path);
  }

  private Mapped remap() {
    long turn = next.getAndIncrement();
    return new Mapped(turn % BLOCKS * 2, turn % SLOTS, Cause.WRITTEN);
  }

  /** One remap, alone. */
  @Benchmark
  public void one() throws IOException {
    calls.increment();
    store.commit(List.of(remap()));
  }

  /** One remap each of sixteen threads, as many as a session has workers. */
  @Benchmark
  @Threads(16)
  public void oneOfSixteenThreads() throws IOException {
    calls.increment();
    store.commit(List.of(remap()));
  }

  /** As many remaps of one request as a journal block holds. */
  @Benchmark
  public void blockful() throws IOException {
    calls.increment();
    List<MetadataRecord> records = new ArrayList<>(JournalFormat.MAX_RECORDS);
    for (int i = 0; i < JournalFormat.MAX_RECORDS; i++) {
      records.add(remap());
    }
    store.commit(records);
  }

  @Test
  void printFigures() throws RunnerException {
    new Runner(
            new OptionsBuilder()
                .include(JournalAppendBench.class.getSimpleName())
                .forks(1)
                .jvmArgs("-Xmx96m", "-XX:+UseSerialGC")
                .warmupIterations(2)
                .warmupTime(TimeValue.seconds(1))
                .measurementIterations(3)
                .measurementTime(TimeValue.seconds(1))
                .build())
        .run();
  }

  /** Counts flushes, and does them or does not. */
  private static final class CountedDevice implements BlockDevice {
    private final BlockDevice device;
    private final boolean flushesThrough;
    private final LongAdder flushes = new LongAdder();

    CountedDevice(BlockDevice device, boolean flushesThrough) {
      this.device = device;
      this.flushesThrough = flushesThrough;
    }

    @Override
    public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      device.read(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
        throws BlockDeviceException {
      device.write(byteOffset, buffer, at, lengthBytes);
    }

    @Override
    public void flush() throws BlockDeviceException {
      flushes.increment();
      if (flushesThrough) {
        device.flush();
      }
    }

    @Override
    public void zero(long byteOffset, long lengthBytes, boolean deallocate)
        throws BlockDeviceException {
      device.zero(byteOffset, lengthBytes, deallocate);
    }

    @Override
    public void reserve(long byteOffset, long lengthBytes) throws BlockDeviceException {
      device.reserve(byteOffset, lengthBytes);
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
