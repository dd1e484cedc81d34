package io.remapfs.it.docker;

import static org.assertj.core.api.Assertions.assertThat;

import com.github.dockerjava.api.model.AccessMode;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Refusal;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** What a container that lacks something says: one sentence with what to do, and exit code 3. */
@Tag("integration")
@Tag("docker")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith({NeedsEngine.class, LeavesNoTrace.class})
final class DockerRefusalTest {
  private static final long SIZE = 16 * Images.MIB;

  private static void assertRefusedAndUntouched(
      Workbench bench, RemapfsContainer container, Path backing, String... mentioned) {
    String before = Images.hash(backing);

    Shell.Result result = bench.keep(container).runToEnd();

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(Refusal.REFUSED);
    Refusal.assertOneSentence(result);
    assertThat(result.stderr()).contains(mentioned).doesNotContain("\tat ");
    assertThat(Images.hash(backing)).isEqualTo(before);
  }

  private static Path formatted(Workbench bench, String spareVolume) {
    Path backing = bench.disk("disk.img", SIZE);
    Images.fill(backing, 1);
    RemapfsContainer.format(backing, spareVolume);
    return backing;
  }

  @Test
  void shouldSayHowToGiveTheDeviceWhenThereIsNoDevFuse(Workbench bench) {
    Path backing = formatted(bench, "spare-no-fuse");

    assertRefusedAndUntouched(
        bench,
        new RemapfsContainer().withDisk(backing, "spare-no-fuse", AccessMode.rw).withMountRights(),
        backing,
        "there is no /dev/fuse",
        "--device /dev/fuse");
  }

  @Test
  void shouldSayHowToGiveTheRightWhenItMayNotMount(Workbench bench) {
    Path backing = formatted(bench, "spare-no-right");

    assertRefusedAndUntouched(
        bench,
        new RemapfsContainer().withDisk(backing, "spare-no-right", AccessMode.rw).withFuse(),
        backing,
        "CAP_SYS_ADMIN",
        "--cap-add SYS_ADMIN");
  }

  @Test
  void shouldPassOnTheReasonWhenAProfileForbidsToMount(Workbench bench) {
    Path backing = formatted(bench, "spare-forbidden");

    Shell.Result result =
        bench.keep(RemapfsContainer.of(backing, "spare-forbidden").withMountForbidden()).runToEnd();

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(Refusal.REFUSED);
    assertThat(result.stderr())
        .contains("Permission denied", "remapfs: libfuse could not mount at /remapfs/disk")
        .doesNotContain("Exception", "\tat ");
  }

  @Test
  void shouldSayWhatToDoWhenTheBackingIsReadOnly(Workbench bench) {
    Path backing = formatted(bench, "spare-read-only");

    assertRefusedAndUntouched(
        bench,
        new RemapfsContainer()
            .withDisk(backing, "spare-read-only", AccessMode.ro)
            .withFuse()
            .withMountRights(),
        backing,
        RemapfsContainer.BACKING,
        "--read-only");
  }

  @Test
  void shouldSayHowToMakeASpareWhenTheVolumeIsNew(Workbench bench) {
    Path backing = bench.disk("disk.img", SIZE);

    Shell.Result result = bench.keep(RemapfsContainer.of(backing, "spare-unformatted")).runToEnd();

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(Refusal.USAGE);
    Refusal.assertOneSentence(result);
    assertThat(result.stderr()).contains("remapfs format /backing --spare /spare/disk.remap");
  }
}
