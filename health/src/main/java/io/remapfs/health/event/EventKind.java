package io.remapfs.health.event;

import io.remapfs.engine.EngineEvent;
import java.util.Locale;
import java.util.Optional;

/**
 * What can happen, to the engine or to what watches over the disk. The names are an interface that
 * scripts rely on, and the codes are stored: add to both, change neither.
 */
public enum EventKind {
  /** A block was moved to a slot with new contents. */
  REMAPPED(1, Severity.NOTE),
  /** A block was moved to a slot with the contents it had. */
  SALVAGED(2, Severity.NOTE),
  /** A block was moved back from its slot to its own place. */
  UNMAPPED(3, Severity.NOTE),
  /** A block's contents were lost. */
  PENDING(4, Severity.WARNING),
  /** A slot failed and is never used again. */
  SLOT_BURNT(5, Severity.WARNING),
  /** A spare was added to the set. */
  SPARE_ADDED(6, Severity.NOTE),
  /** The blocks of older spares were moved to the newest. */
  MIGRATED(7, Severity.NOTE),
  /** A spare refuses blocks as a whole; another one takes them. */
  SPARE_REFUSES(8, Severity.WARNING),
  /** A spare holds no block any more. */
  SPARE_RELEASED(9, Severity.NOTE),
  /** Half of the slots, or more, are used up. */
  SPARE_LOW(10, Severity.WARNING),
  /** The last slot was handed out. */
  SPARE_EXHAUSTED(11, Severity.ERROR),
  /** The way to the device fails. */
  SUSPENDED(12, Severity.WARNING),
  /** The device answers again. */
  RESUMED(13, Severity.NOTE),
  /** No new remap can be made durable. */
  EMERGENCY(14, Severity.ERROR),
  /** A flush failed; what was written since the last good one may be lost. */
  FLUSH_FAILED(15, Severity.ERROR),
  /** A copy of the metadata cannot be written any more. */
  METADATA_COPY_LOST(16, Severity.WARNING),
  /** A damaged copy of the metadata was rewritten. */
  METADATA_REPAIRED(17, Severity.NOTE),
  /** The disk and its spare are others than at the last mount, copied or moved together. */
  COPIED(18, Severity.WARNING),
  /** The disk's state is another than before. */
  STATE_CHANGED(19, Severity.WARNING),
  /** A scan began, or goes on. */
  SCAN_STARTED(20, Severity.NOTE),
  /** A scan waits, for the reason given. */
  SCAN_PAUSED(21, Severity.NOTE),
  /** A scan has seen all it was to see, or was stopped. */
  SCAN_FINISHED(22, Severity.NOTE),
  /** Memory became scarce, or is plentiful again. */
  PRESSURE(23, Severity.WARNING),
  /** Blocks or the spare are expected to fail or to run out. */
  FORECAST(24, Severity.WARNING),
  /** The drive itself (SMART) tells of trouble. */
  DRIVE(25, Severity.WARNING),
  /** The user's command for events failed. */
  HOOK_FAILED(26, Severity.WARNING),
  /** An event that a newer version of remapfs stored. */
  UNKNOWN(0, Severity.NOTE);

  private static final EventKind[] ALL = values();

  private final int code;
  private final Severity severity;

  EventKind(int code, Severity severity) {
    this.code = code;
    this.severity = severity;
  }

  /** The number under which it is stored, 0 to 65535. */
  int code() {
    return code;
  }

  /** Whether it is bad news, and how bad. */
  public Severity severity() {
    return severity;
  }

  /** How bad the news is. */
  public enum Severity {
    /** Good to know. */
    NOTE,
    /** Something was lost, or may be soon. */
    WARNING,
    /** Somebody's hands are needed now. */
    ERROR
  }

  static EventKind ofCode(int code) {
    for (EventKind each : ALL) {
      if (each.code == code) {
        return each;
      }
    }
    return UNKNOWN;
  }

  /** The kind of this name, in upper or lower case, with {@code -} or {@code _}. */
  public static Optional<EventKind> named(String name) {
    String wanted = name.strip().toUpperCase(Locale.ROOT).replace('-', '_');
    for (EventKind each : ALL) {
      if (each.name().equals(wanted)) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  /** What an event of the engine is called here; the compiler sees to it that none is left out. */
  static EventKind of(EngineEvent.Kind kind) {
    return switch (kind) {
      case REMAPPED -> REMAPPED;
      case SALVAGED -> SALVAGED;
      case UNMAPPED -> UNMAPPED;
      case PENDING -> PENDING;
      case SLOT_BURNT -> SLOT_BURNT;
      case SPARE_ADDED -> SPARE_ADDED;
      case MIGRATED -> MIGRATED;
      case SPARE_REFUSES -> SPARE_REFUSES;
      case SPARE_RELEASED -> SPARE_RELEASED;
      case SPARE_EXHAUSTED -> SPARE_EXHAUSTED;
      case SUSPENDED -> SUSPENDED;
      case RESUMED -> RESUMED;
      case EMERGENCY -> EMERGENCY;
      case FLUSH_FAILED -> FLUSH_FAILED;
      case METADATA_COPY_LOST -> METADATA_COPY_LOST;
      case METADATA_REPAIRED -> METADATA_REPAIRED;
    };
  }
}
