package io.remapfs.engine.metadata;

import io.remapfs.engine.metadata.JournalFormat.JournalBlock;
import io.remapfs.fuzz.Expect;
import io.remapfs.fuzz.MemoryDevice;
import java.nio.ByteBuffer;
import java.util.Optional;

/**
 * The input is up to four journal blocks of 2 KiB, each the count of its records and then the block
 * from its sequence on. They take their places in the ring, with checksums that fit, instead of the
 * one that was there.
 */
public final class JournalTarget {
  private static final int STRIDE_BYTES = 2048;
  private static final int COUNT_AT = 12;
  private static final int SEQUENCE_AT = 32;

  private JournalTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    byte[] raw = new byte[BlockFormat.BYTES];
    SmallSpare.put(input, 0, raw, 0, input.length);
    Optional<JournalBlock> unsealed =
        JournalFormat.decode(SmallSpare.setUuid(), ByteBuffer.wrap(raw), 0);
    Expect.that(unsealed.isEmpty(), "a block without the set's id was taken");
    MemoryDevice spare = SmallSpare.copy();
    for (int zone = 0; zone < 3; zone++) {
      for (int i = 0; i < SmallSpare.LAYOUT.ringBlocks(); i++) {
        SmallSpare.write(
            spare, SmallSpare.LAYOUT.journalOffset(zone, i), new byte[BlockFormat.BYTES]);
      }
    }
    for (int from = 0; from < input.length; from += STRIDE_BYTES) {
      byte[] block = new byte[BlockFormat.BYTES];
      SmallSpare.put(input, from, block, COUNT_AT, 4);
      SmallSpare.put(input, from + 4, block, SEQUENCE_AT, STRIDE_BYTES - 4);
      SmallSpare.makeOurs(block, JournalFormat.MAGIC);
      decodeAndEncode(block);
      long sequence = ByteBuffer.wrap(block).getLong(SEQUENCE_AT);
      for (int zone = 0; zone < 3; zone++) {
        SmallSpare.write(spare, SmallSpare.LAYOUT.journalOffset(zone, sequence), block);
      }
    }
    SmallSpare.open(spare);
  }

  /** What was understood can be written and is understood again. */
  private static void decodeAndEncode(byte[] block) {
    JournalFormat.decode(SmallSpare.setUuid(), ByteBuffer.wrap(block), 0)
        .ifPresent(
            decoded -> {
              ByteBuffer again = ByteBuffer.allocate(BlockFormat.BYTES);
              JournalFormat.encode(decoded, SmallSpare.setUuid(), again, 0);
              Expect.that(
                  JournalFormat.decode(SmallSpare.setUuid(), again, 0).equals(Optional.of(decoded)),
                  "a journal block changes when it is written again");
            });
  }
}
