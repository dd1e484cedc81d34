package io.remapfs.it.docker;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.MountTable;
import java.nio.file.Files;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;

/** The instrument itself: no engine outlives the run that started it for long. */
@Tag("integration")
@Tag("docker")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith({NeedsEngine.class, LeavesNoTrace.class})
final class EngineTest {
  @Test
  void shouldLeaveNothingWhenItEnds() {
    Engine engine = Engine.start();
    assertThat(MountTable.processesNaming(engine.folder())).isNotEmpty();
    assertThat(MountTable.mountsBelow(engine.folder())).isNotEmpty();

    engine.close();

    assertThat(MountTable.processesNaming(engine.folder())).isEmpty();
    assertThat(MountTable.mountsBelow(engine.folder())).isEmpty();
  }

  @Test
  void shouldBeClearedByTheNextWhenItWasKilledWithItsWatch() {
    Engine killed = Engine.start();
    killed.script().destroyForcibly();
    killed.script().onExit().join();
    assertThat(MountTable.processesNaming(killed.folder())).isNotEmpty();

    Engine.start().close();

    assertThat(MountTable.processesNaming(killed.folder())).isEmpty();
    assertThat(MountTable.mountsBelow(killed.folder())).isEmpty();
    assertThat(Files.exists(killed.folder())).isFalse();
  }
}
