package io.remapfs.it.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * The kernel's list of mounts, loop devices and processes, narrowed to what lies below a folder.
 */
public final class MountTable {
  private MountTable() {}

  /** Mount points at or below {@code folder}, innermost (mounted last) first. */
  public static List<Path> mountsBelow(Path folder) {
    List<Path> mounts = new ArrayList<>();
    for (String line : lines(Path.of("/proc/self/mounts"))) {
      Path mountPoint = Path.of(line.split(" ")[1].replace("\\040", " "));
      if (mountPoint.startsWith(folder)) {
        mounts.add(mountPoint);
      }
    }
    Collections.reverse(mounts);
    return mounts;
  }

  public static boolean isMounted(Path mountPoint) {
    return mountsBelow(mountPoint).contains(mountPoint);
  }

  /** Loop devices whose file lies below {@code folder}, also those the file of which is gone. */
  public static List<String> loopsBelow(Path folder) {
    List<String> devices = new ArrayList<>();
    for (String line :
        Shell.run("losetup", "-nlO", "NAME,BACK-FILE").orFail().stdout().lines().toList()) {
      String[] columns = line.trim().split("\\s+", 2);
      if (columns.length == 2 && columns[1].startsWith(folder.toString())) {
        devices.add(columns[0]);
      }
    }
    return devices;
  }

  /** Processes, other than this one, whose command line names {@code folder}. */
  public static List<ProcessHandle> processesNaming(Path folder) {
    long self = ProcessHandle.current().pid();
    return ProcessHandle.allProcesses()
        .filter(
            process ->
                process.pid() != self && commandLine(process.pid()).contains(folder.toString()))
        .toList();
  }

  /** The command line of a process with spaces between the words; empty when it is gone. */
  public static String commandLine(long pid) {
    try {
      return new String(
              Files.readAllBytes(Path.of("/proc/" + pid + "/cmdline")), StandardCharsets.UTF_8)
          .replace('\0', ' ')
          .trim();
    } catch (IOException gone) {
      return "";
    }
  }

  private static List<String> lines(Path file) {
    try {
      return Files.readAllLines(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
