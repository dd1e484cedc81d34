package io.remapfs.it;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.it.harness.FailingDisk;
import io.remapfs.it.harness.Fault;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Mounted;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code remapfs blame} on real file systems, whose own places the file systems' own tools tell:
 * debugfs, dumpe2fs, xfs_db and the kernel's FIEMAP.
 */
@Tag("integration")
@Timeout(value = 60, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BlameTest {
  private static final int BLOCK = 4096;
  private static final long SIZE = 64 * Images.MIB;
  private static final long XFS_SIZE = 320 * Images.MIB;

  /** Where a file's extents lie, by the kernel: logical, physical and length, in bytes. */
  private record Extent(long fileOffset, long byteOffset, long lengthBytes) {}

  private static List<Extent> extents(Path file) {
    List<Extent> extents = new ArrayList<>();
    Pattern line =
        Pattern.compile("\\s*\\d+:\\s+(\\d+)\\.\\.\\s*\\d+:\\s+(\\d+)\\.\\.\\s*\\d+:\\s+(\\d+):.*");
    for (String each :
        Shell.run("filefrag", "-b512", "-v", file.toString()).orFail().stdout().split("\n")) {
      Matcher found = line.matcher(each);
      if (found.matches()) {
        extents.add(
            new Extent(
                Long.parseLong(found.group(1)) * 512,
                Long.parseLong(found.group(2)) * 512,
                Long.parseLong(found.group(3)) * 512));
      }
    }
    assertThat(extents).as(file.toString()).isNotEmpty();
    return extents;
  }

  private static String blame(Mounted mounted, long... blocks) {
    List<String> arguments = new ArrayList<>(List.of("blame", mounted.mountPoint().toString()));
    for (long block : blocks) {
      arguments.add(Long.toString(block));
    }
    return Mounted.remapfs(arguments.toArray(String[]::new)).orFail().stdout();
  }

  /** Has the block read, so that it is found out to be lost. */
  private static void lose(FailingDisk disk, Mounted mounted, long... blocks) throws IOException {
    Fault[] faults = new Fault[blocks.length];
    for (int i = 0; i < blocks.length; i++) {
      faults[i] = Fault.read(blocks[i] * BLOCK, BLOCK);
    }
    disk.faults(faults);
    for (long block : blocks) {
      assertThat(mounted.control("verify " + block + " 1")).contains("\"pending\":1");
    }
  }

  private static void unmount(Path root) {
    Shell.run("umount", root.toString()).orFail();
  }

  /** A directory with small files, a larger one with two names, and one with an odd name. */
  private static void fill(Path root) throws IOException {
    Path folder = Files.createDirectories(root.resolve("dir/sub"));
    for (int i = 0; i < 50; i++) {
      Files.write(root.resolve("dir/small-" + i), Images.pattern(i, 0, 5000));
    }
    Files.write(root.resolve("big"), Images.pattern(99, 0, 3_000_001));
    Files.createLink(folder.resolve("other-name"), root.resolve("big"));
    Files.write(root.resolve("odd \"name\"\n\u0001"), Images.pattern(98, 0, 9000));
    Shell.run("sync", "-f", root.toString()).orFail();
  }

  @ParameterizedTest
  @CsvSource({"ext4, 1024", "ext4, 4096", "ext2, 1024", "ext3, 4096", "xfs, 4096", "xfs, 1024"})
  void shouldNameTheFileAndItsBytesWhenItsBlocksAreLost(
      String type, int fileSystemBlock, Workbench bench) throws IOException {
    FailingDisk disk = bench.failingDisk("disk", type.equals("xfs") ? XFS_SIZE : SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    Path root = make(bench, mounted.announced(), type, fileSystemBlock);
    fill(root);
    Extent big = extents(root.resolve("big")).get(0);
    Extent odd = extents(root.resolve("odd \"name\"\n\u0001")).get(0);
    unmount(root);
    long lost = (big.byteOffset() + big.lengthBytes() / 2) / BLOCK;
    long oddBlock = (odd.byteOffset() + BLOCK - 1) / BLOCK;
    lose(disk, mounted, lost, oddBlock);

    String said = blame(mounted);

    long at = big.fileOffset() + lost * BLOCK - big.byteOffset();
    assertThat(said.lines().filter(line -> line.startsWith("block " + lost + ":")))
        .singleElement()
        .asString()
        .contains("/big", " = ", "/dir/sub/other-name")
        .contains(", bytes " + at + "-" + (at + BLOCK - 1) + " of 3000001 (inode ");
    long inOdd = odd.fileOffset() + oddBlock * BLOCK - odd.byteOffset();
    assertThat(said).contains("/odd \\\"name\\\"\\n\\x01\", bytes " + inOdd + "-");
  }

  private static Path make(Workbench bench, String device, String type, int blockBytes) {
    if (type.equals("xfs")) {
      Shell.run("mkfs.xfs", "-q", "-f", "-b", "size=" + blockBytes, device).orFail();
    } else {
      Shell.run("mkfs." + type, "-q", "-F", "-b", "" + blockBytes, device).orFail();
    }
    return bench.mountFileSystem(device);
  }

  @Test
  void shouldTellWhichPartOfAnExt4IsHitAndGoOnWhenItIsLost(Workbench bench) throws IOException {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    Path root = make(bench, mounted.announced(), "ext4", BLOCK);
    fill(root);
    Extent big = extents(root.resolve("big")).get(0);
    long folder = extents(root.resolve("dir")).get(0).byteOffset() / BLOCK;
    long inode = ((Number) Files.getAttribute(root.resolve("dir/small-9"), "unix:ino")).longValue();
    unmount(root);
    String facts = Shell.run("dumpe2fs", mounted.announced()).orFail().stdout();
    long bitmap = number(facts, "Block bitmap at (\\d+)");
    long inodes = number(facts, "Inode bitmap at (\\d+)");
    long table = number(facts, "Inode table at (\\d+)") + (inode - 1) / 16;
    long free = number(facts, "Free blocks: (\\d+)");
    long journal = number(debugfs(mounted, "stat <8>"), "EXTENTS:\\s*\\(0-\\d+\\):(\\d+)");
    lose(disk, mounted, bitmap, inodes, table, free, journal, folder, big.byteOffset() / BLOCK);

    String said = blame(mounted);

    assertThat(said)
        .contains("block " + bitmap + ": block bitmap\n")
        .contains("block " + inodes + ": inode bitmap\n")
        .contains("block " + journal + ": journal of inode 8")
        .contains("block " + folder + ": directory of /dir\n")
        .contains("block " + big.byteOffset() / BLOCK + ": /big")
        .containsPattern("block " + table + ": inode table, inodes \\d+-\\d+");
    // With the directory and the bitmap gone, nobody knows; and that is what must be said.
    assertThat(said).contains("block " + free + ": cannot be told; nobody was found to use it");
  }

  @Test
  void shouldNameTheFilesWhoseInodesAreLostWhenItIsAnInodeTable(Workbench bench)
      throws IOException {
    FailingDisk disk = bench.failingDisk("disk", SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    Path root = make(bench, mounted.announced(), "ext4", BLOCK);
    fill(root);
    long inode =
        ((Number) Files.getAttribute(root.resolve("dir/small-30"), "unix:ino")).longValue();
    long contents = extents(root.resolve("dir/small-30")).get(0).byteOffset() / BLOCK;
    unmount(root);
    String facts = Shell.run("dumpe2fs", mounted.announced()).orFail().stdout();
    long table = number(facts, "Inode table at (\\d+)") + (inode - 1) / 16;
    long free = number(facts, "Free blocks: (\\d+)");
    lose(disk, mounted, table);
    // What this command is not built on, and why: it ends at the first inode that it cannot read.
    assertThat(Shell.run("debugfs", "-R", "icheck " + contents, mounted.announced()).stderr())
        .contains("Can't read next inode");

    String said = blame(mounted, table, contents, free);

    assertThat(said)
        .containsPattern(
            "block " + table + ": inode table, inodes \\d+-\\d+: .*/dir/small-30[, \n]")
        .contains("block " + contents + ": cannot be told; in use, by something whose own record")
        .contains("block " + free + ": free space\n");
  }

  @Test
  void shouldTellWhichPartOfAnXfsIsHitWhenItIsMounted(Workbench bench) throws IOException {
    FailingDisk disk = bench.failingDisk("disk", XFS_SIZE);
    Mounted mounted = bench.mountFormatted(disk.image(), BLOCK, "--loop");
    Path root = make(bench, mounted.announced(), "xfs", BLOCK);
    fill(root);
    unmount(root);
    root = bench.mountFileSystem(mounted.announced());
    long small = extents(root.resolve("dir/small-3")).get(0).byteOffset() / BLOCK;
    long inode = ((Number) Files.getAttribute(root.resolve("dir/small-3"), "unix:ino")).longValue();
    long journal = xfs(mounted, "sb 0", "logstart");
    long shift = xfs(mounted, "sb 0", "agblklog");
    long log =
        (journal >> shift) * xfs(mounted, "sb 0", "agblocks") + (journal & ((1 << shift) - 1));

    Shell.Result result =
        Mounted.remapfs(
            "blame",
            mounted.mountPoint().toString(),
            "0",
            "" + log,
            "" + small,
            "" + inode / 8,
            "" + (XFS_SIZE / BLOCK - 1));

    assertThat(result.orFail().stdout())
        .contains("block 0 bytes 0-511: superblock\n", "block 0 bytes 512-4095: AG header\n")
        .contains("block " + log + ": journal\n")
        .contains("block " + small + ": /dir/small-3, bytes 0-4095 of 5000")
        .containsPattern("block " + inode / 8 + ": inode table, inodes .*/dir/small-3[, \n]")
        .contains("block " + (XFS_SIZE / BLOCK - 1) + ": free space");
    assertThat(result.stderr()).contains("is mounted at " + root);
  }

  private static long xfs(Mounted mounted, String place, String field) {
    String said =
        Shell.run("xfs_db", "-r", "-c", place, "-c", "p " + field, mounted.announced())
            .orFail()
            .stdout();
    return number(said, field + " = (\\d+)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"ext4", "xfs"})
  void shouldLookIntoPartitionsWhenTheDiskHasThem(String type, Workbench bench) throws IOException {
    long begin = Images.MIB;
    long length = XFS_SIZE;
    Path backing = bench.disk("disk", length + 3 * Images.MIB);
    Images.write(backing, 0, mbr(begin, length));
    Extent file;
    try (LoopDevice loop =
        LoopDevice.attach(backing, "--offset", "" + begin, "--sizelimit", "" + length)) {
      Path root = make(bench, loop.device(), type, BLOCK);
      fill(root);
      file = extents(root.resolve("big")).get(0);
      unmount(root);
    }
    Mounted mounted = bench.mountFormatted(backing, BLOCK);
    long block = (begin + file.byteOffset()) / BLOCK;

    String said = blame(mounted, 0, 100, block, (begin + length) / BLOCK);

    assertThat(said)
        .contains("block 0 bytes 0-511: partition table\n")
        .contains("block 100: between partitions\n")
        .contains("block " + block + ": /big")
        .contains(" of 3000001 (inode ", "[partition 1]")
        .contains("block " + (begin + length) / BLOCK + ": between partitions\n");
  }

  /** A table of one Linux partition, as every partitioner writes it. */
  private static byte[] mbr(long begin, long length) {
    byte[] sector = new byte[512];
    sector[446 + 4] = (byte) 0x83;
    for (int i = 0; i < 4; i++) {
      sector[446 + 8 + i] = (byte) (begin / 512 >> 8 * i);
      sector[446 + 12 + i] = (byte) (length / 512 >> 8 * i);
    }
    sector[510] = 0x55;
    sector[511] = (byte) 0xAA;
    return sector;
  }

  @Test
  void shouldSayWhatItIsWhenItDoesNotKnowTheFileSystem(Workbench bench) {
    Path backing = bench.disk("disk", 256 * Images.MIB);
    Shell.run("mkfs.btrfs", "-q", backing.toString()).orFail();
    Mounted mounted = bench.mountFormatted(backing, BLOCK);

    assertThat(blame(mounted, 7000))
        .isEqualTo("block 7000: btrfs; only of ext2, ext3, ext4 and xfs can it be told\n");
  }

  @Test
  void shouldSayThatNoBlockIsLostAndRefuseOthersWhenTheDiskIsEmpty(Workbench bench) {
    Mounted mounted = bench.mountFormatted(bench.disk("disk", SIZE), BLOCK);
    String mountPoint = mounted.mountPoint().toString();

    assertThat(blame(mounted)).isEqualTo("no block is lost\n");
    assertThat(blame(mounted, 5)).isEqualTo("block 5: no file system known\n");
    Shell.Result outside = Mounted.remapfs("blame", mountPoint, "16384");
    assertThat(outside.exitCode()).isEqualTo(2);
    assertThat(outside.stderr()).contains("there is no block 16384");
    assertThat(Mounted.remapfs("blame", mountPoint, "x").exitCode()).isEqualTo(2);
  }

  private static String debugfs(Mounted mounted, String command) {
    return Shell.run("debugfs", "-R", command, mounted.announced()).orFail().stdout();
  }

  private static long number(String text, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(text);
    assertThat(found.find()).as(pattern + " in " + text).isTrue();
    return Long.parseLong(found.group(1));
  }
}
