package io.remapfs.mount.ring;

import static io.remapfs.mount.ring.RingLayout.CQE_BYTES;

import com.kenai.jffi.MemoryIO;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;

/**
 * One io_uring: two rings of memory shared with the kernel, one of what is to be done and one of
 * what was done, and one system call for both.
 *
 * <p><b>Use.</b> Made on any thread, then {@link #start}ed by the one that uses it ever after. That
 * thread puts transfers in with {@link #read}, {@link #write} and {@link #awaitReadable} while
 * there {@link #hasRoom}, has them begun and waits with {@link #submitAndWait}, and takes each
 * completion with {@link #userData}, {@link #result} and {@link #advance} while there {@link
 * #hasCompletion}.
 *
 * <p><b>Memory order.</b> The kernel reads the submissions up to the tail that we release, and we
 * read the completions up to the tail that it released; each side releases its head when it is done
 * with what lies before. Positions are unsigned ints that wrap; a ring's size is a power of two.
 *
 * <p><b>Set-up.</b> SINGLE_ISSUER and DEFER_TASKRUN: what a completion sets off (waking us, the
 * next of a chain) runs when we ask for completions, never as an interruption in between.
 * SUBMIT_ALL: an entry that the kernel refuses is a completion with an error, and does not hold up
 * the others.
 *
 * <p><b>Invariants.</b> Never more submissions than the ring holds, as {@link #hasRoom} tells;
 * memory whose address was submitted must live until its completion was taken. Nothing is allocated
 * once started. A closed ring may not be touched: the memory is gone.
 *
 * <p>No fixed files are used on purpose: the kernel gives those back some time after the ring was
 * closed, and a backing's lock must be free when its daemon says that it has ended.
 */
public final class IoUring implements AutoCloseable {
  /** Links a transfer to the next one, which begins when this one was done in full, else fails. */
  public static final int LINK = RingLayout.SQE_IO_LINK;

  /**
   * No completion if the transfer was done in full. If not, it has one, and those linked to it have
   * none: so a chain whose last has no such flag gives exactly one completion.
   */
  public static final int QUIET = RingLayout.SQE_CQE_SKIP_SUCCESS;

  private static final int PROT_READ_WRITE = 3;
  private static final int MAP_SHARED_POPULATE = 0x8001;

  private static final int SETUP_FLAGS =
      RingLayout.SETUP_R_DISABLED
          | RingLayout.SETUP_SUBMIT_ALL
          | RingLayout.SETUP_SINGLE_ISSUER
          | RingLayout.SETUP_DEFER_TASKRUN;

  private static final VarHandle INT =
      MethodHandles.byteBufferViewVarHandle(int[].class, ByteOrder.nativeOrder());

  private final RingCalls calls;
  private final int fd;
  private final ByteBuffer rings;
  private final ByteBuffer sqes;
  private final long ringsAddress;
  private final long sqesAddress;
  private final int sqHead;
  private final int sqTail;
  private final int sqEntries;
  private final int sqeBytes;
  private final int cqHead;
  private final int cqTail;
  private final int cqMask;
  private final int cqes;

  /** Behind the last submission that was put in; the ring's own tail follows at submission. */
  private int nextSubmission;

  /** The oldest completion that was not taken; the ring's own head is kept equal. */
  private int nextCompletion;

  private IoUring(RingCalls calls, int fd, ByteBuffer params) throws RingUnavailableException {
    this.calls = calls;
    this.fd = fd;
    this.sqEntries = params.getInt(RingLayout.PARAMS_SQ_ENTRIES);
    boolean isWide = (params.getInt(RingLayout.PARAMS_FLAGS) & RingLayout.SETUP_SQE128) != 0;
    this.sqeBytes = isWide ? RingLayout.WIDE_SQE_BYTES : RingLayout.SQE_BYTES;
    this.sqHead = params.getInt(RingLayout.PARAMS_SQ_HEAD);
    this.sqTail = params.getInt(RingLayout.PARAMS_SQ_TAIL);
    int cqEntries = params.getInt(RingLayout.PARAMS_CQ_ENTRIES);
    this.cqHead = params.getInt(RingLayout.PARAMS_CQ_HEAD);
    this.cqTail = params.getInt(RingLayout.PARAMS_CQ_TAIL);
    this.cqMask = cqEntries - 1;
    this.cqes = params.getInt(RingLayout.PARAMS_CQ_CQES);
    int array = params.getInt(RingLayout.PARAMS_SQ_ARRAY);
    int ringBytes = Math.max(array + sqEntries * Integer.BYTES, cqes + cqEntries * CQE_BYTES);
    this.ringsAddress = map(RingLayout.OFF_RINGS, ringBytes);
    this.rings = view(ringsAddress, ringBytes);
    long submissions = -1;
    try {
      submissions = map(RingLayout.OFF_SQES, sqEntries * sqeBytes);
    } finally {
      if (submissions == -1) {
        LibC.INSTANCE.munmap(ringsAddress, ringBytes);
      }
    }
    this.sqesAddress = submissions;
    this.sqes = view(sqesAddress, sqEntries * sqeBytes);
    for (int i = 0; i < sqEntries; i++) { // Submissions are taken in the order they lie in.
      rings.putInt(array + i * Integer.BYTES, i);
    }
  }

