package io.remapfs.engine.metadata;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.metadata.MetadataLog.Counters;
import io.remapfs.engine.metadata.MetadataRecord.Cause;
import io.remapfs.engine.metadata.MetadataRecord.Mapped;
import io.remapfs.engine.metadata.MetadataRecord.Opened;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.engine.spare.SparePool;
import io.remapfs.engine.table.RemapTable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Everything durable about remaps, and the one mutator of the remap table.
 *
 * <p><b>How a commit works.</b> Callers queue their records. One of them leads, the others wait
 * until theirs is done or nobody leads: the leader takes as many queued calls as fit into one
 * journal block and (1) flushes the spare, so that the slots' data is durable, (2) writes the block
 * to every copy, (3) flushes again, (4) publishes the records in the table and the pool, (5) lets
 * the calls return. A burst of a thousand bad blocks so costs some tens of journal blocks.
 *
 * <p>Where the journal wraps and which checkpoint area is next is {@link MetadataLog}'s; who waits
 * for whom is {@link CommitQueue}'s; what was there at open is {@link Recovery}'s.
 *
 * <p><b>Invariants.</b> (1) The table and the pool's burnt set change under {@code ioLock} only,
 * and only after the change is durable; so a checkpoint, also under {@code ioLock}, misses nothing.
 * (2) After a failure to make durable, nothing is ever written again; blocks whose mapping is in
 * doubt are pending in memory, so that nobody puts newer data where a recovered mapping would hide
 * it.
 *
 * <p>Thread-safe. Lock order: {@code ioLock}, then the queue's, then the pool's.
 */
public final class MetadataStore {
  private final Access access;
  private final RemapTable table;
  private final SparePool pool;
  private final MemberChanges members;
  private final @Nullable Fingerprint cleanFingerprint;
  private final AtomicLong nextTagSequence;
  private final ReentrantLock ioLock = new ReentrantLock();
  private final CommitQueue commits = new CommitQueue();
  private final RecordEffects effects;

  // Guarded by ioLock; volatile where status reads it. Another spare means another log.
  private volatile MetadataLog log;
  private volatile Superblock superblock;
  private RecoveryReport recovery;
  private boolean durablyClean;
  private volatile boolean closed;
  private final AtomicLong salvagedTotal;
  private final AtomicLong droppedPendingTotal;

  private MetadataStore(Access access, Recovery.Result recovered) {
    RecoveredState state = recovered.state();
    this.access = access;
    this.superblock = state.superblock;
    this.table = state.table;
    this.pool =
        new SparePool(state.set.members(), superblock.setUuid(), state.nextSlot, state.burnt);
    this.members = new MemberChanges(pool, table);
    this.effects = new RecordEffects(table, pool);
    this.log = new MetadataLog(state, pool);
    this.recovery = recovered.report();
    this.durablyClean = recovery.wasClean();
    this.cleanFingerprint = durablyClean ? state.checkpoint.fingerprint().orElse(null) : null;
    this.nextTagSequence = new AtomicLong(state.nextTagSequence);
    this.salvagedTotal = new AtomicLong(state.salvagedTotal);
    this.droppedPendingTotal = new AtomicLong(state.checkpoint.droppedPendingTotal());
  }

  /**
   * Makes a spare: a new set with a random UUID. Everything on it is lost.
   *
   * @param blockSizeBytes a power of two from 512 to 65536, at least a sector of both devices
   * @throws io.remapfs.engine.spare.SpareTooSmallException if the spare is too small
   * @throws IllegalArgumentException if the block size does not suit
   * @throws NoRoomException if the file system has no room for the metadata; nothing was written
   * @throws IOException if the spare cannot be written everywhere it must be
   */
  public static Superblock format(BlockDevice spare, int blockSizeBytes, BackingIdentity backing)
      throws IOException {
    return format(spare, SpareLayout.of(spare.sizeBytes(), blockSizeBytes), backing);
  }

  static Superblock format(BlockDevice spare, SpareLayout layout, BackingIdentity backing)
      throws IOException {
    return new SpareFormatter(spare).format(layout, backing);
  }

  /**
   * What set a spare is, without recovering it.
   *
   * @throws MetadataException if there is no superblock that this version understands
   */
  public static Superblock identify(BlockDevice spare) throws MetadataException {
    return SuperblockReader.find(spare, new BlockReader(spare)).superblock();
  }

  /**
   * Recovers the metadata, and with {@link Access#READ_WRITE} makes every copy whole again before
   * returning. A spare that refuses those writes still opens, {@link #isUnavailable()}: what it
   * maps can be read.
   *
   * @param expected the backing that will be served; null to take the one that was formatted
   * @throws MetadataException one kind each for corrupt, too old, too new, another set, not
   *     formatted; nothing was written then
   */
  public static MetadataStore open(
      BlockDevice spare, @Nullable BackingIdentity expected, Access access)
      throws MetadataException {
    return open(List.of(spare), expected, access);
  }

