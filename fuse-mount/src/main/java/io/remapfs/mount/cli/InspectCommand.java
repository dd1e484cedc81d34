package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.Superblock;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code remapfs inspect}. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Shows what a spare's metadata says: its superblock, where its zones lie, and its counts.",
      "Opens the spare read-only and needs no backing."
    })
final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Mixin private OfflineSet set = new OfflineSet();

  @Override
  public Integer call() throws RefusedException {
    MetadataStore store = set.open(Access.READ_ONLY, ExitCode.REFUSED);
    try {
      print(store);
    } finally {
      OfflineSpare.close(store);
    }
    return ExitCode.OK.number();
  }

  private void print(MetadataStore store) {
    Superblock superblock = store.superblock();
    SpareLayout layout = store.pool().members().head().layout();
    Map<String, Object> facts = new LinkedHashMap<>();
    facts.put("uuid", superblock.setUuid().toString());
    facts.put("formatVersion", superblock.formatVersion());
    facts.put("created", Instant.ofEpochSecond(superblock.createdEpochSeconds()).toString());
    facts.put("blockSize", superblock.blockSizeBytes());
    facts.put("backingSizeBytes", superblock.backing().sizeBytes());
    facts.put("backingDevice", superblock.backing().deviceId());
    facts.put("spareSizeBytes", superblock.spareSizeBytes());
    facts.put("lastRun", store.recovery().recoveryCase().summary());
    facts.put("remapped", store.table().remappedCount());
    facts.put("pending", store.table().pendingCount());
    facts.put("salvaged", store.salvagedTotal());
    facts.put("slots", store.pool().slotCount());
    facts.put("slotsUsed", store.pool().usedCount());
    facts.put("slotsBurnt", store.pool().burntCount());
    facts.put("spares", OfflineSpare.spares(store, set.json()));
    List<Map<String, Object>> zones = new ArrayList<>();
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      Map<String, Object> place = new LinkedHashMap<>();
      place.put("superblock", layout.superblockOffset(zone));
      place.put("checkpointA", layout.checkpointOffset(zone, 0, 0));
      place.put("checkpointB", layout.checkpointOffset(zone, 1, 0));
      place.put("journal", layout.ringOffset(zone));
      place.put("journalBlocks", layout.ringBlocks());
      zones.add(place);
    }
    PrintWriter out = spec.commandLine().getOut();
    if (set.json()) {
      facts.put("zones", zones);
      Output.json(out, facts);
    } else {
      for (int zone = 0; zone < zones.size(); zone++) {
        facts.put("zone " + zone, Output.inOneLine(zones.get(zone)));
      }
      Output.lines(out, facts);
    }
  }
}
