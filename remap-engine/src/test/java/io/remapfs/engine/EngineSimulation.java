package io.remapfs.engine;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Landing;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.SpareSetOpening;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SpareTooSmallException;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;

/**
 * One life of an image on disks that fail, lose and tear what was not flushed, told by a seed.
 *
 * <p>After every operation, restart and power cut it holds the engine against three oracles:
 *
 * <ol>
 *   <li>the model: a read returns what may be there ({@link SectorModel}), or fails with a reason;
 *   <li>the reference rule: a healthy block reads as the backing, a remapped one as its slot, a
 *       pending one as EIO while the medium does not yield it;
 *   <li>memory: every mapping that was visible before a crash is there after it, and no slot is
 *       handed out twice.
 * </ol>
 */
final class EngineSimulation {
  private static final int SECTOR = SectorModel.SECTOR_BYTES;
  private static final int OPERATIONS = 120;
  private static final int MOST_SPARES = 3;

  /** Enough for the checkpoints of what was there before. */
  private static final int LARGE_SPARE_BYTES = 1800 * 1024;

  /** Thrown by a device in the middle of an operation: the power is cut. */
  private static final class PowerCut extends RuntimeException {
    private static final long serialVersionUID = 1L;

    PowerCut() {
      super("power cut", null, false, false);
    }
  }

  private final long seed;
  private final Random random;
  private final int blockBytes;
  private final int blocks;
  private final SectorModel model;
  private final EngineOptions options;
  private final IoBuffer buffer = IoBuffer.allocate(64 * 1024);
  private CrashableDevice backing;
  private final List<CrashableDevice> spares = new ArrayList<>(); // in the order of adding
  private CrashableDevice.Hook hook = (operation, byteOffset, lengthBytes) -> {};
  private RemapEngine engine;
  private MetadataStore metadata;
  private long nextStamp = 1;
  private long greatestSlot = -1;
  private int step;
  private boolean everFaulty;

  /** The blocks of an unmap under way; none when the count is 0. */
  private int unmapFirst;

  private int unmapCount;

  /** What the run did, to show that it did something. */
  int crashes;

  long remaps;
  long unmaps;
  long losses;
  long sparesAdded;
  long migrated;

  EngineSimulation(long seed) {
    this.seed = seed;
    this.random = new Random(seed);
    this.blockBytes = 512 << random.nextInt(4);
    this.blocks = 32 + random.nextInt(64);
    this.model = new SectorModel(blocks * blockBytes / SECTOR);
    this.options =
        new EngineOptions(
            random.nextInt(3),
            Duration.ofMillis(1),
            Duration.ofMillis(50),
            EngineOptions.PendingWrite.values()[random.nextInt(2)],
            EngineOptions.Unreadable.EIO);
    this.backing = new CrashableDevice(blocks * blockBytes, SECTOR);
    long least = SpareLayout.minimumBytes(blockBytes);
    addDisk(least);
  }

  void run() throws IOException {
    MetadataStore.format(spares.get(0), blockBytes, new BackingIdentity(backing.sizeBytes(), ""));
    open();
    for (step = 0; step < OPERATIONS; step++) {
      TreeMap<Long, Long> before = entries();
      if (random.nextInt(12) == 0) {
        cutPowerWithin(1 + random.nextInt(12));
      }
      try {
        operate();
        clearHooks();
      } catch (PowerCut cut) {
        restartAfterPowerCut(before, true);
      }
      greatestSlot = Math.max(greatestSlot, greatestMappedSlot());
      if (engine.status().state() == EngineState.EMERGENCY) {
        model.flushFailed();
      }
      trace("done");
    }
    clearHooks();
    checkReferenceRule();
    remaps += engine.status().remappedBlocks();
  }

  /** {@code -Dremapfs.simulation.trace=true} tells what happened, to find out why a seed fails. */
  private void trace(String what) {
    if (Boolean.getBoolean("remapfs.simulation.trace")) {
      System.out.println(where() + ": " + what + " " + engine.status().state() + " " + told());
    }
  }

  private String told() {
    StringBuilder text = new StringBuilder();
    entries().forEach((b, t) -> text.append(b).append(':').append(Target.describe(t)).append(' '));
    return text.toString();
  }

  // ------------------------------------------------------------------------------- what happens

