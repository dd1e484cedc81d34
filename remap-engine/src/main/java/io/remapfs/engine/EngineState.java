package io.remapfs.engine;

/** How the protected disk is, from best to worst. */
public enum EngineState {
  /** Nothing is lost; blocks may have been remapped. */
  HEALTHY,
  /** Some blocks are pending (their contents are lost until rewritten), or a metadata copy is. */
  DEGRADED,
  /** No free slot is left: the next bad block cannot be moved. */
  EXHAUSTED,
  /** The way to the device fails; errors are passed on and no slot is spent until it answers. */
  SUSPENDED,
  /** Metadata or flushed data cannot be made durable: no new remap is acknowledged. */
  EMERGENCY
}
