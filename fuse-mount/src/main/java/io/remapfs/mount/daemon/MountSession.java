package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.metadata.RecoveryReport;
import io.remapfs.engine.metadata.Superblock;
import io.remapfs.health.DiskReport;
import io.remapfs.health.ProcessFacts;
import io.remapfs.health.ReportField;
import io.remapfs.health.SessionFacts;
import io.remapfs.health.event.EventHook;
import io.remapfs.health.event.EventKind;
import io.remapfs.health.event.EventLog;
import io.remapfs.health.pressure.MemoryPressure;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthFileOpening;
import io.remapfs.health.store.HealthGeometry;
import io.remapfs.mount.control.ControlInterpreter;
import io.remapfs.mount.fs.RemapFileSystem;
import io.remapfs.mount.preflight.DaemonUser;
import io.remapfs.mount.preflight.EventProgram;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Host;
import io.remapfs.mount.preflight.LoopDevice;
import io.remapfs.mount.preflight.MountPoint;
import io.remapfs.mount.preflight.Privileges;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareNote;
import io.remapfs.mount.session.AutoRules;
import io.remapfs.mount.session.FuseSession;
import io.remapfs.mount.session.MountException;
import io.remapfs.mount.session.SessionKind;
import io.remapfs.mount.session.SessionOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.logging.log4j.LogManager;
import org.jspecify.annotations.Nullable;

/**
 * One mount from the command to the end of its daemon: the place where everything is put together.
 *
 * <p>The order up: look at everything and change nothing (mount point, devices with their locks,
 * host) - log - memory locked, a bad block rehearsed beside the rest - metadata recovered, or a
 * spare made - health file - engine - FUSE session - loop device - root dropped, where asked to -
 * ready. Whatever fails on the way is a {@link RefusedException}, and what was done so far is
 * undone in reverse. The order down, for each reason to end (an unmount by anybody, a signal, an
 * aborted connection): session, housekeeping, engine (which flushes, checkpoints and closes both
 * devices), health, log.
 *
 * <p>Used by one thread; a signal's thread reaches it only through {@link SignalStop}.
 */
public final class MountSession {
  private static final String WHY_NO_RINGS =
      "with --user, the kernel's threads of a ring would keep root's rights";

  /** Measured, 4 KiB writes at depth 1: 28 000 a second with threads, 12 000 with ring. */
  private static final String WHY_NO_RING_WHEN_BUFFERED =
      "through the page cache, threads serve more";

  private final MountRequest request;
  private final PrintWriter out;
  private final Teardown teardown = new Teardown();
  private final List<String> notes = new CopyOnWriteArrayList<>();

  /** As whom the daemon serves in the end. */
  private final DaemonUser user;

  private volatile String privileges = "starting";
  private @Nullable LogFile log;
  private @Nullable EventHook hook;

  private MountSession(MountRequest request, PrintWriter out) {
    @Nullable DaemonUser named = request.user();
    this.user = named != null ? named : DaemonUser.ofThisProcess();
    this.request = request;
    this.out = out;
  }

  /**
   * Mounts, says so on {@code out}, and serves until the mount's end.
   *
   * @throws RefusedException if the mount cannot be made; nothing is left behind then
   */
  public static void run(MountRequest request, PrintWriter out) throws RefusedException {
    new MountSession(request, out).run();
  }

  private void run() throws RefusedException {
    if (request.user() != null) {
      request.user().requireReachable();
    }
    MountPoint mountPoint = MountPoint.look(request.mountPoint());
    mountPoint.requireMountable(request.clearStale());
    if (request.onEvent() != null) {
      EventProgram.require(request.onEvent(), mountPoint.directory());
    }
    request.health().requireUsable(places(), mountPoint.directory());
    try (teardown;
        DiskOpening disks =
            DiskOpening.look(
                request.backing(),
                request.spares(),
                request.blockSizeBytes(),
                request.ioMode(),
                access())) {
      requireSpare(disks);
      Host.requireFuse(request.allowOther());
      if (request.loop()) {
        Host.requireLoop();
      }
      startLog(mountPoint.directory());
      serve(mountPoint, disks);
    }
  }

  private List<Path> places() {
    return Stream.concat(Stream.of(request.backing()), request.spares().stream()).toList();
  }

  private Access access() {
    return request.readOnly() ? Access.READ_ONLY : Access.READ_WRITE;
  }