  private void operate() throws IOException {
    int dice = random.nextInt(100);
    if (dice < 30) {
      write();
    } else if (dice < 58) {
      read();
    } else if (dice < 66) {
      flush();
    } else if (dice < 71) {
      zero();
    } else if (dice < 84) {
      injectFault();
    } else if (dice < 88) {
      heal();
    } else if (dice < 90) {
      remapAsAsked();
    } else if (dice < 92) {
      unmapAsAsked();
    } else if (dice < 94) {
      checkReferenceRule();
    } else if (dice < 96) {
      restartCleanly();
    } else if (dice < 97) {
      changeSpares();
    } else {
      restartAfterPowerCut(entries(), false);
    }
  }

  private int[] range() {
    int sectors = blocks * blockBytes / SECTOR;
    int count = 1 + random.nextInt(Math.min(sectors, random.nextBoolean() ? 8 : 64));
    return new int[] {random.nextInt(sectors - count + 1), count};
  }

  private void write() {
    int[] range = range();
    long stamp = nextStamp++;
    for (int i = 0; i < range[1] * SECTOR; i += Long.BYTES) {
      buffer.bytes().putLong(i, stamp);
    }
    applyWrite(
        range, stamp, () -> engine.write((long) range[0] * SECTOR, buffer, 0, range[1] * SECTOR));
  }

  private void zero() {
    int[] range = range();
    boolean deallocate = random.nextBoolean();
    applyWrite(
        range,
        0,
        () -> engine.zero((long) range[0] * SECTOR, (long) range[1] * SECTOR, deallocate));
  }

  @FunctionalInterface
  private interface Change {
    void apply() throws BlockDeviceException;
  }

  private void applyWrite(int[] range, long stamp, Change change) {
    boolean done = false;
    trace("write " + stamp + " to sectors " + range[0] + " +" + range[1]);
    try {
      change.apply();
      done = true;
    } catch (BlockDeviceException e) {
      requireAReason("write", e);
    } finally {
      for (int sector = range[0]; sector < range[0] + range[1]; sector++) {
        if (done) {
          model.written(sector, stamp);
        } else {
          model.writeFailed(sector, stamp);
        }
      }
    }
  }

  private void read() {
    int[] range = range();
    trace("read sectors " + range[0] + " +" + range[1]);
    try {
      engine.read((long) range[0] * SECTOR, buffer, 0, range[1] * SECTOR);
    } catch (BlockDeviceException e) {
      requireAReason("read", e);
      requireALostBlock(range, e);
      losses++;
      return;
    }
    for (int i = 0; i < range[1]; i++) {
      requirePossible(range[0] + i, i * SECTOR);
    }
  }

  private void requirePossible(int sector, int at) {
    long stamp = buffer.bytes().getLong(at);
    for (int i = at; i < at + SECTOR; i += Long.BYTES) {
      require(buffer.bytes().getLong(i) == stamp, "sector " + sector + " is a mixture");
    }
    String possible = model.describe(sector);
    require(model.seen(sector, stamp), possible + " but reads " + stamp);
  }

  private void flush() {
    try {
      engine.flush();
      model.flushed();
    } catch (BlockDeviceException e) {
      requireAReason("flush", e);
    }
  }

