package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.RecoveryReport;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code remapfs check}. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Checks the metadata of a disk that is not mounted, and tells what opening it would recover.",
      "Writes nothing without --repair. A disk whose metadata is lost in every copy can be rebuilt,",
      "as a last resort, from what the slots of its spare say themselves: --rebuild-from-tags."
    })
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private OfflineSet set = new OfflineSet();

  @Option(names = "--repair", description = "Make damaged copies whole again from good ones.")
  private boolean repair;

  @Option(
      names = "--rebuild-from-tags",
      description = {
        "With --repair, where every copy of the metadata is lost: map each block to the slot whose"
            + " tag names it last, and say what that may have wrong. Needs the backing."
      })
  private boolean rebuildFromTags;

  @Override
  public Integer call() throws RefusedException {
    if (rebuildFromTags) {
      if (!repair) {
        throw RefusedException.usage("--rebuild-from-tags writes; add --repair to mean it");
      }
      set.lostMetadata().rebuild(spec.commandLine().getOut(), set.json());
      return ExitCode.OK.number();
    }
    MetadataStore store = open();
    try {
      return report(store).number();
    } finally {
      OfflineSpare.close(store);
    }
  }

  private MetadataStore open() throws RefusedException {
    Access access = repair ? Access.READ_WRITE : Access.READ_ONLY;
    try {
      // Damage is what this command looks for, so it has its own exit code here.
      return set.open(access, ExitCode.UNHEALTHY);
    } catch (RefusedException e) {
      throw set.lostMetadata().withWayOut(e, set.located());
    }
  }

  private ExitCode report(MetadataStore store) {
    RecoveryReport recovery = store.recovery();
    boolean damaged = recovery.damagedBlocks() > 0 || recovery.staleBlocks() > 0;
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put(
        "result",
        damaged && !recovery.repaired()
            ? "damaged metadata copies; the good ones say everything"
            : recovery.recoveryCase().summary());
    facts.put("closedCleanly", recovery.wasClean());
    facts.put("replayedRecords", recovery.replayedRecords());
    facts.put("damagedBlocks", recovery.damagedBlocks());
    facts.put("staleBlocks", recovery.staleBlocks());
    facts.put("repaired", recovery.repaired());
    facts.put("remapped", store.table().remappedCount());
    facts.put("pending", store.table().pendingCount());
    facts.put("spares", OfflineSpare.spares(store, set.json()));
    facts.put("findings", recovery.findings());
    PrintWriter out = spec.commandLine().getOut();
    if (set.json()) {
      Output.json(out, facts);
    } else {
      facts.remove("findings");
      Output.lines(out, facts);
      recovery.findings().forEach(finding -> out.println("finding: " + finding));
      if (damaged && !recovery.repaired()) {
        out.println(
            "Make the damaged copies whole again with: remapfs check --repair " + set.path());
      }
    }
    return damaged && !recovery.repaired() ? ExitCode.UNHEALTHY : ExitCode.OK;
  }
}
