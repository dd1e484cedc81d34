package io.remapfs.health;

import java.util.List;

/**
 * What the report says of the daemon's process at one moment.
 *
 * @param pid the process id
 * @param startTicks when it started, in clock ticks since boot: tells it from a later process with
 *     the same id
 * @param user as whom it runs, such as {@code backup (uid 34, gid 34)}
 * @param privileges what it may do beyond that user's own, in words
 * @param rssBytes resident memory in bytes, or -1 where it is not known
 * @param heapUsedBytes Java heap in use, in bytes
 * @param heapMaxBytes the heap's fixed limit, in bytes
 * @param memoryLocked whether all memory is locked into RAM
 * @param ioFlusher whether the kernel knows that this process must not wait for its own writeback
 * @param notes one sentence for each protection that the system did not grant
 */
public record ProcessFacts(
    long pid,
    long startTicks,
    String user,
    String privileges,
    long rssBytes,
    long heapUsedBytes,
    long heapMaxBytes,
    boolean memoryLocked,
    boolean ioFlusher,
    List<String> notes) {
  public ProcessFacts {
    notes = List.copyOf(notes);
  }
}
