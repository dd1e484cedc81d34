package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.RecoveryReport;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs check}. */
@Command(
    name = "check",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Checks the metadata of a disk that is not mounted, and tells what opening it would recover.",
      "Writes nothing without --repair."
    })
final class CheckCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "SPARE",
      description = "The spare, or a backing that has BACKING.remap beside it.")
  private Path path = Path.of("");

  @Option(names = "--repair", description = "Make damaged copies whole again from good ones.")
  private boolean repair;

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "direct, or buffered where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    Access access = repair ? Access.READ_WRITE : Access.READ_ONLY;
    // Damage is what this command looks for, so it has its own exit code here.
    MetadataStore store =
        OfflineSpare.open(OfflineSpare.locate(path), io, access, ExitCode.UNHEALTHY);
    try {
      return report(store).number();
    } finally {
      store.closeUnclean();
      store.spare().close();
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
    facts.put("findings", recovery.findings());
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Output.json(out, facts);
    } else {
      facts.remove("findings");
      Output.lines(out, facts);
      recovery.findings().forEach(finding -> out.println("finding: " + finding));
      if (damaged && !recovery.repaired()) {
        out.println("Make the damaged copies whole again with: remapfs check --repair " + path);
      }
    }
    return damaged && !recovery.repaired() ? ExitCode.UNHEALTHY : ExitCode.OK;
  }
}
