package io.remapfs.health;

import io.remapfs.engine.table.EntryVisitor;
import io.remapfs.engine.table.Target;

/**
 * The image as a GNU ddrescue mapfile: {@code -} what is lost, {@code +} what was moved to the
 * spare and is known to read, {@code ?} what nobody has looked at yet. A block without an entry is
 * {@code ?}, not {@code +}: that no error has been met there does not say that it reads.
 *
 * <p>The format is that of the ddrescue manual, chapter "Mapfile structure": a line with the
 * current position, status and pass, then runs that cover the whole image without gaps.
 */
public final class Mapfile {
  /**
   * The most runs written, which bounds one rendering to about 4 MiB; the rest becomes one {@code
   * ?}.
   */
  public static final int MAX_RUNS = 100_000;

  private static final String LOST = "-";
  private static final String READABLE = "+";
  private static final String UNKNOWN = "?";

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
    out.put("# Mapfile. Created by remapfs ").put(version).put("\n");
    out.put("# + moved to the spare and readable, - lost, ? not looked at yet\n");
    out.put("# current_pos  current_status  current_pass\n");
    out.put("0x00000000     ?               1\n");
    out.put("#      pos        size  status\n");
    Runs runs = new Runs(out, blockSizeBytes);
    blocks.forEachEntry(runs);
    runs.finish(sizeBytes / blockSizeBytes);
    return out.toBytes();
  }

  /** Joins neighbours of one status. Invariant: everything before {@code runStart} is written. */
  private static final class Runs implements EntryVisitor {
    private final AsciiOutput out;
    private final int blockSizeBytes;
    private long runStart;
    private String runStatus = UNKNOWN;
    private long runEnd;
    private int written;

    Runs(AsciiOutput out, int blockSizeBytes) {
      this.out = out;
      this.blockSizeBytes = blockSizeBytes;
    }

    @Override
    public void visit(long blockIndex, long target) {
      if (written >= MAX_RUNS) {
        return;
      }
      if (blockIndex > runEnd) {
        extend(blockIndex, UNKNOWN);
      }
      extend(blockIndex + 1, Target.isPending(target) ? LOST : READABLE);
    }

    /** Gives the blocks from {@code runEnd} to {@code newEnd} the status. */
    private void extend(long newEnd, String status) {
      if (!status.equals(runStatus)) {
        writeRun();
        runStart = runEnd;
        runStatus = status;
      }
      runEnd = newEnd;
    }

    private void writeRun() {
      if (runEnd > runStart) {
        out.putHex(runStart * blockSizeBytes).put("  ");
        out.putHex((runEnd - runStart) * blockSizeBytes).put("  ").put(runStatus).put("\n");
        written++;
      }
    }

    void finish(long blockCount) {
      if (runEnd < blockCount) {
        extend(blockCount, UNKNOWN);
      }
      writeRun();
    }
  }
}
