package io.remapfs.engine;

import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMembers;
import io.remapfs.engine.spare.SparePool;
import java.util.List;

/** Judges the whole: the worst thing that is true now is the state. */
final class EngineStatusReport {
  private EngineStatusReport() {}

  static EngineStatus of(EngineContext context) {
    EngineCounters counters = context.counters;
    SparePool pool = context.pool;
    Verdict verdict = judge(context);
    return new EngineStatus(
        verdict.state,
        verdict.reason,
        context.metadata.superblock().setUuid(),
        context.backing.sizeBytes(),
        context.blockSizeBytes,
        context.readOnly,
        context.table.remappedCount(),
        context.table.pendingCount(),
        context.metadata.salvagedTotal(),
        pool.slotCount(),
        pool.usedCount(),
        pool.freeCount(),
        pool.burntCount(),
        counters.reads.sum(),
        counters.writes.sum(),
        counters.readBytes.sum(),
        counters.writeBytes.sum(),
        counters.flushes.sum(),
        counters.readErrors.sum(),
        counters.writeErrors.sum(),
        counters.zeroFilledBlocks.sum(),
        context.flushFailed(),
        spares(pool));
  }

  private static List<SpareStatus> spares(SparePool pool) {
    SpareMembers members = pool.members();
    return members.live().stream()
        .map(
            each ->
                new SpareStatus(
                    each.device().name(),
                    each.memberUuid(),
                    each.layout().firstSlot(),
                    each.layout().slotCount(),
                    pool.freeCount(each),
                    each == members.head()))
        .toList();
  }

  private record Verdict(EngineState state, String reason) {}

  private static Verdict judge(EngineContext context) {
    if (context.metadata.isUnavailable()) {
      return new Verdict(
          EngineState.EMERGENCY, "the remap metadata cannot be written; no block can be moved");
    }
    if (context.flushFailed()) {
      return new Verdict(
          EngineState.EMERGENCY, "a flush failed; data written before it may be lost; mount anew");
    }
    String spareTrouble = context.spareTrouble.reason();
    if (spareTrouble != null) {
      return new Verdict(EngineState.EMERGENCY, "no block can be moved: " + spareTrouble);
    }
    String suspended = context.suspension.reason();
    if (suspended != null) {
      return new Verdict(EngineState.SUSPENDED, suspended);
    }
    if (context.pool.freeCount() == 0) {
      return new Verdict(
          EngineState.EXHAUSTED, "no free slot is left; the next bad block cannot be moved");
    }
    if (context.table.pendingCount() > 0) {
      return new Verdict(
          EngineState.DEGRADED,
          context.table.pendingCount() + " blocks are lost until they are rewritten");
    }
    if (context.metadata.healthyCopies() < SpareLayout.ZONES) {
      return new Verdict(EngineState.DEGRADED, "a copy of the remap metadata cannot be written");
    }
    String passedOver = context.spareTrouble.passedOver();
    if (passedOver != null) {
      return new Verdict(EngineState.DEGRADED, passedOver);
    }
    return new Verdict(EngineState.HEALTHY, "no block is known to be lost");
  }
}
