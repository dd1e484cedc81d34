package io.remapfs.engine;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashStates;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.TestSet;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.UUID;

/**
 * The life of one image as a script tells it, with the power cut before every device operation.
 *
 * <p><b>How it works.</b> The script is played twice. The first time only the states that the table
 * goes through are noted. The second time, before each write and flush of either disk (a read
 * changes nothing), every admissible state of both disks is opened as a {@link RecoveredImage} and
 * held against what must be true then: the table is as it was last published or, whole, as it is
 * published next; a sector holds what was durable or written since.
 *
 * <p>Single-threaded; the engine's own commits run in the caller.
 */
final class EngineHistory {
  static final int BLOCKS = 24;

  private static final int RING_BLOCKS = 4;
  private static final int METADATA_BYTES = 224 * 1024;
  private static final int SLOTS = 32;
  private static final int SECTOR = SectorModel.SECTOR_BYTES;
  private static final long FIRST_STAMP = 1;

  /** What an image goes through. */
  @FunctionalInterface
  interface Script {
    void play(EngineHistory image) throws IOException;
  }

  /** What was visited. */
  record Visited(long points, long exhaustedPoints, long states) {}

  /** The remap table and the burnt slots, as published at one time. */
  record Published(TreeMap<Long, Long> entries, BitSet burnt) {
    static Published by(MetadataStore metadata) {
      TreeMap<Long, Long> entries = new TreeMap<>();
      metadata.table().forEach(entries::put);
      BitSet burnt = new BitSet();
      for (int slot = 0; slot < metadata.pool().nextSlot(); slot++) {
        burnt.set(slot, metadata.pool().isBurnt(slot));
      }
      return new Published(entries, burnt);
    }
  }

  final String name;
  final int blockBytes;
  final EngineOptions options;
  final SpareLayout layout;
  final SectorModel model;

  /** Slots that any published table named, and whose they are. */
  final Map<Long, Long> slotOwners = new HashMap<>();

  CrashableDevice backing;
  CrashableDevice spare;

  /** While the spare is formatted anew: the set that it was; else null. */
  UUID formerSet;

  /** Whether the set was just closed in good order, and must be found so. */
  boolean closedCleanly;

  private final List<Published> published;
  private final boolean rehearsal;
  private final int bound;
  private final Random random;
  private CrashStates states;
  private long points;
  private long exhaustedPoints;
  private long visitedStates;
  private int publishedIndex;
  private int operation;
  private long nextStamp = FIRST_STAMP + 1;
  private RemapEngine engine;
  private MetadataStore metadata;
  private final IoBuffer buffer;

  private EngineHistory(
      String name,
      int blockBytes,
      EngineOptions options,
      int bound,
      long seed,
      List<Published> published) {
    this.name = name;
    this.blockBytes = blockBytes;
    this.options = options;
    this.bound = bound;
    this.published = published;
    this.rehearsal = published.isEmpty();
    this.random = new Random(seed);
    this.layout = SpareLayout.of(spareBytes(blockBytes), blockBytes, RING_BLOCKS);
    this.model = new SectorModel(BLOCKS * blockBytes / SECTOR);
    this.buffer = IoBuffer.allocate(BLOCKS * blockBytes);
    byte[] image = new byte[BLOCKS * blockBytes];
    Stamps.fill(ByteBuffer.wrap(image), 0, image.length / SECTOR, FIRST_STAMP);
    for (int sector = 0; sector < image.length / SECTOR; sector++) {
      model.holds(sector, FIRST_STAMP);
    }
    this.backing = new CrashableDevice(image, SECTOR);
    this.spare = new CrashableDevice(spareBytes(blockBytes), SECTOR);
  }

  private static int spareBytes(int blockBytes) {
    return METADATA_BYTES + SLOTS * blockBytes;
  }

  /**
   * Plays a script on blocks of this size and visits what a power cut can leave.
   *
   * @param bound about how many states are visited at each point where there are more
   */
  static Visited enumerate(
      String name, int blockBytes, EngineOptions options, int bound, long seed, Script script)
      throws IOException {
    List<Published> published = new ArrayList<>();
    new EngineHistory(name, blockBytes, options, bound, seed, published).play(script);
    EngineHistory history =
        new EngineHistory(name, blockBytes, options, bound, seed, List.copyOf(published));
    history.play(script);
    return new Visited(history.points, history.exhaustedPoints, history.visitedStates);
  }

  private void play(Script script) throws IOException {
    if (rehearsal) {
      published.add(new Published(new TreeMap<>(), new BitSet()));
    }
    TestSet.format(spare, layout, identity());
    power(backing, spare);
    open();
    script.play(this);
    visit();
    countStates();
  }

