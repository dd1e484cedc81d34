package io.remapfs.mount.preflight;

import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the threads of this process may do, as the kernel tells (proc(5)): rights belong to threads,
 * and a process is as strong as its strongest.
 *
 * @param uids every real, effective, saved and file-system user id of any thread
 * @param gids the same of groups, supplementary ones included
 * @param capabilities what any thread has or may take: permitted, effective, inheritable, ambient
 * @param noNewPrivileges whether no thread can gain any by running a program
 * @param dumpable whether other processes of the same user may look into this one
 */
public record Privileges(
    Set<Integer> uids,
    Set<Integer> gids,
    long capabilities,
    boolean noNewPrivileges,
    boolean dumpable) {
  private static final Path TASKS = Path.of("/proc/self/task");

  /** linux/prctl.h. */
  private static final int PR_GET_DUMPABLE = 3;

  public Privileges {
    uids = Set.copyOf(uids);
    gids = Set.copyOf(gids);
  }

  /**
   * Looks at every thread now.
   *
   * @throws IllegalStateException if /proc cannot be read
   */
  public static Privileges ofAllThreads() {
    Set<Integer> uids = new TreeSet<>();
    Set<Integer> gids = new TreeSet<>();
    long capabilities = 0;
    boolean noNewPrivileges = true;
    try (DirectoryStream<Path> tasks = Files.newDirectoryStream(TASKS)) {
      for (Path task : tasks) {
        for (String line : linesOf(task)) {
          String value = line.substring(line.indexOf(':') + 1).strip();
          if (line.startsWith("Uid:")) {
            addNumbers(uids, value);
          } else if (line.startsWith("Gid:") || line.startsWith("Groups:")) {
            addNumbers(gids, value);
          } else if (line.startsWith("Cap") && !line.startsWith("CapBnd:")) {
            capabilities |= Long.parseUnsignedLong(value, 16);
          } else if (line.startsWith("NoNewPrivs:")) {
            noNewPrivileges &= value.equals("1");
          }
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException("/proc/self/task cannot be read", e);
    }
    boolean dumpable = LibC.INSTANCE.prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0;
    return new Privileges(uids, gids, capabilities, noNewPrivileges, dumpable);
  }

  private static List<String> linesOf(Path task) throws IOException {
    try {
      return Files.readAllLines(task.resolve("status"));
    } catch (NoSuchFileException e) {
      return List.of(); // this thread has ended meanwhile
    }
  }

  private static void addNumbers(Set<Integer> ids, String value) {
    for (String number : value.split("\\s+", -1)) {
      if (!number.isEmpty()) {
        ids.add(Integer.parseUnsignedInt(number));
      }
    }
  }

  /** Whether nothing but {@code user} is left of this process, for good. */
  public boolean areOnlyThoseOf(DaemonUser user) {
    return uids.equals(Set.of(user.uid()))
        && gids.equals(Set.of(user.gid()))
        && capabilities == 0
        && noNewPrivileges
        && !dumpable;
  }

  /** In words, for {@code status}. */
  public String describe() {
    if (uids.contains(0)) {
      return "root's; --user drops them";
    }
    return (capabilities == 0
            ? "no capabilities"
            : "capabilities " + Long.toHexString(capabilities))
        + (noNewPrivileges ? ", none can be gained" : "")
        + (dumpable ? "" : ", memory closed to others");
  }
}
