package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The instrument itself: a suite on a disk that does not fail would prove nothing. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class FailingDiskTest {
  private static final long SIZE = 8 * Images.MIB;

  @Test
  void shouldFailReadsOnlyWhereToldWhenAFaultIsSet(Workbench bench) {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 1);
    disk.faults(Fault.read(8192, 512));
    try (LoopDevice loop = LoopDevice.attach(disk.image())) {
      assertThat(dd(loop, "read", 8192, 512)).isNotZero();
      assertThat(dd(loop, "read", 8704, 512)).isZero();
      assertThat(dd(loop, "read", 4096, 8192)).isNotZero();
      assertThat(dd(loop, "write", 8192, 512)).isZero();
    }
  }

  @Test
  void shouldFailWritesOnlyWhenTheFaultSaysSo(Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    disk.faults(Fault.write(4096, 4096));
    try (LoopDevice loop = LoopDevice.attach(disk.image())) {
      assertThat(dd(loop, "write", 4096, 4096)).isNotZero();
      assertThat(dd(loop, "read", 4096, 4096)).isZero();
    }
  }

  @Test
  void shouldHealWhenTheFaultsAreTakenAway(Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    disk.faults(Fault.wholeDisk("rw", ""));
    try (LoopDevice loop = LoopDevice.attach(disk.image())) {
      assertThat(dd(loop, "read", 0, 4096)).isNotZero();
      disk.faults();
      assertThat(dd(loop, "read", 0, 4096)).isZero();
    }
  }

  @Test
  void shouldReadSectorBySectorWhenTheFaultIsForLongerRequests(Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    disk.faults(Fault.salvageable(0, 4096));
    try (LoopDevice loop = LoopDevice.attach(disk.image())) {
      assertThat(dd(loop, "read", 0, 4096)).isNotZero();
      assertThat(dd(loop, "read", 0, 512)).isZero();
      assertThat(dd(loop, "read", 3584, 512)).isZero();
    }
  }

  @Test
  void shouldKeepTheLastGoodListWhenAnEditCannotBeRead(Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    disk.faults(Fault.wholeDisk("r", ""));
    // Lists are read when a request comes: this one makes the good list the last one.
    assertThatThrownBy(() -> Images.read(disk.image(), 0, 4096)).isInstanceOf(IOException.class);
    disk.faultsText("here be dragons\n");
    assertThatThrownBy(() -> Images.read(disk.image(), 0, 4096)).isInstanceOf(IOException.class);
  }

  private static int dd(LoopDevice loop, String direction, long byteOffset, int lengthBytes) {
    boolean reads = direction.equals("read");
    return Shell.run(
            "dd",
            "if=" + (reads ? loop.device() : "/dev/zero"),
            "of=" + (reads ? "/dev/null" : loop.device()),
            "bs=" + lengthBytes,
            "count=1",
            "conv=notrunc",
            "iflag=" + (reads ? "direct,skip_bytes" : "fullblock"),
            reads ? "skip=" + byteOffset : "seek=" + byteOffset,
            reads ? "status=none" : "oflag=direct,seek_bytes")
        .exitCode();
  }
}
