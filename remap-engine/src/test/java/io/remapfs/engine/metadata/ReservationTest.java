package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.spare.SpareLayout;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A sparse spare has the space of its metadata, and of nothing else. */
final class ReservationTest {
  private static final int SIZE = 16 << 20;
  private static final int BLOCK = 4096;

  @TempDir Path directory;
  private Path spare;
  private final SpareLayout layout = SpareLayout.of(SIZE, BLOCK);
  private final long metadataBytes = SpareLayout.ZONES * layout.zoneBytes();

  @BeforeEach
  void makeSparse() throws IOException {
    spare = directory.resolve("spare.img");
    try (RandomAccessFile file = new RandomAccessFile(spare.toFile(), "rw")) {
      file.setLength(SIZE);
    }
  }

  private PosixBlockDevice open() throws IOException {
    return PosixBlockDevice.open(spare.toString(), IoMode.BUFFERED, Access.READ_WRITE);
  }

  @Test
  void shouldTakeTheMetadatasSpaceWhenASpareIsFormatted() throws Exception {
    try (PosixBlockDevice device = open()) {
      MetadataStore.format(device, BLOCK, TestSet.BACKING);
    }
    assertThat(allocatedBytes()).isBetween(metadataBytes, metadataBytes + SIZE / 8);
  }

  @Test
  void shouldTakeTheMetadatasSpaceWhenAnOlderSpareIsOpened() throws Exception {
    try (PosixBlockDevice device = open()) {
      MetadataStore.format(device, BLOCK, TestSet.BACKING);
      for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
        device.zero(layout.ringOffset(zone), (long) layout.ringBlocks() * BLOCK, true);
      }
    }
    assertThat(allocatedBytes()).as("as an older format left it").isLessThan(metadataBytes);
    try (PosixBlockDevice device = open()) {
      MetadataStore.open(device, TestSet.BACKING, Access.READ_WRITE).closeUnclean();
    }
    assertThat(allocatedBytes()).isBetween(metadataBytes, metadataBytes + SIZE / 8);
  }

  private long allocatedBytes() throws IOException {
    Process du = new ProcessBuilder("du", "-B1", spare.toString()).start();
    String line = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
    return Long.parseLong(line.split("\\s", 2)[0]);
  }
}
