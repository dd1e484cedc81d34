package io.remapfs.health.surface;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * All that a picture of a disk shows, at one moment: the contents of {@code health.json}.
 * Immutable. Texts may hold anything, as paths do; whoever draws them escapes them.
 *
 * @param time when it was taken
 * @param version the program's
 * @param backing the disk's path, as the user gave it
 * @param state the engine's, such as {@code DEGRADED}
 * @param reason why it is that state; may be empty
 * @param verdict of the whole disk's score
 * @param image what the image is like
 * @param blocks counts of blocks
 * @param spare counts of slots
 * @param scan what the scanner does; null where there is none
 * @param forecast what is expected; null where nothing is forecast
 * @param regions the regions that are worst off, the worst first
 * @param latency of the scanner's reads since the mount
 * @param events the newest, newest last
 * @param drive what the drive says of itself, in words, by name; empty where it says nothing
 * @param surface the cells
 */
public record DiskPicture(
    Instant time,
    String version,
    String backing,
    String state,
    String reason,
    Verdict verdict,
    Image image,
    Blocks blocks,
    Spare spare,
    @Nullable Scan scan,
    @Nullable Forecast forecast,
    List<Region> regions,
    List<LatencyHistogram.Bucket> latency,
    List<Event> events,
    Map<String, String> drive,
    Surface surface) {
  /** The most events in a picture. */
  public static final int MAX_EVENTS = 256;

  /** The most regions, and the most ranges of a forecast. */
  public static final int MAX_REGIONS = 32;

  public DiskPicture {
    regions = List.copyOf(regions);
    latency = List.copyOf(latency);
    events = List.copyOf(events);
    drive = Collections.unmodifiableMap(new LinkedHashMap<>(drive));
  }

  /**
   * The disk as one number.
   *
   * @param score 0 to 1000, or -1 where it is not known
   * @param word such as {@code good}, {@code warn} or {@code danger}
   */
  public record Verdict(int score, String word) {}

  /** Sizes in bytes. */
  public record Image(long sizeBytes, int blockSizeBytes) {}

  /** As in {@code status.json}. */
  public record Blocks(long remapped, long pending, long salvaged) {}

  /** As in {@code status.json}. */
  public record Spare(long slots, long used, long burnt) {}

  /**
   * What the scanner does.
   *
   * @param state in a word, such as {@code running}
   * @param percent of the present pass, 0 to 100
   * @param detail more in words; may be empty
   */
  public record Scan(String state, double percent, String detail) {}

  /**
   * What is expected.
   *
   * @param summary in words, such as when the spare will run out
   * @param ranges where blocks are likely to fail next
   */
  public record Forecast(String summary, List<Range> ranges) {
    public Forecast {
      ranges = List.copyOf(ranges);
    }
  }

  /**
   * Some blocks.
   *
   * @param percent how likely one more of them fails, 0 to 100
   */
  public record Range(long firstBlock, long count, int percent) {}

  /**
   * A health record in brief.
   *
   * @param score 0 to 1000
   * @param detail what is held against it, in words
   */
  public record Region(long firstBlock, long count, int score, String detail) {}

  /**
   * Something that happened.
   *
   * @param kind such as {@code REMAPPED}
   * @param block -1 where it is not about one
   */
  public record Event(Instant time, String kind, long block, String message) {}
}
