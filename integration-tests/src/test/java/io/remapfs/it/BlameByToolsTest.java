package io.remapfs.it;

import static java.util.stream.Collectors.toList;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.blame.Blame;
import io.remapfs.health.blame.DiskBytes;
import io.remapfs.health.blame.FileName;
import io.remapfs.health.blame.Finding;
import io.remapfs.health.blame.Kind;
import io.remapfs.it.harness.Images;
import io.remapfs.it.harness.LeavesNoTrace;
import io.remapfs.it.harness.LoopDevice;
import io.remapfs.it.harness.Shell;
import io.remapfs.it.harness.Workbench;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Whose a block is, held against debugfs and xfs_db on random blocks of the same healthy disk,
 * where these can answer.
 */
@Tag("integration")
@Timeout(value = 120, unit = TimeUnit.SECONDS)
@ExtendWith(LeavesNoTrace.class)
final class BlameByToolsTest {
  private static final int SAMPLE = 600;
  private static final int FILES = 120;
  private static final int PIECES = 25;

  private static final Pattern XFS_USE =
      Pattern.compile("block (\\d+) .* type (\\w+)(?: inode (\\d+)(?: (.*))?)?");

  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /**
   * Whose a block is: inode 0 for nobody's, with the kind only where the tool has a word for it.
   */
  private record Use(String kind, long inode, Set<String> paths) {}

  @ParameterizedTest
  @ValueSource(ints = {1024, 4096})
  void shouldAgreeWithDebugfsWhenAnExt4IsHealthy(int blockBytes, Workbench bench)
      throws IOException {
    Path disk = bench.disk("disk", 32 * Images.MIB);
    made(bench, disk, "mkfs.ext4", "-q", "-F", "-b", "" + blockBytes);
    long first = blockBytes == 1024 ? 1 : 0;
    long[] blocks = sample(() -> random.nextLong(first, disk.toFile().length() / blockBytes));

    Map<Long, Use> theirs = byDebugfs(disk, blocks);

    List<Finding> healthy = ours(disk, new long[0], blocks, blockBytes);
    assertThat(uses(healthy, blockBytes, BlameByToolsTest::asDebugfs))
        .as("seed " + seed)
        .isEqualTo(theirs);
    assertThat(placesByDebugfs(disk, healthy, blockBytes))
        .as("seed " + seed)
        .isEqualTo(files(healthy).map(each -> each.byteOffset() / blockBytes).collect(toList()));

    // Only what the lost inodes alone tell may be missing.
    long inode =
        theirs.values().stream()
            .filter(use -> use.paths.toString().contains("file-with"))
            .mapToLong(Use::inode)
            .max()
            .orElseThrow();
    long table = number(debugfs(disk, "imap <" + inode + ">"), "located at block (\\d+)");
    int perBlock = blockBytes / 256;
    theirs.replaceAll(
        (block, use) ->
            use.inode > 0 && (use.inode - 1) / perBlock == (inode - 1) / perBlock
                ? new Use("in use", 0, Set.of())
                : use);
    List<Finding> damaged = ours(disk, new long[] {table}, blocks, blockBytes);
    assertThat(uses(damaged, blockBytes, BlameByToolsTest::asDebugfs))
        .as("seed " + seed)
        .isEqualTo(theirs);
  }

  @Test
  void shouldAgreeWithXfsDbWhenAnXfsIsHealthy(Workbench bench) throws IOException {
    Path disk = bench.disk("disk", 320 * Images.MIB);
    made(bench, disk, "mkfs.xfs", "-q", "-f");
    long groupBlocks = 320 * Images.MIB / 4096 / 4;
    // Each group is filled from its beginning.
    long[] blocks =
        sample(
            () ->
                random.nextInt(4) * groupBlocks
                    + random.nextLong(random.nextInt(4) > 0 ? 2500 : groupBlocks));

    List<Finding> found = ours(disk, new long[0], blocks, 4096);
    assertThat(uses(found, 4096, BlameByToolsTest::asXfsDb))
        .as("seed " + seed)
        .isEqualTo(byXfsDb(disk, blocks, groupBlocks));
  }

  private static long[] sample(LongSupplier any) {
    return LongStream.generate(any).distinct().limit(SAMPLE).sorted().toArray();
  }

