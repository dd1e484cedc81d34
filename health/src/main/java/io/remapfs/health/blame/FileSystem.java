package io.remapfs.health.blame;

import java.util.function.LongConsumer;

/** A file system whose structures are understood. Its bytes count from its own beginning. */
interface FileSystem extends PathNames.Directories {
  /** Whether a place that nobody claims is free. */
  enum Use {
    FREE,
    IN_USE,
    UNKNOWN
  }

  /** Such as "ext4". */
  String name();

  long sizeBytes();

  int blockBytes();

  /**
   * Has every user of a place claim it, and shows the number of each directory.
   *
   * @param damage told in a few words what could not be read; the same may be told often
   */
  void claim(Claims claims, LongConsumer directories, Damage damage);

  /** Whether the file system's block at this byte is in use. */
  Use use(long byteOffset);

  /** What makes the answers less than certain, as a sentence; or nothing. */
  String caution();

  /** What could not be read, by kind. */
  final class Damage {
    private long inodeBlocks;
    private long maps;
    private long directoryBlocks;
    private long descriptors;

    void inodeBlock() {
      inodeBlocks++;
    }

    void map() {
      maps++;
    }

    void directoryBlock() {
      directoryBlocks++;
    }

    void descriptor() {
      descriptors++;
    }

    /** Whether an owner may have been missed. */
    boolean hidesOwners() {
      return inodeBlocks + maps + descriptors > 0;
    }

    /** A sentence, or nothing. */
    String sentence(String fileSystem) {
      if (inodeBlocks + maps + directoryBlocks + descriptors == 0) {
        return "";
      }
      StringBuilder said = new StringBuilder();
      add(said, inodeBlocks, "block of inodes", "blocks of inodes");
      add(said, maps, "map of a file's blocks", "maps of files' blocks");
      add(said, directoryBlocks, "part of a directory", "parts of directories");
      add(said, descriptors, "descriptor of a group", "descriptors of groups");
      return said
          + " of the "
          + fileSystem
          + " could not be read: what they tell of is missing here";
    }

    private static void add(StringBuilder said, long count, String one, String many) {
      if (count > 0) {
        said.append(said.length() == 0 ? "" : ", ")
            .append(count)
            .append(' ')
            .append(count == 1 ? one : many);
      }
    }
  }
}
