package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A made-up /proc, for what cannot be forced: numbers that were reused, processes that die. */
class LockHoldersTest {
  @TempDir private Path folder;

  @Test
  void shouldNameTheProcessThatHasTheDescriptorWhenTheOneThatTookTheLockIsGone()
      throws IOException {
    Path disk = Files.createFile(folder.resolve("disk.img"));
    process(500, "innocent", "", null);
    process(700, "heir", "lock:\t1: FLOCK  ADVISORY  WRITE 500 fe:00:12 0 EOF\n", disk);

    assertThat(holders().of(disk)).isEqualTo(700);
  }

  @Test
  void shouldNameNobodyWhenNoProcessHasTheFileLocked() throws IOException {
    Path disk = Files.createFile(folder.resolve("disk.img"));
    Path other = Files.createFile(folder.resolve("other.img"));
    process(500, "reader", "pos:\t0\nflags:\t02\n", disk);
    process(600, "elsewhere", "lock:\t1: FLOCK  ADVISORY  WRITE 600 fe:00:99 0 EOF\n", other);

    assertThat(holders().of(disk)).isEqualTo(-1);
    assertThat(holders().describe(-1)).isEqualTo("another process");
  }

  @Test
  void shouldTellWhoHasARangeWhenTwoHavePartsOfOneFile() throws IOException {
    Path disk = Files.createFile(folder.resolve("disk.img"));
    process(500, "first", "lock:\t1: OFDLCK  ADVISORY  WRITE -1 fe:00:12 0 4095\n", disk);
    process(600, "second", "lock:\t1: OFDLCK  ADVISORY  WRITE -1 fe:00:12 4096 EOF\n", disk);

    assertThat(holders().of(List.of(new StorageExtent("file x", disk, 4096, 8192)))).isEqualTo(600);
    assertThat(holders().of(List.of(new StorageExtent("file x", disk, 0, 4096)))).isEqualTo(500);
  }

  @Test
  void shouldSayWhatADaemonOfOursServesWhenItIsTheHolder() throws IOException {
    Path process = process(500, "java", "", null);
    Files.writeString(
        process.resolve("cmdline"),
        "java\0-Xmx48m\0-jar\0/opt/remapfs-entry.jar\0mount\0d.img\0/mnt\0");
    process(600, "qemu-system-x86", "", null);

    assertThat(holders().describe(500)).isEqualTo("process 500 (remapfs mount d.img /mnt)");
    assertThat(holders().describe(600)).isEqualTo("process 600 (qemu-system-x86)");
    assertThat(holders().describe(777)).isEqualTo("process 777");
  }

  private LockHolders holders() {
    return new LockHolders(folder.resolve("proc"));
  }

  private Path process(int pid, String name, String descriptor, Path open) throws IOException {
    Path process = folder.resolve("proc").resolve(Integer.toString(pid));
    Files.createDirectories(process.resolve("fd"));
    Files.createDirectories(process.resolve("fdinfo"));
    Files.writeString(process.resolve("comm"), name + "\n");
    if (open != null) {
      Files.createSymbolicLink(process.resolve("fd/7"), open);
      Files.writeString(process.resolve("fdinfo/7"), descriptor);
    }
    return process;
  }
}