  /** Files with holes, whose maps need blocks of their own; attributes; links; and gaps. */
  private static void made(Workbench bench, Path disk, String... mkfs) throws IOException {
    String[] command = Arrays.copyOf(mkfs, mkfs.length + 1);
    command[mkfs.length] = disk.toString();
    Shell.run(command).orFail();
    try (LoopDevice loop = LoopDevice.attach(disk)) {
      Path root = bench.mountFileSystem(loop.device());
      Path folder = Files.createDirectories(root.resolve("dir/sub"));
      for (int i = 0; i < FILES; i++) {
        Path file = folder.resolveSibling("file-with-a-longer-name-" + i);
        try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
          for (int piece = PIECES - 1; piece >= 0; piece--) {
            channel.write(ByteBuffer.wrap(Images.pattern(i, piece, 3000)), piece * 8192L);
          }
        }
        Files.getFileAttributeView(file, UserDefinedFileAttributeView.class)
            .write("note", ByteBuffer.wrap(Images.pattern(i, 0, 700)));
        Files.createSymbolicLink(folder.resolve("link-" + i), Path.of((i + "-").repeat(100)));
      }
      Files.createLink(
          folder.resolve("another"), folder.resolveSibling("file-with-a-longer-name-1"));
      Files.write(root.resolve("big"), Images.pattern(99, 0, 3_000_001));
      for (int i = 0; i < FILES; i += 3) {
        Files.delete(folder.resolveSibling("file-with-a-longer-name-" + i));
      }
      Shell.run("umount", root.toString()).orFail();
    }
  }

  /** What is said of a block, in a tool's terms. */
  private interface Translation {
    Use of(Finding finding);
  }

  private static List<Finding> ours(Path disk, long[] lost, long[] blocks, int blockBytes)
      throws IOException {
    try (FileChannel channel = FileChannel.open(disk)) {
      DiskBytes bytes =
          DiskBytes.of(
              (byteOffset, into) -> {
                if (channel.read(into, byteOffset) < into.limit()) {
                  throw new EOFException();
                }
              },
              channel.size(),
              lost,
              blockBytes,
              TimeUnit.MINUTES.toNanos(1));
      Blame.Answer answer = Blame.of(bytes, blocks, blockBytes);
      assertThat(answer.notes()).hasSize(lost.length);
      return answer.findings();
    }
  }

  private static Map<Long, Use> uses(
      List<Finding> findings, int blockBytes, Translation translation) {
    Map<Long, Use> uses = new TreeMap<>();
    // A block of several parts of the file system's own has a finding for each.
    findings.forEach(each -> uses.put(each.byteOffset() / blockBytes, translation.of(each)));
    return uses;
  }

  private static Stream<Finding> files(List<Finding> findings) {
    return findings.stream().filter(each -> each.kind() == Kind.FILE);
  }

  private static Set<String> paths(Finding finding) {
    return finding.owners().stream()
        .flatMap(owner -> owner.paths().stream())
        .map(FileName::shown)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static Use asDebugfs(Finding finding) {
    if (finding.kind() == Kind.FREE) {
      return new Use("free", 0, Set.of());
    }
    boolean owned = finding.inodeCount() > 0 && finding.kind() != Kind.INODE_TABLE;
    // ncheck has no name for the root.
    return owned
        ? new Use("in use", finding.inode(), finding.inode() == 2 ? Set.of() : paths(finding))
        : new Use("in use", 0, Set.of());
  }

  private static Map<Long, Use> byDebugfs(Path disk, long[] blocks) throws IOException {
    StringBuilder commands = new StringBuilder("icheck");
    for (long block : blocks) {
      commands.append(' ').append(block);
    }
    for (long block : blocks) {
      commands.append("\ntestb ").append(block);
    }
    String said = debugfs(disk, commands.toString());
    Map<Long, Long> owners = new TreeMap<>();
    Matcher owner = Pattern.compile("(?m)^(\\d+)\t(\\d+|<block not found>)$").matcher(said);
    while (owner.find()) {
      long inode = owner.group(2).startsWith("<") ? 0 : Long.parseLong(owner.group(2));
      // Inode 7 holds the blocks into which the group descriptors may grow.
      owners.put(Long.parseLong(owner.group(1)), inode == 7 ? 0 : inode);
    }
    Set<Long> free = new TreeSet<>();
    Matcher unused = Pattern.compile("(?m)^Block (\\d+) not in use$").matcher(said);
    while (unused.find()) {
      free.add(Long.parseLong(unused.group(1)));
    }
    Map<Long, Set<String>> names = new HashMap<>();
    String inodes =
        owners.values().stream()
            .filter(inode -> inode != 0)
            .distinct()
            .map(String::valueOf)
            .collect(Collectors.joining(" "));
    Matcher name =
        Pattern.compile("(?m)^(\\d+)\t/+(.*)$").matcher(debugfs(disk, "ncheck " + inodes));
    while (name.find()) {
      names
          .computeIfAbsent(Long.parseLong(name.group(1)), inode -> new TreeSet<>())
          .add("/" + name.group(2));
    }
    Map<Long, Use> uses = new TreeMap<>();
    owners.forEach(
        (block, inode) ->
            uses.put(
                block,
                new Use(
                    free.contains(block) ? "free" : "in use",
                    inode,
                    names.getOrDefault(inode, Set.of()))));
    assertThat(uses.values()).filteredOn(use -> !use.paths.isEmpty()).hasSizeGreaterThan(40);
    return uses;
  }

  /** Where the places in files that were found are, asked the other way round. */
  private static List<Long> placesByDebugfs(Path disk, List<Finding> findings, int blockBytes)
      throws IOException {
    String commands =
        files(findings)
            .map(each -> "bmap <" + each.inode() + "> " + each.fileOffset() / blockBytes)
            .collect(Collectors.joining("\n"));
    return debugfs(disk, commands)
        .lines()
        .filter(line -> line.matches("\\d+"))
        .map(Long::valueOf)
        .collect(toList());
  }

  private static long number(String text, String pattern) {
    Matcher found = Pattern.compile(pattern).matcher(text);
    assertThat(found.find()).as(pattern + " in " + text).isTrue();
    return Long.parseLong(found.group(1));
  }

  private static String debugfs(Path disk, String commands) throws IOException {
    Path file = Files.writeString(disk.resolveSibling("commands"), commands + "\n");
    return Shell.run("debugfs", "-f", file.toString(), disk.toString()).orFail().stdout();
  }

  private static Use asXfsDb(Finding finding) {
    String kind =
        switch (finding.kind()) {
          case FREE -> "free";
          case INODE_TABLE -> "inode";
          case FILE, EXTENT_BLOCK -> "data"; // the tool has one word for both
          case DIRECTORY -> "dir";
          case SYMLINK -> "symlink";
          case ATTRIBUTES -> "attr";
          case JOURNAL -> "log";
          case FREE_LIST -> "freelist";
          default -> "own";
        };
    boolean owned = finding.inodeCount() > 0 && finding.kind() != Kind.INODE_TABLE;
    return owned
        ? new Use(kind, finding.inode(), Set.copyOf(paths(finding).stream().limit(1).toList()))
        : new Use(kind, 0, Set.of());
  }

  private static Map<Long, Use> byXfsDb(Path disk, long[] blocks, long groupBlocks)
      throws IOException {
    // A block's number has the group's in its upper bits.
    int shift = 64 - Long.numberOfLeadingZeros(groupBlocks - 1);
    StringBuilder commands = new StringBuilder("blockget -n\n");
    for (long block : blocks) {
      commands
          .append("fsblock ")
          .append((block / groupBlocks << shift) | block % groupBlocks)
          .append("\nblockuse -n\n");
    }
    Path file = Files.writeString(disk.resolveSibling("commands"), commands);
    String said =
        Shell.run("sh", "-c", "exec xfs_db -r \"$1\" <\"$2\"", "sh", disk.toString(), "" + file)
            .orFail()
            .stdout();
    Map<Long, Use> uses = new TreeMap<>();
    Matcher use = XFS_USE.matcher(said);
    while (use.find()) {
      long number = Long.parseLong(use.group(1));
      long block = (number >> shift) * groupBlocks + (number & ((1L << shift) - 1));
      long inode = use.group(3) == null ? 0 : Long.parseLong(use.group(3));
      Set<String> paths = use.group(4) == null ? Set.of() : Set.of("/" + use.group(4));
      uses.put(block, new Use(xfsKind(use.group(2)), inode, paths));
    }
    assertThat(uses.values()).filteredOn(each -> !each.paths.isEmpty()).hasSizeGreaterThan(40);
    return uses;
  }

  private static String xfsKind(String word) {
    return switch (word) {
      case "free1", "free2" -> "free";
      case "inode", "data", "dir", "symlink", "attr", "log", "freelist" -> word;
      default -> "own";
    };
  }
}
