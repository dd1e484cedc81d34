package io.remapfs.mount.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.management.ThreadMXBean;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Rings of the kernel that runs the test; skipped where it gives none, except for the refusals. */
@Timeout(30)
final class IoUringTest {
  private static final int ENTRIES = 8;
  private static final int BLOCK = 4096;
  private static final int BLOCKS = 64;

  @TempDir Path directory;
  private final IoBuffer memory = IoBuffer.allocate(BLOCKS * BLOCK);
  private final byte[] contents = new byte[BLOCKS * BLOCK];
  private int file;
  private IoUring ring;

  @BeforeEach
  void open() throws IOException {
    ring = ringOrSkip();
    ring.start();
    new Random(1).nextBytes(contents);
    Path path = Files.write(directory.resolve("file"), contents);
    file = Posix.open(path.toString(), Posix.O_RDWR);
    assertThat(file).isPositive();
  }

  private static IoUring ringOrSkip() {
    try {
      return IoUring.open(ENTRIES);
    } catch (RingUnavailableException e) {
      assumeTrue(false, e.getMessage());
      throw new IllegalStateException(e);
    }
  }

  @AfterEach
  void close() {
    if (ring != null) {
      ring.close();
      Posix.close(file);
    }
  }

  /** Takes the oldest completion's result, which must be of {@code userData}. */
  private int take(long userData) {
    assertThat(ring.hasCompletion()).isTrue();
    assertThat(ring.userData()).isEqualTo(userData);
    int result = ring.result();
    ring.advance();
    return result;
  }

  private byte[] inMemory(int at, int lengthBytes) {
    byte[] copy = new byte[lengthBytes];
    memory.bytes().get(at, copy);
    return copy;
  }

  private byte[] block(int index) {
    return Arrays.copyOfRange(contents, index * BLOCK, (index + 1) * BLOCK);
  }

  @Test
  void shouldReadWhatIsInTheFile() {
    ring.read(file, memory.address(), BLOCK, 3 * BLOCK, 77, 0);
    ring.submitAndWait(1);

    assertThat(take(77)).isEqualTo(BLOCK);
    assertThat(inMemory(0, BLOCK)).isEqualTo(block(3));
    assertThat(ring.hasCompletion()).isFalse();
  }

  @Test
  void shouldFindEachSubmissionWhenTheyAreWide() throws Exception {
    ring.close();
    ring = IoUring.openWide(ENTRIES);
    ring.start();
    for (int i = 0; i < 2 * ENTRIES; i++) {
      ring.read(file, memory.address(), BLOCK, (long) i * BLOCK, i, 0);
      ring.submitAndWait(1);
      assertThat(take(i)).isEqualTo(BLOCK);
      assertThat(inMemory(0, BLOCK)).isEqualTo(block(i));

      ring.fuseCommand(file, 1, 0, 0, 0, 1000 + i);
      ring.submitAndWait(1);
      assertThat(take(1000 + i))
          .as("a plain file knows no such thing")
          .isEqualTo(-Errno.EOPNOTSUPP);
    }
  }

  @Test
  void shouldWriteWhatIsInMemory() throws IOException {
    memory.bytes().put(0, block(5));
    ring.write(file, memory.address(), BLOCK, 9 * BLOCK, Long.MIN_VALUE, 0);
    ring.submitAndWait(1);

    assertThat(take(Long.MIN_VALUE)).isEqualTo(BLOCK);
    byte[] now = Files.readAllBytes(directory.resolve("file"));
    assertThat(Arrays.copyOfRange(now, 9 * BLOCK, 10 * BLOCK)).isEqualTo(block(5));
  }

  @Test
  void shouldKnowEachCompletionByItsSubmissionWhenPositionsHaveWrapped() {
    for (int round = 0; round < 100; round++) {
      for (int i = 0; i < ENTRIES; i++) {
        int index = (round + i) % BLOCKS;
        ring.read(file, memory.address() + index * BLOCK, BLOCK, (long) index * BLOCK, index, 0);
      }
      assertThat(ring.hasRoom(1)).isFalse();
      ring.submitAndWait(ENTRIES);
      assertThat(ring.hasRoom(ENTRIES)).isTrue();
      for (int i = 0; i < ENTRIES; i++) {
        int index = (int) ring.userData();
        assertThat(ring.result()).isEqualTo(BLOCK);
        assertThat(inMemory(index * BLOCK, BLOCK)).isEqualTo(block(index));
        memory.bytes().put(index * BLOCK, new byte[BLOCK]);
        ring.advance();
      }
      assertThat(ring.hasCompletion()).isFalse();
    }
  }

  @Test
  void shouldRefuseMoreThanItHolds() {
    for (int i = 0; i < ENTRIES; i++) {
      ring.read(file, memory.address(), BLOCK, 0, i, 0);
    }
    assertThatThrownBy(() -> ring.read(file, memory.address(), BLOCK, 0, 9, 0))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("full");
    ring.submitAndWait(ENTRIES);
  }

