package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.health.event.DiskEvent;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJson;
import io.remapfs.health.surface.SurfaceBuilder;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * Makes {@code health.json} of what the parts of the daemon know.
 *
 * <p>It is made when somebody looks, which goes through all that is known of the disk: milliseconds
 * as a rule. Where it takes longer than {@value #QUICK_MILLIS} of them, what was made is shown
 * again for {@value #REST} times as long as it took, so that a program that looks without a pause
 * cannot keep a core busy; and one is made at a time.
 *
 * <p>Thread-safe.
 */
final class HealthReport {
  private static final int REST = 10;
  private static final long QUICK_MILLIS = 20;

  private final RemapEngine engine;
  private final EventLog events;
  private final String backing;
  private final String version;

  private byte[] latest = {};
  private long madeAtNanos;
  private long tookNanos;

  HealthReport(RemapEngine engine, EventLog events, String backing, String version) {
    this.engine = engine;
    this.events = events;
    this.backing = backing;
    this.version = version;
  }

  synchronized byte[] render() {
    long now = System.nanoTime();
    boolean quick = tookNanos <= TimeUnit.MILLISECONDS.toNanos(QUICK_MILLIS);
    if (quick || now - madeAtNanos >= REST * tookNanos) {
      latest = HealthJson.render(picture());
      madeAtNanos = System.nanoTime();
      tookNanos = madeAtNanos - now;
    }
    return latest;
  }

  private DiskPicture picture() {
    EngineStatus status = engine.status();
    long blockCount = Math.max(1, status.sizeBytes() / status.blockSizeBytes());
    SurfaceBuilder surface = new SurfaceBuilder(blockCount);
    engine.forEachEntry(surface);
    return new DiskPicture(
        Instant.now(),
        version,
        backing,
        status.state().name(),
        status.reason(),
        new DiskPicture.Verdict(-1, ""),
        new DiskPicture.Image(status.sizeBytes(), status.blockSizeBytes()),
        new DiskPicture.Blocks(
            status.remappedBlocks(), status.pendingBlocks(), status.salvagedBlocks()),
        new DiskPicture.Spare(status.spareSlots(), status.spareUsed(), status.spareBurnt()),
        null,
        null,
        List.of(),
        List.of(),
        newestEvents(),
        Map.of(),
        surface.build());
  }

  private List<DiskPicture.Event> newestEvents() {
    List<DiskEvent> all = events.events();
    return all.subList(Math.max(0, all.size() - DiskPicture.MAX_EVENTS), all.size()).stream()
        .map(
            each ->
                new DiskPicture.Event(
                    each.time(), each.kind().name(), each.blockIndex(), each.message()))
        .toList();
  }
}
