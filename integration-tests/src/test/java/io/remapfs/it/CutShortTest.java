package io.remapfs.it;

import static io.remapfs.it.harness.ImageAssert.assertPattern;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.it.harness.Await;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A backing or spare that gets shorter, or read-only, while it is in use. */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class CutShortTest {
  private static final long SIZE = 16 * Images.MIB;
  private static final long END = 8 * Images.MIB + 700;
  private static final int BLOCK = 4096;
  private static final long OLD = 1;

  private static void resize(Path file, long sizeBytes) throws IOException {
    try (RandomAccessFile opened = new RandomAccessFile(file.toFile(), "rw")) {
      opened.setLength(sizeBytes);
    }
  }

  private static String reason(Mounted mounted) {
    return String.valueOf(mounted.status().find("reason"));
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void shouldSayWhereItEndsAndLoseNothingWhenTheBackingIsTruncated(boolean loop, Workbench bench)
      throws IOException {
    Path file = bench.disk("disk.img", SIZE);
    Images.fill(file, OLD);
    byte[] whole = Files.readAllBytes(file);
    Path backing = loop ? bench.loop(file).path() : file;
    Mounted mounted = bench.mountFormatted(backing, BLOCK);

    resize(file, END);
    for (long at = 9 * Images.MIB; at < SIZE; at += Images.MIB) {
      long place = at;
      assertThatThrownBy(() -> mounted.read(place, BLOCK)).hasMessage("Input/output error");
    }

    assertThat(mounted.status().state()).isEqualTo("SUSPENDED");
    assertThat(reason(mounted)).contains("ended at byte " + END + ", was " + SIZE);
    assertThat(Mounted.remapfs("status", mounted.mountPoint().toString()).exitCode()).isEqualTo(4);
    assertThat(mounted.status().spareUsed()).isZero();
    assertThat(mounted.status().pending()).isZero();
    assertPattern(mounted, OLD, 0, (int) (8 * Images.MIB));
    assertThatThrownBy(() -> mounted.write(12 * Images.MIB, new byte[BLOCK]))
        .hasMessage("Input/output error");
    assertThat(Files.size(file)).as("nothing made it grow").isEqualTo(END);

    Images.write(file, 0, whole);
    Await.until("resumed", () -> mounted.status().state().equals("HEALTHY"));
    assertThat(mounted.text("events")).contains("what lies behind byte " + END + " was cut off");
    assertPattern(mounted, OLD, 0, (int) SIZE);
    assertThat(mounted.status().spareUsed()).isZero();
  }

  @Test
  void shouldNoticeWithoutARequestWhenTheBackingOrTheSpareIsTruncated(Workbench bench)
      throws IOException {
    Path file = bench.disk("disk.img", SIZE);
    Path spare = bench.disk("spare.img", SIZE);
    Mounted mounted = bench.mountFormatted(file, spare, BLOCK);
    resize(file, END);
    Await.until("noticed", () -> reason(mounted).contains("ended at byte " + END));
    resize(spare, 4 * Images.MIB);
    Await.until("noticed", () -> mounted.status().state().equals("EMERGENCY"));
    assertThat(reason(mounted)).contains("the spare").contains("ended at byte 4194304");
  }

  @Test
  void shouldWaitForAWriteWhenTheBlockDeviceTurnsReadOnly(Workbench bench) throws IOException {
    Path file = bench.disk("disk.img", SIZE);
    Images.fill(file, OLD);
    String device = bench.loop(file).device();
    Mounted mounted = bench.mountFormatted(Path.of(device), BLOCK);
    Shell.run("blockdev", "--setro", device).orFail();

    assertThatThrownBy(() -> mounted.write(0, new byte[BLOCK]))
        .hasMessage("Operation not permitted");

    assertThat(mounted.status().state()).isEqualTo("SUSPENDED");
    assertThat(reason(mounted)).contains("takes no writes").contains("EPERM");
    assertPattern(mounted, OLD, 0, BLOCK);
    Shell.run("blockdev", "--setrw", device).orFail();
    mounted.write(0, Images.pattern(2, 0, BLOCK));
    Await.until("resumed", () -> mounted.status().state().equals("HEALTHY"));
    assertThat(mounted.status().spareUsed()).isZero();
  }
}
