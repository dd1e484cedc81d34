package io.remapfs.engine;

import io.remapfs.engine.Publications.Published;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.TagRebuild;
import io.remapfs.engine.metadata.TestSet;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.Objects;
import java.util.TreeMap;

/**
 * All that a script of an {@link EngineHistory} can do to its image. Each request is acknowledged
 * or refused as its name says, and the history's expectations are told first what may become
 * durable and then what has.
 */
final class ScriptedImage {
  private static final int SECTOR = SectorModel.SECTOR_BYTES;

  private final EngineHistory history;
  private final SectorModel model;
  private final IoBuffer buffer;
  private long nextStamp;

  ScriptedImage(EngineHistory history, long firstStamp) {
    this.history = history;
    this.model = history.model;
    this.nextStamp = firstStamp;
    this.buffer = IoBuffer.allocate(EngineHistory.BLOCKS * history.blockBytes);
  }

  SpareLayout layout() {
    return history.layout;
  }

  int sectorsPerBlock() {
    return history.sectorsPerBlock();
  }

  CrashableDevice backing() {
    return history.backing;
  }

  CrashableDevice spare() {
    return history.spare;
  }

  // ---------------------------------------------------------------------------------- requests

  /** Writes whole sectors. */
  void write(int firstSector, int count) throws BlockDeviceException {
    begin();
    long stamp = nextStamp++;
    Stamps.fill(buffer.bytes(), firstSector, count, stamp);
    change(
        firstSector,
        count,
        stamp,
        () -> history.engine.write(at(firstSector), buffer, 0, count * SECTOR));
  }

  /** Writes whole blocks. */
  void writeBlocks(int firstBlock, int count) throws BlockDeviceException {
    write(firstBlock * sectorsPerBlock(), count * sectorsPerBlock());
  }

  /** Zeroes whole sectors, as a discard does. */
  void zero(int firstSector, int count) throws BlockDeviceException {
    begin();
    change(firstSector, count, 0, () -> history.engine.zero(at(firstSector), count * SECTOR, true));
  }

  @FunctionalInterface
  private interface Request {
    void run() throws BlockDeviceException;
  }

  private void change(int firstSector, int count, long stamp, Request request)
      throws BlockDeviceException {
    for (int sector = firstSector; sector < firstSector + count; sector++) {
      model.writeFailed(sector, stamp);
    }
    history.expectationsChanged();
    TreeMap<Long, Long> before = entries();
    request.run();
    for (int sector = firstSector; sector < firstSector + count; sector++) {
      model.written(sector, stamp);
    }
    settleMoved(before);
  }

  /** Reads blocks, of which none is lost. */
  void readBlocks(int firstBlock, int count) throws BlockDeviceException {
    begin();
    TreeMap<Long, Long> before = entries();
    int first = firstBlock * sectorsPerBlock();
    int sectors = count * sectorsPerBlock();
    history.engine.read(at(first), buffer, 0, sectors * SECTOR);
    for (int i = 0; i < sectors; i++) {
      long stamp = Stamps.read(buffer, i * SECTOR, first + i);
      String possible = model.describe(first + i);
      history.require(model.seen(first + i, stamp), possible + " but reads " + stamp);
    }
    settleMoved(before);
  }

  /** Reads blocks of which at least one is lost. */
  void readLostBlocks(int firstBlock, int count) {
    begin();
    TreeMap<Long, Long> before = entries();
    boolean refused = false;
    try {
      history.engine.read(
          at(firstBlock * sectorsPerBlock()), buffer, 0, count * sectorsPerBlock() * SECTOR);
    } catch (BlockDeviceException e) {
      refused = true;
    }
    history.require(refused, "a lost block was read");
    settleMoved(before);
  }

  /** Moves a block as a user asks for it. */
  void remap(int block) throws BlockDeviceException {
    begin();
    TreeMap<Long, Long> before = entries();
    history.engine.remap(block);
    history.require(!before.equals(entries()), "block " + block + " was not moved");
    settleMoved(before);
  }

  /** Moves blocks back to their own places; as many as that come back. */
  void unmap(int firstBlock, int count, int movedBack) throws BlockDeviceException {
    begin();
    TreeMap<Long, Long> before = entries();
    UnmapReport report = history.engine.unmap(firstBlock, count);
    history.require(report.unmapped() == movedBack, report.toString());
    settleMoved(before);
  }

  void flush() throws BlockDeviceException {
    begin();
    history.engine.flush();
    flushed();
  }

  private void flushed() {
    history.observe();
    model.flushed();
    history.expectationsChanged();
  }

  /** What moved with the request that was just answered is durable, whatever is flushed. */
  private void settleMoved(TreeMap<Long, Long> before) {
    history.observe();
    TreeMap<Long, Long> after = entries();
    for (int block = 0; block < EngineHistory.BLOCKS; block++) {
      long target = after.getOrDefault((long) block, Target.HEALTHY);
      boolean moved = target != before.getOrDefault((long) block, Target.HEALTHY);
      if (moved && !Target.isPending(target)) {
        for (int i = 0; i < sectorsPerBlock(); i++) {
          model.settled(block * sectorsPerBlock() + i);
        }
      }
    }
    history.expectationsChanged();
  }

  void checkpoint() throws IOException {
    begin();
    history.metadata.checkpoint();
  }

