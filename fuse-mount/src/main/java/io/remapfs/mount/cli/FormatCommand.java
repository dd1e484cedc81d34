package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.Superblock;
import io.remapfs.engine.metadata.TagSurvey;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.daemon.SpareMaker;
import io.remapfs.mount.preflight.BlockSizes;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
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
  /** What is looked at to tell a blank spare: every label and superblock begins within. */
  private static final int BLANK_BYTES = 1 << 20;

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
            backing.toAbsolutePath().normalize(), spare, blockSizeBytes, io, Access.READ_WRITE)) {
      BlockSizes.requireDivides(backing.toString(), disks.backing().facts(), blockSizeBytes);
      report(disks.spareChoice().path(), format(disks, blockSizeBytes));
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
    if (!force && !isBlank(existing)) {
      throw RefusedException.refused(
          existing.name()
              + " is not blank; add --force to overwrite it, which forgets every block moved there");
    }
    return SpareMaker.format(existing, blockSizeBytes, disks.identity());
  }

  private static final long BLOCK_GRAIN = 4096;

  private static boolean isBlank(PosixBlockDevice device) throws RefusedException {
    int lengthBytes = (int) Math.min(BLANK_BYTES, device.sizeBytes() & -BLOCK_GRAIN);
    IoBuffer buffer = IoBuffer.allocate(lengthBytes);
    try {
      device.read(0, buffer, 0, lengthBytes);
    } catch (BlockDeviceException e) {
      throw new RefusedException(
          ExitCode.REFUSED, "the spare " + device.name() + " cannot be read: " + e.getMessage(), e);
    }
    for (int i = 0; i < lengthBytes; i++) {
      if (buffer.bytes().get(i) != 0) {
        return false;
      }
    }
    return !hasBeenASpare(device);
  }

  /** A spare whose beginning was zeroed by accident still has other copies, or its slots' tags. */
  private static boolean hasBeenASpare(PosixBlockDevice device) {
    try {
      MetadataStore.identify(device);
      return true;
    } catch (NotFormattedException e) {
      try {
        return TagSurvey.of(device).isPresent();
      } catch (MetadataException e2) {
        return true;
      }
    } catch (MetadataException e) {
      return true;
    }
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
