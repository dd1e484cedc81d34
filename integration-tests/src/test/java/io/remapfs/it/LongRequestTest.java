package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
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
  private static final int LENGTH = (int) Images.MIB;

  @ParameterizedTest
  @ValueSource(strings = {"threads", "ring", "uring"})
  void shouldReadTheDisksBytesWhenTheyComeAfterSeconds(String session, Workbench bench)
      throws Exception {
    FailingDisk disk = bench.filledFailingDisk("disk", SIZE, 11);
    Mounted mounted = bench.mountFormatted(disk.image(), 4096, "--session=" + session);
    Path got = bench.path("got");
    disk.faults(Fault.wholeDisk("r", "errno=none delay=5s"));

    // O_DIRECT, so that it is one request.
    Shell.run(
            Duration.ofSeconds(40),
            "dd",
            "if=" + mounted.image(),
            "of=" + got,
            "bs=" + LENGTH,
            "count=1",
            "iflag=direct")
        .orFail();
    disk.faults();

    assertThat(Files.readAllBytes(got)).isEqualTo(Images.read(disk.store(), 0, LENGTH));
  }
}
