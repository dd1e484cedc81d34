package io.remapfs.mount.preflight;

import com.kenai.jffi.Library;
import io.remapfs.engine.posix.Posix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the system must offer for a mount, each missing thing with what to do about it. */
public final class Host {
  /** The library by the name under which the FUSE session loads it. */
  public static final String LIBFUSE = "libfuse.so.2";

  /** Through which the kernel and the daemon speak. */
  public static final Path FUSE_DEVICE = Path.of("/dev/fuse");

  private Host() {}

  /** Refuses where a FUSE mount cannot work. */
  public static void requireFuse(boolean allowOther) throws RefusedException {
    if (!Files.exists(FUSE_DEVICE)) {
      throw RefusedException.refused(
          "there is no /dev/fuse; load it with: modprobe fuse (in a container: --device /dev/fuse"
              + " --cap-add SYS_ADMIN)");
    }
    if (!Files.isReadable(FUSE_DEVICE) || !Files.isWritable(FUSE_DEVICE)) {
      throw RefusedException.refused(
          "/dev/fuse may not be opened by this user (permission denied); run as root or join the group that may");
    }
    if (!hasLibFuse()) {
      throw noLibFuse();
    }
    requireMountRights(allowOther);
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
