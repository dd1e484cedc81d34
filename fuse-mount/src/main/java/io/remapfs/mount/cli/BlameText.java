package io.remapfs.mount.cli;

import io.remapfs.health.blame.FileName;
import io.remapfs.health.blame.Finding;
import io.remapfs.health.blame.Finding.Owner;
import io.remapfs.health.blame.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** What blocks turned out to be used for, in words and as JSON's maps. Thread-safe: no state. */
final class BlameText {
  private BlameText() {}

  /** One finding on one line, but for further names of a file. */
  static String line(Finding finding, int blockSize) {
    StringBuilder line = new StringBuilder();
    line.append("block ").append(finding.byteOffset() / blockSize);
    if (finding.lengthBytes() < blockSize) {
      long from = finding.byteOffset() % blockSize;
      line.append(" bytes ").append(from).append('-').append(from + finding.lengthBytes() - 1);
    }
    line.append(": ").append(what(finding));
    if (!finding.note().isEmpty()) {
      line.append("; ").append(finding.note());
    }
    if (finding.partition() > 0) {
      line.append(" [partition ").append(finding.partition()).append(']');
    }
    return line.toString();
  }

  private static String what(Finding finding) {
    return switch (finding.kind()) {
      case FILE, SYMLINK -> contents(finding);
      case INODE_TABLE ->
          "inode table, inodes "
              + finding.inode()
              + "-"
              + (finding.inode() + finding.inodeCount() - 1)
              + (finding.owners().isEmpty() ? "" : ": " + owners(finding));
      case OTHER_FILE_SYSTEM -> finding.fileSystem();
      default ->
          finding.kind().words() + (finding.inodeCount() == 0 ? "" : " of " + owners(finding));
    };
  }

  private static String contents(Finding finding) {
    String name = owners(finding);
    if (finding.kind() == Kind.SYMLINK) {
      return "symbolic link " + name;
    }
    long from = finding.fileOffset();
    long size = finding.fileSizeBytes();
    if (from >= size) {
      return name + ", beyond its end: nothing is lost (inode " + finding.inode() + ")";
    }
    long last = Math.min(from + finding.lengthBytes(), size) - 1;
    return name
        + ", bytes "
        + from
        + "-"
        + last
        + " of "
        + size
        + " (inode "
        + finding.inode()
        + ")";
  }

  private static String owners(Finding finding) {
    if (finding.owners().isEmpty()) {
      return "inode " + finding.inode() + ", whose name was not found";
    }
    return finding.owners().stream().map(BlameText::names).collect(Collectors.joining(", "))
        + (finding.moreOwners() > 0 ? " and " + finding.moreOwners() + " more" : "");
  }

  private static String names(Owner owner) {
    return owner.paths().stream().map(FileName::shown).collect(Collectors.joining(" = "))
        + (owner.moreNames() > 0 ? " and " + owner.moreNames() + " more links" : "");
  }

  /** The findings by block. */
  static List<Map<String, Object>> toMaps(List<Finding> findings, long[] asked, int blockSize) {
    Map<Long, List<Map<String, Object>>> byBlock = new LinkedHashMap<>();
    for (long block : asked) {
      byBlock.put(block, new ArrayList<>());
    }
    for (Finding each : findings) {
      List<Map<String, Object>> of = byBlock.get(each.byteOffset() / blockSize);
      if (of == null) {
        throw new IllegalStateException("a block that was not asked about: " + each);
      }
      of.add(toMap(each));
    }
    List<Map<String, Object>> blocks = new ArrayList<>();
    byBlock.forEach(
        (block, of) -> {
          Map<String, Object> map = new LinkedHashMap<>();
          map.put("block", block);
          map.put("uses", of);
          blocks.add(map);
        });
    return blocks;
  }

  private static Map<String, Object> toMap(Finding finding) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("kind", finding.kind().words());
    map.put("byteOffset", finding.byteOffset());
    map.put("lengthBytes", finding.lengthBytes());
    if (finding.partition() > 0) {
      map.put("partition", finding.partition());
    }
    if (!finding.fileSystem().isEmpty()) {
      map.put("fileSystem", finding.fileSystem());
    }
    if (finding.inodeCount() > 0) {
      map.put("inode", finding.inode());
      map.put("inodeCount", finding.inodeCount());
      map.put("owners", finding.owners().stream().map(BlameText::toMap).toList());
      map.put("moreOwners", finding.moreOwners());
    }
    if (finding.fileSizeBytes() >= 0 && finding.fileOffset() >= 0) {
      map.put("fileOffset", finding.fileOffset());
      map.put("fileSizeBytes", finding.fileSizeBytes());
    }
    if (!finding.note().isEmpty()) {
      map.put("note", finding.note());
    }
    return map;
  }

  private static Map<String, Object> toMap(Owner owner) {
    List<Map<String, Object>> names = new ArrayList<>();
    for (FileName each : owner.paths()) {
      Map<String, Object> name = new LinkedHashMap<>();
      Optional<String> text = each.text();
      // Bytes that are not text have no exact form in JSON but this one.
      name.put("name", text.orElseGet(each::shown));
      if (text.isEmpty()) {
        name.put("nameHex", each.hex());
      }
      names.add(name);
    }
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("inode", owner.inode());
    map.put("names", names);
    map.put("moreNames", owner.moreNames());
    return map;
  }
}
