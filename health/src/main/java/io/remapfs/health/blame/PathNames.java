package io.remapfs.health.blame;

import io.remapfs.health.blame.Finding.Owner;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds the names of inodes: goes once through all directories for the wanted ones, then up to the
 * root from each of these. Keeps nothing of the other directories, of which there can be millions.
 * Not thread-safe.
 */
final class PathNames {
  /** The most names of one inode that are told. */
  static final int MAX_NAMES = 8;

  /** Deeper than any path that can be opened, and an end for a damaged tree. */
  private static final int MAX_DEPTH = 4096;

  /** The directories of a file system. */
  interface Directories {
    long rootInode();

    /** Shows all entries of a directory that can be read, {@code ..} among them. */
    void forEachEntry(long directoryInode, EntryVisitor visitor);
  }

  /** Receives the entries of a directory. */
  @FunctionalInterface
  interface EntryVisitor {
    /** One entry; the bytes are the visitor's. */
    void entry(byte[] name, long inode);
  }

  private record Entry(long directoryInode, FileName name) {}

  private static final class Links {
    final List<Entry> entries = new ArrayList<>(1);
    int more;
  }

  private final Directories directories;
  private final Map<Long, Links> wanted = new HashMap<>();
  private final Map<Long, Entry> above = new HashMap<>();

  PathNames(Directories directories, Set<Long> inodes) {
    this.directories = directories;
    inodes.forEach(inode -> wanted.put(inode, new Links()));
  }

  /** Looks for wanted inodes in a directory. */
  void look(long directoryInode) {
    directories.forEachEntry(
        directoryInode,
        (name, inode) -> {
          Links links = isDots(name) ? null : wanted.get(inode);
          if (links != null && links.entries.size() < MAX_NAMES) {
            links.entries.add(new Entry(directoryInode, new FileName(name)));
          } else if (links != null) {
            links.more++;
          }
        });
  }

  /** The names of an inode; null if it has none that could be found. */
  @Nullable Owner of(long inode) {
    if (inode == directories.rootInode()) {
      return new Owner(inode, List.of(new FileName(new byte[] {'/'})), 0);
    }
    Links links = wanted.get(inode);
    if (links == null || links.entries.isEmpty()) {
      return null;
    }
    List<FileName> paths = links.entries.stream().map(this::path).toList();
    return new Owner(inode, paths, links.more);
  }

  private FileName path(Entry entry) {
    Deque<byte[]> names = new ArrayDeque<>();
    names.push(entry.name.bytes());
    long directory = entry.directoryInode;
    while (directory != directories.rootInode()) {
      Entry up = names.size() > MAX_DEPTH ? null : entryOf(directory);
      if (up == null) {
        // Damaged above: from the last directory that is known, by its number.
        names.push(("<" + directory + ">").getBytes(StandardCharsets.US_ASCII));
        return join(names, false);
      }
      names.push(up.name.bytes());
      directory = up.directoryInode;
    }
    return join(names, true);
  }

  private static FileName join(Deque<byte[]> names, boolean fromRoot) {
    ByteArrayOutputStream path = new ByteArrayOutputStream();
    for (byte[] name : names) {
      if (fromRoot || path.size() > 0) {
        path.write('/');
      }
      path.writeBytes(name);
    }
    return new FileName(path.toByteArray());
  }

  private @Nullable Entry entryOf(long directory) {
    Links links = wanted.get(directory);
    if (links != null && !links.entries.isEmpty()) {
      return links.entries.get(0);
    }
    Entry known = above.get(directory);
    if (known != null) {
      return known;
    }
    long[] parent = {0};
    directories.forEachEntry(
        directory, (name, inode) -> parent[0] = isParent(name) ? inode : parent[0]);
    if (parent[0] == 0 || parent[0] == directory) {
      return null;
    }
    directories.forEachEntry(
        parent[0],
        (name, inode) -> {
          if (inode == directory && !isDots(name)) {
            above.put(directory, new Entry(parent[0], new FileName(name)));
          }
        });
    return above.get(directory);
  }

  private static boolean isParent(byte[] name) {
    return name.length == 2 && name[0] == '.' && name[1] == '.';
  }

  private static boolean isDots(byte[] name) {
    return isParent(name) || (name.length == 1 && name[0] == '.');
  }
}
