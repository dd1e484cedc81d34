package io.remapfs.health.store;

import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * A sparse disk in memory that fails as told and can lose power.
 *
 * <p>A sector of 512 bytes is never torn, and nothing orders what was not flushed: so a power cut
 * leaves, of each sector that was written since the last flush, what is durable or any of the
 * writes to it. {@link #forEachCrash} visits all of these states where they are few, else some.
 */
public final class CrashDisk implements BlockDevice {
  /** The unit of tearing. */
  public static final int SECTOR = 512;

  private static final byte[] ZEROS = new byte[SECTOR];

  private final long sizeBytes;
  private final TreeMap<Long, byte[]> durable = new TreeMap<>();
  private final TreeMap<Long, byte[]> current = new TreeMap<>();
  private final TreeMap<Long, List<byte[]>> unflushed = new TreeMap<>();
  private LongPredicate failingWrites = place -> false;
  private LongPredicate failingReads = place -> false;
  private boolean flushesFail;

  /** A disk of zeros. */
  public CrashDisk(long sizeBytes) {
    this.sizeBytes = sizeBytes;
  }

  /** Makes writes fail that touch a sector which {@code places} names by its byte offset. */
  public void failWrites(LongPredicate places) {
    failingWrites = places;
  }

  public void failReads(LongPredicate places) {
    failingReads = places;
  }

  public void failFlushes(boolean fail) {
    flushesFail = fail;
  }

  /** Flips bits of a byte on the medium. */
  public void flip(long byteOffset, int bits) {
    long sector = byteOffset / SECTOR * SECTOR;
    byte[] bytes = durable.getOrDefault(sector, ZEROS).clone();
    bytes[(int) (byteOffset - sector)] ^= (byte) bits;
    durable.put(sector, bytes);
    current.put(sector, bytes);
  }

  /**
   * Cuts the power now; the test gets a new disk for each state.
   *
   * @param bound where there are more states than this, so many random ones are visited, and those
   *     in which all or nothing was kept
   * @return states visited
   */
  public int forEachCrash(int bound, Random random, Consumer<CrashDisk> test) {
    List<Long> places = new ArrayList<>(unflushed.keySet());
    double all =
        places.stream()
            .mapToDouble(place -> unflushed.get(place).size() + 1.0)
            .reduce(1, (a, b) -> a * b);
    int[] choice = new int[places.size()];
    if (all > bound) {
      test.accept(crashed(places, choice));
      Arrays.setAll(choice, i -> unflushed.get(places.get(i)).size());
      test.accept(crashed(places, choice));
      for (int i = 2; i < bound; i++) {
        Arrays.setAll(choice, s -> random.nextInt(unflushed.get(places.get(s)).size() + 1));
        test.accept(crashed(places, choice));
      }
      return bound;
    }
    int visited = 0;
    int digit;
    do {
      test.accept(crashed(places, choice));
      visited++;
      digit = 0;
      while (digit < choice.length && ++choice[digit] > unflushed.get(places.get(digit)).size()) {
        choice[digit++] = 0;
      }
    } while (digit < choice.length);
    return visited;
  }

  private CrashDisk crashed(List<Long> places, int[] choice) {
    CrashDisk disk = new CrashDisk(sizeBytes);
    disk.durable.putAll(durable);
    for (int i = 0; i < choice.length; i++) {
      if (choice[i] > 0) {
        disk.durable.put(places.get(i), unflushed.get(places.get(i)).get(choice[i] - 1));
      }
    }
    disk.current.putAll(disk.durable);
    return disk;
  }

  @Override
  public void read(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    require(byteOffset, lengthBytes);
    for (int done = 0; done < lengthBytes; done += SECTOR) {
      if (failingReads.test(byteOffset + done)) {
        throw new MediumErrorException("injected", 5, byteOffset, lengthBytes);
      }
      buffer.bytes().put(at + done, current.getOrDefault(byteOffset + done, ZEROS));
    }
  }

  @Override
  public void write(long byteOffset, IoBuffer buffer, int at, int lengthBytes)
      throws BlockDeviceException {
    require(byteOffset, lengthBytes);
    for (int done = 0; done < lengthBytes; done += SECTOR) {
      if (failingWrites.test(byteOffset + done)) {
        throw new TransportErrorException("injected", 28, byteOffset, lengthBytes);
      }
      byte[] bytes = new byte[SECTOR];
      buffer.bytes().get(at + done, bytes);
      current.put(byteOffset + done, bytes);
      List<byte[]> versions =
          unflushed.computeIfAbsent(byteOffset + done, absent -> new ArrayList<>());
      if (versions.isEmpty() || !Arrays.equals(versions.get(versions.size() - 1), bytes)) {
        versions.add(bytes);
      }
    }
  }

  @Override
  public void flush() throws BlockDeviceException {
    if (flushesFail) {
      throw new MediumErrorException("injected", 5, -1, 0);
    }
    durable.putAll(current);
    unflushed.clear();
  }

  @Override
  public void zero(long byteOffset, long lengthBytes, boolean deallocate)
      throws BlockDeviceException {
    write(byteOffset, IoBuffer.allocate((int) lengthBytes), 0, (int) lengthBytes);
  }

  @Override
  public long dataFrom(long byteOffset) {
    Long next = current.ceilingKey(byteOffset / SECTOR * SECTOR);
    return next == null ? sizeBytes : Math.max(next, byteOffset);
  }

  @Override
  public long sizeBytes() {
    return sizeBytes;
  }

  @Override
  public int sectorSizeBytes() {
    return SECTOR;
  }

  @Override
  public String name() {
    return "crash disk";
  }

  @Override
  public void close() {}

  private void require(long byteOffset, long lengthBytes) {
    if (byteOffset < 0
        || lengthBytes <= 0
        || byteOffset > sizeBytes - lengthBytes
        || byteOffset % SECTOR != 0
        || lengthBytes % SECTOR != 0) {
      throw new IllegalArgumentException(lengthBytes + " bytes at " + byteOffset);
    }
  }
}
