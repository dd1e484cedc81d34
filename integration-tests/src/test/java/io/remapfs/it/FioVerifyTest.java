package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.ScatteredFaults;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Random writes at depth 32, checked by fio itself, on a disk one block in a hundred of which is
 * bad.
 */
@Tag("integration")
@Timeout(value = 180, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class FioVerifyTest {
  private static final long SIZE = 64 * Images.MIB;

  @ParameterizedTest
  @ValueSource(strings = {"threads", "ring", "uring", "libfuse"})
  void shouldReadBackEveryBlockWhenOneInAHundredIsBad(String session, Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), 4096, "--session=" + session);
    disk.faults(ScatteredFaults.over(SIZE, 4096, 1.0, 7, "w", "rw"));

    fio(bench, mounted.image()).orFail();

    assertThat(mounted.status().remapped()).isGreaterThan(100);
    assertThat(mounted.status().pending()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {512, 4096})
  void shouldReadBackEveryBlockWhenALoopDeviceIsBetween(int blockSize, Workbench bench) {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), blockSize, "--loop");
    disk.faults(ScatteredFaults.over(SIZE, 4096, 1.0, 8, "w", "rw"));

    fio(bench, Path.of(mounted.announced())).orFail();

    assertThat(mounted.status().remapped()).isGreaterThan(100);
    assertThat(mounted.status().pending()).isZero();
  }

  private static Shell.Result fio(Workbench bench, Path target) {
    return Shell.run(
        Duration.ofSeconds(120),
        "fio",
        "--name=verify",
        "--filename=" + target,
        "--size=" + SIZE,
        "--rw=randwrite",
        "--bs=4k",
        "--ioengine=libaio",
        "--iodepth=32",
        "--direct=1",
        "--verify=crc32c",
        "--verify_fatal=1",
        "--do_verify=1",
        "--verify_state_save=0",
        "--randseed=9",
        "--aux-path=" + bench.folder());
  }
}
