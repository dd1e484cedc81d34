package io.remapfs.mount.cli;

import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.EngineOptions.PendingWrite;
import io.remapfs.engine.EngineOptions.Unreadable;
import io.remapfs.engine.device.IoMode;
import io.remapfs.mount.daemon.HealthChoice;
import io.remapfs.mount.daemon.MountRequest;
import io.remapfs.mount.daemon.MountSession;
import io.remapfs.mount.daemon.NativePreload;
import io.remapfs.mount.preflight.DaemonUser;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.session.SessionKind;
import io.remapfs.mount.session.SessionOptions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs mount}. */
@Command(
    name = "mount",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Serves a disk or disk image as MOUNTPOINT/image, moving its bad blocks to the spare.",
      "Returns when ready and prints where the image is; the daemon goes on in the background.",
      "For a regular file the spare BACKING.remap is made if missing (2 %%, 16 MiB at least)."
    })
final class MountCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(index = "0", paramLabel = "BACKING", description = "The file or block device.")
  private Path backing = Path.of("");

  @Parameters(index = "1", paramLabel = "MOUNTPOINT", description = "An empty directory.")
  private Path mountPoint = Path.of("");

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = {
        "Where bad blocks move to: a file or device, best on another disk. Of several spares any one"
            + " will do; name others too if they are no longer where they were."
      })
  private List<Path> spares = List.of();

  @Option(
      names = {"-f", "--foreground"},
      description = "Stay in the foreground (systemd, Docker); log to the terminal.")
  @SuppressWarnings("UnusedVariable") // the launcher acts on it; here it is for the help
  private boolean foreground;

  @Option(
      names = "--loop",
      description = "Attach a loop device to the image, with direct I/O, and print it.")
  private boolean loop;

  @Option(names = "--read-only", description = "Write nothing, neither to disk nor spare.")
  private boolean readOnly;

  @Option(
      names = "--block-size",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Unit of remapping for a new spare: 512 to 64K, a power of two (4096).")
  private @Nullable Long blockSize;

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "direct: errors have an address. buffered: where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  @Option(
      names = "--session",
      paramLabel = "KIND",
      description =
          "auto, uring (all on io_uring, a loop a CPU), threads (own workers), ring (event loops,"
              + " the disk on io_uring) or libfuse (slow, the fallback) (auto).")
  private SessionKind session = SessionKind.AUTO;

  @Option(
      names = "--workers",
      paramLabel = "N",
      description =
          "Threads that take requests, 1 to "
              + SessionOptions.MAX_WORKERS
              + " (16; ring: 1; uring: as many as CPUs).")
  private @Nullable Integer workers;

  @Option(names = "--cache", description = "Serve the image through the kernel's page cache.")
  private boolean cache;

  @Option(
      names = "--allow-other",
      description = "Let other users see the mount; image and control stay the daemon's user's.")
  private boolean allowOther;

  @Option(
      names = "--user",
      paramLabel = "USER[:GROUP]",
      description = "Drop root when everything is open, and serve as this user (name or id).")
  private @Nullable String user;

  @Option(
      names = "--clear-stale",
      description = "Clear a dead FUSE mount, left at MOUNTPOINT by a killed daemon, first.")
  private boolean clearStale;

  @Option(
      names = "--accept-changed",
      description =
          "Mount although BACKING or its spare was changed, copied or replaced since they were last"
              + " used together.")
  private boolean acceptChanged;

  @Option(
      names = "--health",
      paramLabel = "PATH",
      description = {
        "Where what is learnt of the disk's health is kept: a file, or none (BACKING.health; of a"
            + " device, /var/lib/remapfs/UUID.health). Safe to lose."
      })
  private @Nullable String health;

  @Option(
      names = "--on-event",
      paramLabel = "PROGRAM",
      description = {
        "Run this executable, without arguments, for each event: as JSON on its standard input, and"
            + " in REMAPFS_EVENT_KIND, _BLOCK, _SLOT, _MESSAGE, _TIME, _MOUNTPOINT and _BACKING. One"
            + " at a time, for 30 seconds at most."
      })
  private @Nullable Path onEvent;

  @Mixin private ScanOptions scan = new ScanOptions();

  @Option(
      names = "--preempt",
      description =
          "Move blocks that are likely to fail next to the spare ahead of time: few, when idle, and"
              + " for a quarter of its free slots at most.")
  private boolean preempt;

  @Option(
      names = "--retries",
      paramLabel = "N",
      description = "Further attempts on a block that failed, 0 to 100 (3).")
  private int retries = EngineOptions.defaults().retries();

  @Option(
      names = "--retry-budget",
      paramLabel = "MS",
      description = "The longest time in milliseconds one request spends on retries (2000).")
  private long retryBudgetMillis = EngineOptions.defaults().retryBudget().toMillis();

  @Option(
      names = "--pending-write",
      paramLabel = "HOW",
      description =
          "A write to a lost block goes to a new slot (relocate) or first to its old place, read"
              + " back to be sure (rewrite) (relocate).")
  private PendingWrite pendingWrite = PendingWrite.RELOCATE;

  @Option(
      names = "--unreadable",
      paramLabel = "HOW",
      description = "What a read of lost bytes gets: eio, or zero, which is counted (eio).")
  private Unreadable unreadable = Unreadable.EIO;

  @Override
  public Integer call() throws RefusedException {
    NativePreload.await();
    MountSession.run(request(), spec.commandLine().getOut());
    return 0;
  }

  private MountRequest request() throws RefusedException {
    if (workers != null && (workers < 1 || workers > SessionOptions.MAX_WORKERS)) {
      throw RefusedException.usage(
          "--workers must be 1 to " + SessionOptions.MAX_WORKERS + ", not " + workers);
    }
    if (retries < 0 || retries > 100) {
      throw RefusedException.usage("--retries must be 0 to 100, not " + retries);
    }
    if (retryBudgetMillis < 0 || retryBudgetMillis > 600_000) {
      throw RefusedException.usage(
          "--retry-budget must be 0 to 600000 milliseconds, not " + retryBudgetMillis);
    }
    if (blockSize != null && blockSize == 0) {
      throw RefusedException.usage("--block-size 0 is not allowed; use a power of two from 512");
    }
    if (preempt && readOnly) {
      throw RefusedException.usage(
          "--preempt moves blocks, which --read-only forbids; leave one of them out");
    }
    EngineOptions defaults = EngineOptions.defaults();
    // The daemon outlives the directory it was started in: paths are made absolute now.
    return new MountRequest(
        backing.toAbsolutePath().normalize(),
        mountPoint.toAbsolutePath().normalize(),
        spares.stream().map(each -> each.toAbsolutePath().normalize()).toList(),
        blockSize == null ? 0 : blockSize,
        io,
        readOnly,
        loop,
        clearStale,
        acceptChanged,
        allowOther,
        user == null ? null : DaemonUser.parse(user),
        session,
        workers == null ? 0 : workers,
        cache,
        HealthChoice.parse(health),
        onEvent == null ? null : onEvent.toAbsolutePath().normalize(),
        scan.settings(),
        preempt,
        new EngineOptions(
            retries,
            defaults.firstBackoff(),
            Duration.ofMillis(retryBudgetMillis),
            pendingWrite,
            unreadable));
  }
}
