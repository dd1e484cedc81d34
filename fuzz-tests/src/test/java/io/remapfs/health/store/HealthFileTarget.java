package io.remapfs.health.store;

import io.remapfs.engine.device.Access;
import io.remapfs.fuzz.Expect;
import io.remapfs.fuzz.MemoryDevice;
import io.remapfs.health.region.HealthMap;
import io.remapfs.health.region.RegionSummary;
import io.remapfs.health.region.Score;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.UUID;

/**
 * A health file that was written by somebody else: the input is pieces of it, which get the
 * checksums that they should have. It may be refused or read; it may not do more harm than that.
 *
 * <p>A piece: one byte that says of what, two that say which, one with its length, its bytes.
 */
public final class HealthFileTarget {
  private static final HealthGeometry DISK = HealthGeometry.of(new UUID(1, 2), 8L << 30, 4096);

  /** The file several times, and what is read out of it. */
  private static final long FILE_BYTES = 32 << 20;

  private static final Instant NOW = Instant.ofEpochSecond(1_800_000_000L);

  static {
    fuzzerTestOneInput(new byte[8]); // Loads classes.
  }

  private HealthFileTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Expect.allocatingAtMost(FILE_BYTES, () -> run(input));
  }

  private static void run(byte[] input) throws IOException {
    byte[] image = new byte[(int) HealthFile.sizeBytes(DISK)];
    HealthFile.format(new MemoryDevice(image), DISK);
    forge(input, image);
    use(image);
    use(image); // What the first left behind.
  }

  private static void use(byte[] image) {
    HealthFile file;
    try {
      file = HealthFile.open(new MemoryDevice(image), "file", DISK, Access.READ_WRITE);
    } catch (IOException e) {
      Expect.that(e.getMessage() != null && !e.getMessage().isEmpty(), "refused without a word");
      return;
    }
    try (file) {
      for (HealthFile.Cell cell : HealthFile.Cell.values()) {
        file.cell(cell).save(file.cell(cell).load());
      }
      file.events().append(file.events().readAll().stream().findFirst().orElse(new byte[1]));
      file.samples().append(file.samples().readAll().stream().findFirst().orElse(new byte[1]));
      HealthMap map = new HealthMap(file, InstantSource.fixed(NOW));
      map.noteMediumError(0, false);
      map.doWork();
      map.forEachRecord(
          (region, record) -> {
            int score = Score.ofRegion(record, NOW);
            Expect.that(0 <= score && score <= 1000, "region %d has a score of %d", region, score);
          });
      RegionSummary.of(map, NOW);
      Expect.that(map.record(0).readErrors() > 0, "an error was forgotten");
      map.shrink();
      Expect.that(map.record(0).readErrors() > 0, "an error was not written");
      file.sync();
    } catch (IOException e) {
      throw new AssertionError("a disk in memory does not fail", e);
    }
  }

  private static void forge(byte[] input, byte[] image) {
    ByteBuffer pieces = ByteBuffer.wrap(input);
    while (pieces.remaining() >= 4) {
      int kind = pieces.get() & 3;
      int index = Short.toUnsignedInt(pieces.getShort());
      byte[] bytes = new byte[Math.min(Byte.toUnsignedInt(pieces.get()), pieces.remaining())];
      pieces.get(bytes);
      switch (kind) {
        case 0 -> header(image, index % 2 == 0, bytes);
        case 1 ->
            entry(
                image,
                HealthFileFormat.CELLS_AT
                    + (long) (index % (HealthFileFormat.CELLS * HealthFileFormat.CELL_SLOTS))
                        * HealthFileFormat.CELL_SLOT_BYTES,
                HealthFileFormat.PAYLOAD_AT + 256,
                bytes);
        case 2 ->
            entry(
                image,
                HealthFileFormat.EVENTS_AT
                    + (long) (index % HealthFileFormat.EVENTS) * HealthFileFormat.EVENT_ENTRY_BYTES,
                HealthFileFormat.EVENT_ENTRY_BYTES,
                bytes);
        default ->
            entry(
                image,
                HealthFileFormat.RECORDS_AT
                    + (long) (index % DISK.regionCount()) * HealthFileFormat.RECORD_BYTES,
                HealthFileFormat.RECORD_BYTES,
                bytes);
      }
    }
  }

  private static void header(byte[] image, boolean first, byte[] bytes) {
    int place = (int) (first ? HealthFileFormat.HEADER_A_AT : HealthFileFormat.HEADER_B_AT);
    int count =
        Math.min(bytes.length, HealthFileFormat.HEADER_CRC_AT - HealthFileFormat.VERSION_AT);
    System.arraycopy(bytes, 0, image, place + HealthFileFormat.VERSION_AT, count);
    byte[] header = new byte[HealthFileFormat.HEADER_BYTES];
    System.arraycopy(image, place, header, 0, header.length);
    int crc = HealthFileFormat.crc(place, header, 0, HealthFileFormat.HEADER_CRC_AT);
    ByteBuffer.wrap(image).putInt(place + HealthFileFormat.HEADER_CRC_AT, crc);
  }

  /** Bytes behind a checksum of {@code lengthBytes} in all. */
  private static void entry(byte[] image, long place, int lengthBytes, byte[] bytes) {
    int at = (int) place;
    System.arraycopy(bytes, 0, image, at + 4, Math.min(bytes.length, lengthBytes - 4));
    int crc = HealthFileFormat.crc(place, image, at + 4, at + lengthBytes);
    ByteBuffer.wrap(image).putInt(at, crc);
  }
}
