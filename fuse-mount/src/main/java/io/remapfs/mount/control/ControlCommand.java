package io.remapfs.mount.control;

import io.remapfs.engine.BlockRun;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A command that was written to the control file, with its numbers already within bounds. */
sealed interface ControlCommand {
  /** The report, as in {@code status.json}. */
  record Status() implements ControlCommand {}

  /** Moves one block to the spare. */
  record Remap(long blockIndex) implements ControlCommand {}

  /** Reads blocks again; {@code blockCount} is 1 to {@link ControlParser#MAX_VERIFY_BLOCKS}. */
  record Verify(long firstBlock, long blockCount) implements ControlCommand {}

  /** Moves blocks back; {@code blockCount} is 1 to {@link ControlParser#MAX_VERIFY_BLOCKS}. */
  record Unmap(long firstBlock, long blockCount) implements ControlCommand {}

  /** Records blocks as lost; together they are 1 to {@link ControlParser#MAX_VERIFY_BLOCKS}. */
  record Lost(List<BlockRun> runs) implements ControlCommand {}

  /** Adds a spare to the set. */
  record AddSpare(SpareRequest spare) implements ControlCommand {}

  /** Starts moving all blocks to a new spare, or where it is null to the newest there is. */
  record Migrate(@Nullable SpareRequest spare) implements ControlCommand {}

  /** Starts, holds or ends a scan, or asks how it is doing. */
  record Scan(ScanRequest scan) implements ControlCommand {}

  /** How the latest migration is doing. */
  record MigrateStatus() implements ControlCommand {}

  /** Makes everything written so far durable. */
  record Flush() implements ControlCommand {}

  /** The list of commands. */
  record Help() implements ControlCommand {}
}
