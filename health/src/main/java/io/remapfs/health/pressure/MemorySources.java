package io.remapfs.health.pressure;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.lang.management.MemoryUsage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Where it can be seen that memory is short: what the kernel says of stalls (PSI), what the
 * container (cgroup version 2 or 1) may use, and what the heap keeps after a collection. What a
 * machine does not have says nothing.
 *
 * <p>Of a container's usage, file pages that nobody uses are left out: the kernel drops them for
 * the asking.
 */
final class MemorySources {
  private static final Pattern SOME = Pattern.compile("some avg10=([0-9.]+)");
  private static final Pattern FULL = Pattern.compile("full avg10=([0-9.]+)");
  private static final Pattern INACTIVE =
      Pattern.compile("(?m)^(?:total_)?inactive_file ([0-9]{1,18})$");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,18}");

  /** Above it, a limit of cgroup version 1 means that there is none. */
  private static final long NO_LIMIT = 1L << 60;

  private final Path proc;
  private final Path cgroups;

  MemorySources() {
    this(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  MemorySources(Path proc, Path cgroups) {
    this.proc = proc;
    this.cgroups = cgroups;
  }

  List<PressureGauge> look() {
    String stalls = read(proc.resolve("pressure/memory"));
    return List.of(
        new PressureGauge(
            "time in which tasks wait for memory", number(SOME, stalls), 10, 5, 40, 20),
        new PressureGauge("time in which all wait for memory", number(FULL, stalls), 5, 2, 15, 8),
        new PressureGauge("the container's memory", containerPercent(), 90, 85, 97, 94),
        new PressureGauge("the heap after a collection", heapPercent(), 80, 70, 92, 85));
  }

  private static double number(Pattern pattern, String text) {
    Matcher found = pattern.matcher(text);
    try {
      return found.find() ? Double.parseDouble(String.valueOf(found.group(1))) : -1;
    } catch (NumberFormatException e) {
      return -1;
    }
  }

  /** Of the process's own group, or of the root that a container sees. */
  private double containerPercent() {
    String membership = read(proc.resolve("self/cgroup"));
    double worst = -1;
    for (String line : membership.lines().toList()) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[1].isEmpty()) {
        worst = Math.max(worst, v2(cgroups, parts[2]));
        worst = Math.max(worst, v2(cgroups.resolve("unified"), parts[2]));
      } else if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains("memory")) {
        Path memory = cgroups.resolve("memory");
        worst = Math.max(worst, v1(inside(memory, parts[2])));
        worst = Math.max(worst, v1(memory));
      }
    }
    return worst;
  }

  /** The tightest of the group and those above it. */
  private static double v2(Path root, String group) {
    double worst = -1;
    for (Path at = inside(root, group); at != null && at.startsWith(root); at = at.getParent()) {
      worst = Math.max(worst, percent(at.resolve("memory.current"), at.resolve("memory.max"), at));
    }
    return worst;
  }

  private static double v1(Path at) {
    return percent(at.resolve("memory.usage_in_bytes"), at.resolve("memory.limit_in_bytes"), at);
  }

  private static Path inside(Path root, String group) {
    Path at = root.resolve(group.startsWith("/") ? group.substring(1) : group).normalize();
    return at.startsWith(root) ? at : root;
  }

  private static double percent(Path usage, Path limit, Path group) {
    long used = number(read(usage));
    long most = number(read(limit));
    if (used < 0 || most <= 0 || most >= NO_LIMIT) {
      return -1;
    }
    double idle = Math.max(0, number(INACTIVE, read(group.resolve("memory.stat"))));
    return Math.max(0, used - idle) * 100 / most;
  }

  private static long number(String text) {
    String word = text.strip();
    return NUMBER.matcher(word).matches() ? Long.parseLong(word) : -1;
  }

  private static String read(Path file) {
    try {
      return Files.isReadable(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      return "";
    }
  }

  private static double heapPercent() {
    long used = 0;
    long most = 0;
    for (MemoryPoolMXBean pool : ManagementFactory.getMemoryPoolMXBeans()) {
      MemoryUsage after = pool.getType() == MemoryType.HEAP ? pool.getCollectionUsage() : null;
      if (after != null) {
        used += after.getUsed();
        most += Math.max(0, after.getMax());
      }
    }
    return most == 0 ? -1 : used * 100.0 / most;
  }
}
