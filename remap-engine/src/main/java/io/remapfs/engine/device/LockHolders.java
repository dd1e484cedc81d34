package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Which process holds a lock on a file, told by its open descriptors (/proc/PID/fdinfo).
 *
 * <p>Not by /proc/locks: that names the process which took the lock. When it has died and a child
 * still has the descriptor, the number is nobody's, or by now that of a process that has nothing to
 * do with it.
 *
 * @param proc where the process file system is mounted
 */
record LockHolders(Path proc) {
  LockHolders() {
    this(Path.of("/proc"));
  }

  /**
   * A process that has one of these bytes locked.
   *
   * @return its id, or -1 where none is seen: it may be another user's, or in another container
   */
  long of(List<StorageExtent> extents) {
    try (DirectoryStream<Path> processes = Files.newDirectoryStream(proc, "[0-9]*")) {
      for (Path process : processes) {
        if (extents.stream().anyMatch(extent -> holds(process, extent))) {
          return Long.parseLong(String.valueOf(process.getFileName()));
        }
      }
    } catch (IOException | NumberFormatException e) {
      return -1;
    }
    return -1;
  }

  /**
   * The process with a lock on a file, wherever in it.
   *
   * @return its id, or -1
   */
  long of(Path file) {
    try {
      return of(List.of(new StorageExtent("file " + identityOf(file), file, 0, StorageExtent.END)));
    } catch (IOException | RuntimeException e) {
      return -1;
    }
  }

  /** "process 12 (remapfs mount disk.img /mnt)", "process 12 (qemu)", or "another process". */
  String describe(long pid) {
    if (pid <= 0) {
      return "another process";
    }
    String name =
        ofRemapfs(pid).or(() -> text(pid, "comm")).map(said -> " (" + said + ")").orElse("");
    return "process " + pid + name;
  }

  /** The daemon's arguments, where the process is one of ours. */
  private Optional<String> ofRemapfs(long pid) {
    return text(pid, "cmdline")
        .map(line -> Arrays.asList(line.split("\0", -1)))
        .flatMap(
            words -> {
              int jar = words.indexOf("-jar");
              if (jar < 0 || jar + 2 >= words.size() || !words.get(jar + 1).contains("remapfs")) {
                return Optional.empty();
              }
              String said = String.join(" ", words.subList(jar + 2, words.size())).strip();
              return Optional.of("remapfs " + said.replaceAll("\\p{Cntrl}", "?"));
            });
  }

  private Optional<String> text(long pid, String file) {
    try {
      Path path = proc.resolve(Long.toString(pid)).resolve(file);
      String text = new String(Files.readAllBytes(path), StandardCharsets.UTF_8).strip();
      return text.isEmpty() ? Optional.empty() : Optional.of(text);
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  private boolean holds(Path process, StorageExtent extent) {
    try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(process.resolve("fdinfo"))) {
      for (Path descriptor : descriptors) {
        if (hasLock(descriptor, extent) && isOpenOn(process, descriptor, extent)) {
          return true;
        }
      }
    } catch (IOException | RuntimeException e) {
      return false; // another user's, or gone meanwhile
    }
    return false;
  }

  private static boolean hasLock(Path descriptor, StorageExtent extent) throws IOException {
    return hasLock(Files.readAllLines(descriptor, StandardCharsets.ISO_8859_1), extent);
  }

  /** Whether the lines of a descriptor's fdinfo tell of a lock on bytes of {@code extent}. */
  static boolean hasLock(List<String> lines, StorageExtent extent) {
    // "lock:  1: OFDLCK  ADVISORY  WRITE -1 fe:00:1234 0 EOF", the bytes inclusive.
    for (String line : lines) {
      String[] fields = line.split("\\s+", -1);
      if (fields.length > 8 && fields[0].equals("lock:")) {
        long from = number(fields[7]);
        long last = fields[8].equals("EOF") ? StorageExtent.END : number(fields[8]);
        if (fields[2].equals("FLOCK") || (from < extent.to() && extent.from() <= last)) {
          return true;
        }
      }
    }
    return false;
  }

  private static long number(String digits) {
    return digits.matches("[0-9]{1,18}") ? Long.parseLong(digits) : 0;
  }

  /** The lock's own numbers do not do: on btrfs they are not those that stat tells. */
  private static boolean isOpenOn(Path process, Path descriptor, StorageExtent extent)
      throws IOException {
    Path open = process.resolve("fd").resolve(String.valueOf(descriptor.getFileName()));
    return identityOf(open).equals(identityOf(extent.node()));
  }

  private static String identityOf(Path path) throws IOException {
    return Files.getAttribute(path, "unix:dev") + ":" + Files.getAttribute(path, "unix:ino");
  }
}
