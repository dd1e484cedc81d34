package io.remapfs.engine;

import java.util.concurrent.atomic.LongAdder;

/** What the engine counts since mount. Adders, because many workers count at once. */
final class EngineCounters {
  final LongAdder reads = new LongAdder();
  final LongAdder readBytes = new LongAdder();
  final LongAdder readErrors = new LongAdder();
  final LongAdder writes = new LongAdder();
  final LongAdder writeBytes = new LongAdder();
  final LongAdder writeErrors = new LongAdder();
  final LongAdder flushes = new LongAdder();
  final LongAdder zeroFilledBlocks = new LongAdder();

  /** Transfers to healthy blocks that the backing accepted; tells that writing works at all. */
  final LongAdder backingWrites = new LongAdder();
}
