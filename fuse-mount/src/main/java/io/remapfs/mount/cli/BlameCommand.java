package io.remapfs.mount.cli;

import io.remapfs.engine.device.MountTable;
import io.remapfs.health.blame.Blame;
import io.remapfs.health.blame.DiskBytes;
import io.remapfs.health.blame.Finding;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.LoopDevice;
import io.remapfs.mount.preflight.RefusedException;
import java.io.EOFException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs blame}. */
@Command(
    name = "blame",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Names the files that lost blocks belong to, and the bytes of the file to put back.",
      "Or says that they are free, or which part of the file system's own. It looks into ext2, ext3,"
          + " ext4 and xfs, also within partitions, mounted or not, and changes nothing."
    })
final class BlameCommand implements Callable<Integer> {
  /** Going through all inodes of a large disk that answers slowly can take this long. */
  private static final long LIMIT_HOURS = 4;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Parameters(
      index = "1..*",
      arity = "0..*",
      paramLabel = "BLOCK",
      description = "Blocks to ask about, lost or not (all that are lost).")
  private List<Long> named = List.of();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    Map<String, Object> status = client.status();
    long blockCount = BlockRange.blockCount(status);
    for (long block : named) {
      BlockRange.require(block, blockCount);
    }
    long[] lost = numbers(client.read("badblocks"));
    long[] asked =
        named.isEmpty()
            ? lost
            : named.stream().mapToLong(Long::longValue).sorted().distinct().toArray();
    List<Map<String, Object>> blocks = new ArrayList<>();
    Set<String> notes = new LinkedHashSet<>();
    Path image = client.mountPoint().file("image");
    if (asked.length > 0) {
      notes.addAll(mounts(image));
      look(image, status, lost, asked, blocks, notes);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Map<String, Object> answer = new LinkedHashMap<>();
      answer.put("blockSize", ControlClient.blockSize(status));
      answer.put("blocks", blocks);
      answer.put("notes", List.copyOf(notes));
      Output.json(out, answer);
    } else {
      if (asked.length == 0) {
        out.println("no block is lost");
      }
      notes.forEach(note -> spec.commandLine().getErr().println("remapfs: " + note));
    }
    return ExitCode.OK.number();
  }

  /** Asks in pieces, each of which goes through the file systems once. */
  private void look(
      Path image,
      Map<String, Object> status,
      long[] lost,
      long[] asked,
      List<Map<String, Object>> blocks,
      Set<String> notes)
      throws RefusedException {
    int blockSize = ControlClient.blockSize(status);
    long sizeBytes = ControlClient.number(status, "image", "sizeBytes");
    try (FileChannel channel = FileChannel.open(image, StandardOpenOption.READ)) {
      DiskBytes disk =
          DiskBytes.of(
              (byteOffset, into) -> {
                while (into.hasRemaining()) {
                  if (channel.read(into, byteOffset + into.position()) < 0) {
                    throw new EOFException();
                  }
                }
              },
              sizeBytes,
              lost,
              blockSize,
              TimeUnit.HOURS.toNanos(LIMIT_HOURS));
      int most = Blame.maxBlocks(blockSize);
      for (int from = 0; from < asked.length; from += most) {
        long[] some = Arrays.copyOfRange(asked, from, Math.min(from + most, asked.length));
        Blame.Answer answer = Blame.of(disk, some, blockSize);
        notes.addAll(answer.notes());
        if (json) {
          blocks.addAll(BlameText.toMaps(answer.findings(), some, blockSize));
        } else {
          for (Finding each : answer.findings()) {
            spec.commandLine().getOut().println(BlameText.line(each, blockSize));
          }
        }
      }
    } catch (IOException e) {
      throw RefusedException.refused(
          image + " cannot be opened: " + e.getMessage() + "; run as the user who mounted it");
    }
  }

  /** The lines of {@code badblocks}. */
  private static long[] numbers(byte[] list) throws RefusedException {
    try {
      return new String(list, StandardCharsets.US_ASCII)
          .lines()
          .mapToLong(Long::parseLong)
          .toArray();
    } catch (NumberFormatException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          "the daemon's list of lost blocks is not understood; is it another version of remapfs?",
          e);
    }
  }

  /** Says what is mounted over the image: its newest changes may not have reached it. */
  private static List<String> mounts(Path image) {
    List<String> notes = new ArrayList<>();
    try {
      MountTable table = MountTable.read();
      for (LoopDevice loop : LoopDevice.over(image)) {
        List<Path> parts = new ArrayList<>(List.of(loop.sysfs()));
        try (DirectoryStream<Path> partitions =
            Files.newDirectoryStream(loop.sysfs(), loop.sysfs().getFileName() + "p*")) {
          partitions.forEach(parts::add);
        }
        for (Path part : parts) {
          table
              .ofDevice(Files.readString(part.resolve("dev")).strip())
              .ifPresent(
                  mount ->
                      notes.add(
                          "/dev/"
                              + part.getFileName()
                              + " is mounted at "
                              + Output.plain(mount.mountPoint().toString())
                              + ": what was changed there lately may be missing here; unmount it"
                              + " and ask again to be certain"));
        }
      }
    } catch (IOException e) {
      notes.add("whether a file system of the image is mounted cannot be told: " + e.getMessage());
    }
    return notes;
  }
}
