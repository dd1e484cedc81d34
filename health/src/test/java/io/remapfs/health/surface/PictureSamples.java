package io.remapfs.health.surface;

import io.remapfs.engine.table.Target;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Disks to be drawn. */
public final class PictureSamples {
  /** A name that tries to end whatever it is put into, command a terminal and turn text around. */
  public static final String HOSTILE =
      "/tmp/\"'><script>alert(1)</script>&amp;]]>\u001b[31m\u202e\ud800\uffff\n-->";

  private static final Instant NOW = Instant.parse("2026-03-14T15:09:26Z");

  private PictureSamples() {}

  /** A disk of which nothing is known but its surface. */
  public static DiskPicture plain(Surface surface) {
    return new DiskPicture(
        NOW,
        "1.0",
        "/srv/disk.img",
        "HEALTHY",
        "",
        new DiskPicture.Verdict(-1, ""),
        new DiskPicture.Image(surface.blockCount() * 4096, 4096),
        new DiskPicture.Blocks(0, 0, 0),
        new DiskPicture.Spare(100, 0, 0),
        null,
        null,
        List.of(),
        List.of(),
        List.of(),
        Map.of(),
        surface);
  }

  /** A disk of 64 blocks with all eight states, and {@code text} wherever a text may stand. */
  public static DiskPicture full(String text) {
    SurfaceBuilder surface = new SurfaceBuilder(64);
    surface.scanned(0, 32, true);
    surface.scanned(32, 16, false);
    surface.raise(8, 2, CellState.SLOW);
    surface.raise(10, 2, CellState.AT_RISK);
    surface.raise(12, 2, CellState.DANGER);
    surface.visit(20, Target.remapped(0));
    surface.visit(21, Target.pending(Target.NO_SLOT));
    LatencyHistogram latency = new LatencyHistogram();
    for (long nanos = 10_000; nanos < 5_000_000_000L; nanos *= 2) {
      latency.record(nanos);
    }
    List<DiskPicture.Event> events = new ArrayList<>();
    for (int i = 0; i < DiskPicture.MAX_EVENTS; i++) {
      events.add(new DiskPicture.Event(NOW.minusSeconds(1000 - i), "PENDING", i % 64, text));
    }
    events.set(0, new DiskPicture.Event(NOW.minusSeconds(1000), text, -1, text));
    return new DiskPicture(
        NOW,
        text,
        text,
        text,
        text,
        new DiskPicture.Verdict(612, text),
        new DiskPicture.Image(64 * 4096, 4096),
        new DiskPicture.Blocks(1, 1, 1),
        new DiskPicture.Spare(100, 3, 1),
        new DiskPicture.Scan(text, 43.2, text),
        new DiskPicture.Forecast(text, List.of(new DiskPicture.Range(5, 1, 70))),
        List.of(new DiskPicture.Region(0, 64, 250, text)),
        latency.buckets(),
        events,
        Map.of(text, text),
        surface.build());
  }

  /** As many cells as there may be, each with as many lost and moved blocks as it holds. */
  public static DiskPicture worst() {
    long blocks = 1L << 40;
    int cells = Surface.MAX_CELLS;
    long perCell = blocks / cells;
    CellState[] states = new CellState[cells];
    long[] lost = new long[cells];
    long[] moved = new long[cells];
    for (int cell = 0;
        cell < cells;
        cell++) { // Neighbours differ, so that no run is longer than 1.
      states[cell] = cell % 2 == 0 ? CellState.LOST : CellState.MOVED;
      lost[cell] = cell % 2 == 0 ? perCell / 2 : 0;
      moved[cell] = perCell / 2;
    }
    DiskPicture full = full("x".repeat(4000));
    return new DiskPicture(
        full.time(),
        full.version(),
        full.backing(),
        full.state(),
        full.reason(),
        full.verdict(),
        new DiskPicture.Image(blocks * 4096, 4096),
        full.blocks(),
        full.spare(),
        full.scan(),
        full.forecast(),
        full.regions(),
        full.latency(),
        full.events(),
        full.drive(),
        new Surface(blocks, perCell, states, lost, moved));
  }
}
