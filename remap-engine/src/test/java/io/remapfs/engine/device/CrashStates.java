package io.remapfs.engine.device;

import io.remapfs.engine.device.CrashableDevice.Write;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/**
 * The states in which a power cut can leave some disks.
 *
 * <p><b>How it works.</b> A sector of {@value CrashableDevice#TEAR_BYTES} bytes is never torn, and
 * nothing orders what was not flushed. So a state is one choice for each sector that was written
 * since its disk's last flush: what is durable, or any of the writes to it. That is all there is:
 * subsets, reorderings and tears of writes, of all disks together. Where these choices are few, all
 * are visited. Else, up to a bound: each subset of whole writes (or, of many writes, each prefix,
 * each alone, all but each), the reverse order, each write torn at each sector with the others kept
 * or lost, and random choices up to the bound.
 *
 * <p>A choice that leaves the same bytes as another is the same state. A state that was visited at
 * an earlier point, since the expectations last changed, is not visited again.
 *
 * <p>Not thread-safe; the disks go on unharmed.
 */
public final class CrashStates {
  private static final int TEAR = CrashableDevice.TEAR_BYTES;

  private final List<CrashableDevice> disks;
  private final int whole;
  private final int bound;
  private final Random random;
  private final Set<String> visited = new HashSet<>();
  private long points;
  private long exhaustedPoints;
  private long fewestSampled = Long.MAX_VALUE;
  private long states;

  /** States of these disks at the moments of {@link #visit}, about {@code bound} at each. */
  public CrashStates(List<CrashableDevice> disks, int bound, Random random) {
    this(disks, bound, bound, random);
  }

  /**
   * States of these disks at the moments of {@link #visit}.
   *
   * @param whole where there are no more than these, every one is visited
   * @param bound about how many are visited elsewhere
   */
  public CrashStates(List<CrashableDevice> disks, int whole, int bound, Random random) {
    this.disks = List.copyOf(disks);
    this.whole = whole;
    this.bound = bound;
    this.random = random;
  }

  /** Forgets what was visited: the same bytes must now stand up to other expectations. */
  public void expectationsChanged() {
    visited.clear();
  }

  /** Moments visited. */
  public long points() {
    return points;
  }

  /** Moments at which every state was visited. */
  public long exhaustedPoints() {
    return exhaustedPoints;
  }

  /**
   * The states of that moment of all others which has the fewest, capped beyond 2^31; or the
   * greatest number if there is no other.
   */
  public long fewestSampled() {
    return fewestSampled;
  }

  /** Different states visited. */
  public long states() {
    return states;
  }

  /** Cuts the power now, in each way; the test gets new disks, in the order of the old. */
  public void visit(Consumer<List<CrashableDevice>> test) {
    points++;
    Moment moment = new Moment();
    long all = moment.allStates();
    if (all <= whole) {
      exhaustedPoints++;
      moment.visitAll(test);
    } else {
      fewestSampled = Math.min(fewestSampled, all);
      moment.visitWithinBound(test);
    }
  }

  /** A sector with more than one possible content. */
  private static final class Sector {
    final int disk;
    final int byteOffset;

    /** The durable content, then what was written, each content once. */
    final List<byte[]> contents = new ArrayList<>();

    final List<Long> writeNumbers = new ArrayList<>(List.of(0L));

    Sector(int disk, int byteOffset, byte[] durable) {
      this.disk = disk;
      this.byteOffset = byteOffset;
      contents.add(Arrays.copyOfRange(durable, byteOffset, byteOffset + TEAR));
    }

    int choiceFor(Write write) {
      int from = (int) (byteOffset - write.byteOffset());
      byte[] content = Arrays.copyOfRange(write.data(), from, from + TEAR);
      for (int choice = 0; choice < contents.size(); choice++) {
        if (Arrays.equals(contents.get(choice), content)) {
          return choice;
        }
      }
      contents.add(content);
      writeNumbers.add(write.number());
      return contents.size() - 1;
    }
  }

  /** The part of a write that falls on one sector, and the choice that keeps it. */
  private record Part(int sector, int choice) {}

  /** Everything unflushed at one moment. */
  private final class Moment {
    private final List<byte[]> durable = new ArrayList<>();
    private final List<Sector> sectors = new ArrayList<>();
    private final List<List<Part>> writes = new ArrayList<>();
    private int budget = bound;

    Moment() {
      for (int disk = 0; disk < disks.size(); disk++) {
        durable.add(disks.get(disk).durableImage());
        TreeMap<Integer, Integer> indexes = new TreeMap<>();
        for (Write write : disks.get(disk).unflushed()) {
          writes.add(partsOf(write, disk, indexes));
        }
      }
    }

