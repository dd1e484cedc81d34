package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** A cable that comes loose is not ten thousand bad blocks. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class TransportTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int BLOCK = 4096;
  private static final long OLD = 1;
  private static final long NEW = 2;

  @Test
  void shouldSpendNoSlotAndResumeWhenTheTransportFailsForAWhile(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.faults(Fault.wholeDisk("rw", "errno=ESHUTDOWN"));

    storm(mounted);

    assertThat(mounted.status().state()).isEqualTo("SUSPENDED");
    assertThat(mounted.status().spareUsed()).isZero();
    assertThat(mounted.status().pending()).isZero();
    assertThat(Mounted.remapfs("status", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);
    disk.faults();
    Await.until("resumed", () -> mounted.status().state().equals("HEALTHY"));
    assertPattern(mounted, OLD, 0, (int) Images.MIB);
    mounted.write(0, Images.pattern(NEW, 0, BLOCK));
    assertPattern(mounted, NEW, 0, BLOCK);
    assertThat(mounted.status().spareUsed()).isZero();
  }

  @Test
  void shouldSpendNoSlotWhenTheWholeDiskAnswersEioForAWhile(Workbench bench) throws IOException {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, OLD);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK);
    disk.faults(Fault.wholeDisk("rw", ""));

    storm(mounted);

    assertThat(mounted.status().state()).isEqualTo("SUSPENDED");
    assertThat(mounted.status().spareUsed()).isZero();
    disk.faults();
    Await.until("resumed", () -> !mounted.status().state().equals("SUSPENDED"));
    assertPattern(mounted, OLD, 0, (int) SIZE);
    assertThat(mounted.status().pending()).isZero();
  }

  /** Reads and writes all over the disk; each of them fails. */
  private static void storm(Mounted mounted) {
    for (long byteOffset = 0; byteOffset < SIZE; byteOffset += SIZE / 64) {
      long place = byteOffset;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).isInstanceOf(IOException.class);
      assertThatThrownBy(() -> mounted.write(place + BLOCK, new byte[BLOCK]))
          .isInstanceOf(IOException.class);
    }
  }
}