  private void injectFault() {
    everFaulty = true;
    int first = random.nextInt(blocks);
    int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 16 : 2);
    int times = random.nextInt(3) == 0 ? 1 + random.nextInt(5) : Integer.MAX_VALUE;
    Operation operation = random.nextBoolean() ? Operation.READ : Operation.WRITE;
    trace(operation + " faults at block " + first + " +" + count + ", " + times + " times");
    switch (random.nextInt(12)) {
      case 0 -> backing.failFlushes(Fault.MEDIUM, 1);
      case 1 -> spares.get(random.nextInt(spares.size())).failFlushes(Fault.MEDIUM, 1);
      case 2 -> backing.fail(operation, 0, backing.sizeBytes(), Fault.TRANSPORT, times);
      case 3 -> backing.fail(operation, 0, backing.sizeBytes(), Fault.MEDIUM, times);
      case 4, 5, 6 -> failSlots(operation, times);
      case 7 ->
          backing.setFailedWritesLand(Landing.values()[random.nextInt(Landing.values().length)]);
      default ->
          backing.fail(
              operation,
              (long) first * blockBytes,
              (long) Math.min(count, blocks - first) * blockBytes,
              Fault.MEDIUM,
              times);
    }
  }

  private void failSlots(Operation operation, int times) {
    long around = Math.max(0, metadata.pool().nextSlot() - 3);
    long slot = Math.min(metadata.pool().layout().endSlot() - 1, around + random.nextInt(6));
    if (metadata.pool().members().hasLive(slot)) {
      SpareMember member = metadata.pool().members().of(slot);
      ((CrashableDevice) member.device())
          .fail(operation, member.slotByteOffset(slot), blockBytes, Fault.MEDIUM, times);
    }
  }

  private void heal() {
    backing.heal();
    spares.forEach(CrashableDevice::heal);
    engine.housekeeping();
  }

  private void addDisk(long leastBytes) {
    int bytes = (int) leastBytes + random.nextInt(4) * 256 * 1024;
    CrashableDevice disk = new CrashableDevice(bytes, SECTOR).named("spare" + spares.size());
    disk.setHook(hook);
    spares.add(disk);
  }

  /** Adds a spare, or moves all blocks to the newest, and perhaps stops on the way. */
  private void changeSpares() throws IOException {
    if (spares.size() < MOST_SPARES && random.nextBoolean()) {
      trace("add a spare");
      addDisk(LARGE_SPARE_BYTES);
      CrashableDevice added = spares.get(spares.size() - 1);
      try {
        engine.addSpare(added, added.name());
        sparesAdded++;
      } catch (SpareTooSmallException e) {
        // Room for the older spares' entries may be more than this disk has. The set is as it was.
        spares.remove(added);
      } catch (BlockDeviceException e) {
        requireAReason("adding a spare", e);
      } catch (IOException e) {
        require(everFaulty, "adding a spare failed on healthy disks: " + e.getMessage());
      }
      return;
    }
    trace("migrate");
    int[] left = {1 + random.nextInt(4)};
    try {
      MigrationReport report =
          engine.migrateToNewest((done, total) -> random.nextBoolean() || --left[0] > 0);
      migrated += report.moved() + report.salvaged();
    } catch (BlockDeviceException e) {
      requireAReason("migrate", e);
    }
  }

  private void remapAsAsked() {
    try {
      engine.remap(random.nextInt(blocks));
    } catch (BlockDeviceException e) {
      requireAReason("remap", e);
    }
  }

  private void unmapAsAsked() {
    unmapFirst = random.nextInt(blocks);
    unmapCount = 1 + random.nextInt(blocks - unmapFirst);
    trace("unmap " + unmapFirst + " +" + unmapCount);
    try {
      UnmapReport report = engine.unmap(unmapFirst, unmapCount);
      unmaps += report.unmapped();
    } catch (BlockDeviceException e) {
      requireAReason("unmap", e);
    }
    unmapCount = 0;
  }

  // ------------------------------------------------------------------------ crashes and restarts

  private void cutPowerWithin(int operations) {
    int[] left = {operations};
    hook =
        (operation, byteOffset, lengthBytes) -> {
          if (left[0]-- <= 0) {
            throw new PowerCut();
          }
        };
    backing.setHook(hook);
    spares.forEach(each -> each.setHook(hook));
  }

  private void clearHooks() {
    hook = (operation, byteOffset, lengthBytes) -> {};
    backing.setHook(hook);
    spares.forEach(each -> each.setHook(hook));
  }

  private void restartAfterPowerCut(TreeMap<Long, Long> before, boolean inOperation)
      throws IOException {
    crashes++;
    trace("power cut");
    // What became visible inside the interrupted operation was durable by then.
    TreeMap<Long, Long> visible = entries();
    boolean lossy = engine.status().state() == EngineState.EMERGENCY;
    backing = backing.crashAtRandom(random);
    spares.replaceAll(each -> each.crashAtRandom(random));
    model.crashed();
    open();
    Set<Long> mayNotShrink = mappedOf(visible);
    // An unmap that was interrupted may be durable before it is visible.
    mayNotShrink.removeIf(block -> block >= unmapFirst && block < unmapFirst + unmapCount);
    unmapCount = 0;
    if (!lossy) {
      requireRemembered(visible, inOperation);
      require(
          entries().keySet().containsAll(mayNotShrink),
          "mappings " + mappedOf(before) + " shrank to " + entries());
    }
  }

  private void restartCleanly() throws IOException {
    TreeMap<Long, Long> before = entries();
    boolean lossy = engine.status().state() == EngineState.EMERGENCY;
    heal();
    engine.close();
    if (engine.status().state() == EngineState.EMERGENCY) {
      model.flushFailed(); // The flush of the close did, and the next process knows nothing of it.
    }
    open();
    if (!lossy) {
      requireRemembered(before, false);
    }
  }

  /** An operation under way may have been committed, so its blocks may have moved on. */
  private void requireRemembered(TreeMap<Long, Long> before, boolean inOperation) {
    TreeMap<Long, Long> after = entries();
    before.forEach(
        (block, target) -> {
          Long now = after.get(block);
          boolean same = target.equals(now);
          boolean movedOn = inOperation && (now == null || !Target.isRemapped(target) || now != 0);
          require(
              same || movedOn,
              "block " + block + " was " + Target.describe(target) + ", is now " + now);
        });
  }

  private static Set<Long> mappedOf(TreeMap<Long, Long> entries) {
    TreeMap<Long, Long> mapped = new TreeMap<>(entries);
    mapped.values().removeIf(target -> !Target.isRemapped(target));
    return mapped.keySet();
  }

  private void open() throws IOException {
    spares.forEach(CrashableDevice::reopened);
    List<BlockDevice> set =
        SpareSetOpening.open(
            spares.get(0),
            hint ->
                spares.stream()
                    .filter(each -> each.name().equals(hint.pathHint()))
                    .findFirst()
                    .orElseThrow());
    metadata = MetadataStore.open(set, null, Access.READ_WRITE);
    require(
        metadata.pool().nextSlot() > greatestSlot || greatestSlot < 0,
        "slot " + greatestSlot + " would be handed out again");
    engine =
        RemapEngine.open(
            backing.reopened(),
            metadata,
            options,
            EngineListener.NONE,
            Access.READ_WRITE,
            new TestClock());
  }

  // ------------------------------------------------------------------------------------ oracles

  /** Reads each block on disks without faults, through the engine and past it. */
  private void checkReferenceRule() {
    heal();
    TreeMap<Long, Long> entries = entries();
    for (int block = 0; block < blocks; block++) {
      long target = entries.getOrDefault((long) block, Target.HEALTHY);
      if (Target.isPending(target)) {
        continue;
      }
      byte[] image = backing.image();
      long at = (long) block * blockBytes;
      if (target != Target.HEALTHY) {
        SpareMember member = metadata.pool().members().of(Target.slot(target));
        image = ((CrashableDevice) member.device()).image();
        at = member.slotByteOffset(Target.slot(target));
      }
      try {
        engine.read((long) block * blockBytes, buffer, 0, blockBytes);
      } catch (BlockDeviceException e) {
        throw new AssertionError(where() + ": block " + block + " fails without a fault", e);
      }
      for (int i = 0; i < blockBytes; i++) {
        require(
            buffer.bytes().get(i) == image[(int) at + i],
            "block " + block + " does not read as it is " + Target.describe(target));
      }
    }
  }

  private void requireAReason(String what, BlockDeviceException e) {
    EngineStatus status = engine.status();
    boolean reason =
        everFaulty || status.pendingBlocks() > 0 || status.state() != EngineState.HEALTHY;
    require(reason, what + " failed on healthy disks: " + e.getMessage());
  }

  /** A refused read is owed to a block that is lost, unless something worse is the matter. */
  private void requireALostBlock(int[] range, BlockDeviceException e) {
    long first = (long) range[0] * SECTOR / blockBytes;
    long last = (long) (range[0] + range[1] - 1) * SECTOR / blockBytes;
    boolean lost = entries().subMap(first, last + 1).values().stream().anyMatch(Target::isPending);
    EngineState state = engine.status().state();
    boolean worse = state == EngineState.SUSPENDED || state == EngineState.EMERGENCY;
    require(
        lost || worse || metadata.droppedPendingTotal() > 0,
        "a read was refused although nothing is lost: " + e.getMessage());
  }

  private TreeMap<Long, Long> entries() {
    TreeMap<Long, Long> entries = new TreeMap<>();
    engine.forEachEntry(entries::put);
    return entries;
  }

  private long greatestMappedSlot() {
    return entries().values().stream()
        .filter(target -> Target.slot(target) != Target.NO_SLOT)
        .mapToLong(Target::slot)
        .max()
        .orElse(-1);
  }

  private void require(boolean holds, String otherwise) {
    if (!holds) {
      throw new AssertionError(where() + ": " + otherwise);
    }
  }

  private String where() {
    return "seed " + seed + " step " + step;
  }
}
