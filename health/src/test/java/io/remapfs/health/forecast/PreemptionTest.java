package io.remapfs.health.forecast;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class PreemptionTest {
  private static final long PLACE = 1_000_000;

  private final ForecastFixture disk = new ForecastFixture();
  private final Engine engine = new Engine();
  private String shortage = "";
  private final Preemption preemption =
      new Preemption(disk.watch, engine, disk.log, () -> shortage);

  /** An engine that only counts. */
  private final class Engine implements PreemptionTarget {
    final Set<Long> notHealthy = new TreeSet<>();
    final Set<Long> unreadable = new TreeSet<>();
    final List<Long> moved = new ArrayList<>();
    boolean gone;

    @Override
    public EngineStatus status() {
      return disk.status();
    }

    @Override
    public void forEachEntry(EntryVisitor visitor) {
      notHealthy.forEach(block -> visitor.visit(block, Target.pending(Target.NO_SLOT)));
    }

    @Override
    public boolean move(long block) throws BlockDeviceException {
      if (gone) {
        throw new TransportErrorException("gone", 6, 0, 0);
      }
      if (unreadable.contains(block)) {
        notHealthy.add(block);
        throw new MediumErrorException("bad", 5, 0, 0);
      }
      disk.used++;
      moved.add(block);
      return notHealthy.add(block);
    }
  }

  @BeforeEach
  void failAtAPlace() {
    disk.failDaily(PLACE, 30);
    for (long block = PLACE; block < PLACE + 30; block++) {
      engine.notHealthy.add(block);
    }
  }

  private int turns(int count) {
    int moved = 0;
    for (int i = 0; i < count; i++) {
      moved += preemption.doWork();
    }
    return moved;
  }

  @Test
  void shouldMoveHealthyBlocksNearTheErrorsWhenTheyAreInDanger() {
    assertThat(turns(5)).isEqualTo(5);

    assertThat(engine.moved)
        .hasSize(5)
        .doesNotHaveDuplicates()
        .allSatisfy(block -> assertThat(block).isBetween(PLACE - 5, PLACE + 35));
    assertThat(disk.watch.preempted()).isEqualTo(5);
    assertThat(disk.told()).filteredOn(each -> each.contains("ahead of time")).hasSize(1);
  }

  @Test
  void shouldMoveOneBlockATurnWhenThereAreMany() {
    for (int turn = 0; turn < 20; turn++) {
      assertThat(preemption.doWork()).isLessThanOrEqualTo(1);
    }
  }

  @Test
  void shouldMoveNothingWhenNothingIsInDanger() {
    ForecastFixture calm = new ForecastFixture();
    Preemption idle = new Preemption(calm.watch, engine, calm.log, () -> "");
    calm.watch.doWork(calm.status());

    assertThat(idle.doWork()).isZero();
    assertThat(engine.moved).isEmpty();
    assertThat(idle.state()).isEqualTo("nothing to do");
  }

  @Test
  void shouldStopAtItsShareOfTheSpareWhenMoreIsInDanger() {
    disk.slots = 40;
    turns(500);

    // 25 % of 40 free slots.
    assertThat(engine.moved).hasSize(10);
    assertThat(preemption.state()).contains("share of the spare");
  }

  @Test
  void shouldKeepToItsShareWhenMountedAgain() {
    disk.slots = 40;
    turns(500);
    disk.watch.finish();
    disk.watch = disk.newWatch();
    disk.pass(Duration.ofHours(2));
    disk.watch.doWork(disk.status());
    Preemption again = new Preemption(disk.watch, engine, disk.log, () -> shortage);
    for (int i = 0; i < 500; i++) {
      again.doWork();
    }

    assertThat(engine.moved).hasSize(10);
  }

  @Test
  void shouldMoveNothingWhenTheSpareIsLow() {
    disk.used = disk.slots * 9 / 10;

    assertThat(turns(10)).isZero();
    assertThat(preemption.state()).contains("spare is low");
  }

  @ParameterizedTest
  @EnumSource(names = {"EXHAUSTED", "SUSPENDED", "EMERGENCY"})
  void shouldMoveNothingWhenTheDiskIsNotWellEnough(EngineState state) {
    disk.state = state;

    assertThat(turns(10)).isZero();
    assertThat(engine.moved).isEmpty();
  }

  @Test
  void shouldMoveNothingWhenMountedReadOnly() {
    disk.readOnly = true;

    assertThat(turns(10)).isZero();
    assertThat(engine.moved).isEmpty();
  }

  @Test
  void shouldWaitWhenUsersAreBusyAndGoOnAfterwards() {
    disk.requests += Preemption.BUSY_REQUESTS + 1;
    assertThat(turns(1)).isZero();
    assertThat(preemption.state()).contains("users are busy");

    assertThat(turns(1)).isEqualTo(1);
  }

  @Test
  void shouldWaitWhenTheProcessIsShortOfMemory() {
    shortage = "memory is short";
    assertThat(turns(3)).isZero();

    shortage = "";
    assertThat(turns(1)).isEqualTo(1);
  }

  @Test
  void shouldPassOverABlockWhenItCannotBeRead() {
    turns(1);
    long next = engine.moved.get(0);
    engine.unreadable.addAll(List.of(next + 1, next - 1));
    turns(10);

    assertThat(engine.moved).hasSizeGreaterThanOrEqualTo(9).doesNotHaveDuplicates();
    assertThat(disk.watch.preempted()).isEqualTo(engine.moved.size());
  }

  @Test
  void shouldKeepStillForAMinuteWhenADeviceDoesNotAnswer() {
    engine.gone = true;
    turns(1);
    engine.gone = false;

    assertThat(turns(60)).isZero();
    assertThat(turns(1)).isEqualTo(1);
  }
}
