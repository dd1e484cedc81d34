package io.remapfs.mount.daemon;

import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * Tells the launcher that the mount is ready, and lets go of the user's terminal.
 *
 * <p>The launcher starts the daemon in the background with {@value #ENVIRONMENT} naming a pipe; it
 * returns to the user when a line arrives there, and fails when the pipe closes without one.
 * Without that variable the process is in the foreground and keeps its terminal.
 */
final class ReadySignal {
  static final String ENVIRONMENT = "REMAPFS_READY_FD";

  private ReadySignal() {}

  /** Whether a launcher waits. */
  static boolean isAwaited() {
    return descriptor() >= 0;
  }

  /** Signals and detaches; does nothing in the foreground. */
  static void give() throws IOException {
    int descriptor = descriptor();
    if (descriptor < 0) {
      return;
    }
    System.out.flush();
    System.err.flush();
    int nowhere = Posix.open("/dev/null", Posix.O_RDWR);
    if (nowhere < 0) {
      throw new IOException("/dev/null cannot be opened");
    }
    for (int standard = 0; standard <= 2; standard++) {
      Posix.dup2(nowhere, standard);
    }
    Posix.close(nowhere);
    // Last: the launcher's caller may read our output to its end as soon as the launcher returns.
    // By its number: a daemon that dropped root may not open the launcher's pipe by name.
    byte[] ready = "ready\n".getBytes(StandardCharsets.US_ASCII);
    long written = Posix.write(descriptor, ready, ready.length);
    Posix.close(descriptor);
    if (written != ready.length) {
      throw new IOException("its pipe is closed");
    }
  }

  private static int descriptor() {
    @Nullable String value = System.getenv(ENVIRONMENT);
    return value != null && value.matches("[0-9]{1,4}") ? Integer.parseInt(value) : -1;
  }
}