    private List<Part> partsOf(Write write, int disk, TreeMap<Integer, Integer> indexes) {
      List<Part> parts = new ArrayList<>();
      for (int at = 0; at < write.data().length; at += TEAR) {
        int byteOffset = (int) write.byteOffset() + at;
        int index =
            indexes.computeIfAbsent(
                byteOffset,
                absent -> {
                  sectors.add(new Sector(disk, byteOffset, durable.get(disk)));
                  return sectors.size() - 1;
                });
        parts.add(new Part(index, sectors.get(index).choiceFor(write)));
      }
      return parts;
    }

    /** How many states there are, or more than any bound. */
    long allStates() {
      long product = 1;
      for (Sector sector : sectors) {
        product *= sector.contents.size();
        if (product > Integer.MAX_VALUE) {
          return product;
        }
      }
      return product;
    }

    void visitAll(Consumer<List<CrashableDevice>> test) {
      int[] choice = new int[sectors.size()];
      int digit;
      do {
        test(choice, test);
        digit = 0;
        while (digit < choice.length && ++choice[digit] == sectors.get(digit).contents.size()) {
          choice[digit++] = 0;
        }
      } while (digit < choice.length);
    }

    void visitWithinBound(Consumer<List<CrashableDevice>> test) {
      for (int[] choice : wholeWrites()) {
        test(choice, test);
      }
      List<int[]> tears = tears();
      Collections.shuffle(tears, random);
      for (int i = 0; i < tears.size() && budget > bound / 4; i++) {
        test(tears.get(i), test);
      }
      for (int i = 0; i < 2 * bound && budget > 0; i++) {
        int[] choice = new int[sectors.size()];
        Arrays.setAll(choice, s -> random.nextInt(sectors.get(s).contents.size()));
        test(choice, test);
      }
    }

    private List<int[]> wholeWrites() {
      int count = writes.size();
      List<int[]> choices = new ArrayList<>();
      choices.add(keeping(write -> false));
      choices.add(keeping(write -> true));
      int[] reversed = new int[sectors.size()];
      for (int write = count - 1; write >= 0; write--) {
        keep(reversed, writes.get(write));
      }
      choices.add(reversed);
      if (count < 20 && 1 << count <= bound / 2) {
        for (int subset = 1; subset < 1 << count; subset++) {
          int kept = subset;
          choices.add(keeping(write -> (kept >> write & 1) == 1));
        }
        return choices;
      }
      int step = Math.max(1, 6 * count / bound);
      for (int each = random.nextInt(step); each < count; each += step) {
        int one = each;
        choices.add(keeping(write -> write < one));
        choices.add(keeping(write -> write == one));
        choices.add(keeping(write -> write != one));
      }
      return choices;
    }

    private List<int[]> tears() {
      List<int[]> tears = new ArrayList<>();
      for (int torn = 0; torn < writes.size(); torn++) {
        List<Part> parts = writes.get(torn);
        int one = torn;
        for (int cut = 1; cut < parts.size(); cut++) {
          for (List<Part> part : List.of(parts.subList(0, cut), parts.subList(cut, parts.size()))) {
            int[] othersKept = keeping(write -> write != one);
            keep(othersKept, part);
            tears.add(othersKept);
            int[] othersLost = new int[sectors.size()];
            keep(othersLost, part);
            tears.add(othersLost);
          }
        }
      }
      return tears;
    }

    private int[] keeping(IntPredicate kept) {
      int[] choice = new int[sectors.size()];
      for (int write = 0; write < writes.size(); write++) {
        if (kept.test(write)) {
          keep(choice, writes.get(write));
        }
      }
      return choice;
    }

    private void keep(int[] choice, List<Part> parts) {
      parts.forEach(part -> choice[part.sector()] = part.choice());
    }

    private void test(int[] choice, Consumer<List<CrashableDevice>> test) {
      if (!visited.add(nameOf(choice))) {
        return;
      }
      states++;
      budget--;
      List<byte[]> images = new ArrayList<>();
      durable.forEach(image -> images.add(image.clone()));
      for (int s = 0; s < choice.length; s++) {
        Sector sector = sectors.get(s);
        byte[] content = sector.contents.get(choice[s]);
        System.arraycopy(content, 0, images.get(sector.disk), sector.byteOffset, TEAR);
      }
      List<CrashableDevice> crashed = new ArrayList<>();
      for (int disk = 0; disk < images.size(); disk++) {
        crashed.add(disks.get(disk).crashedAs(images.get(disk)));
      }
      test.accept(crashed);
    }

    /** The same name is the same bytes: flushes say what is durable, numbers what came after. */
    private String nameOf(int[] choice) {
      StringBuilder name = new StringBuilder();
      disks.forEach(disk -> name.append(disk.flushes()).append(' '));
      for (int s = 0; s < choice.length; s++) {
        if (choice[s] > 0) {
          Sector sector = sectors.get(s);
          name.append(sector.disk).append('.').append(sector.byteOffset).append('=');
          name.append(sector.writeNumbers.get(choice[s])).append(' ');
        }
      }
      return name.toString();
    }
  }
}
