package io.remapfs.health;

import static io.remapfs.health.MapfileStatus.BAD;
import static io.remapfs.health.MapfileStatus.READABLE;
import static io.remapfs.health.MapfileStatus.UNTRIED;

import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;
import java.io.OutputStream;

/**
 * The image as a GNU ddrescue mapfile: {@code -} what is lost, {@code +} what was moved to the
 * spare and is known to read, {@code ?} what nobody has looked at yet. A block without an entry is
 * {@code ?}, not {@code +}: that no error has been met there does not say that it reads.
 *
 * <p>The format is that of the ddrescue manual, chapter "Mapfile structure": a line with the
 * current position, status and pass, then runs that cover the whole image without gaps. {@link
 * BadBlockFile} reads such files.
 */
public final class Mapfile {
  /**
   * The most runs written, which bounds one rendering to about 4 MiB; the rest becomes one {@code
   * ?}.
   */
  public static final int MAX_RUNS = 100_000;

  private Mapfile() {}

  /**
   * Renders the map.
   *
   * @param sizeBytes the image's size, a multiple of the block size
   * @param blockSizeBytes the block size
   * @param version the program's version, for the comment
   * @param blocks the entries
   */
  public static byte[] render(
      long sizeBytes, int blockSizeBytes, String version, BlockList blocks) {
    AsciiOutput out = new AsciiOutput();
    put(out, MAX_RUNS, sizeBytes, blockSizeBytes, version, blocks);
    return out.toBytes();
  }

  /**
   * Writes the whole map, however many runs it has.
   *
   * @throws java.io.UncheckedIOException if the stream fails
   */
  public static void write(
      OutputStream sink, long sizeBytes, int blockSizeBytes, String version, BlockList blocks) {
    AsciiOutput out = new AsciiOutput(sink);
    put(out, Long.MAX_VALUE, sizeBytes, blockSizeBytes, version, blocks);
    out.drain();
  }

  private static void put(
      AsciiOutput out,
      long mostRuns,
      long sizeBytes,
      int blockSizeBytes,
      String version,
      BlockList blocks) {
    out.put("# Mapfile. Created by remapfs ").put(version).put("\n");
    out.put("# + moved to the spare and readable, - lost, ? not looked at yet\n");
    out.put("# current_pos  current_status  current_pass\n");
    out.put("0x00000000     ?               1\n");
    out.put("#      pos        size  status\n");
    Runs runs = new Runs(out, blockSizeBytes, mostRuns);
    blocks.forEachEntry(runs);
    runs.finish(sizeBytes / blockSizeBytes);
  }

  /** Joins neighbours of one status. Invariant: everything before {@code runStart} is written. */
  private static final class Runs implements EntryVisitor {
    private final AsciiOutput out;
    private final int blockSizeBytes;
    private final long mostRuns;
    private long runStart;
    private MapfileStatus runStatus = UNTRIED;
    private long runEnd;
    private long written;

    Runs(AsciiOutput out, int blockSizeBytes, long mostRuns) {
      this.out = out;
      this.blockSizeBytes = blockSizeBytes;
      this.mostRuns = mostRuns;
    }

    @Override
    public void visit(long blockIndex, long target) {
      if (written >= mostRuns) {
        return;
      }
      if (blockIndex > runEnd) {
        extend(blockIndex, UNTRIED);
      }
      extend(blockIndex + 1, Target.isPending(target) ? BAD : READABLE);
    }

    /** Gives the blocks from {@code runEnd} to {@code newEnd} the status. */
    private void extend(long newEnd, MapfileStatus status) {
      if (status != runStatus) {
        writeRun();
        runStart = runEnd;
        runStatus = status;
      }
      runEnd = newEnd;
    }

    private void writeRun() {
      if (runEnd > runStart) {
        out.putHex(runStart * blockSizeBytes).put("  ");
        out.putHex((runEnd - runStart) * blockSizeBytes).put("  ");
        out.put(String.valueOf(runStatus.character())).put("\n");
        written++;
      }
    }

    void finish(long blockCount) {
      if (runEnd < blockCount) {
        extend(blockCount, UNTRIED);
      }
      writeRun();
    }
  }
}
