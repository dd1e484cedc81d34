package io.remapfs.health.surface;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.table.Target;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SurfaceTest {
  @Test
  void shouldShowEachBlockWhenThereAreFew() {
    SurfaceBuilder surface = new SurfaceBuilder(4);
    surface.visit(1, Target.remapped(7));
    surface.visit(3, Target.pending(Target.NO_SLOT));

    assertThat(surface.build().codes()).isEqualTo(".o.X");
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 8191, 8192, 8193, 16_384, 1_000_003, 1L << 32, (1L << 40) + 1})
  void shouldCoverEachBlockOnceWhateverTheSize(long blockCount) {
    Surface surface = new SurfaceBuilder(blockCount).build();

    assertThat(surface.cells()).isBetween(1, Surface.MAX_CELLS);
    assertThat(surface.firstBlock(0)).isZero();
    assertThat(surface.firstBlock(surface.cells() - 1)).isLessThan(blockCount);
    assertThat(surface.firstBlock(surface.cells())).isEqualTo(blockCount);
  }

  @Test
  void shouldAgreeWithWhatWasInjectedWhateverTheNumberOfCells() {
    long seed = 20_260_314;
    Random random = new Random(seed);
    for (int round = 0; round < 8; round++) {
      long blockCount = 1 + random.nextInt(200_000);
      TreeMap<Long, Boolean> injected = new TreeMap<>(); // block, and whether it is lost
      for (int i = random.nextInt(3000); i > 0; i--) {
        injected.put((long) (random.nextDouble() * blockCount), random.nextBoolean());
      }
      SurfaceBuilder builder = new SurfaceBuilder(blockCount);
      injected.forEach(
          (block, lost) ->
              builder.visit(block, lost ? Target.pending(Target.NO_SLOT) : Target.remapped(1)));
      Surface surface = builder.build();
      for (int most : new int[] {1, 7, 100, 4000, 8192}) {
        Surface.Grouped groups = surface.grouped(most);
        for (int group = 0; group < groups.cells(); group++) {
          var inside =
              injected.subMap(groups.firstBlock(group), groups.firstBlock(group + 1)).values();
          long lost = inside.stream().filter(each -> each).count();
          assertThat(groups.lost(group)).as("seed %d", seed).isEqualTo(lost);
          assertThat(groups.moved(group)).as("seed %d", seed).isEqualTo(inside.size() - lost);
          CellState expected =
              lost > 0
                  ? CellState.LOST
                  : inside.isEmpty() ? CellState.NOT_SCANNED : CellState.MOVED;
          assertThat(groups.state(group)).as("seed %d", seed).isEqualTo(expected);
        }
      }
    }
  }

  @Test
  void shouldShowTheWorstWhenSeveralThingsAreTrue() {
    SurfaceBuilder surface = new SurfaceBuilder(6);
    surface.scanned(0, 6, true);
    surface.raise(0, 6, CellState.SLOW);
    surface.raise(1, 1, CellState.AT_RISK);
    surface.raise(2, 1, CellState.DANGER);
    surface.raise(2, 1, CellState.SLOW);
    surface.visit(3, Target.remapped(0));
    surface.raise(3, 1, CellState.DANGER);
    surface.visit(4, Target.pending(Target.NO_SLOT));

    assertThat(surface.build().codes()).isEqualTo("s~!oXs");
  }

  @Test
  void shouldCallACellScannedOnlyWhenAllOfItWas() {
    SurfaceBuilder surface = new SurfaceBuilder(4L * Surface.MAX_CELLS); // 4 blocks a cell
    surface.scanned(0, 6, true);
    surface.scanned(6, 2, false);
    surface.scanned(8, 3, true);

    assertThat(surface.build().codes()).startsWith("+-..").doesNotContain("o", "X");
  }

  @Test
  void shouldPassOverWhatLiesOutsideTheDisk() {
    SurfaceBuilder surface = new SurfaceBuilder(3);
    surface.visit(3, Target.remapped(0));
    surface.raise(2, 100, CellState.DANGER);
    surface.raise(50, 1, CellState.DANGER);
    surface.scanned(-1, 2, true);

    assertThat(surface.build().codes()).isEqualTo("+.!");
  }

  @Test
  void shouldRefuseWhenABlockIsSaidToBeScannedTwice() {
    SurfaceBuilder surface = new SurfaceBuilder(3);
    surface.scanned(0, 2, true);
    surface.scanned(1, 1, false);

    assertThatThrownBy(surface::build).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void shouldColourNoSquareWhenItIsFinerThanTheRegionThatIsKnownToBeBad() {
    SurfaceBuilder fine = new SurfaceBuilder(8192);
    SurfaceBuilder coarse = new SurfaceBuilder(8192L * 4096);
    fine.scanned(0, 8192, true);
    coarse.scanned(0, 8192L * 4096, true);

    fine.raiseRegion(0, 4096, CellState.DANGER);
    coarse.raiseRegion(4096, 4096, CellState.DANGER);

    assertThat(fine.build().state(0)).isEqualTo(CellState.SCANNED);
    assertThat(coarse.build().state(1)).isEqualTo(CellState.DANGER);
    assertThat(coarse.build().state(2)).isEqualTo(CellState.SCANNED);
  }
}