  private BackingIdentity identity() {
    return new BackingIdentity(backing.sizeBytes(), "");
  }

  // ------------------------------------------------------------------------------ cutting the
  // power

  private void power(CrashableDevice newBacking, CrashableDevice newSpare) {
    countStates();
    backing = newBacking;
    spare = newSpare;
    states = new CrashStates(List.of(backing, spare), bound, random);
    CrashableDevice.Hook hook =
        (kind, byteOffset, lengthBytes) -> {
          observe();
          if (kind != Operation.READ) {
            visit();
          }
        };
    backing.setHook(hook);
    spare.setHook(hook);
  }

  private void countStates() {
    if (states != null) {
      points += states.points();
      exhaustedPoints += states.exhaustedPoints();
      visitedStates += states.states();
      states = null;
    }
  }

  private void visit() {
    if (!rehearsal && states != null) {
      states.visit(crashed -> new RecoveredImage(this, crashed).check(states.states()));
    }
  }

  /** Notes what the table says now; each change must be the one that the rehearsal saw. */
  private void observe() {
    if (metadata == null) {
      return;
    }
    Published now = Published.by(metadata);
    Published before = published.get(publishedIndex);
    if (now.equals(before)) {
      return;
    }
    publishedIndex++;
    if (rehearsal) {
      published.add(now);
    }
    require(now.equals(published.get(publishedIndex)), "the script does not repeat itself");
    now.entries()
        .forEach(
            (block, target) -> {
              if (Target.isRemapped(target) && !target.equals(before.entries().get(block))) {
                Long owner = slotOwners.put(Target.slot(target), block);
                require(owner == null, "slot " + Target.slot(target) + " was handed out twice");
              }
            });
    states.expectationsChanged();
  }

  /** Whether a recovery may find this now. */
  boolean mayBeFound(Published found) {
    boolean next =
        publishedIndex + 1 < published.size() && found.equals(published.get(publishedIndex + 1));
    return next || found.equals(published.get(publishedIndex));
  }

  String describePublished() {
    return published.get(publishedIndex).toString();
  }

  // ----------------------------------------------------------------------------- what a script
  // says

  /** Writes whole sectors; acknowledged. */
  void write(int firstSector, int count) throws BlockDeviceException {
    operation++;
    long stamp = nextStamp++;
    Stamps.fill(buffer.bytes(), firstSector, count, stamp);
    change(
        firstSector, count, stamp, () -> engine.write(at(firstSector), buffer, 0, count * SECTOR));
  }

  /** Writes whole blocks; acknowledged. */
  void writeBlocks(int firstBlock, int count) throws BlockDeviceException {
    write(firstBlock * sectorsPerBlock(), count * sectorsPerBlock());
  }

  /** Zeroes whole sectors; acknowledged. */
  void zero(int firstSector, int count) throws BlockDeviceException {
    operation++;
    change(firstSector, count, 0, () -> engine.zero(at(firstSector), count * SECTOR, true));
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
    states.expectationsChanged();
    TreeMap<Long, Long> before = entries();
    request.run();
    for (int sector = firstSector; sector < firstSector + count; sector++) {
      model.written(sector, stamp);
    }
    settleMoved(before);
  }

  /** Reads blocks, of which none is lost. */
  void readBlocks(int firstBlock, int count) throws BlockDeviceException {
    operation++;
    TreeMap<Long, Long> before = entries();
    int first = firstBlock * sectorsPerBlock();
    int sectors = count * sectorsPerBlock();
    engine.read(at(first), buffer, 0, sectors * SECTOR);
    for (int i = 0; i < sectors; i++) {
      long stamp = Stamps.read(buffer, i * SECTOR, first + i);
      String possible = model.describe(first + i);
      require(model.seen(first + i, stamp), possible + " but reads " + stamp);
    }
    settleMoved(before);
  }

  /** Reads blocks of which at least one is lost. */
  void readLostBlocks(int firstBlock, int count) {
    operation++;
    TreeMap<Long, Long> before = entries();
    boolean refused = false;
    try {
      engine.read(
          at(firstBlock * sectorsPerBlock()), buffer, 0, count * sectorsPerBlock() * SECTOR);
    } catch (BlockDeviceException e) {
      refused = true;
    }
    require(refused, "a lost block was read");
    settleMoved(before);
  }

