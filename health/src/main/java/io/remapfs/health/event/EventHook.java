package io.remapfs.health.event;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Has a program of the user's run for each event, one at a time, on a thread of its own.
 *
 * <p>{@link #accept} only queues. A program that does not keep up, or hangs, costs nobody else
 * anything: of more than {@value #MAX_QUEUED} waiting events the newest are dropped and counted,
 * the next run is told how many, and a run that takes too long is ended with all that it started.
 * An unmount waits two seconds for what is queued, then ends the program.
 *
 * <p>Each distinct failure becomes one event, for which the program is not run.
 *
 * <p>Invariants: at most {@value #MAX_QUEUED} events wait; {@code lock} is never held while a
 * program runs or an event is published, since {@code accept} is called under the event log's lock.
 * Thread-safe.
 */
public final class EventHook implements Consumer<DiskEvent>, AutoCloseable {
  /** How long the program may take for one event. */
  public static final Duration LIMIT = Duration.ofSeconds(30);

  /** How long {@link #close} lets the program go on. */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(2);

  static final int MAX_QUEUED = 256;

  private static final int MAX_DISTINCT_FAILURES = 32;

  /** More than ending the program takes; then only the kernel holds it, or its start. */
  private static final long END_MILLIS = 4000;

  /** {@code PR_SET_IO_FLUSHER} of linux/prctl.h. */
  private static final int PR_SET_IO_FLUSHER = 57;

  private static final Pattern DIGITS = Pattern.compile("[0-9]+");

  private record Waiting(DiskEvent event, long droppedBefore) {}

  private final HookProgram program;
  private final EventLog events;
  private final Duration limit;
  private final Duration closeGrace;
  private final Object lock = new Object();
  private final ArrayDeque<DiskEvent> queue = new ArrayDeque<>();
  private final Set<String> toldFailures = new HashSet<>();
  private final CountDownLatch mayRun = new CountDownLatch(1);
  private final Thread thread = new Thread(this::run, "remapfs-hook");
  private long dropped;
  private boolean closed;
  private volatile long closeByNanos;
  private volatile boolean closing;

  /**
   * A hook that waits for {@link #start} and {@link #allow}.
   *
   * @param command the program's absolute path
   * @param mountPoint where the image is served, for the program to know
   * @param backing the disk, for the program to know
   * @param events where its failures are told
   */
  public EventHook(Path command, Path mountPoint, Path backing, EventLog events) {
    this(new HookProgram(command, mountPoint, backing), events, LIMIT, CLOSE_GRACE);
  }

  EventHook(HookProgram program, EventLog events, Duration limit, Duration closeGrace) {
    this.program = program;
    this.events = events;
    this.limit = limit;
    this.closeGrace = closeGrace;
    thread.setDaemon(true); // one that never may run is left waiting
  }

  /**
   * Starts the thread, which runs nothing yet. To be called before root is dropped: the program
   * must not inherit our being an I/O flusher, and to give that up needs root.
   */
  public void start() {
    thread.start();
  }

  /** From now on the program may be run, as the user that this process has become. */
  public void allow() {
    mayRun.countDown();
  }

  @Override
  public void accept(DiskEvent event) {
    if (event.kind() == EventKind.HOOK_FAILED) {
      return; // or each failure would be followed by another
    }
    synchronized (lock) {
      if (queue.size() == MAX_QUEUED || closed) {
        dropped++;
      } else {
        queue.addLast(event);
        lock.notifyAll();
      }
    }
  }

  private void run() {
    LibC.INSTANCE.prctl(PR_SET_IO_FLUSHER, 0, 0, 0, 0);
    try {
      mayRun.await();
      for (Waiting next = take(); next != null; next = take()) {
        runFor(next);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** The next event, or null when there will be none, or no time for it. */
  private @Nullable Waiting take() throws InterruptedException {
    synchronized (lock) {
      while (queue.isEmpty() && !closed) {
        lock.wait();
      }
      @Nullable DiskEvent event = isTimeUp() ? null : queue.pollFirst();
      if (event == null) {
        return null;
      }
      long before = dropped;
      dropped = 0;
      return new Waiting(event, before);
    }
  }

  private void runFor(Waiting waiting) throws InterruptedException {
    String failure;
    try {
      failure = program.run(waiting.event, waiting.droppedBefore, limit, this::isTimeUp);
    } catch (IOException e) {
      failure = "cannot be started: " + e.getMessage();
    }
    boolean distinct =
        !failure.isEmpty()
            && toldFailures.size() < MAX_DISTINCT_FAILURES
            && toldFailures.add(DIGITS.matcher(failure).replaceAll("#"));
    if (distinct) {
      events.publish(
          EventKind.HOOK_FAILED,
          "the program of --on-event " + failure + " (for event " + waiting.event.sequence() + ")");
    }
  }

  private boolean isTimeUp() {
    return closing && System.nanoTime() - closeByNanos >= 0;
  }

  /**
   * Ends it; runs nothing where it was not yet allowed to. What is queued has two seconds; a
   * program that still runs then is ended, and the events that it was not told of are said to be
   * so.
   */
  @Override
  public void close() {
    synchronized (lock) {
      closed = true;
      closeByNanos = System.nanoTime() + closeGrace.toNanos();
      closing = true;
      if (mayRun.getCount() > 0) {
        // The mount was not made; and we may still be root, which the program must not be.
        queue.clear();
        return;
      }
      lock.notifyAll();
    }
    try {
      thread.join(closeGrace.toMillis() + END_MILLIS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    long untold;
    synchronized (lock) {
      untold = queue.size() + dropped;
      dropped = 0;
      queue.clear();
    }
    if (untold > 0) {
      events.publish(
          EventKind.HOOK_FAILED,
          "the program of --on-event was not run for the last "
              + untold
              + " events before the unmount");
    }
  }
}