  // ------------------------------------------------------------------------------------ faults

  /** The backing fails at these blocks. */
  void failBacking(Operation kind, int firstBlock, int count, int times) {
    begin();
    long size = history.blockBytes;
    history.backing.fail(kind, firstBlock * size, count * size, Fault.MEDIUM, times);
    history.expectationsChanged();
  }

  /** The slot of this block fails from now on. */
  void failSlotOf(int block, Operation kind) {
    Long target = entries().get((long) block);
    history.require(
        target != null && Target.isRemapped(target), "block " + block + " is in no slot");
    failSlot(Target.slot(target), kind);
  }

  /** The slot that is handed out after {@code skipped} others fails from now on. */
  void failNextSlot(int skipped, Operation kind) {
    failSlot(history.metadata.pool().nextSlot() + skipped, kind);
  }

  private void failSlot(long slot, Operation kind) {
    begin();
    SpareMember member = history.metadata.pool().members().of(slot);
    ((CrashableDevice) member.device())
        .fail(kind, member.slotByteOffset(slot), history.blockBytes, Fault.MEDIUM);
    history.expectationsChanged();
  }

  /** Both disks do again what they refused. */
  void heal() {
    begin();
    history.backing.heal();
    history.spare.heal();
    if (history.second != null) {
      history.second.heal();
    }
    history.expectationsChanged();
  }

  /** Bytes of the spare rot, below what is unflushed. */
  void corrupt(long byteOffset, int lengthBytes) {
    begin();
    history.spare.corrupt(byteOffset, lengthBytes);
    history.expectationsChanged();
  }

  // -------------------------------------------------------------------------- opening and closing

  void open() throws IOException {
    begin();
    history.metadata = null;
    MetadataStore store =
        EngineHistory.open(
            history.spare.reopened(),
            history.second == null ? null : history.second.reopened(),
            history.identity());
    store.markOpened();
    history.metadata = store;
    history.engine = history.engineOver(history.backing.reopened(), store);
    history.observe();
  }

  void closeCleanly() {
    begin();
    history.engine.close();
    history.require(
        history.engine.status().state() != EngineState.EMERGENCY, "the set was not closed cleanly");
    flushed();
    history.metadata = null;
    history.closedCleanly = true;
    history.visit();
    history.closedCleanly = false;
    history.expectationsChanged();
  }

  /** The process dies; what it wrote is still with the disks. */
  void kill() {
    begin();
    history.metadata.closeUnclean();
    history.metadata = null;
  }

  /** The power fails, for this history too. */
  void cutPower(boolean losingAll) {
    begin();
    history.metadata = null;
    CrashableDevice backing = history.backing;
    CrashableDevice spare = history.spare;
    history.power(
        crashed(backing, losingAll),
        crashed(spare, losingAll),
        history.second == null ? null : crashed(history.second, losingAll));
    model.crashed();
  }

  private static CrashableDevice crashed(CrashableDevice disk, boolean losingAll) {
    return disk.crashedAs(losingAll ? disk.durableImage() : disk.image());
  }

  // ---------------------------------------------------------------------------------- two spares

  /** Adds the second spare. */
  void addSpare() throws IOException {
    begin();
    TestSet.addSpare(
        history.metadata, Objects.requireNonNull(history.second), layout().ringBlocks());
    history.expectationsChanged();
  }

  /**
   * Moves all blocks to the newest spare.
   *
   * @param pieces after how many pieces it is stopped
   * @param released whether the first spare is not needed any more
   */
  void migrate(int pieces, boolean released) throws BlockDeviceException {
    begin();
    TreeMap<Long, Long> before = entries();
    int[] left = {pieces};
    MigrationReport report = history.engine.migrateToNewest((done, total) -> --left[0] > 0);
    history.require(report.spares().released().contains("first") == released, report.toString());
    settleMoved(before);
  }

  /** Makes a new set of the spare of a closed one; moved blocks are what the backing has again. */
  void format() throws IOException {
    begin();
    history.formerSet = MetadataStore.identify(history.spare).setUuid();
    TestSet.format(history.spare, history.layout, history.identity());
    history.formerSet = null;
    for (int sector = 0; sector < EngineHistory.BLOCKS * sectorsPerBlock(); sector++) {
      model.holds(sector, history.onBacking(sector));
    }
    history.expectationsChanged();
    history.publications.formatted();
  }

  /** Loses every checkpoint of a closed set, and rebuilds it from its slots' tags. */
  void rebuildFromTags() throws IOException {
    begin();
    int areasBytes = 2 * layout().checkpointBlocks() * SpareLayout.METADATA_BLOCK_BYTES;
    history.isRebuilding = true;
    for (int zone = 0; zone < SpareLayout.ZONES; zone++) {
      history.spare.corrupt(layout().checkpointOffset(zone, 0, 0), areasBytes);
    }
    history.expectationsChanged();
    TagRebuild.rebuild(history.spare, history.identity());
    history.isRebuilding = false;
    history.expectationsChanged();
  }

  // ---------------------------------------------------------------------------------- the rest

  private void begin() {
    history.operation++;
  }

  private static long at(int sector) {
    return (long) sector * SECTOR;
  }

  private TreeMap<Long, Long> entries() {
    return Published.by(history.metadata).entries();
  }
}
