package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.Refusal.REFUSED;
import static io.remapfs.it.harness.Refusal.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Spares of other versions and with damaged copies; docs/data-format.md draws the bytes. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class MetadataDamageTest {
  private static final long SIZE = 64 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long AT = 10L * BLOCK;
  private static final long[] SUPERBLOCKS = {0, 8 * Images.MIB, 16 * Images.MIB - BLOCK};
  private static final int VERSION_AT = 8;
  private static final int CHECKSUM_AT = 4092;

  @ParameterizedTest
  @CsvSource({"3, newer", "0, old"})
  void shouldSayWhichWhenTheFormatIsOfAnotherVersion(int version, String word, Workbench bench)
      throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted.remapfs("format", "--spare", spare.toString(), backing.toString()).orFail();
    for (long byteOffset : SUPERBLOCKS) {
      ByteBuffer superblock = ByteBuffer.wrap(Images.read(spare, byteOffset, BLOCK));
      superblock.putInt(VERSION_AT, version);
      CRC32C checksum = new CRC32C();
      checksum.update(superblock.array(), 0, CHECKSUM_AT);
      superblock.putInt(CHECKSUM_AT, (int) checksum.getValue());
      Images.write(spare, byteOffset, superblock.array());
    }

    refuses(bench, REFUSED, word, "mount", "--spare", spare, backing, bench.folder("mount"));
  }

  @ParameterizedTest
  @CsvSource({"0, 1", "1, 2", "0, 2"})
  void shouldMountAndRepairWhenAllCopiesButOneAreDamaged(int first, int second, Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    disk.faults(Fault.both(AT, BLOCK));
    mounted.write(AT, Images.pattern(2, AT, BLOCK));
    mounted.umount().orFail();
    Images.write(spare, SUPERBLOCKS[first], new byte[BLOCK]);
    Images.write(spare, SUPERBLOCKS[second], new byte[BLOCK]);
    assertThat(Mounted.remapfs("check", spare.toString()).exitCode()).isEqualTo(4);

    Mounted again = bench.mount(disk.image(), "--spare", spare.toString());

    assertPattern(again, 2, AT, BLOCK);
    again.umount().orFail();
    Mounted.remapfs("check", spare.toString()).orFail();
  }

  @Test
  void shouldChangeNothingWhenADamagedSpareIsOnlyChecked(Workbench bench) throws IOException {
    Path backing = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted.remapfs("format", "--spare", spare.toString(), backing.toString()).orFail();
    Images.write(spare, SUPERBLOCKS[1], new byte[BLOCK]);
    String before = Images.hash(spare);

    assertThat(Mounted.remapfs("check", spare.toString()).exitCode()).isEqualTo(4);

    assertThat(Images.hash(spare)).isEqualTo(before);
  }
}
