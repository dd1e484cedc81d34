package io.remapfs.health.blame;

import io.remapfs.health.blame.Claims.Claim;
import io.remapfs.health.blame.FileSystem.Damage;
import io.remapfs.health.blame.FileSystem.Use;
import io.remapfs.health.blame.Finding.Owner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The places of one file system that are asked about, from the question to findings. */
final class Places {
  /** More inodes than this are not looked up by name: a bound of memory. */
  private static final int MAX_WANTED = 1 << 16;

  /** Directories past this many are not looked into, and counted as unread. */
  private static final int MAX_DIRECTORIES = 1 << 21;

  private final FileSystem fileSystem;
  private final Claims claims;
  private final Damage damage;
  private @Nullable PathNames names;
  private long[] directories = new long[64];
  private int directoryCount;
  private boolean complete = true;

  Places(FileSystem fileSystem, Claims claims, Damage damage) {
    this.fileSystem = fileSystem;
    this.claims = claims;
    this.damage = damage;
  }

  /** Finds who uses the places, and their names. */
  void fill() {
    fileSystem.claim(claims, this::addDirectory, damage);
    Set<Long> wanted = new HashSet<>();
    for (int place = 0; place < claims.size(); place++) {
      for (Claim claim : claims.of(place)) {
        for (int i = 0; i < claim.inodeCount() && wanted.size() < MAX_WANTED; i++) {
          wanted.add(claim.inode() + i);
        }
      }
    }
    PathNames looked = new PathNames(fileSystem, wanted);
    names = looked;
    if (!wanted.isEmpty()) {
      for (int i = 0; i < directoryCount; i++) {
        looked.look(directories[i]);
      }
    }
  }

  /** What is not known now stays so. */
  void cutShort() {
    complete = false;
  }

  private void addDirectory(long inode) {
    if (directoryCount == MAX_DIRECTORIES) {
      damage.directoryBlock();
      return;
    }
    if (directoryCount == directories.length) {
      directories = Arrays.copyOf(directories, directoryCount * 2);
    }
    directories[directoryCount++] = inode;
  }

  /** What there is to say, place by place. */
  List<Finding> findings(long startByte, int partition) {
    List<Finding> all = new ArrayList<>();
    for (int place = 0; place < claims.size(); place++) {
      List<Claim> sorted = new ArrayList<>(claims.of(place));
      sorted.sort(Comparator.comparingLong(Claim::startByte).thenComparingLong(Claim::inode));
      for (Claim claim : join(sorted)) {
        all.add(finding(claim, startByte, partition, claims.dropped(place)));
      }
      long at = claims.start(place);
      for (Claim claim : sorted) {
        unclaimed(at, claim.startByte(), startByte, partition, all);
        at = Math.max(at, claim.endByte());
      }
      unclaimed(at, claims.end(place), startByte, partition, all);
    }
    return all;
  }

  /** Joins what goes on where the one before ended, in the disk and in the file. */
  private static List<Claim> join(List<Claim> sorted) {
    List<Claim> joined = new ArrayList<>();
    for (Claim next : sorted) {
      int last = joined.size() - 1;
      Claim before = last < 0 ? next : joined.get(last);
      if (last >= 0 && goesOn(before, next)) {
        boolean inodes = next.kind() == Kind.INODE_TABLE;
        joined.set(
            last,
            new Claim(
                before.startByte(),
                next.endByte(),
                next.kind(),
                before.inode(),
                inodes ? before.inodeCount() + next.inodeCount() : next.inodeCount(),
                before.fileOffset(),
                next.fileSizeBytes()));
      } else {
        joined.add(next);
      }
    }
    return joined;
  }

  private static boolean goesOn(Claim before, Claim next) {
    if (before.endByte() != next.startByte() || before.kind() != next.kind()) {
      return false;
    }
    if (next.kind() == Kind.INODE_TABLE) {
      return before.inode() + before.inodeCount() == next.inode() && next.inodeCount() > 0;
    }
    long inFile =
        before.fileOffset() < 0 ? -1 : before.fileOffset() + before.endByte() - before.startByte();
    return before.inode() == next.inode() && next.fileOffset() == inFile;
  }

  private Finding finding(Claim claim, long startByte, int partition, int dropped) {
    List<Owner> owners = new ArrayList<>();
    int more = 0;
    PathNames known = names;
    for (int i = 0; i < claim.inodeCount() && known != null; i++) {
      Owner owner = owner(known, claim.inode() + i);
      if (owner != null && owners.size() < Finding.MAX_OWNERS) {
        owners.add(owner);
      } else if (owner != null) {
        more++;
      }
    }
    return new Finding(
        startByte + claim.startByte(),
        claim.endByte() - claim.startByte(),
        partition,
        fileSystem.name(),
        claim.kind(),
        claim.inode(),
        claim.inodeCount(),
        claim.fileOffset(),
        claim.fileSizeBytes(),
        List.copyOf(owners),
        more,
        dropped == 0 ? "" : dropped + " more uses of the block are not listed");
  }

  private static @Nullable Owner owner(PathNames names, long inode) {
    try {
      return names.of(inode);
    } catch (DiskBytes.TimeIsUp e) {
      return null; // said already, or a few paths short of it
    }
  }

  /** Bytes that nobody claims, one block of the file system after the other. */
  private void unclaimed(
      long from, long to, long startByte, int partition, List<Finding> findings) {
    long at = from;
    while (at < to) {
      Finding first = unclaimed(at, startByte, partition);
      long end = nextBlock(at);
      while (end < to && alike(first, unclaimed(end, startByte, partition))) {
        end = nextBlock(end);
      }
      findings.add(stretched(first, Math.min(end, to) - at));
      at = end;
    }
  }

  private long nextBlock(long at) {
    return (at / fileSystem.blockBytes() + 1) * fileSystem.blockBytes();
  }

  private static boolean alike(Finding one, Finding other) {
    return one.kind() == other.kind() && one.note().equals(other.note());
  }

  private static Finding stretched(Finding finding, long lengthBytes) {
    return new Finding(
        finding.byteOffset(),
        lengthBytes,
        finding.partition(),
        finding.fileSystem(),
        finding.kind(),
        0,
        0,
        -1,
        -1,
        List.of(),
        0,
        finding.note());
  }

  private Finding unclaimed(long at, long startByte, int partition) {
    Kind kind = Kind.UNTOLD;
    String note = "";
    if (at >= fileSystem.sizeBytes()) {
      kind = Kind.AFTER_END;
    } else {
      Use use = use(at);
      if (use == Use.FREE) {
        kind = Kind.FREE;
      } else if (!complete) {
        note = "the search was given up before it was found";
      } else if (use == Use.UNKNOWN) {
        note = "nobody was found to use it, and what would say whether it is free cannot be read";
      } else {
        note =
            damage.hidesOwners()
                ? "in use, by something whose own record could not be read"
                : "in use, but nobody was found to use it";
      }
    }
    String name = fileSystem.name();
    return new Finding(startByte + at, 0, partition, name, kind, 0, 0, -1, -1, List.of(), 0, note);
  }

  private Use use(long at) {
    try {
      return fileSystem.use(at);
    } catch (DiskBytes.TimeIsUp e) {
      return Use.UNKNOWN;
    }
  }
}
