package io.remapfs.engine;

import io.remapfs.engine.Publications.Published;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.Fingerprint;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.NotFormattedException;
import io.remapfs.engine.metadata.NumbersOnDisk;
import io.remapfs.engine.metadata.TagRebuild;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is left of an {@link EngineHistory} after a power cut, opened again and held against it:
 *
 * <ol>
 *   <li>every mapping and every burnt slot that was published is there; what was being committed is
 *       there whole or not at all; every copy of the metadata is whole again;
 *   <li>no slot that a mapping ever had will be handed out again;
 *   <li>a set that was closed cleanly says so; one that says so knows its backing by the
 *       fingerprint;
 *   <li>each sector reads as what was durable or written since, never as another's or older; a read
 *       is refused only where the medium refuses;
 *   <li>when the medium has come back, every sector is read, as before;
 *   <li>the image goes on: one more bad block is moved, under numbers that no block on the spare
 *       had, and survives one more power cut;
 *   <li>all of this holds as well where the recovery itself was cut short, at any operation.
 * </ol>
 */
final class RecoveredImage {
  private static final int SECTOR = SectorModel.SECTOR_BYTES;
  private static final long REFUSED = -2;

  /** No script writes as often. */
  private static final long LATE_STAMP = 10_000;

  /** The last property costs as much as all the others; it is looked at in one state of these. */
  private static final int GO_ON_EVERY = Integer.getInteger("remapfs.crash.goOnEvery", 4);

  /** In one state of these the recovery is cut as well, before each of its operations. */
  private static final int CUT_AGAIN_EVERY = Integer.getInteger("remapfs.crash.againEvery", 80);

  private static final int STATES_OF_A_CUT_RECOVERY = 12;

  /** A number that no state has for which the costly properties are looked at. */
  private static final long NO_FURTHER = -1;

  private final EngineHistory history;
  private final CrashableDevice backing;
  private final CrashableDevice spare;
  private final @Nullable CrashableDevice second;
  private final int sectorsPerBlock;
  private final IoBuffer buffer;
  private final long[] stamps;
  private MetadataStore metadata;
  private RemapEngine engine;

  /** Whether a format under way had got as far as making the new set. */
  private boolean isNewSet;

  RecoveredImage(EngineHistory history, List<CrashableDevice> crashed) {
    this.history = history;
    this.backing = crashed.get(0);
    this.spare = crashed.get(1);
    this.second = crashed.size() > 2 ? crashed.get(2) : null;
    this.sectorsPerBlock = history.sectorsPerBlock();
    this.buffer = IoBuffer.allocate(history.blockBytes);
    this.stamps = new long[EngineHistory.BLOCKS * sectorsPerBlock];
    Arrays.fill(stamps, REFUSED);
  }

  /** Checks all of it; {@code number} says which states are followed further. */
  void check(long number) {
    try {
      if (number % CUT_AGAIN_EVERY == 0) {
        cutAgain(number);
      }
      CrashableDevice before = spare.crashKeepingAll();
      CrashableDevice secondBefore = second == null ? null : second.crashKeepingAll();
      metadata = open();
      isNewSet =
          history.formerSet != null && !metadata.superblock().setUuid().equals(history.formerSet);
      engine = history.engineOver(backing, metadata);
      checkMetadata();
      checkContents(true);
      backing.heal();
      spare.heal();
      if (second != null) {
        second.heal();
      }
      checkContents(false);
      if (number % GO_ON_EVERY == 0) {
        goOn(before, secondBefore);
      }
    } catch (NotFormattedException | CorruptMetadataException e) {
      if (history.formerSet == null) {
        throw failed("the set is refused", e);
      }
    } catch (IOException | RuntimeException e) {
      throw failed("recovery failed", e);
    }
  }

  /** Opens the set; one that is being rebuilt from its tags is rebuilt, if that was cut short. */
  private MetadataStore open() throws IOException {
    try {
      return EngineHistory.open(spare, second, null);
    } catch (NotFormattedException | CorruptMetadataException e) {
      if (!history.isRebuilding) {
        throw e;
      }
      TagRebuild.rebuild(spare, history.identity());
      return MetadataStore.open(spare, null, Access.READ_WRITE);
    }
  }

  /** Recovers on disks whose power fails while it does so. */
  private void cutAgain(long number) throws IOException {
    CrashStates again = new CrashStates(disks(), STATES_OF_A_CUT_RECOVERY, new Random(number));
    CrashableDevice.Hook hook =
        (kind, byteOffset, lengthBytes) -> {
          if (kind != Operation.READ) {
            again.visit(crashed -> new RecoveredImage(history, crashed).check(NO_FURTHER));
          }
        };
    disks().forEach(each -> each.setHook(hook));
    try {
      open();
    } finally {
      disks().forEach(each -> each.setHook((kind, byteOffset, lengthBytes) -> {}));
      history.countCutRecoveries(again.states());
    }
  }

  private List<CrashableDevice> disks() {
    return second == null ? List.of(backing, spare) : List.of(backing, spare, second);
  }

  private AssertionError failed(String what, Exception e) {
    return new AssertionError(history.where() + ": " + what, e);
  }

