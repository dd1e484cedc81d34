package io.remapfs.health.drive;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.health.drive.DriveFacts.Passed;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads what {@code smartctl --json -A -H -i} prints, of ATA and NVMe drives. What is missing or of
 * another type than expected is unknown.
 */
final class SmartctlJson {
  private static final int REALLOCATED = 5;
  private static final int PENDING = 197;
  private static final int UNCORRECTABLE = 198;

  /** Longer names are cut: it is shown in a status line. */
  private static final int MAX_MODEL_CHARS = 80;

  private SmartctlJson() {}

  /**
   * Reads an answer.
   *
   * @throws IOException if it is no JSON object
   */
  static DriveFacts parse(byte[] json) throws IOException {
    Map<String, Object> root;
    try {
      root = JSON.std.mapFrom(json);
    } catch (RuntimeException e) {
      throw new IOException("no JSON object: " + e.getMessage(), e);
    }
    if (root == null) {
      throw new IOException("no JSON object");
    }
    Object nvme = root.get("nvme_smart_health_information_log");
    return new DriveFacts(
        model(root),
        passed(at(root.get("smart_status"), "passed")),
        number(at(root.get("temperature"), "current")),
        number(at(root.get("power_on_time"), "hours")),
        attribute(root, REALLOCATED),
        attribute(root, PENDING),
        attribute(root, UNCORRECTABLE),
        number(at(nvme, "media_errors")),
        number(at(nvme, "percentage_used")),
        number(at(nvme, "critical_warning")));
  }

  private static String model(Map<String, Object> root) {
    return root.get("model_name") instanceof String name
        ? name.substring(0, Math.min(name.length(), MAX_MODEL_CHARS)).replaceAll("\\p{C}", "?")
        : "";
  }

  private static Passed passed(@Nullable Object value) {
    if (value instanceof Boolean passed) {
      return passed ? Passed.YES : Passed.NO;
    }
    return Passed.UNKNOWN;
  }

  private static @Nullable Object at(@Nullable Object object, String name) {
    return object instanceof Map<?, ?> map ? map.get(name) : null;
  }

  private static long number(@Nullable Object value) {
    return value instanceof Number number && number.longValue() >= 0
        ? number.longValue()
        : DriveFacts.UNKNOWN;
  }

  private static long attribute(Map<String, Object> root, int id) {
    if (at(root.get("ata_smart_attributes"), "table") instanceof List<?> table) {
      for (Object each : table) {
        if (number(at(each, "id")) == id) {
          return number(at(at(each, "raw"), "value"));
        }
      }
    }
    return DriveFacts.UNKNOWN;
  }
}