  /**
   * Recovers the metadata of a set of several spares, as {@link #open(BlockDevice, BackingIdentity,
   * Access)} does of one. The names of the devices are noted when a spare is added or released:
   * open them by absolute paths.
   *
   * @param spares those that {@link SpareSetOpening} found, in any order
   * @throws MissingSpareException if one more is needed
   */
  public static MetadataStore open(
      List<BlockDevice> spares, @Nullable BackingIdentity expected, Access access)
      throws MetadataException {
    return open(spares, expected, access, RecoveredSet.Check.NONE);
  }

  /**
   * The same with a say in it, once it is known what is there and before anything is written.
   *
   * @throws MetadataException as above, or from {@code check}; nothing was written then
   */
  public static MetadataStore open(
      List<BlockDevice> spares,
      @Nullable BackingIdentity expected,
      Access access,
      RecoveredSet.Check check)
      throws MetadataException {
    SpareSet set = SpareSet.of(spares);
    if (!set.unneeded().isEmpty()) {
      throw new WrongSetException(
          "the spare "
              + set.unneeded().get(0).name()
              + " holds no block of its set any more; leave it out");
    }
    Recovery.Result recovered = new Recovery(set).run(expected);
    MetadataStore store = new MetadataStore(access, recovered);
    check.accept(
        new RecoveredSet(
            set.head().device(),
            store.superblock,
            store.table,
            recovered.report().wasClean(),
            store.cleanFingerprint));
    if (access == Access.READ_WRITE) {
      SpareFormatter.reserveWhereThereIsRoom(set.head().device(), set.head().layout());
    }
    if (access == Access.READ_WRITE && recovered.report().recoveryCase() != RecoveryCase.CLEAN) {
      store.beginIncarnation(recovered.state());
    }
    return store;
  }

  private void beginIncarnation(RecoveredState state) {
    ioLock.lock();
    try {
      nextTagSequence.set(MetadataLog.nextIncarnation(nextTagSequence.get()));
      // Not before it is settled which spare's metadata is in force may any be written.
      MemberChanges.settle(log, state.set);
      log.beginIncarnation(state, counters(), durablyClean, Optional.ofNullable(cleanFingerprint));
      superblock = log.superblock();
      recovery = recovery.withRepaired(zones().healthyCopies() == SpareLayout.ZONES);
    } catch (MetadataUnavailableException e) {
      recovery = recovery.withRepaired(false);
    } finally {
      ioLock.unlock();
    }
  }

  /** What the set is, and its newest spare in it. */
  public Superblock superblock() {
    return superblock;
  }

  /**
   * Changes which disk the set is for, or what tells its spare from a copy; durable on return, and
   * either the old or the new after a crash.
   *
   * @param change {@link Superblock#withBacking} and {@link Superblock#withSpareId}, as needed
   * @throws IllegalArgumentException if it changes anything else, or an id is too long; nothing was
   *     written then
   * @throws MetadataUnavailableException if it is not certain to be durable
   */
  public void rewriteSuperblock(UnaryOperator<Superblock> change)
      throws MetadataUnavailableException {
    ioLock.lock();
    try {
      requireWritable();
      Superblock changed = change.apply(superblock);
      BackingIdentity backing = superblock.backing();
      if (changed.backing().sizeBytes() != backing.sizeBytes()
          || !changed.withBacking(backing).withSpareId(superblock.spareId()).equals(superblock)) {
        throw new IllegalArgumentException(
            "a set cannot change from " + superblock + " to " + changed);
      }
      log.rewriteSuperblock(changed);
      superblock = log.superblock();
    } finally {
      ioLock.unlock();
    }
  }

  /** The table; readers may use it at any time, only this store changes it. */
  public RemapTable table() {
    return table;
  }

  public SparePool pool() {
    return pool;
  }

  /** The spare that holds the metadata: the one that was added last. */
  public BlockDevice spare() {
    return log.spare();
  }

  private Zones zones() {
    return log.zones();
  }

  /**
   * Adds a spare while the set is in use. Commits wait until it is formatted. From then on it holds
   * the metadata, and its slots come after those of the others.
   *
   * @param device open and locked; everything on it is lost. The store's user closes it
   * @param pathHint where it will be found at the next open: its absolute path
   * @throws IllegalArgumentException if the device does not suit, among them {@link
   *     io.remapfs.engine.spare.SpareTooSmallException}; nothing was written
   * @throws MetadataUnavailableException if it is not certain whether it was added: nothing is
   *     written any more until the next open has looked
   * @throws IOException if it is no good as a spare; the set is as it was
   */
  public AddedSpare addSpare(BlockDevice device, String pathHint) throws IOException {
    ioLock.lock();
    try {
      return addSpare(device, layoutFor(device), pathHint);
    } finally {
      ioLock.unlock();
    }
  }

