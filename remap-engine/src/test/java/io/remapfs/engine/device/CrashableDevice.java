package io.remapfs.engine.device;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A disk in memory that fails and crashes as told.
 *
 * <p><b>Crashes.</b> It keeps two images: what a reader sees now, and what a flush has made
 * durable; between them lies the list of unflushed writes. A crash makes a new device from the
 * durable image and whichever of the unflushed writes the test lets survive: any subset, in any
 * order, each torn at 512 bytes; {@link CrashStates} enumerates them. This device goes on unharmed,
 * so one history yields many crashes. A daemon that is killed without a power cut is modelled by
 * using this same device again.
 *
 * <p><b>Faults.</b> Ranges fail for reads, writes or flushes, as medium or transport errors, for a
 * number of times or for good. A failed write leaves its range as {@link Landing} says. A failed
 * flush drops what was unflushed from durability for good, while readers still see it: a later
 * success proves nothing.
 *
 * <p>Thread-safe. The hook runs outside the lock, before the operation takes effect.
 */
public final class CrashableDevice implements BlockDevice {
  /** The unit in which a write is torn, in bytes. */
  public static final int TEAR_BYTES = 512;

  private static final int EIO = 5;

  /** The kinds of operations that can fail. */
  public enum Operation {
    READ,
    WRITE,
    FLUSH
  }

  /** How an operation fails: the first as the medium's error, the others as the transport's. */
  public enum Fault {
    /** EIO. */
    MEDIUM(EIO),
    /** ENODEV. */
    TRANSPORT(19),
    /** ENOSPC: a full file system below a sparse file. */
    NO_SPACE(28),
    /** EROFS. */
    READ_ONLY(30),
    /** ETIMEDOUT: whether it happened nobody knows. */
    TIMEOUT(110);

    private final int errno;

    Fault(int errno) {
      this.errno = errno;
    }
  }

  /** What a failed write leaves on the medium. */
  public enum Landing {
    NOTHING,
    /** Its first half, rounded down to 512 bytes. */
    HALF,
    /** All of it, although an error was returned. */
    ALL
  }

  /** Sees each operation before it takes effect. */
  @FunctionalInterface
  public interface Hook {
    /** {@code byteOffset} and {@code lengthBytes} are 0 for a flush. */
    void before(Operation operation, long byteOffset, long lengthBytes);
  }

  /** An unflushed write; numbers grow and are never given twice, over all devices. */
  record Write(long number, long byteOffset, byte[] data) {}

  private static final AtomicLong NEXT_NUMBER = new AtomicLong(1);

  private static final class Rule {
    final Operation operation;
    final long start;
    final long end;
    final Fault fault;
    int timesLeft;

    Rule(Operation operation, long start, long end, Fault fault, int times) {
      this.operation = operation;
      this.start = start;
      this.end = end;
      this.fault = fault;
      this.timesLeft = times;
    }

    boolean covers(Operation asked, long byteOffset, long lengthBytes) {
      return operation == asked
          && timesLeft > 0
          && byteOffset < end
          && start < byteOffset + lengthBytes;
    }
  }

  private final int sectorSizeBytes;
  private final byte[] current;
  private final byte[] durable;
  private final List<Write> unflushed = new ArrayList<>();
  private final List<Rule> rules = new ArrayList<>();
  private Landing failedWritesLand = Landing.NOTHING;
  private String name = "crashable";
  private volatile Hook hook = (operation, byteOffset, lengthBytes) -> {};
  private long reads;
  private long writes;
  private long flushes;
  private boolean flushFailed;
  private long presentSizeBytes;
  private volatile int descriptor = -1;

  /** A disk of zeros. */
  public CrashableDevice(int sizeBytes, int sectorSizeBytes) {
    this(new byte[sizeBytes], sectorSizeBytes);
  }

  /** A disk that holds {@code image}, which it takes over, durably. */
  public CrashableDevice(byte[] image, int sectorSizeBytes) {
    this.sectorSizeBytes = sectorSizeBytes;
    this.durable = image;
    this.current = image.clone();
    this.presentSizeBytes = image.length;
  }

  // ---- faults

  /** Makes operations that touch the range fail until {@link #heal}. */
  public void fail(Operation operation, long byteOffset, long lengthBytes, Fault fault) {
    fail(operation, byteOffset, lengthBytes, fault, Integer.MAX_VALUE);
  }

  /** Makes the next {@code times} operations that touch the range fail. */
  public synchronized void fail(
      Operation operation, long byteOffset, long lengthBytes, Fault fault, int times) {
    rules.add(new Rule(operation, byteOffset, byteOffset + lengthBytes, fault, times));
  }

