package io.remapfs.mount.daemon;

import io.remapfs.engine.RemapEngine;
import io.remapfs.health.BadBlocks;
import io.remapfs.health.DiskReport;
import io.remapfs.health.Mapfile;
import io.remapfs.health.event.EventLog;
import io.remapfs.mount.fs.VirtualFile;
import java.util.List;
import java.util.function.Supplier;

/** The read-only files beside the image. */
final class EngineFiles {
  private static final int READABLE_BY_ALL = 0444;

  private EngineFiles() {}

  static List<VirtualFile> of(
      RemapEngine engine,
      EventLog events,
      HealthReport health,
      ScanService scans,
      Supplier<DiskReport> report,
      String version) {
    return List.of(
        new Rendered("status", () -> report.get().toText()),
        new Rendered("status.json", () -> report.get().toJson()),
        new Rendered("health.json", health::render),
        new Rendered("events", events::renderJsonLines),
        new Rendered(
            "mapfile",
            () ->
                Mapfile.render(
                    engine.sizeBytes(),
                    engine.blockSizeBytes(),
                    version,
                    engine::forEachEntry,
                    scans::forEachUnscanned)),
        new Rendered("badblocks", () -> BadBlocks.render(engine::forEachEntry)));
  }

  private record Rendered(String name, Supplier<byte[]> contents) implements VirtualFile {
    @Override
    public int mode() {
      return READABLE_BY_ALL;
    }

    @Override
    public byte[] render() {
      return contents.get();
    }
  }
}
