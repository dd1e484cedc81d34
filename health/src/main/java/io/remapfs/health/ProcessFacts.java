package io.remapfs.health;

import java.util.List;

/**
 * What the report says of the daemon's process at one moment.
 *
 * @param pid the process id
 * @param rssBytes resident memory in bytes, or -1 where it is not known
 * @param heapUsedBytes Java heap in use, in bytes
 * @param heapMaxBytes the heap's fixed limit, in bytes
 * @param memoryLocked whether all memory is locked into RAM
 * @param ioFlusher whether the kernel knows that this process must not wait for its own writeback
 * @param notes one sentence for each protection that the system did not grant
 */
public record ProcessFacts(
    long pid,
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
