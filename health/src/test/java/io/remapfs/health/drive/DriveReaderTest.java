package io.remapfs.health.drive;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.health.drive.DriveFacts.Passed;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The samples are written after smartctl's own names and structure (smartmontools 7.3), for drives
 * that do not exist: no drive was at hand.
 */
class DriveReaderTest {
  @TempDir private Path folder;

  private static byte[] sample(String name) throws IOException {
    try (InputStream in =
        Objects.requireNonNull(DriveReaderTest.class.getResourceAsStream("/smart/" + name))) {
      return in.readAllBytes();
    }
  }

  /** A program that stands in for smartctl. */
  private DriveReader fake(String script, Duration timeout) throws IOException {
    Path program = folder.resolve("smartctl");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));
    return new DriveReader(program.toString(), Path.of("/dev/sdx"), timeout);
  }

  @Test
  void shouldReadCountersOfAtaDriveWhenSmartctlAnswers() throws IOException {
    assertThat(SmartctlJson.parse(sample("ata.json")))
        .isEqualTo(new DriveFacts("EXAMPLE ED4000", Passed.YES, 34, 39820, 37, 8, 3, -1, -1, -1));
  }

  @Test
  void shouldReadCountersOfNvmeDriveWhenSmartctlAnswers() throws IOException {
    assertThat(SmartctlJson.parse(sample("nvme.json")))
        .isEqualTo(new DriveFacts("EXAMPLE NVME 1TB", Passed.NO, 41, 8121, -1, -1, -1, 17, 103, 4));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{}",
        "{\"smart_status\":7,\"temperature\":[],\"ata_smart_attributes\":{\"table\":{}}}",
        "{\"ata_smart_attributes\":{\"table\":[1,null,{\"id\":5},{\"id\":5,\"raw\":{\"value\":-3}}]}}"
      })
  void shouldKnowNothingWhenFieldsAreMissingOrOfOtherTypes(String json) throws IOException {
    assertThat(SmartctlJson.parse(json.getBytes(StandardCharsets.UTF_8)))
        .isEqualTo(DriveFacts.NOTHING);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "[]", "smartctl: command failed", "{\"model_name\":", "null"})
  void shouldFailInOneWayWhenAnswerIsNoObject(String json) {
    assertThatThrownBy(() -> SmartctlJson.parse(json.getBytes(StandardCharsets.UTF_8)))
        .isInstanceOf(IOException.class);
  }

  @Test
  void shouldAskForJsonOfTheDeviceWhenItRunsSmartctl() throws IOException {
    Path answer = folder.resolve("answer.json");
    Files.write(answer, sample("ata.json"));
    Path arguments = folder.resolve("arguments");
    DriveReader reader =
        fake(
            "echo \"$@\" > " + arguments + "; cat " + answer + "; exit 64", Duration.ofSeconds(60));
    assertThat(reader.read().reallocatedSectors()).isEqualTo(37);
    assertThat(arguments).hasContent("--json -n standby -A -H -i /dev/sdx");
  }

  @Test
  void shouldGiveUpAndKillItWhenSmartctlHangs() throws IOException {
    Path pid = folder.resolve("pid");
    DriveReader reader = fake("echo $$ > " + pid + "; exec sleep 1000", Duration.ofMillis(500));
    assertThatThrownBy(reader::read)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no answer");
    if (Files.exists(pid)) { // a slow machine may have killed it before its first line
      long number = Long.parseLong(Files.readString(pid).strip());
      ProcessHandle.of(number).ifPresent(left -> left.onExit().join());
      assertThat(ProcessHandle.of(number)).isEmpty();
    }
  }

  @Test
  void shouldFailWhenSmartctlIsNotInstalled() {
    DriveReader reader =
        new DriveReader(
            folder.resolve("missing").toString(), Path.of("/dev/sdx"), Duration.ofSeconds(5));
    assertThatThrownBy(reader::read).isInstanceOf(IOException.class);
  }

  @Test
  void shouldFailWhenSmartctlFloodsItsOutput() throws IOException {
    DriveReader reader = fake("yes '{'", Duration.ofSeconds(60));
    assertThatThrownBy(reader::read).isInstanceOf(IOException.class);
  }

  @Test
  void shouldTellFailureOnceAndKeepLastAnswerWhenDriveStopsAnswering() {
    List<String> notes = new ArrayList<>();
    DriveFacts known = new DriveFacts("x", Passed.YES, 1, 1, 1, 1, 1, -1, -1, -1);
    List<DriveFacts> answers = new ArrayList<>(List.of(known));
    DriveWatch watch =
        new DriveWatch(
            () -> {
              if (answers.isEmpty()) {
                throw new IOException("no answer");
              }
              return answers.remove(0);
            },
            notes::add);
    assertThat(watch.facts()).isEqualTo(DriveFacts.NOTHING);
    watch.ask();
    watch.ask();
    assertThat(watch.facts()).isEqualTo(known);
    assertThat(notes).isEmpty();
    DriveWatch silent =
        new DriveWatch(
            () -> {
              throw new IOException("Cannot run program \"smartctl\"");
            },
            notes::add);
    silent.ask();
    silent.ask();
    assertThat(notes).singleElement().asString().contains("SMART", "smartctl");
  }

  @Test
  void shouldFindDriveWhenDeviceIsItOrItsPartition() throws IOException {
    Path sysfs = folder.resolve("class");
    Path disk = folder.resolve("devices/sdx");
    Files.createDirectories(disk.resolve("device"));
    Files.createDirectories(disk.resolve("sdx1"));
    Files.createFile(disk.resolve("sdx1/partition"));
    Files.createDirectories(folder.resolve("devices/loop0"));
    Files.createDirectories(sysfs);
    Files.createSymbolicLink(sysfs.resolve("sdx"), disk);
    Files.createSymbolicLink(sysfs.resolve("sdx1"), disk.resolve("sdx1"));
    Files.createSymbolicLink(sysfs.resolve("loop0"), folder.resolve("devices/loop0"));
    assertThat(DriveDevice.of(Path.of("/dev/sdx"), sysfs)).contains(Path.of("/dev/sdx"));
    assertThat(DriveDevice.of(Path.of("/dev/sdx1"), sysfs)).contains(Path.of("/dev/sdx"));
    assertThat(DriveDevice.of(Path.of("/dev/loop0"), sysfs)).isEmpty();
    assertThat(DriveDevice.of(Path.of("/dev/nothing"), sysfs)).isEmpty();
  }
}
