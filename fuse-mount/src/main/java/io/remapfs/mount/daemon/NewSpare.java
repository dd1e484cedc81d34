package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.SpareStatus;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.AddedSpare;
import io.remapfs.engine.metadata.Membership;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.metadata.NoRoomException;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import io.remapfs.mount.preflight.SpareNote;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * A file or device on its way into a set that is in use. Everything is looked at before anything is
 * made, and a file that was made is removed again unless the set may know of it.
 */
final class NewSpare {
  /** One place in a set is kept for the spare that a migration adds. */
  private static final int MOST_WITHOUT_MIGRATING = Membership.MAX_MEMBERS - 1;

  private final RemapEngine engine;
  private final Path backing;
  private final IoMode ioMode;

  NewSpare(RemapEngine engine, Path backing, IoMode ioMode) {
    this.engine = engine;
    this.backing = backing;
    this.ioMode = ioMode;
  }

  /**
   * Adds the spare that was asked for.
   *
   * @param forAllBlocks whether all blocks are to move to it
   * @throws RefusedException if it is not added; nothing was changed then, unless it says that this
   *     is not certain
   */
  AddedSpare add(SpareRequest request, boolean forAllBlocks) throws RefusedException {
    EngineStatus status = engine.status();
    requirePlaceInSet(status, forAllBlocks);
    SpareChoice choice = SpareChoice.choose(backing, false, request.path());
    Path path = choice.path();
    if (path.toString().chars().anyMatch(Character::isISOControl)) {
      // It would be printed wherever the spare is named, and would not be looked for there.
      throw RefusedException.usage("the name of the new spare has control characters; rename it");
    }
    requireNoMember(status, path);
    SpareNeeds needs = SpareNeeds.of(status, forAllBlocks);
    if (choice.exists()) {
      if (request.sizeBytes() > 0) {
        throw RefusedException.usage(
            "a size is for a new file, but " + path + " exists; leave the size out");
      }
      return give(open(path, needs, request.force()), path);
    }
    long sizeBytes =
        request.sizeBytes() > 0 ? request.sizeBytes() : defaultBytes(status, needs, forAllBlocks);
    requireSlots(path, sizeBytes, needs);
    SpareMaker.makeBlank(path, sizeBytes);
    try {
      return give(open(path, needs, false), path);
    } catch (RefusedException e) {
      if (!(e.getCause() instanceof MetadataUnavailableException)) {
        SpareMaker.discard(path);
      } // Else the set may know it by this name.
      throw e;
    }
  }

  private static void requirePlaceInSet(EngineStatus status, boolean forAllBlocks)
      throws RefusedException {
    int members = status.spares().size();
    if (members >= Membership.MAX_MEMBERS || (members >= MOST_WITHOUT_MIGRATING && !forAllBlocks)) {
      throw RefusedException.refused(
          "the disk has "
              + members
              + " spares, and no more can be added; move all blocks to "
              + (forAllBlocks ? "the newest with: remapfs migrate" : "a larger one with migrate"));
    }
  }

  private static void requireNoMember(EngineStatus status, Path path) throws RefusedException {
    for (SpareStatus each : status.spares()) {
      boolean same;
      try {
        Path member = Path.of(each.name());
        same = path.equals(member) || (Files.exists(path) && Files.isSameFile(path, member));
      } catch (IOException e) {
        same = false;
      }
      if (same) {
        throw RefusedException.refused(
            path
                + " is a spare of this disk already; to move all blocks to the newest of its spares,"
                + " give migrate no new one");
      }
    }
  }

  private long defaultBytes(EngineStatus status, SpareNeeds needs, boolean forAllBlocks) {
    // Twice what is needed now: the disk goes on getting worse.
    long slots = forAllBlocks ? 2 * needs.slots() : needs.slots();
    return Math.max(SpareChoice.defaultSizeBytes(status.sizeBytes()), needs.leastBytes(slots));
  }

  private PosixBlockDevice open(Path path, SpareNeeds needs, boolean force)
      throws RefusedException {
    PosixBlockDevice device;
    try {
      device = PosixBlockDevice.open(path.toString(), ioMode, Access.READ_WRITE);
    } catch (DeviceOpenException e) {
      throw RefusedException.of(e);
    }
    boolean good = false;
    try {
      requireSlots(path, device.sizeBytes(), needs);
      if (!force) {
        BlankDevice.require(device);
      }
      good = true;
      return device;
    } finally {
      if (!good) {
        device.close();
      }
    }
  }

  private static void requireSlots(Path path, long sizeBytes, SpareNeeds needs)
      throws RefusedException {
    if (needs.slotsIn(sizeBytes) >= needs.slots()) {
      return;
    }
    throw RefusedException.usage(
        "the spare "
            + path
            + " is too small: it has "
            + sizeBytes
            + " bytes, and to hold "
            + needs.slots()
            + " blocks it needs "
            + needs.leastBytes(needs.slots())
            + "; make it larger or name another");
  }

  /** The engine closes the device from here on. */
  private AddedSpare give(PosixBlockDevice device, Path path) throws RefusedException {
    try {
      AddedSpare added = engine.addSpare(device, path.toString());
      SpareNote.leave(backing, path);
      return added;
    } catch (IllegalArgumentException e) {
      throw new RefusedException(ExitCode.USAGE, String.valueOf(e.getMessage()), e);
    } catch (MetadataUnavailableException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          "it is not certain whether "
              + path
              + " was added ("
              + e.getMessage()
              + "); keep it, and mount anew to find out",
          e);
    } catch (NoRoomException e) {
      throw SpareMaker.noRoom(path.toString(), e);
    } catch (IOException e) {
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    }
  }
}
