package io.remapfs.engine.stress;

import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.I_Result;

/**
 * Who sees a mapping sees the data that was put into the slot before: the table publishes with
 * release, a reader takes it with acquire.
 */
@JCStressTest
@Outcome(id = "1", expect = Expect.ACCEPTABLE, desc = "healthy: read from the backing")
@Outcome(id = "2", expect = Expect.ACCEPTABLE, desc = "remapped: the slot has the data")
@Outcome(id = "0", expect = Expect.FORBIDDEN, desc = "remapped to a slot without its data")
@State
public class TablePublicationStress {
  private final RemapTable table = new RemapTable(16);
  private int slotContents;

  @Actor
  public void mover() {
    slotContents = 2;
    table.put(3, Target.remapped(0));
  }

  @Actor
  public void reader(I_Result result) {
    result.r1 = table.targetOf(3) == Target.HEALTHY ? 1 : slotContents;
  }
}
