package io.remapfs.mount.cli;

import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.mount.control.MigrationState;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.daemon.DiskOpening;
import io.remapfs.mount.daemon.SpareService;
import io.remapfs.mount.preflight.LoopDevice;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.jspecify.annotations.Nullable;

/** The disk whose spares change: mounted, through its daemon, or not, with an engine of our own. */
abstract sealed class SpareHolder implements AutoCloseable {
  private SpareHolder() {}

  /**
   * The mounted disk where {@code path} is a directory, else the backing with its spares.
   *
   * @param spares as in {@link DiskOpening#look}
   */
  static SpareHolder of(Path path, List<Path> spares, IoMode io) throws RefusedException {
    if (!Files.isDirectory(path)) {
      return Offline.open(path, spares, io);
    }
    if (!spares.isEmpty()) {
      throw RefusedException.usage(
          "--spare goes with a backing, and " + path + " is a directory; leave it out");
    }
    return new Mounted(new ControlClient(path));
  }

  /** Adds a spare; returns its name and slots. */
  abstract Map<String, Object> add(SpareRequest request) throws RefusedException;

  /** Starts moving all blocks, to a new spare or where it is null to the newest. */
  abstract void migrate(@Nullable SpareRequest request) throws RefusedException;

  /** How that is doing. */
  abstract MigrationState migration() throws RefusedException;

  /** On Ctrl-C: what becomes of a migration, in a sentence. Called by another thread. */
  abstract String interrupted();

  @Override
  public abstract void close();

  /** Through the control file. */
  private static final class Mounted extends SpareHolder {
    private final ControlClient client;

    Mounted(ControlClient client) {
      this.client = client;
    }

    @Override
    Map<String, Object> add(SpareRequest request) throws RefusedException {
      requireOffTheMount(request.path());
      return client.ask("add-spare " + request.toWords());
    }

    @Override
    void migrate(@Nullable SpareRequest request) throws RefusedException {
      if (request != null) {
        requireOffTheMount(request.path());
      }
      client.ask(request == null ? "migrate" : "migrate " + request.toWords());
    }

    @Override
    MigrationState migration() throws RefusedException {
      return MigrationState.ofMap(client.ask("migrate status"));
    }

    /** The daemon would wait for itself. Looked at here, because asking it would, too. */
    private void requireOffTheMount(Path spare) throws RefusedException {
      Path mount = client.mountPoint().directory();
      Path parent = spare.getParent();
      try {
        Path folder = parent == null ? spare : parent.toRealPath();
        boolean inside = folder.startsWith(mount);
        for (LoopDevice each : LoopDevice.over(client.mountPoint().image())) {
          inside |=
              Files.getAttribute(folder, "unix:dev")
                  .equals(Files.getAttribute(each.device(), "unix:rdev"));
          inside |= Files.exists(spare) && Files.isSameFile(spare, each.device());
        }
        if (inside) {
          throw RefusedException.usage(
              "the spare " + spare + " lies on the mounted disk itself; name one on another disk");
        }
      } catch (IOException e) {
        return; // The daemon says what is wrong with the path.
      }
    }

    @Override
    String interrupted() {
      Path mount = client.mountPoint().directory();
      return "the blocks go on moving; ask how far they are with: remapfs migrate --status "
          + mount;
    }

    @Override
    public void close() {}
  }

  /** With the devices locked, as a mount has them. */
  private static final class Offline extends SpareHolder {
    private final Path backing;
    private final RemapEngine engine;
    private final SpareService service;
    private final CountDownLatch closed = new CountDownLatch(1);

    private Offline(Path backing, RemapEngine engine, IoMode io) {
      this.backing = backing;
      this.engine = engine;
      this.service = new SpareService(engine, backing, io, sentence -> {});
    }

    static Offline open(Path path, List<Path> spares, IoMode io) throws RefusedException {
      Path backing = path.toAbsolutePath().normalize();
      try (DiskOpening disks = DiskOpening.look(backing, spares, 0, io, Access.READ_WRITE)) {
        if (disks.spare() == null) {
          throw RefusedException.usage(
              "there is no spare "
                  + disks.spareChoice().path()
                  + "; name the one that the disk has with --spare, or make its first with: remapfs"
                  + " format "
                  + path);
        }
        RemapEngine engine = disks.startOffline();
        disks.notes().forEach(note -> System.err.println("remapfs: " + note));
        return new Offline(backing, engine, io);
      }
    }

    @Override
    Map<String, Object> add(SpareRequest request) throws RefusedException {
      AddedSpare added = service.add(request);
      return Map.of("spare", added.name(), "slots", added.slotCount());
    }

    @Override
    void migrate(@Nullable SpareRequest request) throws RefusedException {
      service.migrate(request);
    }

    @Override
    MigrationState migration() {
      return service.migration();
    }

    @Override
    String interrupted() {
      service.stop();
      try {
        closed.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
      return "stopped; what was moved is moved, go on with: remapfs migrate " + backing;
    }

    @Override
    public void close() {
      service.close();
      engine.close();
      closed.countDown();
    }
  }
}
