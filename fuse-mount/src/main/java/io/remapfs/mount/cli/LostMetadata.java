package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.RebuiltBlocks;
import io.remapfs.engine.metadata.TagRebuild;
import io.remapfs.engine.metadata.TagRebuildReport;
import io.remapfs.engine.metadata.TagSurvey;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** What {@code remapfs check} says and does where no copy of the metadata can be used. */
final class LostMetadata {
  private static final int RUNS_SHOWN = 100;

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
        DiskOpening.look(
            path.toAbsolutePath().normalize(),
            spare == null ? List.of() : List.of(spare),
            0,
            ioMode,
            Access.READ_WRITE)) {
      PosixBlockDevice device = disks.spare();
      if (device == null) {
        throw RefusedException.usage(
            "there is no spare "
                + disks.spareChoice().path()
                + "; name the backing, and its spare with --spare if it lies elsewhere");
      }
      TagRebuildReport report = TagRebuild.rebuild(device, disks.identity());
      MetadataStore store = MetadataStore.open(device, null, Access.READ_ONLY);
      print(report, RebuiltBlocks.compare(store, disks.backing()), out, json);
    } catch (IllegalStateException | MetadataException e) {
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    } catch (IOException e) {
      throw new RefusedException(ExitCode.FAILED, String.valueOf(e.getMessage()), e);
    }
  }

  private static void print(
      TagRebuildReport report, RebuiltBlocks blocks, PrintWriter out, boolean json) {
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("result", "rebuilt from the slots' tags");
    facts.put("uuid", report.superblock().setUuid().toString());
    facts.put("blockSize", report.superblock().blockSizeBytes());
    facts.put("remapped", report.rebuiltBlocks());
    facts.put("alikeInSlotAndOnDisk", blocks.alike());
    facts.put("readableInSlotOnly", blocks.onlyInSlot());
    facts.put("inDoubt", blocks.inDoubt().size());
    facts.put("unreadableSlots", blocks.unreadable().size());
    facts.put("supersededSlots", report.supersededSlots());
    facts.put("damagedTags", report.damagedTags());
    facts.put("unreadableTagBlocks", report.unreadableTagBlocks());
    facts.put("foreignTags", report.foreignTags());
    facts.put("nextSlot", report.nextSlot());
    facts.put("healthyCopies", report.healthyCopies());
    if (json) {
      facts.put("inDoubt", blocks.inDoubt());
      facts.put("unreadableSlots", blocks.unreadable());
      facts.put("findings", report.findings());
      facts.put("notVouchedFor", report.notVouchedFor());
      Output.json(out, facts);
      return;
    }
    Output.lines(out, facts);
    report.findings().forEach(each -> out.println("finding: " + each));
    report.notVouchedFor().forEach(each -> out.println("not vouched for: " + each));
    if (!blocks.inDoubt().isEmpty()) {
      out.println(
          "in doubt (slot and disk differ, and the slot's contents are used): "
              + described(blocks.inDoubt()));
    }
    if (!blocks.unreadable().isEmpty()) {
      out.println("unreadable in their slots: " + described(blocks.unreadable()));
    }
    out.println("Copy the data off, and check the file system before you trust it.");
  }

  /** "blocks 3, 7-9": runs in short, and no more of them than a screen holds. */
  private static String described(List<Long> blocks) {
    List<String> runs = new ArrayList<>();
    for (int from = 0; from < blocks.size(); ) {
      int to = from + 1;
      while (to < blocks.size() && blocks.get(to) == blocks.get(to - 1) + 1) {
        to++;
      }
      runs.add(blocks.get(from) + (to > from + 1 ? "-" + blocks.get(to - 1) : ""));
      from = to;
    }
    String shown =
        "blocks " + String.join(", ", runs.subList(0, Math.min(RUNS_SHOWN, runs.size())));
    return runs.size() <= RUNS_SHOWN ? shown : shown + ", and more: see --json";
  }
}
