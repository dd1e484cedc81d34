package io.remapfs.mount.daemon;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.posix.LibC;
import java.util.List;
import jnr.ffi.LibraryLoader;
import jnr.ffi.annotations.IgnoreError;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** With real, locked memory of the C library, as much as no other thread takes meanwhile. */
final class ResidentMemoryTest {
  private static final int MCL_CURRENT_FUTURE_ON_FAULT = 1 | 2 | 4;

  private static final int PIECES = 2048;
  private static final long PIECE_BYTES = 64 << 10;

  /** Every so many pieces one stays, so that the C library can give nothing back unasked. */
  private static final int PIECES_PER_KEPT = 64;

  private static final long MOST_BYTES = PIECES * PIECE_BYTES * 3 / 4;

  /** The C library's own heap. */
  public interface Heap {
    @IgnoreError
    long malloc(long bytes);

    @IgnoreError
    long memset(long address, int value, long bytes);

    @IgnoreError
    void free(long address);
  }

  private final Heap heap = LibraryLoader.create(Heap.class).load("c");
  private final long[] pieces = new long[PIECES];
  private final boolean locked = LibC.INSTANCE.mlockall(MCL_CURRENT_FUTURE_ON_FAULT) == 0;
  private final ResidentMemory memory =
      new ResidentMemory(new ProcessProtection(locked, false, List.of()));

  @AfterEach
  void unlockAndFree() {
    assertThat(!locked || LibC.INSTANCE.munlockall() == 0).isTrue();
    for (long piece : pieces) {
      heap.free(piece);
    }
  }

  private void take() {
    for (int i = 0; i < PIECES; i++) {
      pieces[i] = heap.malloc(PIECE_BYTES);
      heap.memset(pieces[i], 1, PIECE_BYTES);
    }
  }

  private void free() {
    for (int i = 0; i < PIECES; i++) {
      if (i % PIECES_PER_KEPT != PIECES_PER_KEPT - 1) {
        heap.free(pieces[i]);
        pieces[i] = 0;
      }
    }
  }

  private void turns(int count) {
    for (int i = 0; i < count; i++) {
      memory.doWork();
    }
  }

  @Test
  void shouldGiveBackWhatWasFreedWhenTheStartIsOver() {
    take();
    free();
    long before = ProcessProbe.residentBytes();

    turns(8);

    assertThat(before - ProcessProbe.residentBytes()).isGreaterThan(MOST_BYTES);
  }

  /** As on a slow machine, whose compilers are still busy the first time. */
  @Test
  void shouldGiveBackWhatWasFreedLaterWhenTheFirstTimeWasTooEarly() {
    take();
    turns(8);
    free();
    long before = ProcessProbe.residentBytes();

    turns(8 + 16 + 32);

    assertThat(before - ProcessProbe.residentBytes()).isGreaterThan(MOST_BYTES);
  }
}
