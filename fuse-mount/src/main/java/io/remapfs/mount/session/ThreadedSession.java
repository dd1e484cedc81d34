package io.remapfs.mount.session;

import io.remapfs.mount.fs.RemapFileSystem;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.jspecify.annotations.Nullable;

/**
 * The session whose loop is ours: libfuse mounts, our workers take the requests.
 *
 * <p>Life: {@link #start} mounts, makes the workers (each with a clone of the descriptor), starts a
 * thread for each, and waits for one of them to answer INIT. The end is the kernel's word alone:
 * every worker's read says ENODEV once the file system is unmounted, after the requests before it
 * were answered. Whoever comes first of {@link #awaitEnd()} and {@link #unmount()} then joins the
 * threads and frees what libfuse made.
 *
 * <p>Invariants: libfuse's objects outlive every worker's {@code serve()}; nothing is freed twice.
 * {@link #started} is guarded by this; no lock is held while waiting for a worker.
 */
final class ThreadedSession implements FuseSession {
  private static final Logger LOG = LogManager.getLogger(ThreadedSession.class);

  private static final long INIT_PATIENCE_SECONDS = 10;

  /** A worker may be deep in the retries of a dying disk when the end comes. */
  private static final long LEAVE_PATIENCE_SECONDS = 60;

  private static final long FOREVER = 0;

  /** What exists between a successful mount and its clean-up. */
  private record Started(LibfuseMount mount, List<SessionWorker> workers, List<Thread> threads) {}

  private final RemapFileSystem fs;
  private final Path wishedMountPoint;
  private final SessionOptions options;
  private final SessionKind kind;
  private final SessionWorker.Factory factory;
  private final IoFlusher ioFlusher = new IoFlusher();
  private final CountDownLatch initialised = new CountDownLatch(1);
  private volatile @Nullable MountTarget mountPoint;
  private @Nullable Started started;

  ThreadedSession(
      RemapFileSystem fs,
      Path mountPoint,
      SessionOptions options,
      SessionKind kind,
      SessionWorker.Factory factory) {
    this.fs = fs;
    this.kind = kind;
    this.wishedMountPoint = mountPoint;
    this.options = options;
    this.factory = factory;
  }

  /** The session with workers that sleep in the backing's I/O. */
  static ThreadedSession blocking(RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    return new ThreadedSession(
        fs, mountPoint, options, SessionKind.THREADS, BlockingWorker.serving(fs.image()));
  }

  /** The session with event loops that have the backing's I/O in an io_uring. */
  static ThreadedSession ring(RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    return new ThreadedSession(
        fs, mountPoint, options, SessionKind.RING, new RingWorkers(fs.image()));
  }

  /** The session with a ring for each CPU, for the kernel's requests and the backing's I/O. */
  static ThreadedSession uring(RemapFileSystem fs, Path mountPoint, SessionOptions options) {
    return new ThreadedSession(
        fs, mountPoint, options, SessionKind.URING, new UringWorkers(fs.image()));
  }

  @Override
  public void start(Runnable beforeServing) {
    factory.requireAvailable();
    MountTarget target = MountTarget.check(wishedMountPoint);
    LibfuseMount mount = LibfuseMount.mount(fs, target, options);
    target.noteMounted();
    mountPoint = target;
    List<SessionWorker> workers = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    synchronized (this) {
      started = new Started(mount, workers, threads);
    }
    try {
      beforeServing.run();
      factory.create(mount, workerCount(), initialised::countDown, workers::add);
      CountDownLatch marked = new CountDownLatch(workers.size());
      for (int i = 0; i < workers.size(); i++) {
        SessionWorker worker = workers.get(i);
        Thread thread = new Thread(() -> run(worker, marked), "fuse-worker-" + i);
        thread.setDaemon(true);
        threads.add(thread);
        thread.start();
      }
      awaitInit(marked);
    } catch (RuntimeException | Error e) {
      takeBack(target);
      throw e;
    }
  }

  private void run(SessionWorker worker, CountDownLatch marked) {
    try {
      ioFlusher.markThisThread();
    } finally {
      marked.countDown();
    }
    try {
      worker.serve();
    } catch (Throwable t) {
      LOG.error("a worker died", t);
      MountTarget target = mountPoint;
      if (worker.isVital() && target != null) {
        LOG.error("the mount is given up: better an error than no answer");
        target.abort();
      }
    }
  }

  private void awaitInit(CountDownLatch marked) {
    try {
      marked.await();
      if (!initialised.await(INIT_PATIENCE_SECONDS, TimeUnit.SECONDS)) {
        throw new SessionUnavailableException(
            "the kernel's FUSE did not accept our answer to INIT");
      }
      factory.requireServing();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new MountException("interrupted while mounting", e);
    }
  }

  /** After a start that failed: nobody can be using the mount yet. */
  private void takeBack(MountTarget target) {
    try {
      target.unmount();
      finish(LEAVE_PATIENCE_SECONDS);
    } catch (UnmountException | InterruptedException e) {
      LOG.error("a mount that failed to start stays behind at {}", target.path(), e);
    }
  }

  @Override
  public void awaitEnd() throws InterruptedException {
    finish(FOREVER);
  }

  @Override
  public void unmount() throws UnmountException {
    MountTarget target = mountPoint;
    if (target == null) {
      return;
    }
    target.unmount();
    try {
      if (!finish(LEAVE_PATIENCE_SECONDS)) {
        throw new UnmountException(
            target.path() + " is unmounted, but a request does not come back from the backing");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UnmountException("interrupted while waiting for the workers to leave");
    }
  }

  /** Joins every worker, then frees: false if one did not leave in time. */
  private boolean finish(long patienceSeconds) throws InterruptedException {
    Started toFinish;
    synchronized (this) {
      toFinish = started;
    }
    if (toFinish == null) {
      return true;
    }
    long deadlineNanos = System.nanoTime() + TimeUnit.SECONDS.toNanos(patienceSeconds);
    for (Thread thread : toFinish.threads()) {
      long leftMillis = TimeUnit.NANOSECONDS.toMillis(deadlineNanos - System.nanoTime());
      thread.join(patienceSeconds == FOREVER ? 0 : Math.max(1, leftMillis));
      if (thread.isAlive()) {
        return false;
      }
    }
    synchronized (this) {
      if (started != null) {
        started = null;
        toFinish.workers().forEach(SessionWorker::close);
        toFinish.mount().destroy();
      }
    }
    return true;
  }

  @Override
  public String kind() {
    return kind.label();
  }

  @Override
  public int workerCount() {
    int fixed = factory.fixedCount();
    if (fixed != 0) {
      return fixed;
    }
    return options.workers() == 0 ? kind.defaultWorkers() : options.workers();
  }

  @Override
  public boolean isIoFlusher() {
    return ioFlusher.isGranted();
  }
}
