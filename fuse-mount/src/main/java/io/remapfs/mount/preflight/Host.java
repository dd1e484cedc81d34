package io.remapfs.mount.preflight;

import com.kenai.jffi.Library;
import io.remapfs.engine.posix.Errno;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What the system must offer for a mount, each missing thing with what to do about it. */
public final class Host {
  /** The library by the name under which the FUSE session loads it. */
  public static final String LIBFUSE = "libfuse.so.2";

  /** Through which the kernel and the daemon speak. */
  public static final Path FUSE_DEVICE = Path.of("/dev/fuse");

  /** 10:229, of the kernel's list of devices, as stat(2) gives it. */
  private static final long FUSE_DEVICE_NUMBER = 10 << 8 | 229;

  private Host() {}

  /** Refuses where a FUSE mount cannot work. */
  public static void requireFuse(boolean allowOther) throws RefusedException {
    String problem = fuseDeviceProblem();
    if (problem != null) {
      throw RefusedException.refused(problem);
    }
    if (!hasLibFuse()) {
      throw noLibFuse();
    }
    requireMountRights(allowOther);
  }

  /**
   * Why /dev/fuse is of no use; null where it is of use. It is opened and closed again: its rights
   * tell neither that the kernel's FUSE is behind it nor that a container lets it be opened.
   */
  public static @Nullable String fuseDeviceProblem() {
    if (!Files.exists(FUSE_DEVICE)) {
      return "there is no /dev/fuse; load it with: modprobe fuse (in a container: --device /dev/fuse"
          + " --cap-add SYS_ADMIN)";
    }
    try {
      if ((long) Files.getAttribute(FUSE_DEVICE, "unix:rdev") != FUSE_DEVICE_NUMBER) {
        return "/dev/fuse is not the kernel's FUSE device (character device 10:229); remove it and"
            + " load the right one with: modprobe fuse";
      }
    } catch (IOException e) {
      return "/dev/fuse cannot be looked at: " + e.getMessage();
    }
    int fd = Posix.open(FUSE_DEVICE.toString(), Posix.O_RDWR | Posix.O_CLOEXEC);
    if (fd >= 0) {
      Posix.close(fd);
      return null;
    }
    int errno = Posix.errno();
    return errno == Errno.EACCES
        ? "/dev/fuse may not be opened by this user (permission denied); run as root or join the"
            + " group that may"
        : "/dev/fuse cannot be opened ("
            + Errno.describe(errno)
            + "); load it with: modprobe fuse (in a container: --device /dev/fuse)";
  }

  /** Whether libfuse 2 can be loaded. */
  public static boolean hasLibFuse() {
    return Library.getCachedInstance(LIBFUSE, Library.LAZY) != null;
  }

  /** The refusal where it cannot. */
  public static RefusedException noLibFuse() {
    return RefusedException.refused(
        "libfuse 2 (" + LIBFUSE + ") is not installed; on Debian: apt-get install libfuse2");
  }

  /** Whether this process runs as root. */
  public static boolean isRoot() {
    return Posix.effectiveUid() == 0;
  }

  private static void requireMountRights(boolean allowOther) throws RefusedException {
    if (isRoot()) {
      if (Capabilities.ofThisProcess().has(Capabilities.SYS_ADMIN)) {
        return;
      }
      throw RefusedException.refused(
          "this process may not mount (CAP_SYS_ADMIN is missing); in a container add --cap-add"
              + " SYS_ADMIN");
    }
    if (Fusermount.find().isEmpty()) {
      throw RefusedException.refused(
          "only root may mount here, as fusermount is not installed; run with sudo, or on Debian:"
              + " apt-get install fuse");
    }
    if (allowOther && !userAllowOther()) {
      throw RefusedException.refused(
          "--allow-other needs the line user_allow_other in /etc/fuse.conf; add it or run as root");
    }
  }

  private static boolean userAllowOther() {
    try {
      return Files.readAllLines(Path.of("/etc/fuse.conf")).stream()
          .anyMatch(line -> line.strip().equals("user_allow_other"));
    } catch (IOException e) {
      return false;
    }
  }

  /** What to do about a mount that failed because a profile of AppArmor forbids it; else empty. */
  public static String confinementAdvice() {
    try {
      return confinementAdvice(Files.readString(Path.of("/proc/self/attr/current")));
    } catch (IOException e) {
      return ""; // no security module answers there
    }
  }

  /**
   * The same for what the kernel says of a process.
   *
   * @param label such as {@code docker-default (enforce)} or {@code unconfined}
   */
  static String confinementAdvice(String label) {
    if (!label.strip().endsWith("(enforce)")) {
      return "";
    }
    return "; AppArmor confines this process ("
        + label.strip().replace(" (enforce)", "")
        + "), in a container add --security-opt apparmor=unconfined";
  }

  /** Refuses where no loop device can be attached. */
  public static void requireLoop() throws RefusedException {
    Path control = Path.of("/dev/loop-control");
    if (!Files.exists(control)) {
      throw RefusedException.refused(
          "there is no /dev/loop-control, which --loop needs; load it with: modprobe loop");
    }
    if (!Files.isWritable(control)) {
      throw RefusedException.refused(
          "loop devices may not be attached by this user (permission denied); run as root or leave --loop out");
    }
  }
}
