package io.remapfs.engine;

import java.util.List;
import java.util.UUID;

/**
 * A snapshot of the engine's state and counters.
 *
 * @param state the worst thing that is true now
 * @param reason one sentence that says why it is that state
 * @param setUuid names the pair of backing and spare
 * @param sizeBytes the image's size
 * @param blockSizeBytes the unit of remapping
 * @param readOnly whether writes are refused
 * @param remappedBlocks blocks that live in a slot now
 * @param pendingBlocks blocks whose contents are lost until rewritten
 * @param salvagedBlocks blocks ever moved with their old contents, since format
 * @param spareSlots slots in all
 * @param spareUsed slots ever handed out, the burnt ones among them
 * @param spareFree slots never handed out
 * @param spareBurnt slots that failed
 * @param reads requests since mount
 * @param writes requests since mount
 * @param readBytes bytes since mount
 * @param writeBytes bytes since mount
 * @param flushes barriers since mount
 * @param readErrors requests answered with an error since mount
 * @param writeErrors requests answered with an error since mount
 * @param zeroFilledBlocks lost blocks given out as zeros since mount ({@code --unreadable=zero})
 * @param flushFailed whether a flush has failed since mount
 * @param spares the spares of the set, the oldest first
 */
public record EngineStatus(
    EngineState state,
    String reason,
    UUID setUuid,
    long sizeBytes,
    int blockSizeBytes,
    boolean readOnly,
    long remappedBlocks,
    long pendingBlocks,
    long salvagedBlocks,
    long spareSlots,
    long spareUsed,
    long spareFree,
    long spareBurnt,
    long reads,
    long writes,
    long readBytes,
    long writeBytes,
    long flushes,
    long readErrors,
    long writeErrors,
    long zeroFilledBlocks,
    boolean flushFailed,
    List<SpareStatus> spares) {
  public EngineStatus {
    spares = List.copyOf(spares);
  }
}
