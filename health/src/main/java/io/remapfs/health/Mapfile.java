package io.remapfs.health;

import static io.remapfs.health.MapfileStatus.BAD;
import static io.remapfs.health.MapfileStatus.READABLE;
import static io.remapfs.health.MapfileStatus.UNTRIED;

import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;
import java.io.OutputStream;
import java.util.stream.LongStream;

/**
 * The image as a GNU ddrescue mapfile: {@code -} what is lost, {@code +} what was moved to the
 * spare or was read by a scan, {@code ?} what no scan has looked at yet. A block without an entry
 * that was not scanned is {@code ?}, not {@code +}: that no error has been met there does not say
 * that it reads.
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
   * @param unscanned what no scan has read
   */
  public static byte[] render(
      long sizeBytes,
      int blockSizeBytes,
      String version,
      BlockList blocks,
      BlockRangeList unscanned) {
    AsciiOutput out = new AsciiOutput();
    put(out, MAX_RUNS, sizeBytes, blockSizeBytes, version, blocks, unscanned);
    return out.toBytes();
  }

  /**
   * Writes the whole map, however many runs it has.
   *
   * @throws java.io.UncheckedIOException if the stream fails
   */
  public static void write(
      OutputStream sink,
      long sizeBytes,
      int blockSizeBytes,
      String version,
      BlockList blocks,
      BlockRangeList unscanned) {
    AsciiOutput out = new AsciiOutput(sink);
    put(out, Long.MAX_VALUE, sizeBytes, blockSizeBytes, version, blocks, unscanned);
    out.drain();
  }

  private static void put(
      AsciiOutput out,
      long mostRuns,
      long sizeBytes,
      int blockSizeBytes,
      String version,
      BlockList blocks,
      BlockRangeList unscanned) {
    out.put("# Mapfile. Created by remapfs ").put(version).put("\n");
    out.put("# + moved to the spare or scanned, - lost, ? not looked at yet\n");
    out.put("# current_pos  current_status  current_pass\n");
    out.put("0x00000000     ?               1\n");
    out.put("#      pos        size  status\n");
    Runs runs = new Runs(out, blockSizeBytes, mostRuns, unscanned);
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

    /** Start and end of each range that no scan has read, and which of them is next. */
    private final long[] unscanned;

    private int nextUnscanned;

    Runs(AsciiOutput out, int blockSizeBytes, long mostRuns, BlockRangeList unscanned) {
      this.out = out;
      this.blockSizeBytes = blockSizeBytes;
      this.mostRuns = mostRuns;
      LongStream.Builder ends = LongStream.builder();
      unscanned.forEachRange((first, end) -> ends.add(first).add(end));
      this.unscanned = ends.build().toArray();
    }

    @Override
    public void visit(long blockIndex, long target) {
      if (written >= mostRuns) {
        return;
      }
      fillTo(blockIndex);
      extend(blockIndex + 1, Target.isPending(target) ? BAD : READABLE);
    }

    /** Gives the blocks without an entry, up to {@code end}, their statuses. */
    private void fillTo(long end) {
      while (runEnd < end) {
        while (nextUnscanned < unscanned.length && unscanned[nextUnscanned + 1] <= runEnd) {
          nextUnscanned += 2;
        }
        long start = nextUnscanned < unscanned.length ? unscanned[nextUnscanned] : end;
        if (start <= runEnd) {
          extend(Math.min(end, unscanned[nextUnscanned + 1]), UNTRIED);
        } else {
          extend(Math.min(end, start), READABLE);
        }
      }
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
      if (written < mostRuns) {
        fillTo(blockCount);
      } else if (runEnd < blockCount) {
        extend(blockCount, UNTRIED);
      }
      writeRun();
    }
  }
}
