package io.remapfs.health.blame;

import io.remapfs.health.blame.PartitionTable.Partition;
import io.remapfs.health.blame.PartitionTable.Stretch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Tells what blocks of a disk are used for: divides them among the partition table, the partitions
 * and what is between, and asks the file system of each. Not thread-safe.
 */
public final class Blame {
  private static final int MAX_BLOCKS = 1 << 12;

  /** A block of 64 KiB can hold a hundred small files. */
  private static final int MAX_BYTES = 64 << 20;

  /**
   * What was found.
   *
   * @param findings in the order of the disk; together they cover all blocks
   * @param notes what makes them less than complete, as sentences
   */
  public record Answer(List<Finding> findings, List<String> notes) {}

  /** A part of the disk that one of them owns. */
  private record Area(Stretch where, @Nullable Kind kind, int partition) {}

  private final DiskBytes disk;
  private final List<Finding> findings = new ArrayList<>();
  private final Set<String> notes = new LinkedHashSet<>();

  private Blame(DiskBytes disk) {
    this.disk = disk;
  }

  /**
   * The most blocks of this size asked about at once, which bounds the memory of one answer. More
   * are several questions.
   */
  public static int maxBlocks(int blockBytes) {
    return Math.min(MAX_BLOCKS, MAX_BYTES / blockBytes);
  }

  /**
   * Looks at a disk.
   *
   * @param blocks numbers in units of {@code blockBytes}, each within the disk; at most {@link
   *     #maxBlocks} of them
   */
  public static Answer of(DiskBytes disk, long[] blocks, int blockBytes) {
    if (blocks.length > maxBlocks(blockBytes)) {
      throw new IllegalArgumentException("too many blocks at once: " + blocks.length);
    }
    Blame blame = new Blame(disk);
    long[] sorted = Arrays.stream(blocks).sorted().distinct().toArray();
    for (Area area : blame.areasInTime()) {
      blame.look(area, sorted, blockBytes);
    }
    blame.findings.sort(
        Comparator.comparingLong(Finding::byteOffset).thenComparingLong(Finding::inode));
    return new Answer(List.copyOf(blame.findings), List.copyOf(blame.notes));
  }

  private List<Area> areasInTime() {
    try {
      return areas();
    } catch (DiskBytes.TimeIsUp e) {
      notes.add("looking for partitions took too long, and was given up");
      return List.of(new Area(new Stretch(0, disk.sizeBytes()), Kind.UNTOLD, 0));
    }
  }

  /** All of the disk, in order. */
  private List<Area> areas() {
    Stretch whole = new Stretch(0, disk.sizeBytes());
    boolean unpartitioned = open(disk) != null || !Signature.find(disk).isEmpty();
    PartitionTable table = unpartitioned ? null : PartitionTable.read(disk);
    if (table == null) {
      return List.of(new Area(whole, null, 0));
    }
    TreeMap<Long, Area> owned = new TreeMap<>();
    for (Stretch each : table.own()) {
      owned.put(each.startByte(), new Area(each, Kind.PARTITION_TABLE, 0));
    }
    for (Partition each : table.partitions()) {
      owned.putIfAbsent(each.where().startByte(), new Area(each.where(), null, each.number()));
    }
    List<Area> areas = new ArrayList<>();
    long at = 0;
    for (Area each : owned.values()) {
      if (each.where.startByte() > at) {
        Stretch between = new Stretch(at, each.where.startByte() - at);
        areas.add(new Area(between, Kind.BETWEEN_PARTITIONS, 0));
      }
      if (each.where.startByte() >= at) {
        areas.add(each);
        at = each.where.endByte();
      } else {
        notes.add("partition " + each.partition + " overlaps what is before it, and is left out");
      }
    }
    if (at < disk.sizeBytes()) {
      areas.add(new Area(new Stretch(at, disk.sizeBytes() - at), Kind.BETWEEN_PARTITIONS, 0));
    }
    return areas;
  }

  private static @Nullable FileSystem open(DiskBytes part) {
    FileSystem xfs = Xfs.open(part);
    return xfs != null ? xfs : Ext.open(part);
  }

  private void look(Area area, long[] blocks, int blockBytes) {
    long begin = area.where.startByte();
    long end = area.where.endByte();
    int first = position(blocks, begin / blockBytes);
    int after = position(blocks, (end + blockBytes - 1) / blockBytes);
    if (first >= after) {
      return;
    }
    long[] starts = new long[after - first];
    long[] ends = new long[after - first];
    for (int i = first; i < after; i++) {
      starts[i - first] = Math.max(blocks[i] * blockBytes, begin) - begin;
      ends[i - first] = Math.min((blocks[i] + 1) * blockBytes, end) - begin;
    }
    if (area.kind != null) {
      each(area, new Claims(starts, ends), area.kind, "", "");
      return;
    }
    Claims claims = new Claims(starts, ends);
    DiskBytes part = disk.part(begin, end - begin);
    try {
      FileSystem fileSystem = open(part);
      if (fileSystem != null) {
        ask(area, fileSystem, claims);
      } else {
        notUnderstood(area, part, claims);
      }
    } catch (DiskBytes.TimeIsUp e) {
      notes.add("looking for a file system took too long, and was given up");
      each(area, claims, Kind.UNTOLD, "", "");
    }
  }

  private void notUnderstood(Area area, DiskBytes part, Claims claims) {
    String other = Signature.find(part);
    if (!other.isEmpty()) {
      String note = "only of ext2, ext3, ext4 and xfs can it be told";
      each(area, claims, Kind.OTHER_FILE_SYSTEM, other, note);
    } else if (part.read(0, (int) Math.min(4096, part.sizeBytes())) != null) {
      each(area, claims, Kind.NO_FILE_SYSTEM, "", "");
    } else {
      String note = "the beginning, which would tell what is on it, cannot be read";
      each(area, claims, Kind.UNTOLD, "", note);
    }
  }

  private void each(Area area, Claims claims, Kind kind, String fileSystem, String note) {
    for (int i = 0; i < claims.size(); i++) {
      plain(area, claims.start(i), claims.end(i), kind, fileSystem, note);
    }
  }

  /** The index of the first block from this one on. */
  private static int position(long[] blocks, long block) {
    int at = Arrays.binarySearch(blocks, block);
    return at >= 0 ? at : -at - 1;
  }

  private void plain(Area area, long start, long end, Kind kind, String fileSystem, String note) {
    findings.add(
        new Finding(
            area.where.startByte() + start,
            end - start,
            area.partition,
            fileSystem,
            kind,
            0,
            0,
            -1,
            -1,
            List.of(),
            0,
            note));
  }

  private void ask(Area area, FileSystem fileSystem, Claims claims) {
    String name =
        fileSystem.name() + (area.partition == 0 ? "" : " in partition " + area.partition);
    FileSystem.Damage damage = new FileSystem.Damage();
    Places places = new Places(fileSystem, claims, damage);
    try {
      places.fill();
    } catch (DiskBytes.TimeIsUp e) {
      places.cutShort();
      notes.add("looking through the " + name + " took too long, and was given up");
    }
    if (!fileSystem.caution().isEmpty()) {
      notes.add(name + ": " + fileSystem.caution());
    }
    String lost = damage.sentence(name);
    if (!lost.isEmpty()) {
      notes.add(lost);
    }
    findings.addAll(places.findings(area.where.startByte(), area.partition));
  }
}