  /** What moved with the request that was just answered is durable, whatever is flushed. */
  private void settleMoved(TreeMap<Long, Long> before) {
    observe();
    TreeMap<Long, Long> after = entries();
    for (int block = 0; block < BLOCKS; block++) {
      long target = after.getOrDefault((long) block, Target.HEALTHY);
      boolean moved = target != before.getOrDefault((long) block, Target.HEALTHY);
      if (moved && !Target.isPending(target)) {
        for (int i = 0; i < sectorsPerBlock(); i++) {
          model.settled(block * sectorsPerBlock() + i);
        }
      }
    }
    states.expectationsChanged();
  }

  void flush() throws BlockDeviceException {
    operation++;
    engine.flush();
    flushed();
  }

  private void flushed() {
    observe();
    model.flushed();
    states.expectationsChanged();
  }

  void checkpoint() throws IOException {
    operation++;
    metadata.checkpoint();
  }

  /** The backing fails at these blocks. */
  void failBacking(Operation kind, int firstBlock, int count, int times) {
    operation++;
    backing.fail(
        kind, (long) firstBlock * blockBytes, (long) count * blockBytes, Fault.MEDIUM, times);
    states.expectationsChanged();
  }

  /** The slot of this block fails from now on. */
  void failSlotOf(int block, Operation kind) {
    Long target = entries().get((long) block);
    require(target != null && Target.isRemapped(target), "block " + block + " is in no slot");
    failSlot(Target.slot(target), kind);
  }

  /** The slot that is handed out after {@code skipped} others fails from now on. */
  void failNextSlot(int skipped, Operation kind) {
    failSlot(metadata.pool().nextSlot() + skipped, kind);
  }

  private void failSlot(long slot, Operation kind) {
    operation++;
    spare.fail(kind, layout.slotByteOffset(slot), blockBytes, Fault.MEDIUM);
    states.expectationsChanged();
  }

  /** Bytes of the spare rot, below what is unflushed. */
  void corrupt(long byteOffset, int lengthBytes) {
    operation++;
    spare.corrupt(byteOffset, lengthBytes);
    states.expectationsChanged();
  }

  void open() throws IOException {
    operation++;
    metadata = null;
    MetadataStore store = MetadataStore.open(spare.reopened(), identity(), Access.READ_WRITE);
    store.markOpened();
    metadata = store;
    engine = engineOver(backing.reopened(), store);
    observe();
  }

  RemapEngine engineOver(CrashableDevice disk, MetadataStore store) {
    return RemapEngine.open(
        disk, store, options, EngineListener.NONE, Access.READ_WRITE, new TestClock());
  }

  void closeCleanly() {
    operation++;
    engine.close();
    require(engine.status().state() != EngineState.EMERGENCY, "the set was not closed cleanly");
    flushed();
    metadata = null;
    closedCleanly = true;
    visit();
    closedCleanly = false;
    states.expectationsChanged();
  }

  /** The process dies; what it wrote is still with the disks. */
  void kill() {
    operation++;
    metadata.closeUnclean();
    metadata = null;
  }

  /** The power fails, for this history too. */
  void cutPower(boolean losingAll) {
    operation++;
    metadata = null;
    power(
        backing.crashedAs(losingAll ? backing.durableImage() : backing.image()),
        spare.crashedAs(losingAll ? spare.durableImage() : spare.image()));
    model.crashed();
  }

  /** Makes a new set of the spare of a closed one; moved blocks are what the backing has again. */
  void format() throws IOException {
    operation++;
    formerSet = MetadataStore.identify(spare).setUuid();
    TestSet.format(spare, layout, identity());
    formerSet = null;
    slotOwners.clear();
    for (int sector = 0; sector < BLOCKS * sectorsPerBlock(); sector++) {
      model.holds(sector, onBacking(sector));
    }
    states.expectationsChanged();
    Published empty = new Published(new TreeMap<>(), new BitSet());
    publishedIndex++;
    if (rehearsal) {
      published.add(empty);
    }
    require(published.get(publishedIndex).equals(empty), "the script does not repeat itself");
  }

  /** The stamp that a sector has where it lies on the backing. */
  long onBacking(int sector) {
    buffer.bytes().put(0, backing.image(), sector * SECTOR, SECTOR);
    return Stamps.read(buffer, 0, sector);
  }

  // ---------------------------------------------------------------------------------------- the
  // rest

  int sectorsPerBlock() {
    return blockBytes / SECTOR;
  }

  private static long at(int sector) {
    return (long) sector * SECTOR;
  }

  private TreeMap<Long, Long> entries() {
    return Published.by(metadata).entries();
  }

  void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(where() + ": " + otherwise);
    }
  }

  /** Where in the script this is, for messages. */
  String where() {
    long at = states == null ? 0 : states.points();
    return name + ", operation " + operation + ", point " + at + " since power on";
  }
}