  /**
   * Makes a ring that is not started yet.
   *
   * @param entries submissions that it holds, a power of two up to 4096; twice as many completions
   * @throws RingUnavailableException if the kernel has none (it needs Linux 6.1), or forbids it
   */
  public static IoUring open(int entries) throws RingUnavailableException {
    return open(RingCalls.NATIVE, entries);
  }

  /** Why there is none here: a sentence without its full stop; "" if there is. */
  public static String problem() {
    return problem(SETUP_FLAGS);
  }

  /** The same of one with submissions of 128 bytes. */
  public static String wideProblem() {
    return problem(SETUP_FLAGS | RingLayout.SETUP_SQE128);
  }

  private static String problem(int flags) {
    try {
      open(RingCalls.NATIVE, 1, flags).close();
      return "";
    } catch (RingUnavailableException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** As {@link #open(int)}, with submissions of 128 bytes, as commands to FUSE need them. */
  public static IoUring openWide(int entries) throws RingUnavailableException {
    return open(RingCalls.NATIVE, entries, SETUP_FLAGS | RingLayout.SETUP_SQE128);
  }

  /** The same with its own system calls going through {@code calls}. */
  static IoUring open(RingCalls calls, int entries) throws RingUnavailableException {
    return open(calls, entries, SETUP_FLAGS);
  }

  private static IoUring open(RingCalls calls, int entries, int flags)
      throws RingUnavailableException {
    Pointer memory =
        Memory.allocateDirect(Runtime.getSystemRuntime(), RingLayout.PARAMS_BYTES, true);
    memory.putInt(RingLayout.PARAMS_FLAGS, flags);
    int fd = (int) calls.syscall(RingLayout.SYS_SETUP, entries, memory.address(), 0, 0, 0);
    if (fd < 0) {
      throw refused(calls.errno());
    }
    boolean made = false;
    try {
      ByteBuffer params = view(memory.address(), RingLayout.PARAMS_BYTES);
      if ((params.getInt(RingLayout.PARAMS_FEATURES) & RingLayout.FEAT_SINGLE_MMAP) == 0) {
        throw new RingUnavailableException("the kernel's io_uring is too old");
      }
      IoUring ring = new IoUring(calls, fd, params);
      made = true;
      return ring;
    } finally {
      if (!made) {
        LibC.INSTANCE.close(fd);
      }
    }
  }

  private static RingUnavailableException refused(int errno) {
    String why =
        switch (errno) {
          case Errno.ENOSYS -> "this kernel has no io_uring";
          case Errno.EPERM ->
              "io_uring is not permitted here (sysctl kernel.io_uring_disabled, or the container's"
                  + " seccomp profile)";
          case Errno.EINVAL -> "the kernel's io_uring is too old; it needs Linux 6.1";
          default -> "the kernel gives no io_uring: " + Errno.describe(errno);
        };
    return new RingUnavailableException(why);
  }

  private long map(long offset, int lengthBytes) throws RingUnavailableException {
    long address = calls.mmap(0, lengthBytes, PROT_READ_WRITE, MAP_SHARED_POPULATE, fd, offset);
    if (address == -1) {
      throw new RingUnavailableException(
          "an io_uring cannot be mapped: " + Errno.describe(calls.errno()));
    }
    return address;
  }

  private static ByteBuffer view(long address, int lengthBytes) {
    return MemoryIO.getInstance()
        .newDirectByteBuffer(address, lengthBytes)
        .order(ByteOrder.nativeOrder());
  }

  /** Makes the calling thread the one that this ring works for. */
  public void start() {
    long result =
        calls.syscall(RingLayout.SYS_REGISTER, fd, RingLayout.REGISTER_ENABLE_RINGS, 0, 0, 0);
    if (result < 0) {
      throw new IllegalStateException(
          "an io_uring cannot be started: " + Errno.describe(calls.errno()));
    }
  }

  /** Whether this many submissions can be put in before the next {@link #submitAndWait}. */
  public boolean hasRoom(int submissions) {
    return nextSubmission - (int) INT.getAcquire(rings, sqHead) + submissions <= sqEntries;
  }

  /** Puts a read in. The result is the count, or a negative errno. */
  public void read(
      int fromFd, long address, int lengthBytes, long offset, long userData, int flags) {
    put(RingLayout.OP_READ, fromFd, address, lengthBytes, offset, 0, userData, flags);
  }

  /** Puts a write in. The result is the count, or a negative errno. */
  public void write(
      int toFd, long address, int lengthBytes, long offset, long userData, int flags) {
    put(RingLayout.OP_WRITE, toFd, address, lengthBytes, offset, 0, userData, flags);
  }

  /**
   * Puts in a wait until there is something to read. Somebody else may then be first to read it, so
   * what is linked to it had better not wait (O_NONBLOCK).
   */
  public void awaitReadable(int onFd, long userData, int flags) {
    put(RingLayout.OP_POLL, onFd, 0, 0, 0, RingLayout.POLLIN, userData, flags);
  }

  /**
   * Puts in a wait for a span of time. The result is -ETIME.
   *
   * @param timespec the address of a {@code struct __kernel_timespec}, read when this is begun
   */
  public void alarm(long timespec, long userData) {
    put(RingLayout.OP_TIMEOUT, -1, timespec, 1, 0, 0, userData, 0);
  }

  /**
   * Puts a command to FUSE in; only in a wide ring. The result is 0, or a negative errno.
   *
   * @param onFd a descriptor of the mount
   * @param command its number
   * @param vector the address of an array of two {@code struct iovec}, or 0
   * @param queue the queue that it is about
   * @param commitId the request that it is about, or 0
   */
  public void fuseCommand(
      int onFd, int command, long vector, int queue, long commitId, long userData) {
    int at = (nextSubmission & (sqEntries - 1)) * sqeBytes;
    put(RingLayout.OP_URING_CMD, onFd, vector, vector == 0 ? 0 : 2, command, 0, userData, 0);
    sqes.putLong(at + RingLayout.SQE_FUSE_COMMIT_ID, commitId);
    sqes.putShort(at + RingLayout.SQE_FUSE_QUEUE, (short) queue);
  }

  private void put(
      int opcode,
      int onFd,
      long address,
      int lengthBytes,
      long offset,
      int operationFlags,
      long userData,
      int flags) {
    if (!hasRoom(1)) {
      throw new IllegalStateException("the io_uring is full");
    }
    int at = (nextSubmission & (sqEntries - 1)) * sqeBytes;
    sqes.put(at + RingLayout.SQE_OPCODE, (byte) opcode);
    sqes.put(at + RingLayout.SQE_FLAGS, (byte) flags);
    sqes.putShort(at + RingLayout.SQE_IOPRIO, (short) 0);
    sqes.putInt(at + RingLayout.SQE_FD, onFd);
    sqes.putLong(at + RingLayout.SQE_OFFSET, offset);
    sqes.putLong(at + RingLayout.SQE_ADDRESS, address);
    sqes.putInt(at + RingLayout.SQE_LENGTH, lengthBytes);
    sqes.putInt(at + RingLayout.SQE_RW_FLAGS, operationFlags);
    sqes.putLong(at + RingLayout.SQE_USER_DATA, userData);
    for (int rest = RingLayout.SQE_REST; rest < sqeBytes; rest += Long.BYTES) {
      sqes.putLong(at + rest, 0);
    }
    nextSubmission++;
  }

  /**
   * Begins what was put in, and waits until this many completions are there. Returns earlier where
   * a signal or a want of memory comes between; what was not begun then is begun by the next call.
   *
   * @param completions to wait for; 0 does not wait, but lets the kernel finish what is done
   */
  public void submitAndWait(int completions) {
    enter(completions, RingLayout.ENTER_GETEVENTS);
  }

  /** Begins what was put in, and lets nothing else be done meanwhile. */
  public void submit() {
    enter(0, 0);
  }

  private void enter(int completions, int flags) {
    INT.setRelease(rings, sqTail, nextSubmission);
    int toSubmit = nextSubmission - (int) INT.getAcquire(rings, sqHead);
    long result = calls.syscall(RingLayout.SYS_ENTER, fd, toSubmit, completions, flags, 0);
    if (result < 0) {
      int errno = calls.errno();
      if (errno != Errno.EINTR && errno != Errno.EAGAIN && errno != Errno.EBUSY) {
        throw new IllegalStateException("an io_uring fails: " + Errno.describe(errno));
      }
    }
  }

  /** Whether there is a completion to be taken. */
  public boolean hasCompletion() {
    return nextCompletion != (int) INT.getAcquire(rings, cqTail);
  }

  /** What the oldest completion's submission was given to be known by. */
  public long userData() {
    return rings.getLong(completionAt() + RingLayout.CQE_USER_DATA);
  }

  /** The oldest completion's count, or negative errno. */
  public int result() {
    return rings.getInt(completionAt() + RingLayout.CQE_RESULT);
  }

  private int completionAt() {
    return cqes + (nextCompletion & cqMask) * CQE_BYTES;
  }

  /** Takes the oldest completion out. */
  public void advance() {
    nextCompletion++;
    INT.setRelease(rings, cqHead, nextCompletion);
  }

  /** Cancels what is still waiting for something to read, and gives everything back. */
  @Override
  public void close() {
    LibC.INSTANCE.munmap(sqesAddress, sqes.capacity());
    LibC.INSTANCE.munmap(ringsAddress, rings.capacity());
    LibC.INSTANCE.close(fd);
  }
}