  AddedSpare addSpare(BlockDevice device, SpareLayout layout, String pathHint) throws IOException {
    ioLock.lock();
    try {
      requireWritable();
      BlockDevice replaced = log.spare();
      log = members.add(log, device, layout, pathHint, counters());
      superblock = log.superblock();
      durablyClean = false;
      MemberChanges.confirm(log);
      superblock = log.superblock();
      return new AddedSpare(
          device.name(),
          superblock.membership().memberUuid(),
          layout.firstSlot(),
          layout.slotCount(),
          replaced.name());
    } finally {
      ioLock.unlock();
    }
  }

  /** The layout that a device would get as the set's next spare; throws as {@link #addSpare}. */
  public SpareLayout layoutFor(BlockDevice device) {
    return MemberChanges.layoutFor(superblock, pool.members(), device);
  }

  /**
   * Gives up those of the spares before {@code newest} that no block is in. The caller has seen to
   * it that no slot of theirs is handed out any more, and that each that was is committed or
   * dropped.
   *
   * @throws MetadataUnavailableException if it is not certain to be durable
   */
  public ReleasedSpares releaseSparesBefore(SpareMember newest)
      throws MetadataUnavailableException {
    ioLock.lock();
    try {
      requireWritable();
      ReleasedSpares released = members.release(log, newest);
      superblock = log.superblock();
      return released;
    } finally {
      ioLock.unlock();
    }
  }

  /** What opening found and did. */
  public RecoveryReport recovery() {
    ioLock.lock();
    try {
      return recovery;
    } finally {
      ioLock.unlock();
    }
  }

  /** The fingerprint that the last clean close left, or null if the set was not closed cleanly. */
  public @Nullable Fingerprint cleanFingerprint() {
    return cleanFingerprint;
  }

  /** Blocks ever moved with their old contents, since format. */
  public long salvagedTotal() {
    return salvagedTotal.get();
  }

  /** Pending records ever dropped because there was no room for them. */
  public long droppedPendingTotal() {
    return droppedPendingTotal.get();
  }

  /** Copies of the metadata that take writes: 3 is whole, 0 is unavailable. */
  public int healthyCopies() {
    return zones().healthyCopies();
  }

  /** Why copies were lost since open, one line each. */
  public List<String> lostCopies() {
    return zones().lostReasons();
  }

  /** Whether durability was lost, so that nothing can be committed until the next open. */
  public boolean isUnavailable() {
    return zones().isUnavailable();
  }

  /** A number greater than every one before, in this run and all former ones; for slots' tags. */
  public long nextSequence() {
    return nextTagSequence.getAndIncrement();
  }

  /**
   * Makes records durable, all slots' data written before first, and then publishes them. Records
   * of one call are published in order; up to {@value JournalFormat#MAX_RECORDS} of them are atomic
   * across a crash. Blocks until done, together with calls of other threads.
   *
   * <p>A {@code Pending} record without a slot for a block that is healthy is dropped, and counted,
   * where there are as many pending blocks as slots: the block then stays healthy in the table and
   * its next read finds out again.
   *
   * @throws MetadataUnavailableException if durability is not certain; nothing was published,
   *     except that blocks whose mapping is in doubt are pending from now on
   * @throws IllegalArgumentException if a record names a block or slot that does not exist
   */
  public void commit(List<MetadataRecord> records) throws MetadataUnavailableException {
    records.forEach(effects::requireSane);
    for (int from = 0; from < records.size(); from += JournalFormat.MAX_RECORDS) {
      int to = Math.min(records.size(), from + JournalFormat.MAX_RECORDS);
      requireWritable();
      commits.submit(List.copyOf(records.subList(from, to)), this::commitRound);
    }
  }

  /** One round: one journal block. */
  private void commitRound() {
    ioLock.lock();
    try {
      List<CommitQueue.Call> calls = commits.take();
      List<MetadataRecord> records = keepWhatFits(calls);
      MetadataUnavailableException failure = null;
      boolean inDoubt = false;
      try {
        if (!records.isEmpty()) {
          if (log.isRingFull()) {
            log.checkpoint(counters(), false, Optional.empty());
          }
          flushSlots();
          inDoubt = true;
          log.append(records, nextTagSequence.get());
          durablyClean = false;
          records.forEach(effects::publish);
          countSalvaged(records);
        }
      } catch (MetadataUnavailableException e) {
        failure = e;
      } catch (RuntimeException | Error e) {
        // A broken invariant: durable and published may differ now, so go no further.
        failure = zones().fail("internal error: " + e);
        throw e;
      } finally {
        if (failure != null && inDoubt) {
          records.forEach(effects::suspend);
        }
        commits.finish(calls, failure);
      }
    } finally {
      ioLock.unlock();
    }
  }

