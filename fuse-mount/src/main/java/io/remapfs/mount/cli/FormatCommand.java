package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.Superblock;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.mount.daemon.BlankDevice;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.daemon.SpareMaker;
import io.remapfs.mount.preflight.BlockSizes;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import io.remapfs.mount.preflight.SpareNote;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs format}. */
@Command(
    name = "format",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Makes the spare of a disk: where its bad blocks will move to, and where that is recorded.",
      "Nothing is written to BACKING itself. Best kept on another disk."
    })
final class FormatCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "BACKING", description = "The file or block device to protect.")
  private Path backing = Path.of("");

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = "The spare: a file or device (BACKING.remap beside a regular file).")
  private @Nullable Path spare;

  @Option(
      names = "--spare-size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "The size of a new spare file (2 %% of BACKING, 16M at least).")
  private @Nullable Long spareSize;

  @Option(
      names = "--block-size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Unit of remapping: 512 to 64K, a power of two (4096).")
  private long blockSize = BlockSizes.DEFAULT_BYTES;

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "direct, or buffered where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  @Option(
      names = "--force",
      description = "Overwrite a spare that is not blank: every remapped block in it is forgotten.")
  private boolean force;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    int blockSizeBytes = BlockSizes.require(blockSize);
    try (DiskOpening disks =
        DiskOpening.look(
            backing.toAbsolutePath().normalize(),
            spare == null ? List.of() : List.of(spare),
            blockSizeBytes,
            io,
            Access.READ_WRITE)) {
      BlockSizes.requireDivides(backing.toString(), disks.backing().facts(), blockSizeBytes);
      Superblock made = format(disks, blockSizeBytes);
      SpareNote.remove(backing);
      report(disks.spareChoice().path(), made);
    }
    return ExitCode.OK.number();
  }

  private Superblock format(DiskOpening disks, int blockSizeBytes) throws RefusedException {
    PosixBlockDevice existing = disks.spare();
    if (existing == null) {
      long size =
          spareSize != null ? spareSize : SpareChoice.defaultSizeBytes(disks.backing().sizeBytes());
      return SpareMaker.create(
          disks.spareChoice().path(), size, blockSizeBytes, disks.identity(), io);
    }
    if (spareSize != null) {
      throw RefusedException.usage(
          "--spare-size is for a new spare, but " + existing.name() + " exists; leave it out");
    }
    if (!force) {
      BlankDevice.require(existing);
    }
    return SpareMaker.format(existing, blockSizeBytes, disks.identity());
  }

  private void report(Path path, Superblock superblock) {
    SpareLayout layout = SpareLayout.of(superblock.spareSizeBytes(), superblock.blockSizeBytes());
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("spare", path.toString());
    facts.put("uuid", superblock.setUuid().toString());
    facts.put("blockSize", superblock.blockSizeBytes());
    facts.put("slots", layout.slotCount());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Output.json(out, facts);
    } else {
      out.println(
          path
              + " is ready: "
              + layout.slotCount()
              + " slots of "
              + superblock.blockSizeBytes()
              + " bytes for "
              + backing
              + ", set "
              + superblock.setUuid());
    }
  }
}