  /** From here on the backing may be written: a crash must not look like a clean unmount. */
  private void markOpened(MetadataStore metadata, DiskOpening disks) {
    if (request.readOnly()) {
      return;
    }
    try {
      metadata.markOpened();
      disks.recordIdentity(metadata);
    } catch (MetadataUnavailableException e) {
      throw new MountException("the spare cannot be written (" + e.getMessage() + ")", e);
    }
  }

  /**
   * Only the spare that needs no name is made in passing. A name that was mistyped must not lead to
   * a blank spare, under which blocks that have moved would be read in their old places.
   */
  private void requireSpare(DiskOpening disks) throws RefusedException {
    if (disks.spareChoice().exists()) {
      return;
    }
    Path path = disks.spareChoice().path();
    if (!request.spares().isEmpty()) {
      throw RefusedException.usage(
          "the spare "
              + path
              + " does not exist; check the name, or make a new one with: remapfs format "
              + request.backing()
              + " --spare "
              + path);
    }
    Optional<String> noted = SpareNote.read(request.backing());
    if (noted.isPresent()) {
      throw RefusedException.refused(
          request.backing()
              + " has its moved blocks in the spare "
              + noted.get()
              + "; add --spare "
              + noted.get()
              + ", or forget them all with: remapfs format "
              + request.backing());
    }
    if (request.readOnly()) {
      throw RefusedException.usage(
          "the spare "
              + path
              + " does not exist and a read-only mount makes none; make it with: remapfs format "
              + request.backing());
    }
    disks.requireMayMakeSpare();
  }

  private void startLog(Path mountPoint) throws RefusedException {
    Path file = ReadySignal.isAwaited() ? DaemonLog.fileFor(mountPoint, Host.isRoot()) : null;
    if (file != null && file.startsWith(mountPoint)) {
      throw RefusedException.usage(
          "the log " + file + " would lie on the mount itself; set REMAPFS_LOG to another place");
    }
    try {
      log = DaemonLog.start(file);
    } catch (IOException e) {
      notes.add("there is no log file (" + e.getMessage() + "); set REMAPFS_LOG");
    }
  }

  private void serve(MountPoint mountPoint, DiskOpening disks) throws RefusedException {
    RehearsalThread rehearsal = new RehearsalThread();
    rehearsal.start();
    ProcessProtection protection = ProcessProtection.acquire();
    notes.addAll(protection.notes());
    if (mountPoint.state() == MountPoint.State.DEAD) {
      mountPoint.clearDead();
      requireMountPointOfToday(mountPoint);
    }
    if (disks.spare() == null) {
      disks.makeSpare();
      System.err.println("remapfs: made a new, blank spare " + disks.spareChoice().path());
    }
    MetadataStore metadata = disks.recover(request.acceptChanged());
    for (String note : disks.notes()) {
      tellAndNote(note);
    }
    noteRecovery(metadata.recovery());
    DiskHealth health = openHealth(metadata, disks);
    EventLog events = health.events();
    startHook(events, mountPoint.directory());
    tellOfCopy(disks, events);
    RemapEngine engine =
        RemapEngine.open(disks.backing(), metadata, request.engine(), health, access());
    disks.release();
    health.watch(engine::status);
    teardown.add("engine", engine::close);
    SpareService spares =
        new SpareService(
            engine,
            request.backing(),
            request.ioMode(),
            LogManager.getLogger(SpareService.class)::error);
    teardown.add("spares", spares::close);
    MemoryPressure pressure = new MemoryPressure(events::publish);
    health.yieldTo(pressure::reason);
    health.forecasting().watch(engine, request.preempt(), pressure::reason);
    ResidentMemory memory = new ResidentMemory(protection);
    Housekeeper housekeeper =
        new Housekeeper(
            "remapfs-housekeeper",
            () -> {
              engine.housekeeping();
              memory.doWork();
              pressure.doWork();
            });
    teardown.add("housekeeper", housekeeper::close);
    teardown.add("health thread", health::stop);
    ScanService scans =
        new ScanService(
            engine,
            health.file(),
            events,
            new MapHistory(health.map(), InstantSource.system()),
            request.scan(),
            pressure,
            notes::add);
    health.tellToo(scans.scanner());
    teardown.add("scanner", scans::close);

    Reporter reporter = new Reporter(engine, health, scans, protection, mountPoint);
    EngineControl control = new EngineControl(engine, reporter, spares, scans);
    FuseSession session = openSession(control, health, reporter, mountPoint.directory());
    reporter.session = session;
    rehearsal.await();
    // Not before the mount is there: one that cannot be made leaves the spare as it was.
    Runnable beforeServing =
        () -> {
          markOpened(metadata, disks);
          housekeeper.start();
          health.start();
          scans.start();
        };
    runSession(session, mountPoint, protection, beforeServing);
  }