  /** Makes flushes fail until {@link #heal}. */
  public void failFlushes(Fault fault) {
    fail(Operation.FLUSH, 0, Long.MAX_VALUE / 2, fault);
  }

  /** Makes the next {@code times} flushes fail. */
  public void failFlushes(Fault fault, int times) {
    fail(Operation.FLUSH, 0, Long.MAX_VALUE / 2, fault, times);
  }

  /** Takes all faults away. */
  public synchronized void heal() {
    rules.clear();
  }

  /** Cuts the disk short, or gives it its size again: what it says, not what it has. */
  public synchronized void cutAt(long endBytes) {
    presentSizeBytes = endBytes;
  }

  /** The same disk as another process would open it: it knows nothing of flushes that failed. */
  public synchronized CrashableDevice reopened() {
    flushFailed = false;
    return this;
  }

  /** What failed writes leave behind from now on; nothing by default. */
  public synchronized void setFailedWritesLand(Landing landing) {
    failedWritesLand = landing;
  }

  /** What it gives to those who submit transfers themselves; none by default. */
  public void setDescriptor(int descriptor) {
    this.descriptor = descriptor;
  }

  @Override
  public int descriptorFor(long byteOffset, long lengthBytes) {
    return descriptor;
  }

  /** Sets the one hook. */
  public void setHook(Hook hook) {
    this.hook = hook;
  }

  // ---- crashes

  /** Writes since the last flush. */
  public synchronized int unflushedWrites() {
    return unflushed.size();
  }

  /** The device after a power cut that lost every unflushed write. */
  public CrashableDevice crashLosingAll() {
    return crashKeeping(new BitSet());
  }

  /** The device after a power cut that lost nothing. */
  public synchronized CrashableDevice crashKeepingAll() {
    return new CrashableDevice(current.clone(), sectorSizeBytes).named(name);
  }

  /** The device after a power cut that some unflushed writes survived whole; others are lost. */
  public synchronized CrashableDevice crashKeeping(BitSet writeIndexes) {
    byte[] image = durable.clone();
    for (int i = writeIndexes.nextSetBit(0); i >= 0; i = writeIndexes.nextSetBit(i + 1)) {
      Write write = unflushed.get(i);
      System.arraycopy(write.data(), 0, image, (int) write.byteOffset(), write.data().length);
    }
    return new CrashableDevice(image, sectorSizeBytes).named(name);
  }

  /**
   * The device after a power cut that tore every unflushed write at the same place.
   *
   * @param fromPermille where the part of each write begins that survived, 0 to 1000
   * @param toPermille where it ends; both are rounded outwards to 512 bytes
   */
  public synchronized CrashableDevice crashTearingAll(int fromPermille, int toPermille) {
    byte[] image = durable.clone();
    for (Write write : unflushed) {
      int length = write.data().length;
      int from = (int) ((long) length * fromPermille / 1000) / TEAR_BYTES * TEAR_BYTES;
      int to = (int) ((long) length * toPermille / 1000 + TEAR_BYTES - 1) / TEAR_BYTES * TEAR_BYTES;
      System.arraycopy(
          write.data(), from, image, (int) write.byteOffset() + from, Math.min(to, length) - from);
    }
    return new CrashableDevice(image, sectorSizeBytes).named(name);
  }

  /** The device after a power cut: each write whole, lost or torn at random, in random order. */
  public synchronized CrashableDevice crashAtRandom(Random random) {
    byte[] image = durable.clone();
    List<Write> shuffled = new ArrayList<>(unflushed);
    Collections.shuffle(shuffled, random);
    for (Write write : shuffled) {
      int kind = random.nextInt(3);
      for (int at = 0; at < write.data().length; at += TEAR_BYTES) {
        if (kind == 1 || (kind == 2 && random.nextBoolean())) {
          int length = Math.min(TEAR_BYTES, write.data().length - at);
          System.arraycopy(write.data(), at, image, (int) write.byteOffset() + at, length);
        }
      }
    }
    return new CrashableDevice(image, sectorSizeBytes).named(name);
  }

  /** What was written since the last flush, in order. */
  synchronized List<Write> unflushed() {
    return List.copyOf(unflushed);
  }

  /** The same disk with a name of its own. */
  public CrashableDevice named(String other) {
    name = other;
    return this;
  }

  /** A copy of what is durable. */
  public synchronized byte[] durableImage() {
    return durable.clone();
  }

  /** The device after a power cut that left {@code image}; it fails where this one fails. */
  public synchronized CrashableDevice crashedAs(byte[] image) {
    CrashableDevice crashed = new CrashableDevice(image, sectorSizeBytes).named(name);
    crashed.failedWritesLand = failedWritesLand;
    for (Rule rule : rules) {
      crashed.fail(rule.operation, rule.start, rule.end - rule.start, rule.fault, rule.timesLeft);
    }
    return crashed;
  }

