package io.remapfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Runs many seeds of the {@link EngineSimulation}. {@code -Dremapfs.simulation.seeds=10000} runs
 * more, {@code -Dremapfs.simulation.first=N} starts elsewhere: one failing seed is run again with
 * {@code seeds=1}.
 */
@Tag("slow")
final class EngineSimulationTest {
  @Test
  void shouldLoseNothingOnDisksThatFailAndLosePower() throws Exception {
    long first = Long.getLong("remapfs.simulation.first", 1);
    int seeds = Integer.getInteger("remapfs.simulation.seeds", 2_000);
    long crashes = 0;
    long remaps = 0;
    long unmaps = 0;
    long losses = 0;
    long sparesAdded = 0;
    long migrated = 0;
    for (long seed = first; seed < first + seeds; seed++) {
      EngineSimulation simulation = new EngineSimulation(seed);
      try {
        simulation.run();
      } catch (Exception e) {
        throw new AssertionError("seed " + seed + " failed", e);
      }
      crashes += simulation.crashes;
      remaps += simulation.remaps;
      unmaps += simulation.unmaps;
      losses += simulation.losses;
      sparesAdded += simulation.sparesAdded;
      migrated += simulation.migrated;
    }
    System.out.printf(
        "simulated %d seeds: %d power cuts, %d blocks remapped at the end, %d moved back,"
            + " %d reads refused, %d spares added, %d blocks migrated%n",
        seeds, crashes, remaps, unmaps, losses, sparesAdded, migrated);
    boolean busy = crashes > seeds && remaps > seeds && unmaps > seeds / 2 && losses > 0;
    busy &= sparesAdded > seeds / 10 && migrated > seeds / 10;
    assertThat(seeds < 100 || busy).isTrue();
  }
}