  /** Under a dead mount may lie a directory that is not fit to be mounted on. */
  private static void requireMountPointOfToday(MountPoint cleared) throws RefusedException {
    MountPoint.look(cleared.directory()).requireMountable(false);
  }

  /** Before the mount is there, so that no part of its path can lie on it. */
  private DiskHealth openHealth(MetadataStore metadata, DiskOpening disks) {
    Superblock set = metadata.superblock();
    HealthGeometry geometry =
        HealthGeometry.of(set.setUuid(), disks.backing().sizeBytes(), set.blockSizeBytes());
    boolean isBlockDevice = disks.backing().facts().isBlockDevice();
    HealthFile file =
        request.health().kept()
            ? HealthFileOpening.open(
                request.health().fileFor(request.backing(), isBlockDevice, set.setUuid()),
                geometry,
                access(),
                this::tellAndNote)
            : HealthFile.inMemory(geometry);
    DiskHealth health = new DiskHealth(file, notes::add);
    if (isBlockDevice) {
      health.askDrive(request.backing());
    }
    teardown.add("health", health::close);
    return health;
  }

  /** Before root is dropped, and after what it watches: closed after the engine, which has news. */
  private void startHook(EventLog events, Path mountPoint) {
    Path program = request.onEvent();
    if (program != null) {
      EventHook started = new EventHook(program, mountPoint, request.backing(), events);
      events.subscribe(started);
      started.start();
      teardown.add("hook", started::close);
      hook = started;
    }
  }

  /** As the user that the daemon is from now on. */
  private void allowHook(MountPoint mountPoint) throws RefusedException {
    if (hook != null && request.onEvent() != null) {
      EventProgram.require(request.onEvent(), mountPoint.directory());
      hook.allow();
    }
  }

  private void tellAndNote(String sentence) {
    System.err.println("remapfs: " + sentence);
    notes.add(sentence);
  }

  private void tellOfCopy(DiskOpening disks, EventLog events) {
    if (!disks.isCopy()) {
      return;
    }
    String sentence =
        request.backing()
            + " and its spare "
            + disks.spareChoice().path()
            + " are copies of those that were last mounted, or were moved; never use one of them with"
            + " one of the originals";
    System.err.println("remapfs: " + sentence);
    events.publish(EventKind.COPIED, sentence);
  }

  private void noteRecovery(RecoveryReport recovery) {
    for (String finding : recovery.findings()) {
      LogManager.getLogger(MountSession.class).warn("recovery: {}", finding);
    }
    if (recovery.damagedBlocks() > 0) {
      notes.add(
          "opening found "
              + recovery.damagedBlocks()
              + " damaged metadata blocks"
              + (recovery.repaired() ? " and repaired them" : ""));
    }
  }

  /**
   * The kernel's own threads for a ring have the rights that their daemon had when they began, and
   * no call of ours takes those away.
   */
  private SessionKind sessionKind() {
    SessionKind asked = request.sessionKind();
    if (request.user() == null || (asked != SessionKind.RING && asked != SessionKind.URING)) {
      return asked;
    }
    notes.add("--session=threads is used: " + WHY_NO_RINGS);
    return SessionKind.THREADS;
  }

  private FuseSession openSession(
      EngineControl control, DiskHealth health, Reporter reporter, Path directory)
      throws RefusedException {
    String version = ProgramVersion.get();
    HealthReport picture =
        new HealthReport(
            control.engine(), health, control.scans(), request.backing().toString(), version);
    try {
      RemapFileSystem fileSystem =
          new RemapFileSystem(
              control.engine(),
              EngineFiles.of(
                  control.engine(), health.events(), picture, control.scans(), reporter, version),
              new ControlInterpreter(control)::execute,
              request.readOnly(),
              user.uid(),
              user.gid());
      SessionOptions options =
          new SessionOptions(
              request.allowOther(),
              request.workers(),
              request.readOnly(),
              "remapfs#" + request.backing(),
              request.cache());
      AutoRules rules =
          new AutoRules(
              request.user() == null ? "" : WHY_NO_RINGS,
              request.ioMode() == IoMode.BUFFERED ? WHY_NO_RING_WHEN_BUFFERED : "");
      return FuseSession.open(sessionKind(), fileSystem, directory, options, rules);
    } catch (UnsatisfiedLinkError e) {
      throw Host.noLibFuse();
    }
  }

