package io.remapfs.it.harness;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * What a mount tells of its blocks, in each of the ways it does, as block numbers that can be
 * compared. Read once, when it is made; blocks of 4 KiB.
 */
public final class ToldMap {
  private static final int BLOCK = 4096;

  private final String badblocks;
  private final String mapfile;
  private final List<Map<String, Object>> events;
  private final Map<?, ?> surface;

  private ToldMap(
      String badblocks, String mapfile, List<Map<String, Object>> events, Map<?, ?> surface) {
    this.badblocks = badblocks;
    this.mapfile = mapfile;
    this.events = events;
    this.surface = surface;
  }

  /** What {@code mounted} tells now. */
  public static ToldMap of(Mounted mounted) throws IOException {
    List<Map<String, Object>> events = mounted.text("events").lines().map(ToldMap::parsed).toList();
    return new ToldMap(
        mounted.text("badblocks"),
        mounted.text("mapfile"),
        events,
        (Map<?, ?>) JSON.std.mapFrom(mounted.text("health.json")).get("surface"));
  }

  private static Map<String, Object> parsed(String line) {
    try {
      return JSON.std.mapFrom(line);
    } catch (IOException e) {
      throw new AssertionError(line, e);
    }
  }

  /** The lines of {@code badblocks}. */
  public TreeSet<Long> badblocks() {
    TreeSet<Long> blocks = new TreeSet<>();
    badblocks.lines().map(Long::valueOf).forEach(blocks::add);
    return blocks;
  }

  /** The blocks that the ddrescue map gives this status. Its runs must cover the disk once. */
  public TreeSet<Long> mapfile(char status) {
    TreeSet<Long> blocks = new TreeSet<>();
    long end = 0;
    List<String> lines = mapfile.lines().filter(line -> !line.startsWith("#")).skip(1).toList();
    for (String line : lines) {
      String[] words = line.trim().split(" +");
      long start = Long.decode(words[0]);
      if (start != end || Long.decode(words[1]) % BLOCK != 0) {
        throw new AssertionError("a run that does not join the one before: " + line);
      }
      end = start + Long.decode(words[1]);
      for (long at = start; at < end && words[2].charAt(0) == status; at += BLOCK) {
        blocks.add(at / BLOCK);
      }
    }
    return blocks;
  }

  /** The cells of the picture with this letter; as many as blocks, or it fails. */
  public TreeSet<Long> cells(char letter) {
    if (!Integer.valueOf(1).equals(surface.get("blocksPerCell"))) {
      throw new AssertionError("a cell is " + surface.get("blocksPerCell") + " blocks");
    }
    TreeSet<Long> found = new TreeSet<>();
    String cells = String.valueOf(surface.get("cells"));
    for (int cell = cells.indexOf(letter); cell >= 0; cell = cells.indexOf(letter, cell + 1)) {
      found.add((long) cell);
    }
    return found;
  }

  /** The cells of {@code surface.lost} or {@code surface.moved}, each of one block. */
  public TreeSet<Long> surface(String field) {
    TreeSet<Long> found = new TreeSet<>();
    for (String word : String.valueOf(surface.get(field)).split(" ")) {
      if (word.isEmpty()) {
        continue;
      }
      if (!word.endsWith(":1")) {
        throw new AssertionError(field + " has " + word);
      }
      found.add(Long.valueOf(word.substring(0, word.length() - 2)));
    }
    return found;
  }

  /** The blocks of all events of a kind, ascending; one that was told twice is there twice. */
  public List<Long> events(String kind) {
    return eventsInOrder(kind).stream().sorted().toList();
  }

  /** The same as they came. */
  public List<Long> eventsInOrder(String kind) {
    return events.stream()
        .filter(event -> kind.equals(event.get("kind")))
        .map(event -> ((Number) event.get("block")).longValue())
        .toList();
  }
}
