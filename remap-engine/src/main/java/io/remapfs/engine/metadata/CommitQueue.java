package io.remapfs.engine.metadata;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Brings many callers together behind few journal blocks: one caller leads, the others wait until
 * theirs is done or nobody leads.
 *
 * <p>Waiting is on a condition and not on the leader's lock, because a caller that returned and
 * came again would barge past those who wait, and lead with its one record.
 *
 * <p>Thread-safe. Its monitor is a leaf: nothing is called under it.
 */
final class CommitQueue {
  /** One round of work: takes calls with {@link #take} and ends with {@link #finish}. */
  @FunctionalInterface
  interface Round {
    void run();
  }

  /** One caller's records, waiting for their turn. */
  static final class Call {
    final List<MetadataRecord> records;
    private boolean done; // guarded by the queue
    private @Nullable MetadataUnavailableException failure; // guarded by the queue

    Call(List<MetadataRecord> records) {
      this.records = records;
    }
  }

  private final Deque<Call> waiting = new ArrayDeque<>(); // guarded by this
  private boolean leading; // guarded by this

  /**
   * Queues records and returns when they are done, leading rounds as needed.
   *
   * @throws MetadataUnavailableException if their round failed
   */
  void submit(List<MetadataRecord> records, Round round) throws MetadataUnavailableException {
    Call call = new Call(records);
    if (becomesLeader(call)) {
      try {
        while (!isDone(call)) {
          round.run();
        }
      } finally {
        stopLeading();
      }
    }
    MetadataUnavailableException failure = failureOf(call);
    if (failure != null) {
      // Each caller gets an exception of its own: this one may belong to another thread.
      throw new MetadataUnavailableException(String.valueOf(failure.getMessage()));
    }
  }

  /** Queues a call and waits until it is done (false), or until nobody leads (true). */
  private boolean becomesLeader(Call call) {
    boolean interrupted = false;
    try {
      synchronized (this) {
        waiting.add(call);
        while (!call.done && leading) {
          try {
            wait();
          } catch (InterruptedException e) {
            // The outcome must be known: a mapping may be durable.
            interrupted = true;
          }
        }
        leading |= !call.done;
        return !call.done;
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** The longest waiting calls whose records fit together into one journal block. */
  synchronized List<Call> take() {
    List<Call> calls = new ArrayList<>();
    int records = 0;
    while (!waiting.isEmpty()
        && records + waiting.element().records.size() <= JournalFormat.MAX_RECORDS) {
      Call call = waiting.remove();
      records += call.records.size();
      calls.add(call);
    }
    return calls;
  }

  /** Lets calls return; with {@code failure}, as failed. */
  synchronized void finish(List<Call> calls, @Nullable MetadataUnavailableException failure) {
    for (Call call : calls) {
      call.failure = failure;
      call.done = true;
    }
    notifyAll();
  }

  private synchronized void stopLeading() {
    leading = false;
    notifyAll();
  }

  private synchronized boolean isDone(Call call) {
    return call.done;
  }

  private synchronized @Nullable MetadataUnavailableException failureOf(Call call) {
    return call.failure;
  }
}
