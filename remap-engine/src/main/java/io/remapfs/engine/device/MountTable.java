package io.remapfs.engine.device;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What is mounted where, as this process sees it (/proc/self/mountinfo, see proc(5)). A snapshot.
 *
 * @param mounts in the order in which the kernel lists them: a later one hides an earlier one
 */
public record MountTable(List<Mount> mounts) {
  /** The type under which the kernel lists our mounts. */
  public static final String REMAPFS_TYPE = "fuse.remapfs";

  /**
   * One mount.
   *
   * @param device "MAJOR:MINOR" of the mounted file system
   * @param mountPoint its directory
   * @param type such as "ext4" or "fuse.remapfs"
   * @param source such as "/dev/sda1"
   * @param options those of the file system, such as "rw,user_id=0,group_id=0"
   */
  public record Mount(
      String device, Path mountPoint, String type, String source, List<String> options) {
    public Mount {
      options = List.copyOf(options);
    }

    /** Whether that user made this FUSE mount, who may then unmount it by fusermount. */
    public boolean isMadeBy(int uid) {
      return options.contains("user_id=" + Integer.toUnsignedString(uid));
    }

    /** Whether the file system itself (not just this mount of it) takes writes. */
    public boolean writable() {
      return options.contains("rw");
    }

    /** Whether a FUSE daemon serves it. */
    public boolean isFuse() {
      return type.equals("fuse") || type.startsWith("fuse.") || type.equals("fuseblk");
    }

    public boolean isRemapfs() {
      return type.equals(REMAPFS_TYPE);
    }
  }

  public MountTable {
    mounts = List.copyOf(mounts);
  }

  /** Reads the table now. */
  public static MountTable read() throws IOException {
    // Bytes beyond ASCII are one char each here and become UTF-8 again in unescape.
    return parse(Files.readAllLines(Path.of("/proc/self/mountinfo"), StandardCharsets.ISO_8859_1));
  }

  /** The mounts of what the kernel wrote; lines that say no mount are passed over. */
  public static MountTable parse(List<String> lines) {
    List<Mount> mounts = new ArrayList<>();
    for (String line : lines) {
      String[] fields = line.split(" ", -1);
      int dash = List.of(fields).indexOf("-");
      if (dash > 4 && dash + 3 < fields.length && line.indexOf('\0') < 0) {
        mounts.add(
            new Mount(
                fields[2],
                Path.of(unescape(fields[4])),
                fields[dash + 1],
                unescape(fields[dash + 2]),
                List.of(fields[dash + 3].split(",", -1))));
      }
    }
    return new MountTable(mounts);
  }

  /** What is seen at a directory: the newest mount there. */
  public Optional<Mount> at(Path directory) {
    return mounts.stream()
        .filter(mount -> mount.mountPoint().equals(directory))
        .reduce((earlier, later) -> later);
  }

  /** Where a block device is mounted. */
  public Optional<Mount> ofDevice(String device) {
    return mounts.stream().filter(mount -> mount.device().equals(device)).findFirst();
  }

  /** The kernel writes space, tab, line feed and backslash as octal. */
  private static String unescape(String field) {
    byte[] in = field.getBytes(StandardCharsets.ISO_8859_1);
    byte[] out = new byte[in.length];
    int size = 0;
    for (int i = 0; i < in.length; i++) {
      if (in[i] == '\\' && i + 3 < in.length && isOctal(in, i + 1)) {
        out[size++] = (byte) ((in[i + 1] - '0') * 64 + (in[i + 2] - '0') * 8 + (in[i + 3] - '0'));
        i += 3;
      } else {
        out[size++] = in[i];
      }
    }
    return new String(out, 0, size, StandardCharsets.UTF_8);
  }

  private static boolean isOctal(byte[] bytes, int at) {
    for (int i = at; i < at + 3; i++) {
      if (bytes[i] < '0' || bytes[i] > '7') {
        return false;
      }
    }
    // The kernel escapes what is there, and a path has no NUL.
    return bytes[at] <= '3' && (bytes[at] | bytes[at + 1] | bytes[at + 2]) != '0';
  }
}
