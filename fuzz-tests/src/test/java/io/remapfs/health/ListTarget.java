package io.remapfs.health;

import io.remapfs.engine.BlockRun;
import io.remapfs.fuzz.Expect;
import io.remapfs.health.BadBlockFile.Format;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.BitSet;
import java.util.Set;

/** What must hold of a list of bad blocks, whatever is in it, for a disk of 1000 blocks. */
final class ListTarget {
  private static final int BLOCK_BYTES = 4096;
  private static final int BLOCKS = 1000;

  /** Two buffers of 64 KiB and sentences; what is found is counted in bits. */
  private static final long LIST_BYTES = 1 << 20;

  private ListTarget() {}

  static void feed(byte[] list, Format format, long unitBytes) {
    Expect.allocatingAtMost(
        LIST_BYTES,
        () -> {
          BitSet bad = read(list, format, unitBytes, MapfileStatus.CERTAINLY_BAD);
          BitSet failed = read(list, format, unitBytes, MapfileStatus.FAILED);
          bad.andNot(failed);
          Expect.that(bad.isEmpty(), "bad and not failed: %s", bad);
        });
  }

  private static BitSet read(byte[] list, Format format, long unitBytes, Set<MapfileStatus> taken)
      throws IOException {
    BitSet found = new BitSet(BLOCKS);
    BlockRuns<RuntimeException> runs =
        new BlockRuns<>(BLOCK_BYTES, BLOCKS, run -> mark(found, run));
    try {
      BadBlockFile file =
          new BadBlockFile(format, unitBytes, taken)
              .detected(new ByteArrayInputStream(list), "list");
      file.read(
          new ByteArrayInputStream(list),
          "list",
          (byteOffset, lengthBytes) -> {
            Expect.that(
                byteOffset >= 0 && lengthBytes > 0 && byteOffset <= Long.MAX_VALUE - lengthBytes,
                "%d bytes at %d",
                lengthBytes,
                byteOffset);
            runs.bad(byteOffset, lengthBytes);
          });
      runs.finish();
      Expect.that(runs.outsideBlocks() >= 0, "%d outside", runs.outsideBlocks());
    } catch (ListSyntaxException refusal) {
      Expect.that(refusal.getMessage().startsWith("list"), "no place: %s", refusal.getMessage());
      Expect.that(
          refusal.getMessage().chars().allMatch(each -> each >= ' ' && each <= '~'),
          "no plain sentence: %s",
          refusal.getMessage());
      found.clear();
    }
    return found;
  }

  private static void mark(BitSet found, BlockRun run) {
    Expect.that(run.endBlock() <= BLOCKS, "%s", run);
    found.set((int) run.firstBlock(), (int) run.endBlock());
  }
}
