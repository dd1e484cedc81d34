package io.remapfs.mount.daemon;

import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.LibC;
import io.remapfs.mount.preflight.DaemonUser;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Privileges;
import io.remapfs.mount.preflight.RefusedException;

/**
 * Turns a daemon of root's into one of an ordinary user's, for good, once nothing that it still has
 * to do needs root.
 *
 * <p>The C library changes the ids of all threads of the process at once (nptl(7)), those of the
 * JVM included; a bare system call would change one thread's. With the last id of root's go all
 * capabilities. That no program can give them back was set before the JVM began (NoNewPrivs), which
 * is why the bounding set need not be emptied.
 */
final class RootDrop {
  /** linux/prctl.h. */
  private static final int PR_SET_DUMPABLE = 4;

  private RootDrop() {}

  /**
   * Becomes {@code user} and proves it.
   *
   * @throws RefusedException if the kernel refuses, or if any thread keeps anything of root's; what
   *     is left of root is then undefined, and the process must end
   */
  static void to(DaemonUser user) throws RefusedException {
    openWhatIsOpenedByName();
    require(LibC.INSTANCE.setgroups(0, 0), "its groups");
    require(LibC.INSTANCE.setresgid(user.gid(), user.gid(), user.gid()), "its group");
    require(LibC.INSTANCE.setresuid(user.uid(), user.uid(), user.uid()), "its user");
    // Else other processes of that user could read the disk's data in our memory and take our
    // descriptors. The kernel does it by itself unless fs.suid_dumpable says otherwise.
    require(LibC.INSTANCE.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "its being dumpable");
    Privileges left = Privileges.ofAllThreads();
    if (!left.areOnlyThoseOf(user)) {
      throw new RefusedException(
          ExitCode.FAILED, "root could not be dropped whole (" + left + "), so nothing is served");
    }
  }

  /**
   * The class path's jars may lie where only root can reach: a search that fails opens them all.
   */
  private static void openWhatIsOpenedByName() {
    if (ClassLoader.getSystemResource("io/remapfs/there-is-no-such-thing") != null) {
      throw new IllegalStateException("a resource of this name is not ours");
    }
  }

  private static void require(int result, String what) throws RefusedException {
    if (result != 0) {
      int errno = Errno.last();
      throw RefusedException.refused(
          "the daemon cannot drop root: the kernel refuses to change "
              + what
              + ": "
              + Errno.describe(errno)
              + "; name another --user, or leave it out");
    }
  }
}