  private void checkMetadata() {
    Published found = Published.by(metadata);
    if (isNewSet) {
      require(found.entries().isEmpty() && found.burnt().isEmpty(), "a new set holds " + found);
    } else {
      require(
          history.publications.mayBeFound(found),
          "recovered " + found + " but published was " + history.publications);
      for (Map.Entry<Long, Long> owned : history.publications.slotOwners().entrySet()) {
        require(
            owned.getKey() < metadata.pool().nextSlot(),
            "slot " + owned.getKey() + " of block " + owned.getValue() + " is free again");
      }
    }
    require(metadata.healthyCopies() == SpareLayout.ZONES, "a copy is lost");
    require(
        !history.closedCleanly || metadata.recovery().wasClean(), "the clean close was forgotten");
    Fingerprint clean = metadata.cleanFingerprint();
    if (clean != null && !isNewSet) {
      Fingerprint now = Fingerprint.take(backing, metadata.table(), history.blockBytes);
      require(clean.matches(now), "a clean set does not know its backing");
    }
  }

  private void checkContents(boolean faulty) {
    for (int block = 0; block < EngineHistory.BLOCKS; block++) {
      boolean mayBeRefused = faulty && isUnreadable(block);
      int first = block * sectorsPerBlock;
      try {
        engine.read((long) first * SECTOR, buffer, 0, history.blockBytes);
      } catch (BlockDeviceException e) {
        require(mayBeRefused, "block " + block + " is refused: " + e.getMessage());
        continue;
      }
      for (int i = 0; i < sectorsPerBlock; i++) {
        checkSector(first + i, Stamps.read(buffer, i * SECTOR, first + i));
      }
    }
  }

  private boolean isUnreadable(int block) {
    long target = metadata.table().targetOf(block);
    long slot = target == Target.HEALTHY ? Target.NO_SLOT : Target.slot(target);
    return slot == Target.NO_SLOT
        ? backing.isFaulty(Operation.READ, (long) block * history.blockBytes, history.blockBytes)
        : isFaulty(metadata.pool().members().of(slot), slot);
  }

  private boolean isFaulty(SpareMember member, long slot) {
    return ((CrashableDevice) member.device())
        .isFaulty(Operation.READ, member.slotByteOffset(slot), history.blockBytes);
  }

  private void checkSector(int sector, long stamp) {
    if (stamps[sector] != REFUSED) {
      require(
          stamp == stamps[sector],
          "sector " + sector + " read " + stamps[sector] + " and then " + stamp);
    } else if (isNewSet) {
      require(stamp == history.onBacking(sector), "sector " + sector + " is not the backing's");
    } else {
      require(
          history.model.maySurvive(sector, stamp),
          history.model.describeSurvivors(sector) + " but reads " + stamp);
    }
    stamps[sector] = stamp;
  }

  /** Moves one more block, without a flush, and cuts the power once more. */
  private void goOn(CrashableDevice crashed, @Nullable CrashableDevice secondCrashed)
      throws BlockDeviceException, MetadataException {
    NumbersOnDisk numbers = numbersOn(crashed, secondCrashed);
    int block = 1;
    TreeMap<Long, Long> before = Published.by(metadata).entries();
    long at = (long) block * history.blockBytes;
    backing.fail(Operation.WRITE, at, history.blockBytes, Fault.MEDIUM);
    long old = metadata.table().targetOf(block);
    if (Target.isRemapped(old)) {
      SpareMember member = metadata.pool().members().of(Target.slot(old));
      ((CrashableDevice) member.device())
          .fail(
              Operation.WRITE,
              member.slotByteOffset(Target.slot(old)),
              history.blockBytes,
              Fault.MEDIUM);
    }
    int first = block * sectorsPerBlock;
    Stamps.fill(buffer.bytes(), first, sectorsPerBlock, LATE_STAMP);
    engine.write(at, buffer, 0, history.blockBytes);
    Arrays.fill(stamps, first, first + sectorsPerBlock, LATE_STAMP);
    Published after = Published.by(metadata);
    long slot = Target.slot(after.entries().get((long) block));
    require(
        isNewSet || !history.publications.slotOwners().containsKey(slot),
        "slot " + slot + " is handed out twice");
    require(!before.containsValue(slot), "slot " + slot + " is in use");
    NumbersOnDisk later = numbersOn(spare, second);
    require(numbers.wereContinuedBy(later), later + " do not continue " + numbers);

    MetadataStore again =
        EngineHistory.open(
            spare.crashLosingAll(), second == null ? null : second.crashLosingAll(), null);
    require(Published.by(again).equals(after), "one more remap did not survive");
    metadata = again;
    engine = history.engineOver(backing.crashLosingAll(), again);
    checkContents(false);
  }

  private NumbersOnDisk numbersOn(CrashableDevice first, @Nullable CrashableDevice other) {
    UUID set = metadata.superblock().setUuid();
    NumbersOnDisk numbers = NumbersOnDisk.of(first, history.layout, set);
    return other != null && metadata.spare() == second
        ? numbers.or(NumbersOnDisk.of(other, metadata.pool().layout(), set))
        : numbers;
  }

  private void require(boolean holds, String otherwise) {
    history.require(holds, otherwise);
  }
}
