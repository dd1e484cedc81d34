package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static io.remapfs.it.harness.ImageAssert.assertReadFails;
import static io.remapfs.it.harness.ImageAssert.assertReads;
import static io.remapfs.it.harness.ImageAssert.assertWriteFails;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.Parameter;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.ValueSource;

/** What a block goes through on a backing that fails: a row of the design's case table each. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
@ParameterizedClass
@ValueSource(strings = {"threads", "ring", "uring"})
final class StateTransitionsTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long AT = 10L * BLOCK;
  private static final long OLD = 1;
  private static final long NEW = 2;

  @Parameter String session = "";

  private String session() {
    return "--session=" + session;
  }

  @Test
  void shouldSalvageSectorBySectorWhenOnlyLongReadsFail(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    disk.faults(Fault.salvageable(AT, BLOCK));

    assertPattern(mounted, OLD, 0, 64 * BLOCK);

    assertThat(mounted.status().salvaged()).isEqualTo(1);
    assertThat(mounted.status().remapped()).isEqualTo(1);
    disk.faults(Fault.both(AT, BLOCK));
    assertPattern(mounted, OLD, AT, BLOCK);
  }

  @Test
  void shouldLoseTheWholeBlockWhenOneSectorCannotBeRead(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    disk.faults(Fault.read(AT + 1024, 512));

    assertReadFails(mounted, AT, BLOCK);

    assertThat(mounted.status().pending()).isEqualTo(1);
    assertReadFails(mounted, AT, 512);
  }

  @Test
  void shouldSayEioAtOnceWhenAPendingBlockIsReadAgain(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    disk.faults(new Fault(AT + " " + BLOCK, "r", "delay=300ms"));
    assertReadFails(mounted, AT, BLOCK);

    long startNanos = System.nanoTime();
    assertReadFails(mounted, AT, BLOCK);

    // One attempt costs 300 ms, the first reading's three tries and eight sectors cost 3 s.
    assertThat(System.nanoTime() - startNanos).isLessThan(TimeUnit.MILLISECONDS.toNanos(800));
  }

  @Test
  void shouldSalvageAPendingBlockWhenTheMediumYieldsItAgain(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    disk.faults(Fault.read(AT, BLOCK));
    assertReadFails(mounted, AT, BLOCK);
    assertThat(mounted.status().state()).isEqualTo("DEGRADED");

    disk.faults();
    assertPattern(mounted, OLD, AT, BLOCK);

    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().state()).isEqualTo("HEALTHY");
  }

  @Test
  void shouldMoveABlockBackWhenItsPlaceTakesWritesAgain(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    String mountPoint = mounted.mountPoint().toString();
    String block = Long.toString(AT / BLOCK);
    disk.faults(Fault.both(AT, BLOCK));
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    assertThat(mounted.status().remapped()).isEqualTo(1);
    assertThat(mounted.control("verify " + block + " 1")).contains("\"recovered\":0");
    assertThat(Mounted.remapfs("unmap", mountPoint, block).exitCode()).isEqualTo(4);
    assertPattern(mounted, NEW, AT, BLOCK);

    disk.faults();
    assertThat(mounted.control("verify " + block + " 1")).contains("\"recovered\":1");
    assertThat(Mounted.remapfs("unmap", mountPoint, "0", "64", "--json").orFail().stdout())
        .contains("\"unmapped\" : 1");

    assertThat(mounted.status().remapped()).isZero();
    assertPattern(mounted, NEW, AT, BLOCK);
    assertPattern(mounted, OLD, AT + BLOCK, BLOCK);
    // Without remapfs: the disk itself has the new bytes.
    assertThat(Images.read(disk.image(), AT, BLOCK)).isEqualTo(Images.pattern(NEW, AT, BLOCK));
  }

  @Test
  void shouldRefuseAPartialWriteAndTakeAWholeOneWhenTheBlockIsPending(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());
    disk.faults(Fault.read(AT, BLOCK));
    assertReadFails(mounted, AT, BLOCK);

    assertWriteFails(mounted, AT + 512, Images.pattern(NEW, AT + 512, 512));
    assertReadFails(mounted, AT, BLOCK);
    assertThat(mounted.status().pending()).isEqualTo(1);

    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    assertPattern(mounted, NEW, AT, BLOCK);
    assertThat(mounted.status().pending()).isZero();
  }

  @Test
  void shouldFillWhatIsLostWithZerosWhenTheUserOptedIn(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session(), "--unreadable=zero");
    disk.faults(Fault.read(AT, BLOCK));
    assertReads(mounted, AT, new byte[BLOCK]);
    assertThat(mounted.status().pending()).isEqualTo(1);
    byte[] expected = new byte[BLOCK];
    byte[] written = Images.pattern(NEW, AT + 512, 512);
    System.arraycopy(written, 0, expected, 512, 512);

    mounted.write(AT + 512, written);

    assertReads(mounted, AT, expected);
    assertThat(mounted.status().pending()).isZero();
  }

  @Test
  void shouldWriteToTheBackingWhenAPendingBlockIsToBeRewritten(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted =
        bench.mountFormatted(disk.image(), BLOCK, session(), "--pending-write=rewrite");
    disk.faults(Fault.read(AT, BLOCK));
    assertReadFails(mounted, AT, BLOCK);
    disk.faults();

    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));

    assertPattern(mounted, NEW, AT, BLOCK);
    assertThat(mounted.status().pending()).isZero();
    assertThat(mounted.status().remapped()).isZero();
    assertThat(Images.read(disk.store(), AT, BLOCK)).isEqualTo(Images.pattern(NEW, AT, BLOCK));
  }

  @Test
  void shouldRelocateWhenARewriteOfAPendingBlockDoesNotReadBack(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted =
        bench.mountFormatted(disk.image(), BLOCK, session(), "--pending-write=rewrite");
    disk.faults(Fault.read(AT, BLOCK));
    assertReadFails(mounted, AT, BLOCK);

    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));

    assertPattern(mounted, NEW, AT, BLOCK);
    assertThat(mounted.status().remapped()).isEqualTo(1);
  }

  @Test
  void shouldReportLostBlocksAgainWhenMountedAgain(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted first = bench.mountFormatted(disk.image(), spare, BLOCK, session());
    disk.faults(Fault.read(AT, BLOCK));
    assertReadFails(first, AT, BLOCK);
    first.umount().orFail();

    Mounted second = bench.mount(disk.image(), "--spare", spare.toString(), session());

    assertThat(second.status().pending()).isEqualTo(1);
    assertReadFails(second, AT, BLOCK);
  }

  @Test
  void shouldStayAnErrorWhenAnFsyncFailedOnce(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Path spare = bench.disk("spare.img", 16 * Images.MIB);
    Mounted mounted = bench.mountFormatted(disk.image(), spare, BLOCK, session());
    mounted.write(AT, Images.pattern(NEW, AT, BLOCK));
    mounted.sync();
    mounted.write(AT, Images.pattern(3, AT, BLOCK));
    disk.faults(Fault.wholeDisk("f", ""));
    assertThatThrownBy(mounted::sync).isInstanceOf(IOException.class);

    disk.faults();

    assertThatThrownBy(mounted::sync).isInstanceOf(IOException.class);
    mounted.umount();
    mounted.awaitDaemonGone();
    Mounted again = bench.mount(disk.image(), "--spare", spare.toString(), session());
    again.sync();
  }

  @Test
  void shouldLeaveTheUserDataAloneWhenABlockIsRemappedOnRequest(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, session());

    Mounted.remapfs("remap", mounted.mountPoint().toString(), Long.toString(AT / BLOCK)).orFail();

    assertThat(mounted.status().remapped()).isEqualTo(1);
    disk.faults(Fault.both(AT, BLOCK));
    assertPattern(mounted, OLD, AT, BLOCK);
  }
}
