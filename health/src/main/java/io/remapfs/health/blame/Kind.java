package io.remapfs.health.blame;

/** What a place of a disk is used for. */
public enum Kind {
  FILE("file"),
  DIRECTORY("directory"),
  SYMLINK("symbolic link"),
  ATTRIBUTES("extended attributes"),
  EXTENT_BLOCK("extent block"),
  INDIRECT_BLOCK("indirect block"),
  INODE_TABLE("inode table"),
  SUPERBLOCK("superblock"),
  GROUP_DESCRIPTORS("group descriptors"),
  BLOCK_BITMAP("block bitmap"),
  INODE_BITMAP("inode bitmap"),
  JOURNAL("journal"),
  QUOTA("quota"),
  MULTI_MOUNT("multiple mount protection"),
  BAD_BLOCK_LIST("known to the file system as bad"),
  ORPHAN_FILE("list of orphaned inodes"),
  AG_HEADER("AG header"),
  FREE_SPACE_TREE("free space tree"),
  INODE_TREE("inode tree"),
  REVERSE_MAP("reverse map"),
  REFERENCE_COUNTS("reference count tree"),
  FREE_LIST("AG free list"),
  REALTIME("realtime bitmap or summary"),
  FREE("free space"),
  BOOT("boot block"),
  AFTER_END("after the end of the file system"),
  PARTITION_TABLE("partition table"),
  BETWEEN_PARTITIONS("between partitions"),
  NO_FILE_SYSTEM("no file system known"),
  OTHER_FILE_SYSTEM("another file system"),
  UNTOLD("cannot be told");

  private final String words;

  Kind(String words) {
    this.words = words;
  }

  /** As people say it. */
  public String words() {
    return words;
  }
}
