package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.RemapEngine;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.DeviceFacts;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.device.StorageLayers;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MetadataUnavailableException;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.SetIdentity;
import io.remapfs.engine.metadata.TagSurvey;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.mount.preflight.BlockSizes;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The backing and its spare on their way to an engine, in two steps: {@link #look} opens and locks
 * and changes nothing, {@link #recover} and {@link #makeSpare} write.
 *
 * <p>Invariant: a device is closed by this object until it was handed over with {@link #release}.
 * Not thread-safe.
 */
public final class DiskOpening implements AutoCloseable {
  private final IoMode ioMode;
  private final Access access;
  private final SpareChoice spareChoice;
  private final List<Path> otherSpares;
  private final long wishedBlockSizeBytes;
  private final PosixBlockDevice backing;
  private @Nullable PosixBlockDevice spare;
  private List<BlockDevice> set = List.of();
  private List<String> notes = List.of();
  private @Nullable SetIdentity accepted;
  private boolean released;

  private DiskOpening(
      PosixBlockDevice backing,
      SpareChoice spareChoice,
      List<Path> otherSpares,
      long wishedBlockSizeBytes,
      IoMode ioMode,
      Access access) {
    this.backing = backing;
    this.spareChoice = spareChoice;
    this.otherSpares = otherSpares;
    this.wishedBlockSizeBytes = wishedBlockSizeBytes;
    this.ioMode = ioMode;
    this.access = access;
  }

  /**
   * Opens and locks the backing, and the spare where there is one.
   *
   * @param spares what the user named: any spare of the disk, and others of its set that may have
   *     moved elsewhere; empty for the default
   * @param blockSizeBytes the wished block size, or 0 for any
   */
  public static DiskOpening look(
      Path backing, List<Path> spares, long blockSizeBytes, IoMode ioMode, Access access)
      throws RefusedException {
    int blockSize =
        blockSizeBytes == 0 ? BlockSizes.DEFAULT_BYTES : BlockSizes.require(blockSizeBytes);
    PosixBlockDevice device = open(backing, ioMode, access);
    DiskOpening opening = null;
    try {
      requireNotLooped(backing);
      DeviceFacts facts = device.facts();
      SpareChoice choice =
          SpareChoice.choose(
              backing, facts.isBlockDevice(), spares.isEmpty() ? null : spares.get(0));
      List<Path> others =
          spares.stream().skip(1).map(each -> each.toAbsolutePath().normalize()).toList();
      opening = new DiskOpening(device, choice, others, blockSizeBytes, ioMode, access);
      if (choice.exists()) {
        opening.openSpare(blockSize);
      } else {
        BlockSizes.requireDivides(backing.toString(), facts, blockSize);
      }
      DiskOpening whole = opening;
      opening = null;
      device = null;
      return whole;
    } finally {
      if (opening != null) {
        opening.close();
      } else if (device != null) {
        device.close();
      }
    }
  }

  private static PosixBlockDevice open(Path path, IoMode ioMode, Access access)
      throws RefusedException {
    try {
      return PosixBlockDevice.open(path.toString(), ioMode, access);
    } catch (DeviceOpenException e) {
      throw RefusedException.of(e);
    }
  }

  /** Two writers of the same bytes, a loop device and us, would each miss what the other wrote. */
  private static void requireNotLooped(Path path) throws RefusedException {
    List<Path> loops = StorageLayers.of(path).otherLoopDevices();
    if (!loops.isEmpty()) {
      throw RefusedException.refused(
          path
              + " can also be written through "
              + loops.get(0)
              + ", which is attached to it; detach that first with: losetup -d "
              + loops.get(0));
    }
  }

  private void openSpare(int blockSizeBytes) throws RefusedException {
    Path path = spareChoice.path();
    requireApart(backing.name(), path);
    spare = open(path, ioMode, access);
    requireNotLooped(path);
    SpareMaker.requireSize(path.toString(), spare.sizeBytes(), blockSizeBytes);
  }

  /** One disk under two names, or a part and the whole, would be overwritten by its own moves. */
  private static void requireApart(String backing, Path spare) throws RefusedException {
    if (StorageLayers.of(Path.of(backing)).overlaps(StorageLayers.of(spare))) {
      throw RefusedException.usage(
          "the spare "
              + spare
              + " lies on the backing "
              + backing
              + " itself and would be overwritten; name one on another disk or partition");
    }
  }

  /** The backing, open and locked. */
  public PosixBlockDevice backing() {
    return backing;
  }

  /** The spare that goes with it. */
  public SpareChoice spareChoice() {
    return spareChoice;
  }

  /** The spare, open and locked; null where it does not exist yet. */
  public @Nullable PosixBlockDevice spare() {
    return spare;
  }

  /** What a spare is bound to. */
  public BackingIdentity identity() {
    return BackingIdentity.of(backing);
  }

  /**
   * Refuses to make a spare in passing where moved blocks may already be in another: it would be
   * blank, and they would be read in their old places.
   */
  public void requireMayMakeSpare() throws RefusedException {
    String way =
        "if you mean it, make one with: remapfs format "
            + backing.name()
            + " --spare "
            + spareChoice.path();
    if (isSpare(backing)) {
      throw RefusedException.refused(
          backing.name() + " is itself the spare of a disk; name that disk, or " + way);
    }
    if (linkCount(Path.of(backing.name())) > 1) {
      throw RefusedException.refused(
          backing.name()
              + " has other names (hard links), and its spare may lie beside one of them; name it"
              + " with --spare, or "
              + way);
    }
  }

  private static boolean isSpare(PosixBlockDevice device) {
    try {
      MetadataStore.identify(device);
      return true;
    } catch (MetadataException e) {
      return false;
    }
  }

  private static int linkCount(Path file) {
    try {
      return (int) Files.getAttribute(file, "unix:nlink");
    } catch (IOException e) {
      return 1;
    }
  }

  /** Makes the missing spare, in its default size, and opens it. */
  public void makeSpare() throws RefusedException {
    int blockSize =
        wishedBlockSizeBytes == 0
            ? BlockSizes.DEFAULT_BYTES
            : BlockSizes.require(wishedBlockSizeBytes);
    long sizeBytes = SpareChoice.defaultSizeBytes(backing.sizeBytes());
    long needed = Math.max(sizeBytes, SpareLayout.minimumBytes(blockSize));
    SpareMaker.create(spareChoice.path(), needed, blockSize, identity(), ioMode);
    openSpare(blockSize);
  }

  /**
   * Finds the other spares of the set, and recovers the metadata if backing and spare go together.
   * With {@link Access#READ_ONLY} nothing is written. The store does not close the spares.
   *
   * @param acceptChanged whether they are taken to go together, whatever was done to them
   */
  public MetadataStore recover(boolean acceptChanged) throws RefusedException {
    PosixBlockDevice device = spare;
    if (device == null) {
      throw new IllegalStateException("the spare is not open");
    }
    try {
      requireBlockSize(MetadataStore.identify(device).blockSizeBytes());
      SpareFinder finder = new SpareFinder(spareChoice.path(), otherSpares, ioMode, access);
      set = finder.openAll(device);
      notes = finder.notes();
      SetIdentity check = new SetIdentity(backing, acceptChanged);
      MetadataStore store = MetadataStore.open(set, identity(), access, check);
      accepted = check;
      return store;
    } catch (NotFormattedException e) {
      if (hasTags(device)) {
        throw new RefusedException(
            ExitCode.REFUSED,
            "no metadata is left on the spare "
                + spareChoice.path()
                + ", but its slots hold moved blocks; what can be done is told by: "
                + checkCommand(),
            e);
      }
      throw new RefusedException(
          ExitCode.REFUSED,
          "the spare "
              + spareChoice.path()
              + " is not formatted; format it with: remapfs format "
              + backing.name()
              + " --spare "
              + spareChoice.path(),
          e);
    } catch (CorruptMetadataException e) {
      throw new RefusedException(
          ExitCode.REFUSED,
          e.getMessage() + "; what can be done without one is told by: " + checkCommand(),
          e);
    } catch (MetadataException e) {
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    }
  }

  /**
   * Recovers, and starts an engine that nobody mounts; closing it closes the devices. What {@link
   * #notes} has then is for the caller to tell.
   */
  public RemapEngine startOffline() throws RefusedException {
    MetadataStore metadata = recover(false);
    RemapEngine engine =
        RemapEngine.open(backing, metadata, EngineOptions.defaults(), event -> {}, access);
    release();
    return engine;
  }

  private static boolean hasTags(PosixBlockDevice device) {
    try {
      return TagSurvey.of(device).isPresent();
    } catch (MetadataException e) {
      return false;
    }
  }

  private String checkCommand() {
    return "remapfs check " + backing.name() + " --spare " + spareChoice.path();
  }

  private void requireBlockSize(int formattedBytes) throws RefusedException {
    if (wishedBlockSizeBytes != 0 && wishedBlockSizeBytes != formattedBytes) {
      throw RefusedException.usage(
          "the spare "
              + spareChoice.path()
              + " was formatted with blocks of "
              + formattedBytes
              + " bytes, not "
              + wishedBlockSizeBytes
              + "; leave --block-size out");
    }
  }

  /** Whether backing and spare were found to be copies that go together. */
  public boolean isCopy() {
    return accepted != null && accepted.isCopy();
  }

  /** Records what was accepted; for a set that is open for writing. */
  public void recordIdentity(MetadataStore store) throws MetadataUnavailableException {
    if (accepted != null) {
      accepted.record(store);
    }
  }

  /** What the user should know of the spares that were found, one line each. */
  public List<String> notes() {
    return notes;
  }

  /** Hands all devices over: an engine closes them from now on. */
  public void release() {
    released = true;
  }

  @Override
  public void close() {
    if (released) {
      return;
    }
    if (spare != null) {
      spare.close();
    }
    set.forEach(BlockDevice::close);
    backing.close();
  }
}
