package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertWriteFails;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Status;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The spare is a disk too: it goes bad, fills up and stops taking writes. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class SpareTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long AT = 10L * BLOCK;
  private static final long OLD = 1;
  private static final long NEW = 2;

  @Test
  void shouldBurnTheSlotAndUseAnotherWhenTheFirstChoiceCannotBeWritten(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, 2 * BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long nextSlotByteOffset = slotOf(spare, Images.pattern(NEW, AT, BLOCK)) + BLOCK;

    spare.faults(Fault.write(nextSlotByteOffset, BLOCK));
    mounted.write(AT + BLOCK, Images.pattern(NEW, AT + BLOCK, BLOCK));

    assertPattern(mounted, NEW, AT, 2 * BLOCK);
    assertThat(mounted.status().spareBurnt()).isEqualTo(1);
    assertThat(mounted.status().remapped()).isEqualTo(2);
  }

  @Test
  void shouldMoveARemappedBlockWhenItsSlotStopsTakingWrites(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long slotByteOffset = slotOf(spare, Images.pattern(NEW, AT, BLOCK));

    spare.faults(Fault.write(slotByteOffset, BLOCK));
    mounted.write(AT, Images.pattern(3, AT, BLOCK));

    assertPattern(mounted, 3, AT, BLOCK);
    assertThat(mounted.status().spareBurnt()).isEqualTo(1);
    assertThat(mounted.status().remapped()).isEqualTo(1);
  }

  @Test
  void shouldLoseTheBlockAndSaySoWhenItsSlotCannotBeRead(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long slotByteOffset = slotOf(spare, Images.pattern(NEW, AT, BLOCK));

    spare.faults(Fault.read(slotByteOffset, BLOCK));
    // The backing still holds the older bytes and reads well: they must not come back as success.
    assertReadFails(mounted, AT, BLOCK);

    assertThat(mounted.status().pending()).isEqualTo(1);
    assertThat(mounted.status().spareBurnt()).isEqualTo(1);
    assertReadFails(mounted, AT, BLOCK);
    mounted.write(AT, Images.pattern(3, AT, BLOCK));
    assertPattern(mounted, 3, AT, BLOCK);
    assertThat(mounted.status().pending()).isZero();
  }

  @Test
  void shouldSalvageASlotToAnotherWhenARetryYieldsIt(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.both(AT, BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long slotByteOffset = slotOf(spare, Images.pattern(NEW, AT, BLOCK));

    spare.faults(Fault.salvageable(slotByteOffset, BLOCK));
    assertPattern(mounted, NEW, AT, BLOCK);

    assertThat(mounted.status().spareBurnt()).isEqualTo(1);
    spare.faults(Fault.both(slotByteOffset, BLOCK));
    assertPattern(mounted, NEW, AT, BLOCK);
  }

  @Test
  void shouldKeepServingEverythingElseWhenTheSpareIsExhausted(Workbench bench) throws IOException {
    int run = 16 * BLOCK;
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path spare = bench.disk("spare.img", 3 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK);
    long slots = mounted.status().number("spare.slots");
    long badBytes = (slots + 64) * BLOCK;
    assertThat(badBytes).isLessThan(SIZE - Images.MIB);
    disk.faults(Fault.write(0, badBytes));

    for (long block = 0; block < slots / 16 * 16; block += 16) {
      mounted.write(block * BLOCK, Images.pattern(NEW, block * BLOCK, run));
    }
    long last = slots / 16 * 16 * BLOCK;
    assertWriteFails(mounted, last, Images.pattern(NEW, last, 2 * run));

    Status status = mounted.status();
    assertThat(status.state()).isEqualTo("EXHAUSTED");
    assertThat(status.number("spare.free")).isZero();
    assertThat(Mounted.remapfs("status", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);
    mounted.write(0, Images.pattern(3, 0, run));
    assertPattern(mounted, 3, 0, run);
    assertPattern(mounted, NEW, run, run);
    assertPattern(mounted, OLD, last + run, run);
    mounted.write(badBytes, Images.pattern(NEW, badBytes, run));
    assertPattern(mounted, NEW, badBytes, run);
    mounted.sync();
  }

  @Test
  void shouldAcknowledgeNoNewRemapWhenTheMetadataCannotBeMadeDurable(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, 8 * BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));

    spare.faults(Fault.wholeDisk("w", ""));
    assertWriteFails(mounted, AT + BLOCK, Images.pattern(NEW, AT + BLOCK, BLOCK));

    assertThat(mounted.status().state()).isIn("EMERGENCY", "EXHAUSTED");
    assertPattern(mounted, NEW, AT, BLOCK);
    assertPattern(mounted, OLD, AT + BLOCK, BLOCK);
    mounted.write(0, Images.pattern(NEW, 0, BLOCK));
    assertPattern(mounted, NEW, 0, BLOCK);
  }

  @Test
  void shouldBurnForGoodWhenTheSpareIsMountedAgain(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    FailingDisk spare = bench.failingDisk("spare", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare.image(), BLOCK);
    disk.faults(Fault.write(AT, 4 * BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    long slotByteOffset = slotOf(spare, Images.pattern(NEW, AT, BLOCK));
    spare.faults(Fault.write(slotByteOffset, BLOCK));
    mounted.write(AT, Images.pattern(3, AT, BLOCK));
    mounted.umount().orFail();
    spare.faults();

    Path spareImage = spare.image();
    Mounted again = bench.mount(disk.image(), "--spare", spareImage.toString());
    again.write(AT + BLOCK, Images.pattern(3, AT + BLOCK, BLOCK));

    assertThat(again.status().spareBurnt()).isEqualTo(1);
    assertPattern(again, 3, AT, 2 * BLOCK);
    assertThat(Images.read(spare.store(), slotByteOffset, BLOCK))
        .as("the burnt slot is not written again")
        .isEqualTo(Images.pattern(NEW, AT, BLOCK));
  }

  /** Where in the spare the slot with these contents lies. */
  private static long slotOf(FailingDisk spare, byte[] contents) throws IOException {
    byte[] all = Files.readAllBytes(spare.store());
    for (int byteOffset = 0; byteOffset + contents.length <= all.length; byteOffset += 512) {
      if (Arrays.equals(
          all, byteOffset, byteOffset + contents.length, contents, 0, contents.length)) {
        return byteOffset;
      }
    }
    throw new AssertionError("no slot with the contents");
  }
}
