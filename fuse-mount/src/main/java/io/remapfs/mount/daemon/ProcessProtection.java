package io.remapfs.mount.daemon;

import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.mount.preflight.Capabilities;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What keeps the kernel's need for memory from stopping the daemon that would free it.
 *
 * <p>Linux may write dirty pages to our image to free memory. Were the daemon then swapped out,
 * killed by the OOM killer, or made to wait for that very writeback, the machine would hang. Each
 * protection is asked for and does without where the system says no; what was not granted is told
 * in {@code status}.
 *
 * @param memoryLocked whether {@code mlockall} holds
 * @param ioFlusher whether this thread, and each that it starts, has PR_SET_IO_FLUSHER
 * @param notes one sentence for each protection that was not granted
 */
record ProcessProtection(boolean memoryLocked, boolean ioFlusher, List<String> notes) {
  // sys/mman.h
  private static final int MCL_CURRENT = 1;
  private static final int MCL_FUTURE = 2;
  private static final int MCL_ONFAULT = 4;

  /** ONFAULT: what has been touched, not the gigabytes of address space that a JVM reserves. */
  private static final int LOCKED = MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT;

  // linux/prctl.h
  private static final int PR_SET_IO_FLUSHER = 57;
  private static final int PR_GET_IO_FLUSHER = 58;

  // sys/resource.h
  private static final int RLIMIT_MEMLOCK = 8;
  private static final long RLIM_INFINITY = -1L;

  /** Never the OOM killer's choice: our memory is fixed, so we are never the one who ate it. */
  private static final String OOM_SCORE_ADJ = "-1000";

  ProcessProtection {
    notes = List.copyOf(notes);
  }

  /**
   * Asks for all of them. To be called on the thread that starts the workers, before it does: the
   * I/O-flusher flag belongs to a thread and is inherited by those it starts.
   */
  static ProcessProtection acquire() {
    List<String> notes = new ArrayList<>();
    boolean locked = lockMemory(notes);
    boolean flusher = becomeIoFlusher(notes);
    protectFromOomKiller(notes);
    return new ProcessProtection(locked, flusher, notes);
  }

  private static boolean lockMemory(List<String> notes) {
    if (LibC.INSTANCE.mlockall(LOCKED) == 0) {
      return true;
    }
    notes.add(
        "memory is not locked and may be swapped out ("
            + Errno.describe(Errno.last())
            + "); needs CAP_IPC_LOCK");
    return false;
  }

  /**
   * Unlocks all memory for a moment; {@link #lockAgain} must follow.
   *
   * @return whether it is unlocked now and can be locked again
   */
  boolean unlock() {
    return !memoryLocked || (mayLockAgain() && LibC.INSTANCE.munlockall() == 0);
  }

  /** Locks what has been touched, and what will be. */
  void lockAgain() {
    if (memoryLocked && LibC.INSTANCE.mlockall(LOCKED) != 0) {
      throw new IllegalStateException(
          "memory that was unlocked cannot be locked again: " + Errno.describe(Errno.last()));
    }
  }

  /** With a limit and no right to pass it, what is held already might be refused. */
  private static boolean mayLockAgain() {
    if (Capabilities.ofThisProcess().has(Capabilities.IPC_LOCK)) {
      return true;
    }
    IoBuffer limit = IoBuffer.allocate(2 * Long.BYTES);
    return LibC.INSTANCE.prlimit(0, RLIMIT_MEMLOCK, 0, limit.address()) == 0
        && limit.bytes().getLong(0) == RLIM_INFINITY;
  }

  /**
   * Keeps locked memory locked, and the JVM able to map more of it, when the process becomes an
   * ordinary user's: with all future memory locked, his limit would make the next mmap fail. To be
   * called while that limit may still be raised.
   *
   * @return one sentence on what cannot be kept, or ""
   */
  String keepForAnotherUser() {
    if (!memoryLocked) {
      return "";
    }
    IoBuffer limit = IoBuffer.allocate(2 * Long.BYTES);
    limit
        .bytes()
        .duplicate()
        .order(ByteOrder.nativeOrder())
        .putLong(0, RLIM_INFINITY)
        .putLong(Long.BYTES, RLIM_INFINITY);
    if (LibC.INSTANCE.prlimit(0, RLIMIT_MEMLOCK, limit.address(), 0) == 0) {
      return "";
    }
    String why = Errno.describe(Errno.last());
    LibC.INSTANCE.mlockall(MCL_CURRENT | MCL_ONFAULT);
    return "memory taken from now on is not locked, as the limit could not be raised for --user ("
        + why
        + "); needs CAP_SYS_RESOURCE";
  }

  private static boolean becomeIoFlusher(List<String> notes) {
    if (LibC.INSTANCE.prctl(PR_GET_IO_FLUSHER, 0, 0, 0, 0) == 1
        || LibC.INSTANCE.prctl(PR_SET_IO_FLUSHER, 1, 0, 0, 0) == 0) {
      return true;
    }
    notes.add(
        "the kernel may make this process wait for its own writeback ("
            + Errno.describe(Errno.last())
            + "); needs CAP_SYS_RESOURCE");
    return false;
  }

  private static void protectFromOomKiller(List<String> notes) {
    try {
      Files.writeString(Path.of("/proc/self/oom_score_adj"), OOM_SCORE_ADJ);
    } catch (IOException e) {
      notes.add("the OOM killer may choose this process; needs CAP_SYS_RESOURCE");
    }
  }
}
