package io.remapfs.mount.cli;

import io.remapfs.engine.posix.Errno;
import io.remapfs.mount.preflight.DaemonProcess;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.FileSync;
import io.remapfs.mount.preflight.LoopDevice;
import io.remapfs.mount.preflight.MountPoint;
import io.remapfs.mount.preflight.MountUsers;
import io.remapfs.mount.preflight.RefusedException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/**
 * {@code remapfs umount}: everything written is made durable before the mount goes, and the daemon
 * is gone when the command returns, so that the backing may be unplugged then.
 */
@Command(
    name = "umount",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Ends a mount in order, and waits until its daemon is gone.",
      "Syncs, detaches loop devices on the image, and unmounts, never lazily. Also clears a dead"
          + " mount that a killed daemon left."
    })
final class UmountCommand implements Callable<Integer> {
  @Parameters(paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      description = "How long to wait for the daemon to write everything and end (60).")
  private long timeoutSeconds = 60;

  @Override
  public Integer call() throws RefusedException {
    MountPoint at = MountPoint.lookForMount(mountPoint);
    if (at.state() == MountPoint.State.DEAD) {
      at.clearDead();
      return ExitCode.OK.number();
    }
    at.requireServing();
    List<LoopDevice> loops = LoopDevice.over(at.image());
    for (LoopDevice loop : loops) {
      loop.requireUnused();
    }
    Optional<DaemonProcess> daemon = daemonOf(at);
    Optional<String> syncFailure = sync(at, loops);
    for (LoopDevice loop : loops) {
      loop.detach();
    }
    int errno = at.unmount();
    if (errno != 0) {
      throw refusal(at, errno);
    }
    if (daemon.isPresent() && !daemon.get().awaitEnd(timeoutSeconds)) {
      throw new RefusedException(
          ExitCode.FAILED,
          "unmounted, but the daemon (process "
              + daemon.get().pid()
              + ") still writes after "
              + timeoutSeconds
              + " seconds; wait for it before you unplug the disk");
    }
    if (syncFailure.isPresent()) {
      throw new RefusedException(
          ExitCode.FAILED,
          "unmounted, but not everything could be made durable: " + syncFailure.get());
    }
    return ExitCode.OK.number();
  }

  private static Optional<String> sync(MountPoint at, List<LoopDevice> loops) {
    try {
      for (LoopDevice loop : loops) {
        loop.sync();
      }
      FileSync.sync(at.image());
      return Optional.empty();
    } catch (IOException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private static Optional<DaemonProcess> daemonOf(MountPoint at) {
    try {
      Map<String, Object> status =
          ControlClient.parse(ControlClient.bytesOf(at.file("status.json")));
      return DaemonProcess.find(
          ControlClient.number(status, "process", "pid"),
          ControlClient.number(status, "process", "startTicks"));
    } catch (IOException | RefusedException e) {
      return Optional.empty(); // it answers no more, but can be unmounted all the same
    }
  }

  private static RefusedException refusal(MountPoint at, int errno) {
    if (errno == Errno.EBUSY) {
      return RefusedException.refused(
          at.directory()
              + " is in use by "
              + MountUsers.describe(at.directory())
              + "; end that and try again");
    }
    if (errno == Errno.EPERM || errno == Errno.EACCES) {
      return RefusedException.refused(
          at.directory() + " may only be unmounted by root or the user who mounted it");
    }
    return RefusedException.refused(
        at.directory() + " cannot be unmounted: " + Errno.describe(errno));
  }
}
