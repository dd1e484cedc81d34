package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.health.BadBlockFile.Format;
import io.remapfs.health.BadBlocks;
import io.remapfs.health.BlockRangeList;
import io.remapfs.health.Mapfile;
import io.remapfs.mount.daemon.ProgramVersion;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs export}. */
@Command(
    name = "export",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Writes down which blocks are lost: as a ddrescue mapfile, or as a list that e2fsck -l takes.",
      "`remapfs import` reads both. The list begins with a comment that says what its numbers count;"
          + " e2fsck passes over it, badblocks -i does not."
    })
final class ExportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "DISK",
      description = "Where the image is served; or the backing or its spare, while not mounted.")
  private Path disk = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "FILE",
      description = "A file that does not exist yet, or - for the standard output (-).")
  private Path file = Path.of("-");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "mapfile or badblocks (mapfile).")
  private Format format = Format.MAPFILE;

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = "The spare of the backing (BACKING.remap beside it).")
  private @Nullable Path spare;

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "direct, or buffered where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  /** Writes a list. */
  @FunctionalInterface
  private interface Source {
    void writeTo(OutputStream sink) throws IOException;
  }

  @Override
  public Integer call() throws RefusedException {
    if (format == Format.AUTO) {
      throw RefusedException.usage("--format of an export is mapfile or badblocks");
    }
    if (Files.isDirectory(disk)) {
      if (spare != null) {
        throw RefusedException.usage(
            "--spare goes with a backing, and " + disk + " is a directory; leave it out");
      }
      byte[] list = mountedList(new ControlClient(disk));
      write(sink -> sink.write(list));
      return ExitCode.OK.number();
    }
    Path located = (spare != null ? spare : OfflineSpare.locate(disk)).toAbsolutePath().normalize();
    MetadataStore store =
        OfflineSpare.open(
            List.of(located),
            io,
            Access.READ_ONLY,
            ExitCode.REFUSED,
            note -> spec.commandLine().getErr().println("remapfs: " + note));
    try {
      write(sink -> writeOffline(store, sink));
    } finally {
      OfflineSpare.close(store);
    }
    return ExitCode.OK.number();
  }

  /** What the daemon shows in the mount point, which has an end for the sake of its memory. */
  private byte[] mountedList(ControlClient client) throws RefusedException {
    boolean mapfile = format == Format.MAPFILE;
    byte[] shown = client.read(mapfile ? "mapfile" : "badblocks");
    long lines = 0;
    for (byte each : shown) {
      lines += each == '\n' ? 1 : 0;
    }
    if (lines >= (mapfile ? Mapfile.MAX_RUNS : BadBlocks.MAX_LISTED)) {
      throw RefusedException.refused(
          disk
              + " has more lost blocks than a mounted disk lists; unmount it, and export its backing");
    }
    if (mapfile) {
      return shown;
    }
    int blockSize = ControlClient.blockSize(client.status());
    byte[] head = BadBlocks.unitComment(blockSize).getBytes(StandardCharsets.US_ASCII);
    byte[] list = new byte[head.length + shown.length];
    System.arraycopy(head, 0, list, 0, head.length);
    System.arraycopy(shown, 0, list, head.length, shown.length);
    return list;
  }

  private void writeOffline(MetadataStore store, OutputStream sink) {
    int blockSize = store.superblock().blockSizeBytes();
    if (format == Format.MAPFILE) {
      long sizeBytes = store.superblock().backing().sizeBytes();
      BlockRangeList unscanned = BlockRangeList.all(store.table().blockCount());
      Mapfile.write(
          sink, sizeBytes, blockSize, ProgramVersion.get(), store.table()::forEach, unscanned);
    } else {
      BadBlocks.write(sink, blockSize, store.table()::forEach);
    }
  }

  private void write(Source source) throws RefusedException {
    boolean toStandardOutput = file.toString().equals("-");
    try {
      if (toStandardOutput) {
        try (OutputStream sink = standardOutput()) {
          source.writeTo(sink);
        }
      } else {
        writeNewFile(source);
      }
    } catch (FileAlreadyExistsException e) {
      throw RefusedException.usage(file + " exists; name a new file, or remove it first");
    } catch (IOException | UncheckedIOException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          (toStandardOutput ? "the standard output" : file.toString())
              + " cannot be written: "
              + e.getMessage(),
          e);
    }
  }

  /** Bytes past the printer of text; closed with the process. */
  private static OutputStream standardOutput() {
    return new BufferedOutputStream(new FileOutputStream(FileDescriptor.out));
  }

  /** Never over an existing one: a disk named by mistake would lose its beginning. */
  private void writeNewFile(Source source) throws IOException {
    OutputStream created =
        Files.newOutputStream(file, StandardOpenOption.WRITE, StandardOpenOption.CREATE_NEW);
    boolean whole = false;
    try (OutputStream sink = created) {
      source.writeTo(sink);
      whole = true;
    } finally {
      if (!whole) {
        Files.deleteIfExists(file); // Half a list looks like a whole one.
      }
    }
  }
}
