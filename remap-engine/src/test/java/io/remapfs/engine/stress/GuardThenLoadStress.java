package io.remapfs.engine.stress;

import io.remapfs.engine.guard.RangeGuard;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * A write that races with the move of its block is not lost: the writer enters the guard before it
 * loads the table. Swap the two in {@code writer} and the forbidden outcome appears.
 */
@JCStressTest
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "the write is where the table points")
@Outcome(id = "0", expect = Expect.FORBIDDEN, desc = "the write went to the abandoned place")
@State
public class GuardThenLoadStress {
  private final RangeGuard guard = new RangeGuard();
  private final RemapTable table = new RemapTable(16);
  private int backingContents;
  private int slotContents;

  @Actor
  public void writer() {
    guard.enterShared(0, 4096);
    if (table.targetOf(0) == Target.HEALTHY) {
      backingContents = 1;
    } else {
      slotContents = 1;
    }
    guard.leaveShared(0, 4096);
  }

  @Actor
  public void mover() {
    guard.enterExclusive(0, 4096);
    slotContents = backingContents;
    table.put(0, Target.remapped(0));
    guard.leaveExclusive(0, 4096);
  }

  @Arbiter
  public void reader(I_Result result) {
    result.r1 = table.targetOf(0) == Target.HEALTHY ? backingContents : slotContents;
  }
}
