package io.remapfs.mount.daemon;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogFileTest {
  private static final long LIMIT_BYTES = 20;

  @TempDir private Path folder = Path.of("");

  private static void log(Path file, String... lines) throws IOException {
    try (LogFile log = LogFile.open(file, LIMIT_BYTES)) {
      for (String line : lines) {
        log.write(line.getBytes(StandardCharsets.US_ASCII));
      }
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @Test
  void shouldGoOnAtTheEndWhenItExists() throws IOException {
    Path file = folder.resolve("log");

    log(file, "one\n");
    log(file, "two\n");

    assertThat(Files.readString(file)).isEqualTo("one\ntwo\n");
  }

  @Test
  void shouldBeClosedToOthersWhenAnOlderOneWasOpenToThem() throws IOException {
    Path file = Files.createFile(folder.resolve("log"));
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-rw-rw-"));

    log(file, "one\n");

    assertThat(mode(file)).isEqualTo("rw-------");
  }

  @Test
  void shouldNotBeOpenedWhenItIsASymbolicLink() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "not a log");
    Path file = Files.createSymbolicLink(folder.resolve("log"), target);

    assertThatThrownBy(() -> log(file, "one\n"))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("ELOOP");
    assertThat(Files.readString(target)).isEqualTo("not a log");
  }

  @Test
  void shouldNotBeOpenedWhenItIsASecondNameOfAFile() throws IOException {
    Path target = Files.writeString(folder.resolve("target"), "not a log");
    Path file = Files.createLink(folder.resolve("log"), target);

    assertThatThrownBy(() -> log(file, "one\n")).hasMessageContaining("another name");
    assertThat(Files.readString(target)).isEqualTo("not a log");
  }

  @Test
  void shouldKeepTheOlderLinesAsideWhenItIsFull() throws IOException {
    Path file = folder.resolve("log");

    log(file, "0123456789\n", "abcdefghij\n", "klmnopqrst\n", "z\n");

    assertThat(Files.readString(file)).isEqualTo("klmnopqrst\nz\n");
    assertThat(Files.readString(folder.resolve("log.1"))).isEqualTo("abcdefghij\n");
    assertThat(mode(folder.resolve("log.1"))).isEqualTo("rw-------");
  }

  @Test
  void shouldBeginAnewAllTheSameWhenTheOlderLinesCannotBeKept() throws IOException {
    Path file = folder.resolve("log");
    Files.createDirectory(folder.resolve("log.1"));

    log(file, "0123456789\n", "abcdefghij\n");

    assertThat(Files.readString(file)).isEqualTo("abcdefghij\n");
  }

  @Test
  void shouldKeepTheOlderLinesWhenItWasOpenedWholeBeforehand() throws IOException {
    Path file = folder.resolve("log");
    try (LogFile log = LogFile.open(file, LIMIT_BYTES)) {
      log.keepForAnotherUser();
      Files.move(folder.resolve("log.1"), folder.resolve("moved"));
      log.write("0123456789\n".getBytes(StandardCharsets.US_ASCII));
      log.write("abcdefghij\n".getBytes(StandardCharsets.US_ASCII));
    }

    assertThat(Files.readString(folder.resolve("moved"))).isEqualTo("0123456789\n");
  }
}
