package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Workbench;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Requests for which the disk takes longer than the daemon keeps the memory of long ones. */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class LongRequestTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final int LENGTH = 128 << 10;
  private static final int REQUESTS = 8;

  @ParameterizedTest
  @ValueSource(strings = {"threads", "ring", "uring"})
  void shouldReadTheDisksBytesWhenTheyComeAfterSeconds(String session, Workbench bench)
      throws Exception {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 11);
    Mounted mounted =
        bench.mountFormatted(disk.image(), 4096, "--scan-interval=off", "--session=" + session);
    disk.faults(new Fault("0 " + REQUESTS * LENGTH, "r", "errno=none delay=3s"));
    bench.keep(disk::faults); // Healed again, whatever happens.

    // So many at once that most are in memory that can be given back.
    ExecutorService readers = Executors.newFixedThreadPool(REQUESTS);
    bench.keep(readers::shutdownNow);
    List<Future<byte[]>> got = new ArrayList<>();
    for (int i = 0; i < REQUESTS; i++) {
      long at = (long) i * LENGTH;
      got.add(readers.submit(() -> mounted.read(at, LENGTH)));
    }

    for (int i = 0; i < REQUESTS; i++) {
      assertThat(got.get(i).get())
          .as("request " + i)
          .isEqualTo(Images.read(disk.store(), (long) i * LENGTH, LENGTH));
    }
  }
}