  /** Makes durable what was written to slots, in whichever spare. */
  private void flushSlots() throws MetadataUnavailableException {
    for (SpareMember each : pool.members().live()) {
      boolean isHead = each.device() == log.spare();
      if (each.takeUnflushed() && !isHead) {
        zones().flushOther(each.device());
      }
    }
    zones().flush();
  }

  private List<MetadataRecord> keepWhatFits(List<CommitQueue.Call> calls) {
    List<MetadataRecord> kept = new ArrayList<>();
    long newPending = 0;
    for (CommitQueue.Call call : calls) {
      for (MetadataRecord each : call.records) {
        boolean adds = effects.isNewPending(each);
        if (adds && table.pendingCount() + newPending >= log.layout().maxEntries() / 2) {
          droppedPendingTotal.incrementAndGet();
        } else {
          newPending += adds ? 1 : 0;
          kept.add(each);
        }
      }
    }
    return kept;
  }

  private void countSalvaged(List<MetadataRecord> records) {
    for (MetadataRecord each : records) {
      if (each instanceof Mapped mapped && mapped.cause() == Cause.SALVAGED) {
        salvagedTotal.incrementAndGet();
      }
    }
  }

  private Counters counters() {
    return new Counters(nextTagSequence.get(), salvagedTotal.get(), droppedPendingTotal.get());
  }

  /**
   * Notes durably that the backing may be written from here on, so that the next open knows that
   * the set was in use. Call it before the first write to the backing.
   */
  public void markOpened() throws MetadataUnavailableException {
    ioLock.lock();
    try {
      if (!durablyClean) {
        requireWritable();
        return;
      }
    } finally {
      ioLock.unlock();
    }
    commit(List.of(new Opened()));
  }

  /** Whether the next open will find the set cleanly closed, if nothing is written any more. */
  public boolean isDurablyClean() {
    ioLock.lock();
    try {
      return durablyClean;
    } finally {
      ioLock.unlock();
    }
  }

  /** Journal blocks since the last checkpoint, over the blocks of a ring: 0.0 to 1.0. */
  public double journalFill() {
    ioLock.lock();
    try {
      return log.fill();
    } finally {
      ioLock.unlock();
    }
  }

  /**
   * Writes the whole state afresh, if it has changed since the last time. Commits wait meanwhile.
   *
   * @throws MetadataUnavailableException if durability is not certain
   */
  public void checkpoint() throws MetadataUnavailableException {
    requireWritable();
    ioLock.lock();
    try {
      if (log.hasChanged()) {
        log.checkpoint(counters(), false, Optional.empty());
      }
    } finally {
      ioLock.unlock();
    }
  }

  /**
   * Tries to write copies that were lost whole again; {@link #healthyCopies} tells what came of it.
   * Commits wait meanwhile.
   *
   * @throws MetadataUnavailableException if durability is not certain
   */
  public void restoreLostCopies() throws MetadataUnavailableException {
    ioLock.lock();
    try {
      requireWritable();
      if (log.restoreLostCopies(counters())) {
        durablyClean = false;
      }
    } finally {
      ioLock.unlock();
    }
  }

  /**
   * Ends the run in good order: the state and the fingerprint, in a checkpoint that says "clean".
   * The caller has flushed the backing and no longer writes. The devices stay open.
   *
   * @throws MetadataUnavailableException if that could not be made durable; the set is then as
   *     after a crash
   */
  public void closeClean(Fingerprint fingerprint) throws MetadataUnavailableException {
    ioLock.lock();
    try {
      if (!closed && access == Access.READ_WRITE) {
        requireWritable();
        log.checkpoint(counters(), true, Optional.of(fingerprint));
        durablyClean = true;
      }
    } finally {
      closed = true;
      ioLock.unlock();
    }
  }

  /** Ends the run as a crash would; nothing is written. */
  public void closeUnclean() {
    ioLock.lock();
    try {
      closed = true;
    } finally {
      ioLock.unlock();
    }
  }

  private void requireWritable() throws MetadataUnavailableException {
    if (access == Access.READ_ONLY) {
      throw new MetadataUnavailableException("the metadata was opened read-only");
    }
    if (closed) {
      throw new MetadataUnavailableException("the metadata is closed");
    }
    zones().requireAvailable();
  }
}
