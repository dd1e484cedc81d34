package io.remapfs.mount.session;

import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.ring.IoUring;
import io.remapfs.mount.ring.RingUnavailableException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Makes the workers of {@code --session=uring}: a loop for each CPU, the reader of {@code
 * /dev/fuse}, and the helpers that they share.
 */
final class UringWorkers implements SessionWorker.Factory {
  /**
   * The largest WRITE, in bytes: each entry has memory for it, so it is not the largest there is.
   */
  private static final int TRANSFER_BYTES = InitNegotiation.MAX_TRANSFER_BYTES;

  /**
   * Requests that a queue has on their way; the kernel keeps the others. As many as it sends ahead
   * in the background: all those of one caller go to the queue of its CPU.
   */
  private static final int MOST_ENTRIES = InitNegotiation.MAX_BACKGROUND;

  private static final int FEWEST_ENTRIES = 2;

  /**
   * What the entries of all queues have together, in bytes, unless there are too many CPUs. Most of
   * it is not there until it is used.
   */
  private static final int MEMORY_BYTES = 256 << 20;

  private final ImageFile image;
  private volatile @Nullable UringStart start;
  private volatile int queues;

  UringWorkers(ImageFile image) {
    this.image = image;
  }

  @Override
  public int fixedCount() {
    if (queues == 0) {
      queues = CpuPlace.possible();
    }
    return queues;
  }

  @Override
  public void requireAvailable() {
    String problem = UringSwitch.problem();
    if (!problem.isEmpty()) {
      throw new SessionUnavailableException(problem);
    }
  }

  @Override
  public void create(
      LibfuseMount mount, int count, Runnable onInitialised, Consumer<SessionWorker> made) {
    InitWishes wishes = InitWishes.overUring(TRANSFER_BYTES);
    mount.wish(wishes);
    UringStart beginning = new UringStart(mount, count, onInitialised);
    start = beginning;
    ImageRequests images = new ImageRequests(image);
    made.accept(
        new UringDeviceWorker(
            new BlockingWorker(mount, images, mount.cloneDescriptor(0), beginning::initialised),
            beginning));
    int entries = entries(count);
    SlowRequests slow = new SlowRequests(count, count * entries, RingWorkers.HELPERS);
    AtomicBoolean spins = new AtomicBoolean();
    Eagerness eagerness = new Eagerness(System.nanoTime());
    int cpus = Runtime.getRuntime().availableProcessors();
    for (int queue = 0; queue < count; queue++) {
      made.accept(
          new UringWorker(
              openRing(entries),
              mount.cloneDescriptor(0),
              queue,
              image,
              slow,
              new Spinning(spins, cpus),
              eagerness,
              beginning,
              new UringWorker.Size(entries, wishes.payloadBytes())));
    }
    for (int i = 0; i < RingWorkers.HELPERS; i++) {
      made.accept(new HelperWorker(mount, image, images, slow, () -> {}));
    }
  }

  /** Entries of each queue, for so many queues. */
  static int entries(int queues) {
    return Math.max(FEWEST_ENTRIES, Math.min(MOST_ENTRIES, MEMORY_BYTES / TRANSFER_BYTES / queues));
  }

  private static IoUring openRing(int entries) {
    try {
      // An entry has a transfer and its reply in the ring; one more awaits what helpers give back.
      return IoUring.openWide(Integer.highestOneBit(2 * entries + 1) << 1);
    } catch (RingUnavailableException e) {
      throw new SessionUnavailableException(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void requireServing() {
    UringStart begun = start;
    if (begun != null) {
      begun.requireServing();
    }
  }
}
