package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class IoBufferTest {
  private static final int PAGE = IoBuffer.ALIGNMENT_BYTES;
  private static final int MCL_CURRENT_ON_FAULT = 1 | 4;

  private static IoBuffer filled(int pages) {
    IoBuffer buffer = IoBuffer.allocate(pages * PAGE);
    IntStream.range(0, buffer.capacityBytes()).forEach(at -> buffer.bytes().put(at, (byte) 7));
    return buffer;
  }

  private static int[] pagesWithData(IoBuffer buffer) {
    return IntStream.range(0, buffer.capacityBytes() / PAGE)
        .filter(page -> buffer.bytes().get(page * PAGE) != 0)
        .toArray();
  }

  /** That they read as zeros shows that they were given back: nothing has written there. */
  @Test
  void shouldHoldNoPageWhenItWasReleased() {
    IoBuffer buffer = filled(8);

    buffer.release(2 * PAGE, 6 * PAGE);

    assertThat(pagesWithData(buffer)).containsExactly(0, 1, 6, 7);
    buffer.bytes().put(3 * PAGE, (byte) 1);
    assertThat(pagesWithData(buffer)).containsExactly(0, 1, 3, 6, 7);
  }

  @Test
  void shouldKeepWhatSharesAPageWithOthersWhenReleased() {
    IoBuffer buffer = filled(4);

    buffer.release(1, 3 * PAGE - 1);

    assertThat(pagesWithData(buffer)).containsExactly(0, 2, 3);
    assertThat(buffer.bytes().get(PAGE - 1)).isEqualTo((byte) 7);
  }

  @Test
  void shouldReleaseAlsoWhenMemoryIsLocked() {
    IoBuffer buffer = filled(4);
    boolean locked = LibC.INSTANCE.mlockall(MCL_CURRENT_ON_FAULT) == 0;
    try {
      buffer.release(0, 4 * PAGE);
    } finally {
      assertThat(!locked || LibC.INSTANCE.munlockall() == 0).isTrue();
    }

    assertThat(pagesWithData(buffer)).isEmpty();
  }

  /** A quarter of the room is what the rest of the program may take or give back meanwhile. */
  @Test
  void shouldTakeMemoryOnlyForWhatIsWrittenWhenReserved() throws Exception {
    int capacityBytes = 256 << 20;
    long before = residentBytes();

    IoBuffer buffer = IoBuffer.reserve(capacityBytes);
    assertThat(residentBytes()).isLessThan(before + capacityBytes / 4);

    buffer.touch(0, capacityBytes / 2);
    assertThat(residentBytes())
        .isBetween(before + capacityBytes / 4, before + capacityBytes / 4 * 3L);
    assertThat(buffer.bytes().get(capacityBytes - 1)).isZero();
  }

  @Test
  void shouldKeepWhatIsThereWhenTouched() {
    IoBuffer buffer = filled(4);

    buffer.touch(0, 4 * PAGE);

    assertThat(pagesWithData(buffer)).containsExactly(0, 1, 2, 3);
  }

  private static long residentBytes() throws IOException {
    return Long.parseLong(Files.readString(Path.of("/proc/self/statm")).split(" ")[1]) * PAGE;
  }
}
