package io.remapfs.mount.cli;

import io.remapfs.engine.BlockRun;
import io.remapfs.engine.MarkReport;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.mount.control.ControlParser;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The disk whose blocks are recorded as lost: mounted, through its daemon, or not. Blocks are
 * gathered until they are worth a request. Not thread-safe.
 */
abstract sealed class ImportTarget implements AutoCloseable {
  private final int blockSizeBytes;
  private final long blockCount;
  private final List<BlockRun> gathered = new ArrayList<>();
  private long gatheredBlocks;
  private MarkReport report = new MarkReport(0, 0, 0, 0);

  private ImportTarget(int blockSizeBytes, long blockCount) {
    this.blockSizeBytes = blockSizeBytes;
    this.blockCount = blockCount;
  }

  /** The mounted disk where {@code path} is a directory, else the backing with its spare. */
  static ImportTarget of(Path path, @Nullable Path spare, IoMode io) throws RefusedException {
    if (!Files.isDirectory(path)) {
      return Offline.open(path, spare, io);
    }
    if (spare != null) {
      throw RefusedException.usage(
          "--spare goes with a backing, and " + path + " is a directory; leave it out");
    }
    ControlClient client = new ControlClient(path);
    return new Mounted(client, client.status());
  }

  int blockSizeBytes() {
    return blockSizeBytes;
  }

  long blockCount() {
    return blockCount;
  }

  /** What was done so far. */
  MarkReport report() {
    return report;
  }

  /** Takes blocks of the disk; they may be recorded later, by {@link #finish} at the latest. */
  void add(BlockRun run) throws RefusedException {
    for (long block = run.firstBlock(); block < run.endBlock(); ) {
      long blocks =
          Math.min(ControlParser.MAX_VERIFY_BLOCKS - gatheredBlocks, run.endBlock() - block);
      BlockRun piece = new BlockRun(block, blocks);
      gathered.add(piece);
      gatheredBlocks += blocks;
      block += blocks;
      if (gatheredBlocks == ControlParser.MAX_VERIFY_BLOCKS || isFull(piece)) {
        finish();
      }
    }
  }

  /** Records what was gathered. */
  void finish() throws RefusedException {
    if (!gathered.isEmpty()) {
      report = report.plus(mark(gathered));
      gathered.clear();
      gatheredBlocks = 0;
    }
  }

  /** Whether no more runs fit into one request after this one. */
  abstract boolean isFull(BlockRun added);

  abstract MarkReport mark(List<BlockRun> runs) throws RefusedException;

  @Override
  public abstract void close();

  /** Through the control file. */
  private static final class Mounted extends ImportTarget {
    /** Two numbers of 18 digits at most, and the blanks. */
    private static final int LONGEST_RUN = 40;

    private final ControlClient client;
    private final StringBuilder command = new StringBuilder();

    Mounted(ControlClient client, Map<String, Object> status) throws RefusedException {
      super(ControlClient.blockSize(status), BlockRange.blockCount(status));
      this.client = client;
    }

    @Override
    boolean isFull(BlockRun added) {
      command.append(' ').append(added.firstBlock()).append(' ').append(added.blockCount());
      return command.length() > ControlParser.MAX_COMMAND_BYTES - LONGEST_RUN;
    }

    @Override
    MarkReport mark(List<BlockRun> runs) throws RefusedException {
      Map<String, Object> answer = client.ask("lost" + command);
      command.setLength(0);
      return new MarkReport(
          ControlClient.count(answer, "marked"),
          ControlClient.count(answer, "known"),
          ControlClient.count(answer, "remapped"),
          ControlClient.count(answer, "skipped"));
    }

    @Override
    public void close() {}
  }

  /** With the devices locked and an engine of our own, as a mount has. */
  private static final class Offline extends ImportTarget {
    private static final int MOST_RUNS = 10_000;

    private final RemapEngine engine;
    private int runs;

    private Offline(RemapEngine engine) {
      super(engine.blockSizeBytes(), engine.sizeBytes() / engine.blockSizeBytes());
      this.engine = engine;
    }

    static Offline open(Path backing, @Nullable Path spare, IoMode io) throws RefusedException {
      Path path = backing.toAbsolutePath().normalize();
      try (DiskOpening disks =
          DiskOpening.look(
              path, spare == null ? List.of() : List.of(spare), 0, io, Access.READ_WRITE)) {
        if (disks.spare() == null) {
          throw RefusedException.usage(
              "there is no spare "
                  + disks.spareChoice().path()
                  + " to record it in; make it first with: remapfs format "
                  + backing);
        }
        return new Offline(disks.startOffline());
      }
    }

    @Override
    boolean isFull(BlockRun added) {
      return ++runs >= MOST_RUNS;
    }

    @Override
    MarkReport mark(List<BlockRun> gathered) throws RefusedException {
      runs = 0;
      try {
        return engine.markLost(gathered);
      } catch (BlockDeviceException e) {
        throw new RefusedException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
      }
    }

    @Override
    public void close() {
      engine.close();
    }
  }
}