  // ---- what a test looks at

  /** Flips bytes of a range on the medium itself, as rot does. */
  public synchronized void corrupt(long byteOffset, int lengthBytes) {
    for (int i = 0; i < lengthBytes; i++) {
      durable[(int) byteOffset + i] ^= (byte) (0x5A + i);
      current[(int) byteOffset + i] = durable[(int) byteOffset + i];
    }
  }

  /** Whether such an operation would fail now; asking does not count as a try. */
  public synchronized boolean isFaulty(Operation operation, long byteOffset, long lengthBytes) {
    return rules.stream().anyMatch(rule -> rule.covers(operation, byteOffset, lengthBytes));
  }

  /** A copy of what a reader sees now. */
  public synchronized byte[] image() {
    return current.clone();
  }

  public synchronized long reads() {
    return reads;
  }

  public synchronized long writes() {
    return writes;
  }

  public synchronized long flushes() {
    return flushes;
  }

  // ---- BlockDevice

  @Override
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    requireSuitable(byteOffset, lengthBytes);
    hook.before(Operation.READ, byteOffset, lengthBytes);
    synchronized (this) {
      reads++;
      throwIfFaulty(Operation.READ, byteOffset, lengthBytes);
      buffer.bytes().put(at, current, (int) byteOffset, lengthBytes);
    }
  }

  @Override
  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    byte[] data = new byte[lengthBytes];
    buffer.bytes().get(at, data);
    write(byteOffset, data);
  }

  private void write(long byteOffset, byte[] data) throws BlockDeviceException {
    requireSuitable(byteOffset, data.length);
    hook.before(Operation.WRITE, byteOffset, data.length);
    synchronized (this) {
      writes++;
      try {
        throwIfFaulty(Operation.WRITE, byteOffset, data.length);
      } catch (BlockDeviceException e) {
        switch (failedWritesLand) {
          case NOTHING -> {}
          case HALF -> land(byteOffset, half(data));
          case ALL -> land(byteOffset, data);
        }
        throw e;
      }
      land(byteOffset, data);
    }
  }

  private static byte[] half(byte[] data) {
    byte[] half = new byte[data.length / 2 / TEAR_BYTES * TEAR_BYTES];
    System.arraycopy(data, 0, half, 0, half.length);
    return half;
  }

  private void land(long byteOffset, byte[] data) {
    System.arraycopy(data, 0, current, (int) byteOffset, data.length);
    unflushed.add(new Write(NEXT_NUMBER.getAndIncrement(), byteOffset, data));
  }

  @Override
  public void flush() throws BlockDeviceException {
    hook.before(Operation.FLUSH, 0, 0);
    synchronized (this) {
      flushes++;
      try {
        throwIfFaulty(Operation.FLUSH, 0, 1);
      } catch (BlockDeviceException e) {
        unflushed.clear();
        flushFailed = true;
        throw e;
      }
      if (flushFailed) {
        throw new MediumErrorException("an earlier flush failed", EIO, -1, 0);
      }
      for (Write write : unflushed) {
        System.arraycopy(write.data(), 0, durable, (int) write.byteOffset(), write.data().length);
      }
      unflushed.clear();
    }
  }

  @Override
  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    write(byteOffset, new byte[(int) lengthBytes]);
  }

  @Override
  public long sizeBytes() {
    return current.length;
  }

  @Override
  public synchronized long presentSizeBytes() {
    return presentSizeBytes;
  }

  @Override
  public int sectorSizeBytes() {
    return sectorSizeBytes;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public void close() {}

  private void requireSuitable(long byteOffset, long lengthBytes) {
    if (byteOffset < 0
        || lengthBytes < 0
        || byteOffset + lengthBytes > sizeBytes()
        || byteOffset % sectorSizeBytes != 0
        || lengthBytes % sectorSizeBytes != 0) {
      throw new IllegalArgumentException(
          "bytes " + byteOffset + " + " + lengthBytes + " of " + sizeBytes());
    }
  }

  private void throwIfFaulty(Operation operation, long byteOffset, long lengthBytes)
      throws BlockDeviceException {
    for (Rule rule : rules) {
      if (rule.covers(operation, byteOffset, lengthBytes)) {
        rule.timesLeft--;
        String message =
            operation + " of " + lengthBytes + " bytes at " + byteOffset + " failed (injected)";
        throw rule.fault == Fault.MEDIUM
            ? new MediumErrorException(message, EIO, byteOffset, lengthBytes)
            : new TransportErrorException(message, rule.fault.errno, byteOffset, lengthBytes);
      }
    }
  }
}
