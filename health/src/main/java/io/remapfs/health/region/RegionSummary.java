package io.remapfs.health.region;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * All regions at a glance.
 *
 * @param score what they give the disk, 0 to {@link Score#BEST}
 * @param regions regions that have a record
 * @param good of these, those that are good
 * @param warn those that are to be watched
 * @param danger those in danger
 * @param worst the worst, the worst of them first; at most {@value Score#WORST_REGIONS}
 */
public record RegionSummary(
    int score, int regions, int good, int warn, int danger, List<Scored> worst) {

  /** Of a disk on which nothing happened. */
  public static final RegionSummary NOTHING = new RegionSummary(Score.BEST, 0, 0, 0, 0, List.of());

  /** A region with its score. */
  public record Scored(int region, int score, RegionHealth health) {}

  public RegionSummary {
    worst = List.copyOf(worst);
  }

  /** Looks at each record once. */
  public static RegionSummary of(HealthMap map, Instant now) {
    PriorityQueue<Scored> worst =
        new PriorityQueue<>(Comparator.comparingInt(Scored::score).reversed());
    int[] counts = new int[Verdict.values().length];
    map.forEachRecord(
        (region, health) -> {
          int score = Score.ofRegion(health, now);
          switch (Verdict.of(score)) {
            case GOOD -> counts[0]++;
            case WARN -> counts[1]++;
            case DANGER -> counts[2]++;
          }
          if (worst.size() < Score.WORST_REGIONS) {
            worst.add(new Scored(region, score, health));
          } else if (score < worst.element().score()) {
            worst.remove();
            worst.add(new Scored(region, score, health));
          }
        });
    List<Scored> sorted = new ArrayList<>(worst);
    sorted.sort(Comparator.comparingInt(Scored::score).thenComparingInt(Scored::region));
    return new RegionSummary(
        Score.ofRegions(sorted.stream().mapToInt(Scored::score).toArray()),
        counts[0] + counts[1] + counts[2],
        counts[0],
        counts[1],
        counts[2],
        sorted);
  }
}
