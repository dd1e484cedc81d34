package io.remapfs.health.region;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.health.region.Evidence.Kind;
import io.remapfs.health.store.HealthFile;
import io.remapfs.health.store.HealthFileFormat;
import io.remapfs.health.store.HealthGeometry;
import io.remapfs.health.store.RegionRecords;
import java.time.Instant;
import java.time.InstantSource;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What happened where on the disk. A region in which nothing happened has no record, and costs
 * nothing: no heap, and no space in the file.
 *
 * <p><b>How it works.</b> I/O threads leave evidence in an inbox ({@link #noteMediumError} and the
 * like, which return at once). {@link #doWork} moves it into records. Records lie in pages of 64,
 * of which a cache, bounded by what they take on the heap, holds the ones used last; the others are
 * read from the file when asked for. Evidence is written to the file at once, where it survives the
 * daemon; the time of a scan, of which nothing depends, when its page leaves the cache or at the
 * next {@link #writeBack}.
 *
 * <p>A page that the file does not take stays in memory, apart from the cache, and each {@code
 * writeBack} tries again; so a full file system costs memory and no evidence, up to {@value
 * #MAX_UNWRITTEN} pages. Beyond them, what is found in further pages is not kept, and {@link
 * #forgotten} counts it.
 *
 * <p>Invariants: a page is in the cache or in {@code unwritten}, never in both; a page with a dirty
 * record that is not in {@code unwritten} is in {@code stale} and in the cache; a page that is not
 * in {@code used} has no record. Lock order: this, then the file's. Thread-safe; only the {@code
 * note} methods may be called on the path of an I/O.
 */
public final class HealthMap {
  /** What the cache takes on the heap by default, in bytes. */
  public static final long DEFAULT_CACHE_BYTES = 4 << 20;

  /** Pages that wait in memory for a file that does not take them. */
  static final int MAX_UNWRITTEN = 2048;

  private static final int PAGE_SHIFT =
      Integer.numberOfTrailingZeros(HealthFileFormat.PAGE_RECORDS);
  private static final int IN_PAGE = HealthFileFormat.PAGE_RECORDS - 1;

  /** Sees one record. */
  @FunctionalInterface
  public interface RecordVisitor {
    /** Called in the order of regions. */
    void visit(int region, RegionHealth health);
  }

  private final HealthGeometry geometry;
  private final RegionRecords file;
  private final InstantSource clock;
  private final EvidenceInbox inbox = new EvidenceInbox();
  private final Cache<Integer, RegionPage> cache;

  // Guarded by this.
  private final Map<Integer, RegionPage> unwritten = new HashMap<>();
  private final BitSet stale = new BitSet();
  private final BitSet used = new BitSet();
  private long changes;
  private long forgotten;
  private long damagedRecords;
  private long unreadablePages;

  /** The map that a file holds, with a cache of {@link #DEFAULT_CACHE_BYTES}. */
  public HealthMap(HealthFile file, InstantSource clock) {
    this(file, clock, DEFAULT_CACHE_BYTES);
  }

  /**
   * The map that a file holds.
   *
   * @param cacheBytes what the cache may take on the heap
   */
  public HealthMap(HealthFile file, InstantSource clock, long cacheBytes) {
    this.geometry = file.geometry();
    this.file = file.records();
    this.clock = clock;
    this.cache =
        Caffeine.newBuilder()
            .maximumWeight(cacheBytes)
            .weigher((Integer page, RegionPage value) -> value.heapBytes())
            .executor(Runnable::run)
            .evictionListener((page, value, cause) -> evicted(page, value))
            .build();
    for (int page = this.file.nextUsedPage(0);
        page < this.file.pageCount();
        page = this.file.nextUsedPage(page + 1)) {
      used.set(page);
    }
  }

  // ---- what I/O threads call

  /** A block's transfer failed by fault of the medium. Returns at once. */
  public void noteMediumError(long blockIndex, boolean onWrite) {
    inbox.add(geometry.regionOf(blockIndex), onWrite ? Kind.WRITE_ERROR : Kind.READ_ERROR);
  }

  /** A block was read, much more slowly than others. Returns at once. */
  public void noteSlow(long blockIndex) {
    inbox.add(geometry.regionOf(blockIndex), Kind.SLOW);
  }

  /** A block was moved with the contents it had. Returns at once. */
  public void noteSalvaged(long blockIndex) {
    inbox.add(geometry.regionOf(blockIndex), Kind.SALVAGED);
  }

  /** A block became PENDING. Returns at once. */
  public void noteLost(long blockIndex) {
    inbox.add(geometry.regionOf(blockIndex), Kind.LOST);
  }

  // ---- what the health thread calls

  /**
   * Moves the evidence that has come in into records and to the file.
   *
   * @return the number of regions that there was any for
   */
  public int doWork() {
    Instant now = clock.instant();
    return inbox.drainTo((evidence, region) -> add(region, evidence, now));
  }

  private synchronized void add(int region, Evidence evidence, Instant now) {
    int page = region >>> PAGE_SHIFT;
    int index = region & IN_PAGE;
    RegionPage records = page(page);
    if (!unwritten.containsKey(page) && unwritten.size() == MAX_UNWRITTEN) {
      addIfTaken(region, records, evidence, now);
      return;
    }
    records.put(index, records.get(index).with(evidence, now));
    used.set(page);
    changes++;
    keep(page, records, write(page, records));
  }

  /** Where no further page can wait in memory, a record changes only if the file takes it. */
  private void addIfTaken(int region, RegionPage records, Evidence evidence, Instant now) {
    RegionPage changed = records.copy();
    int index = region & IN_PAGE;
    changed.put(index, records.get(index).with(evidence, now));
    int page = region >>> PAGE_SHIFT;
    try {
      file.writeRecord(region, changed.fileWords(index), 0);
    } catch (BlockDeviceException e) {
      forgotten++;
      return;
    }
    changed.written(index);
    used.set(page);
    changes++;
    keep(page, changed, true);
  }

  /** Notes that the scanner has read a region to its end; only where it has a record. */
  public synchronized void noteScanned(int region) {
    int page = region >>> PAGE_SHIFT;
    int index = region & IN_PAGE;
    if (!used.get(page)) {
      return;
    }
    RegionPage records = page(page);
    if (records.isLive(index)) {
      records.put(index, records.get(index).scanned(clock.instant()));
      if (!unwritten.containsKey(page)) {
        stale.set(page);
        cache.put(page, records);
      }
    }
  }

  /** What is known of a region, or all zeros. */
  public synchronized RegionHealth record(int region) {
    return used.get(region >>> PAGE_SHIFT)
        ? page(region >>> PAGE_SHIFT).get(region & IN_PAGE)
        : RegionHealth.NOTHING;
  }

  /** Shows each record, in the order of regions. Other calls go on meanwhile. */
  public void forEachRecord(RecordVisitor visitor) {
    for (int page = nextUsed(0); page >= 0; page = nextUsed(page + 1)) {
      RegionPage records = copyOf(page);
      for (long left = records.live(); left != 0; left &= left - 1) {
        int index = Long.numberOfTrailingZeros(left);
        visitor.visit((page << PAGE_SHIFT) + index, records.get(index));
      }
    }
  }

  private synchronized int nextUsed(int page) {
    return used.nextSetBit(page);
  }

  /** A walk over all pages must not push out those that are used. */
  private synchronized RegionPage copyOf(int page) {
    RegionPage known = known(page);
    if (known != null) {
      return known.copy();
    }
    return read(page);
  }

  private @Nullable RegionPage known(int page) {
    RegionPage waiting = unwritten.get(page);
    return waiting != null ? waiting : cache.getIfPresent(page);
  }

  private RegionPage page(int page) {
    RegionPage known = known(page);
    if (known != null) {
      return known;
    }
    RegionPage records = used.get(page) ? read(page) : RegionPage.empty();
    if (records.live() != 0) {
      cache.put(page, records);
    }
    return records;
  }

  private RegionPage read(int page) {
    try {
      RegionRecords.Page found = file.readPage(page);
      if (found.damaged() != 0) {
        damagedRecords += Long.bitCount(found.damaged());
        clearDamaged(page, found);
      }
      if (found.live() == 0) {
        used.clear(page);
      }
      return RegionPage.of(found.live(), found.words());
    } catch (BlockDeviceException e) {
      unreadablePages++;
      return RegionPage.empty();
    }
  }

  /** What is damaged is told of once. */
  private void clearDamaged(int page, RegionRecords.Page found) {
    try {
      file.writePage(page, found.live(), found.words());
    } catch (BlockDeviceException e) {
      return; // It is dropped again at the next read.
    }
  }

  /** Writes what the file does not have; false where it does not take all of it. */
  private boolean write(int page, RegionPage records) {
    for (long left = records.dirty(); left != 0; left &= left - 1) {
      int index = Long.numberOfTrailingZeros(left);
      try {
        file.writeRecord((page << PAGE_SHIFT) + index, records.fileWords(index), 0);
      } catch (BlockDeviceException e) {
        return false;
      }
      records.written(index);
    }
    return true;
  }

  private void keep(int page, RegionPage records, boolean written) {
    stale.clear(page);
    if (written) {
      unwritten.remove(page);
      cache.put(page, records);
    } else {
      cache.invalidate(page);
      unwritten.put(page, records);
    }
  }

  /** Called by the cache, within one of the calls above. */
  private void evicted(@Nullable Integer page, @Nullable RegionPage records) {
    if (page == null || records == null || records.dirty() == 0) {
      return;
    }
    stale.clear(page);
    // All that is not in the file is the time of a scan: without room it may go.
    if (!write(page, records) && unwritten.size() < MAX_UNWRITTEN) {
      unwritten.put(page, records);
    }
  }

  /**
   * Writes what the file does not have yet; to be called before each {@link HealthFile#sync}.
   *
   * @return whether the file has everything
   */
  public synchronized boolean writeBack() {
    for (int page = stale.nextSetBit(0); page >= 0; page = stale.nextSetBit(page + 1)) {
      RegionPage records = cache.getIfPresent(page);
      if (records != null && !write(page, records)) {
        return false; // A file that takes nothing is not asked for each page.
      }
      stale.clear(page);
    }
    for (int page : List.copyOf(unwritten.keySet())) {
      RegionPage records = unwritten.get(page);
      if (records != null && !write(page, records)) {
        return false;
      }
      if (records != null) {
        keep(page, records, true);
      }
    }
    return true;
  }

  /** Gives the cache's memory back, where the file has what is in it. */
  public synchronized void shrink() {
    if (writeBack()) {
      cache.invalidateAll();
    }
  }

  /** The pages in memory now, of 64 records each. */
  synchronized long cachedPages() {
    cache.cleanUp();
    return cache.estimatedSize();
  }

  /** Grows with each record that changes: who goes by the records need look only then. */
  public synchronized long changes() {
    return changes;
  }

  /** Findings that are nowhere, because neither the file nor the memory had room. */
  public synchronized long forgotten() {
    return forgotten;
  }

  /** Records that were dropped because they were damaged, and pages because they are unreadable. */
  public synchronized long dropped() {
    return damagedRecords + unreadablePages;
  }

  /** Findings that were counted as one, because too many regions had some at a time. */
  public long folded() {
    return inbox.folded();
  }

  /** The disk that it is of. */
  public HealthGeometry geometry() {
    return geometry;
  }
}
