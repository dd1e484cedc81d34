package io.remapfs.health.region;

import io.remapfs.health.store.HealthFileFormat;

/**
 * The live ones of 64 records, packed without gaps: a bit says which are live, and the number of
 * bits before it where a record lies.
 *
 * <p>Invariant: {@code words.length} is {@link RegionHealth#WORDS} times the number of bits in
 * {@code live}; {@code dirty} is a subset of {@code live}. Not thread-safe.
 */
final class RegionPage {
  /**
   * What a page takes on the heap beside its words: itself, its array's head, the cache's entry.
   */
  private static final int OVERHEAD_BYTES = 152;

  private static final int WORDS = RegionHealth.WORDS;

  private long live;

  /** Records of which the file has an older state, or none. */
  private long dirty;

  private long[] words;

  private RegionPage(long live, long[] words) {
    this.live = live;
    this.words = words;
  }

  static RegionPage empty() {
    return new RegionPage(0, new long[0]);
  }

  /** A page of the file, which has more room a record. */
  static RegionPage of(long live, long[] fileWords) {
    long[] packed = new long[Long.bitCount(live) * WORDS];
    int to = 0;
    for (long left = live; left != 0; left &= left - 1) {
      int from = Long.numberOfTrailingZeros(left) * HealthFileFormat.RECORD_WORDS;
      System.arraycopy(fileWords, from, packed, to, WORDS);
      to += WORDS;
    }
    return new RegionPage(live, packed);
  }

  long live() {
    return live;
  }

  long dirty() {
    return dirty;
  }

  boolean isLive(int index) {
    return (live >>> index & 1) != 0;
  }

  int heapBytes() {
    return OVERHEAD_BYTES + words.length * Long.BYTES;
  }

  private int at(int index) {
    return Long.bitCount(live & ((1L << index) - 1)) * WORDS;
  }

  RegionHealth get(int index) {
    return isLive(index) ? RegionHealth.unpack(words, at(index)) : RegionHealth.NOTHING;
  }

  /** Sets a record, which the file does not have yet. */
  void put(int index, RegionHealth health) {
    int at = at(index);
    if (!isLive(index)) {
      long[] more = new long[words.length + WORDS];
      System.arraycopy(words, 0, more, 0, at);
      System.arraycopy(words, at, more, at + WORDS, words.length - at);
      words = more;
      live |= 1L << index;
    }
    health.pack(words, at);
    dirty |= 1L << index;
  }

  /** A record as the file has it. */
  long[] fileWords(int index) {
    long[] record = new long[HealthFileFormat.RECORD_WORDS];
    System.arraycopy(words, at(index), record, 0, WORDS);
    return record;
  }

  /** The file has this record now. */
  void written(int index) {
    dirty &= ~(1L << index);
  }

  RegionPage copy() {
    return new RegionPage(live, words.clone());
  }
}
