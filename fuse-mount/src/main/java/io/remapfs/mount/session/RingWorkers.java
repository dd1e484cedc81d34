package io.remapfs.mount.session;

import io.remapfs.engine.posix.Posix;
import io.remapfs.mount.fs.ImageFile;
import io.remapfs.mount.ring.IoUring;
import io.remapfs.mount.ring.RingUnavailableException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;

/** Makes the workers of {@code --session=ring}: the loops, and the helpers that they share. */
final class RingWorkers implements SessionWorker.Factory {
  /** Requests that can be slow at the same time without another one waiting for them. */
  static final int HELPERS = 8;

  /**
   * A READ longer than this is the helpers', as long as there are some to spare: it takes so long
   * to be prepared and copied that others wait for a loop that does it, and helpers share the work
   * among the CPUs. Measured (2 CPUs, O_DIRECT, 1 MiB reads at depth 4, of the raw file's): ring 92
   * % with helpers, 81 % without; uring 100 %, 89 %.
   */
  static final int LONG_READ_BYTES = 128 << 10;

  /** Submissions: three for each slot at most, and those that await requests. */
  private static final int RING_ENTRIES = 256;

  private final ImageFile image;

  RingWorkers(ImageFile image) {
    this.image = image;
  }

  @Override
  public void requireAvailable() {
    openRing().close();
  }

  private static IoUring openRing() {
    try {
      return IoUring.open(RING_ENTRIES);
    } catch (RingUnavailableException e) {
      throw new SessionUnavailableException(String.valueOf(e.getMessage()));
    }
  }

  @Override
  public void create(
      LibfuseMount mount, int count, Runnable onInitialised, Consumer<SessionWorker> made) {
    ImageRequests images = new ImageRequests(image);
    SlowRequests slow = new SlowRequests(count, count * RingSlots.COUNT, HELPERS);
    AtomicBoolean spins = new AtomicBoolean();
    Eagerness eagerness = new Eagerness(System.nanoTime());
    int cpus = Runtime.getRuntime().availableProcessors();
    for (int i = 0; i < count; i++) {
      IoUring ring = openRing();
      made.accept(
          new RingWorker(
              ring,
              mount.cloneDescriptor(Posix.O_NONBLOCK),
              image,
              slow,
              new Spinning(spins, cpus),
              eagerness));
    }
    for (int i = 0; i < HELPERS; i++) {
      made.accept(new HelperWorker(mount, image, images, slow, onInitialised));
    }
  }
}
