package io.remapfs.health.blame;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** What else a disk may hold, by the bytes that libblkid goes by. Thread-safe: no state. */
record Signature(String name, int byteOffset, String bytes) {
  private static final List<Signature> ALL =
      List.of(
          new Signature("btrfs", 0x10040, "_BHRfS_M"),
          new Signature("ntfs", 3, "NTFS    "),
          new Signature("exfat", 3, "EXFAT   "),
          new Signature("vfat", 0x52, "FAT32   "),
          new Signature("vfat", 0x36, "FAT16   "),
          new Signature("vfat", 0x36, "FAT12   "),
          new Signature("f2fs", 0x400, "\u0010 \u00f5\u00f2"),
          new Signature("swap", 4086, "SWAPSPACE2"),
          new Signature("LUKS", 0, "LUKS"),
          new Signature("LVM2", 512, "LABELONE"),
          new Signature("iso9660", 0x8001, "CD001"),
          new Signature("squashfs", 0, "hsqs"),
          new Signature("reiserfs", 0x10034, "ReIsEr"),
          new Signature("jfs", 0x8000, "JFS1"),
          new Signature("md RAID", 4096, "\u00fcN+\u00a9"));

  /** The name of what is there; empty if nothing known is. */
  static String find(DiskBytes disk) {
    for (Signature each : ALL) {
      ByteBuffer there = disk.read(each.byteOffset, each.bytes.length());
      if (there != null
          && StandardCharsets.ISO_8859_1.decode(there).toString().equals(each.bytes)) {
        return each.name;
      }
    }
    return "";
  }
}
