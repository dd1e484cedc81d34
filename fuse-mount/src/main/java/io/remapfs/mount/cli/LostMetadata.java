package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.TagRebuild;
import io.remapfs.engine.metadata.TagRebuildReport;
import io.remapfs.engine.metadata.TagSurvey;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code remapfs check} says and does where no copy of the metadata can be used. */
final class LostMetadata {
  private final Path path;
  private final @Nullable Path spare;
  private final IoMode ioMode;

  /**
   * Of one disk.
   *
   * @param path what was named: the backing, or the spare
   * @param spare the spare, if it was named on its own
   */
  LostMetadata(Path path, @Nullable Path spare, IoMode ioMode) {
    this.path = path;
    this.spare = spare;
    this.ioMode = ioMode;
  }

  /** The refusal, with what can still be done added to it where the metadata is lost. */
  RefusedException withWayOut(RefusedException refusal, Path located) {
    boolean corrupt = refusal.getCause() instanceof CorruptMetadataException;
    if (!corrupt && !(refusal.getCause() instanceof NotFormattedException)) {
      return refusal;
    }
    Optional<TagSurvey> tags;
    try (PosixBlockDevice device =
        PosixBlockDevice.open(located.toString(), ioMode, Access.READ_ONLY)) {
      tags = TagSurvey.of(device);
    } catch (DeviceOpenException | MetadataException e) {
      return refusal;
    }
    if (tags.isEmpty()) {
      return corrupt
          ? new RefusedException(
              ExitCode.UNHEALTHY,
              refusal.getMessage() + "; no slot has a tag, so nothing can be rebuilt",
              refusal)
          : refusal;
    }
    String disk = spare == null && isSpareItself(located) ? "BACKING --spare " + located : names();
    return new RefusedException(
        ExitCode.UNHEALTHY,
        (corrupt
                ? refusal.getMessage() + "; without one,"
                : "no metadata is left on the spare " + located + ", but")
            + " what the tags of "
            + tags.get().taggedSlots()
            + (tags.get().taggedSlots() == 1 ? " slot tell" : " slots tell")
            + " can be rebuilt, with what that may have wrong, by: remapfs check "
            + disk
            + " --repair --rebuild-from-tags",
        refusal);
  }

  private boolean isSpareItself(Path located) {
    return located.equals(path.toAbsolutePath().normalize());
  }

  private String names() {
    return spare == null ? path.toString() : path + " --spare " + spare;
  }

  /** Rebuilds, and prints what was done and what may be wrong about it. */
  void rebuild(PrintWriter out, boolean json) throws RefusedException {
    try (DiskOpening disks =
        DiskOpening.look(path.toAbsolutePath().normalize(), spare, 0, ioMode, Access.READ_WRITE)) {
      PosixBlockDevice device = disks.spare();
      if (device == null) {
        throw RefusedException.usage(
            "there is no spare "
                + disks.spareChoice().path()
                + "; name the backing, and its spare with --spare if it lies elsewhere");
      }
      print(TagRebuild.rebuild(device, disks.identity()), out, json);
    } catch (IllegalStateException | MetadataException e) {
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new RefusedException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  private static void print(TagRebuildReport report, PrintWriter out, boolean json) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("result", "rebuilt from the slots' tags");
    facts.put("uuid", report.superblock().setUuid().toString());
    facts.put("blockSize", report.superblock().blockSizeBytes());
    facts.put("remapped", report.rebuiltBlocks());
    facts.put("supersededSlots", report.supersededSlots());
    facts.put("damagedTags", report.damagedTags());
    facts.put("unreadableTagBlocks", report.unreadableTagBlocks());
    facts.put("foreignTags", report.foreignTags());
    facts.put("nextSlot", report.nextSlot());
    facts.put("healthyCopies", report.healthyCopies());
    if (json) {
      facts.put("findings", report.findings());
      facts.put("notVouchedFor", report.notVouchedFor());
      Output.json(out, facts);
      return;
    }
    Output.lines(out, facts);
    report.findings().forEach(each -> out.println("finding: " + each));
    report.notVouchedFor().forEach(each -> out.println("not vouched for: " + each));
    out.println("Copy the data off, and check the file system before you trust it.");
  }
}