  @Test
  void shouldTellTheErrnoWhenATransferFails() {
    ring.read(1_000_000, memory.address(), BLOCK, 0, 1, 0);
    ring.submitAndWait(1);

    assertThat(take(1)).isEqualTo(-Errno.EBADF);
  }

  @Test
  void shouldCompleteOnceByItsLastWhenAChainGoesWell() throws IOException {
    ring.read(file, memory.address(), BLOCK, 0, 1, IoUring.LINK | IoUring.QUIET);
    ring.write(file, memory.address(), BLOCK, BLOCK, 2, 0);
    ring.submitAndWait(1);

    assertThat(take(2)).isEqualTo(BLOCK);
    ring.submitAndWait(0);
    assertThat(ring.hasCompletion()).isFalse();
    byte[] now = Files.readAllBytes(directory.resolve("file"));
    assertThat(Arrays.copyOfRange(now, BLOCK, 2 * BLOCK)).isEqualTo(block(0));
  }

  /** What a loop builds on: no reply is sent, and there is one completion to do it over by. */
  @ParameterizedTest
  @CsvSource({"true, 0", "false, 2048"})
  void shouldCompleteOnceByItsFirstAndStopThereWhenThatFailsOrIsShort(boolean bad, int result)
      throws IOException {
    long offset = (long) BLOCKS * BLOCK - 2048;
    ring.read(
        bad ? 1_000_000 : file, memory.address(), BLOCK, offset, 1, IoUring.LINK | IoUring.QUIET);
    ring.write(file, memory.address(), BLOCK, 0, 2, 0);
    ring.submitAndWait(1);

    assertThat(take(1)).isEqualTo(bad ? -Errno.EBADF : result);
    ring.submitAndWait(0);
    assertThat(ring.hasCompletion()).isFalse();
    assertThat(Files.readAllBytes(directory.resolve("file"))).isEqualTo(contents);
  }

  @Test
  void shouldReadOnlyOnceThereIsSomethingWhenItAwaitsThat() {
    int counter = LibC.INSTANCE.eventfd(0, Posix.O_NONBLOCK);
    try {
      ring.awaitReadable(counter, 1, IoUring.LINK | IoUring.QUIET);
      ring.read(counter, memory.address(), Long.BYTES, 0, 2, 0);
      ring.submitAndWait(0);
      assertThat(ring.hasCompletion()).isFalse();

      memory.bytes().put(BLOCK, (byte) 1);
      assertThat(LibC.INSTANCE.write(counter, memory.address() + BLOCK, Long.BYTES)).isEqualTo(8);
      ring.submitAndWait(1);

      assertThat(take(2)).isEqualTo(Long.BYTES);
      assertThat(memory.bytes().get(0)).isEqualTo((byte) 1);
    } finally {
      Posix.close(counter);
    }
  }

  @Test
  void shouldAllocateNothingOnceStarted() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    exercise(20_000);
    long before = threads.getCurrentThreadAllocatedBytes();
    exercise(20_000);
    assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(20_000);
  }

  private void exercise(int rounds) {
    for (int i = 0; i < rounds; i++) {
      ring.read(file, memory.address(), 512, 0, i, 0);
      ring.submitAndWait(1);
      if (ring.userData() != i || ring.result() != 512) {
        throw new AssertionError("round " + i + " gave " + ring.result());
      }
      ring.advance();
    }
  }

  @Test
  void shouldGiveItsDescriptorAndMemoryBackWhenClosed() throws Exception {
    long before = ringsMapped();
    for (int i = 0; i < 50; i++) {
      IoUring.open(ENTRIES).close();
    }
    assertThat(ringsMapped()).isEqualTo(before);
  }

  private static long ringsMapped() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"));
        Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return lines.filter(line -> line.contains("io_uring")).count()
          + descriptors.filter(IoUringTest::isRing).count();
    }
  }

  private static boolean isRing(Path descriptor) {
    try {
      return Files.readSymbolicLink(descriptor).toString().contains("io_uring");
    } catch (IOException e) {
      return false; // the descriptor of the listing itself
    }
  }

  /** As on old kernels, under sysctl or seccomp, and with the flags of Linux 6.1 unknown. */
  @ParameterizedTest
  @CsvSource({"38, no io_uring", "1, seccomp", "22, Linux 6.1", "12, ENOMEM"})
  void shouldSayWhyWhenTheKernelGivesNone(int errno, String why) {
    RingCalls refusing =
        new RingCalls() {
          @Override
          public long syscall(long number, long a1, long a2, long a3, long a4, long a5) {
            return -1;
          }

          @Override
          public long mmap(long address, long length, long prot, long flags, long fd, long at) {
            throw new AssertionError("nothing to map");
          }

          @Override
          public int errno() {
            return errno;
          }
        };
    assertThatThrownBy(() -> IoUring.open(refusing, ENTRIES))
        .isInstanceOf(RingUnavailableException.class)
        .hasMessageContaining(why);
  }
}