  private void runSession(
      FuseSession session,
      MountPoint mountPoint,
      ProcessProtection protection,
      Runnable beforeServing)
      throws RefusedException {
    SignalStop signals = new SignalStop(session, mountPoint.image());
    signals.install();
    try {
      session.start(beforeServing);
      if (!session.fallbackReason().isEmpty()) {
        notes.add(session.fallbackReason());
      }
      Path ready = attachLoop(mountPoint, signals);
      dropRoot(mountPoint, protection, signals);
      announce(ready, signals);
      signals.startIsOver();
      awaitEnd(session);
    } catch (MountException e) {
      throw new RefusedException(ExitCode.REFUSED, e.getMessage() + Host.confinementAdvice(), e);
    } finally {
      signals.startIsOver();
      teardown.close();
      signals.endIsReached();
    }
  }

  /**
   * Attaches the loop device, if there is to be one.
   *
   * @return what the user is told: the device, or the image
   */
  private Path attachLoop(MountPoint mountPoint, SignalStop signals) throws RefusedException {
    if (!request.loop()) {
      return mountPoint.image();
    }
    try {
      return LoopDevice.attach(mountPoint.image(), request.readOnly()).device();
    } catch (RefusedException e) {
      signals.unmountAfter(e);
      throw e;
    }
  }

  /** Gives up root's rights, if asked to: all that needs them is done. */
  private void dropRoot(MountPoint mountPoint, ProcessProtection protection, SignalStop signals)
      throws RefusedException {
    DaemonUser to = request.user();
    try {
      if (to != null) {
        UnmountHelper helper = UnmountHelper.start(mountPoint.directory());
        teardown.add("unmount helper", helper::close);
        signals.unmountThrough(helper);
        if (log != null) {
          log.keepForAnotherUser();
        }
        String lost = protection.keepForAnotherUser();
        if (!lost.isEmpty()) {
          notes.add(lost);
        }
        RootDrop.to(to);
      }
      privileges = Privileges.ofAllThreads().describe();
      allowHook(mountPoint);
    } catch (RefusedException e) {
      signals.unmountAfter(e);
      throw e;
    } catch (IOException e) {
      signals.unmountAfter(e);
      throw new RefusedException(
          ExitCode.REFUSED, "the helper that unmounts for --user cannot be started: " + e, e);
    }
  }

  /** Tells the user, and lets go of the terminal. */
  private void announce(Path ready, SignalStop signals) throws RefusedException {
    try {
      out.println(ready);
      out.flush();
      ReadySignal.give();
    } catch (IOException e) {
      signals.unmountAfter(e);
      throw new RefusedException(
          ExitCode.FAILED, "the launcher cannot be told that the mount is ready: " + e, e);
    }
  }

  /** An interrupt is nobody's way to end a mount: it is kept for later. */
  private static void awaitEnd(FuseSession session) {
    boolean interrupted = false;
    while (true) {
      try {
        session.awaitEnd();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Assembles the report; thread-safe once {@code session} is set, before the mount starts. */
  private final class Reporter implements Supplier<DiskReport> {
    private final long startNanos = System.nanoTime();
    private final RemapEngine engine;
    private final DiskHealth health;
    private final ScanService scans;
    private final ProcessProtection protection;
    private final MountPoint mountPoint;
    private volatile @Nullable FuseSession session;

    Reporter(
        RemapEngine engine,
        DiskHealth health,
        ScanService scans,
        ProcessProtection protection,
        MountPoint mountPoint) {
      this.engine = engine;
      this.health = health;
      this.scans = scans;
      this.protection = protection;
      this.mountPoint = mountPoint;
    }

    @Override
    public DiskReport get() {
      FuseSession running = session;
      boolean flusher = protection.ioFlusher() && running != null && running.isIoFlusher();
      ProcessFacts process =
          ProcessProbe.measure(user.toString(), privileges, protection, flusher, notes);
      SessionFacts facts =
          new SessionFacts(
              ProgramVersion.get(),
              request.backing().toString(),
              mountPoint.directory().toString(),
              running == null ? "starting" : running.kind(),
              running == null ? "" : running.reason(),
              running == null ? 0 : running.workerCount(),
              request.ioMode().name().toLowerCase(Locale.ROOT));
      Duration uptime =
          Duration.ofSeconds(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - startNanos));
      EngineStatus status = engine.status();
      List<ReportField> watchers = new ArrayList<>(health.fields(status));
      watchers.addAll(scans.fields());
      return new DiskReport(status, facts, process, uptime, watchers);
    }
  }
}
