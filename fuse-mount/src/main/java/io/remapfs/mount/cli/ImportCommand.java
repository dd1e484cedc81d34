package io.remapfs.mount.cli;

import io.remapfs.engine.MarkReport;
import io.remapfs.engine.device.IoMode;
import io.remapfs.health.BadBlockFile;
import io.remapfs.health.BadBlockFile.Format;
import io.remapfs.health.BadBlocks;
import io.remapfs.health.BadRanges;
import io.remapfs.health.BlockRuns;
import io.remapfs.health.ListSyntaxException;
import io.remapfs.health.MapfileStatus;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs import}. */
@Command(
    name = "import",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Records blocks as lost that are known to be bad: from a ddrescue mapfile, or a list of"
          + " badblocks or e2fsck.",
      "The disk itself is not asked. Each of the blocks is tried once when it is next read, and comes"
          + " back if the disk yields it; so a list that is wrong costs no data, only a move to the"
          + " spare. Blocks that were moved or are lost already are left alone.",
      "Nothing is recorded unless the whole list can be read."
    })
final class ImportCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "DISK",
      description = "Where the image is served; or the backing, while it is not mounted.")
  private Path disk = Path.of("");

  @Parameters(index = "1", paramLabel = "FILE", description = "The list, a regular file.")
  private Path file = Path.of("");

  @Option(
      names = "--format",
      paramLabel = "FORMAT",
      description = "mapfile, badblocks, or auto: as its first line looks (auto).")
  private Format format = Format.AUTO;

  @Option(
      names = "--unit",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description =
          "What a number of a badblocks list counts. Needed unless remapfs wrote the list: 1024 for"
              + " badblocks without -b, the file system's block size for e2fsck and dumpe2fs.")
  private @Nullable Long unit;

  @Option(
      names = "--failed",
      description =
          "Of a mapfile, also take what ddrescue failed to read and had not looked at closely yet"
              + " (non-trimmed, non-scraped).")
  private boolean failed;

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

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    requireFile();
    BadBlockFile list = requireReadable();
    try (ImportTarget target = ImportTarget.of(disk, spare, io)) {
      BlockRuns<RefusedException> runs =
          new BlockRuns<>(target.blockSizeBytes(), target.blockCount(), target::add);
      record(list, runs, target);
      return print(list.format(), target.report(), runs.outsideBlocks()).number();
    }
  }

  private void requireFile() throws RefusedException {
    if (!Files.isRegularFile(file)) {
      throw RefusedException.usage(
          Files.exists(file)
              ? file + " is no regular file, and a list is read twice; copy it into one"
              : "there is no file " + file);
    }
    if (unit != null && (unit < 1 || unit > BadBlocks.MAX_UNIT_BYTES)) {
      throw RefusedException.usage("--unit takes 1 to " + BadBlocks.MAX_UNIT_BYTES + " bytes");
    }
  }

  /** Reads the list to its end, so that a wrong line is found before anything is changed. */
  private BadBlockFile requireReadable() throws RefusedException {
    try {
      BadBlockFile list =
          new BadBlockFile(
              format,
              unit == null ? 0 : unit,
              failed ? MapfileStatus.FAILED : MapfileStatus.CERTAINLY_BAD);
      try (InputStream in = Files.newInputStream(file)) {
        list = list.detected(in, file.toString());
      }
      if (list.format() == Format.MAPFILE && unit != null) {
        throw RefusedException.usage(
            "--unit is for lists of badblocks, and " + file + " is a mapfile; leave it out");
      }
      if (list.format() == Format.BADBLOCKS && failed) {
        throw RefusedException.usage(
            "--failed is for mapfiles, and " + file + " is a list of badblocks; leave it out");
      }
      read(list, (byteOffset, lengthBytes) -> {});
      return list;
    } catch (ListSyntaxException e) {
      throw new RefusedException(ExitCode.USAGE, e.getMessage(), e);
    } catch (IOException e) {
      throw new RefusedException(ExitCode.USAGE, file + " cannot be read: " + e.getMessage(), e);
    }
  }

  private void record(BadBlockFile list, BlockRuns<RefusedException> runs, ImportTarget target)
      throws RefusedException {
    try {
      read(list, runs);
      runs.finish();
      target.finish();
    } catch (ListSyntaxException | IOException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          file
              + " was changed while it was imported, and "
              + target.report().marked()
              + " blocks of it are recorded; import it again",
          e);
    }
  }

  private <X extends Exception> void read(BadBlockFile list, BadRanges<X> ranges)
      throws IOException, ListSyntaxException, X {
    try (InputStream in = Files.newInputStream(file)) {
      list.read(in, file.toString(), ranges);
    }
  }

  private ExitCode print(Format found, MarkReport report, long outside) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("format", found.name().toLowerCase(Locale.ROOT));
    facts.put("marked", report.marked());
    facts.put("known", report.known());
    facts.put("remapped", report.remapped());
    facts.put("skipped", report.skipped());
    facts.put("outside", outside);
    PrintWriter out = spec.commandLine().getOut();
    Output.print(out, json, facts);
    if (!json && report.skipped() > 0) {
      out.println(
          "The spare can record no more blocks as lost than it has slots; those that were skipped"
              + " are found out when they are read.");
    }
    if (!json && outside > 0) {
      out.println(
          "The list names blocks behind the end of this disk: is it of another disk, or its unit"
              + " another?");
    }
    return report.skipped() > 0 ? ExitCode.UNHEALTHY : ExitCode.OK;
  }
}
