package io.remapfs.mount.control;

import io.remapfs.engine.MigrationReport;
import io.remapfs.engine.metadata.ReleasedSpares;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How the latest migration is doing, and how it ended.
 *
 * @param stage where it stands
 * @param doneBlocks blocks of the image looked at
 * @param totalBlocks blocks of the image
 * @param report what it came to, where it is {@link Stage#DONE} or {@link Stage#STOPPED}
 * @param error why it {@link Stage#FAILED}, else ""
 */
public record MigrationState(
    Stage stage,
    long doneBlocks,
    long totalBlocks,
    @Nullable MigrationReport report,
    String error) {

  /** Where a migration stands. */
  public enum Stage {
    /** None was started since the mount. */
    NONE,
    /** It is at work. */
    RUNNING,
    /** It came to its end. */
    DONE,
    /** It was told to stop before its end. */
    STOPPED,
    /** An error ended it; what was moved before is moved. */
    FAILED
  }

  /** Before the first. */
  public static MigrationState none() {
    return new MigrationState(Stage.NONE, 0, 0, null, "");
  }

  /** As the answer to {@code migrate status} has it. */
  public Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("migration", stage.name().toLowerCase(Locale.ROOT));
    map.put("doneBlocks", doneBlocks);
    map.put("totalBlocks", totalBlocks);
    if (!error.isEmpty()) {
      map.put("reason", error);
    }
    if (report != null) {
      map.put("spare", report.spare());
      map.put("moved", report.moved());
      map.put("salvaged", report.salvaged());
      map.put("lost", report.lost());
      map.put("released", report.spares().released());
      map.put("stillNeeded", report.spares().kept().stream().map(MigrationState::toMap).toList());
      map.put("troubles", report.spares().troubles());
    }
    return map;
  }

  private static Map<String, Object> toMap(ReleasedSpares.Kept kept) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("spare", kept.name());
    map.put("blocks", kept.blocks());
    return map;
  }

  /** The state that {@link #toMap} was made from; a failure where it was made from none. */
  public static MigrationState ofMap(Map<String, Object> map) {
    Stage stage = stage(String.valueOf(map.get("migration")));
    if (stage == null) {
      return new MigrationState(Stage.FAILED, 0, 0, null, "the daemon's answer is not understood");
    }
    Object reason = map.getOrDefault("reason", "");
    MigrationReport report = null;
    if (map.get("spare") instanceof String spare) {
      List<ReleasedSpares.Kept> kept = new ArrayList<>();
      if (map.get("stillNeeded") instanceof List<?> list) {
        for (Object each : list) {
          if (each instanceof Map<?, ?> one) {
            kept.add(
                new ReleasedSpares.Kept(String.valueOf(one.get("spare")), number(one, "blocks")));
          }
        }
      }
      report =
          new MigrationReport(
              spare,
              number(map, "moved"),
              number(map, "salvaged"),
              number(map, "lost"),
              stage == Stage.DONE,
              new ReleasedSpares(texts(map, "released"), kept, texts(map, "troubles")));
    }
    return new MigrationState(
        stage,
        number(map, "doneBlocks"),
        number(map, "totalBlocks"),
        report,
        String.valueOf(reason));
  }

  private static @Nullable Stage stage(String word) {
    for (Stage each : Stage.values()) {
      if (each.name().toLowerCase(Locale.ROOT).equals(word)) {
        return each;
      }
    }
    return null;
  }

  private static long number(Map<?, ?> map, String key) {
    return map.get(key) instanceof Number number ? number.longValue() : 0;
  }

  private static List<String> texts(Map<?, ?> map, String key) {
    return map.get(key) instanceof List<?> list
        ? list.stream().map(String::valueOf).toList()
        : List.of();
  }
}
