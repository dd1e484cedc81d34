package io.remapfs.health;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What a mapfile says of a run of bytes: the one list that its writer and its reader share. From
 * the ddrescue manual, chapter "Mapfile structure".
 */
public enum MapfileStatus {
  /** Nobody has looked at it yet. */
  UNTRIED('?'),
  /** A large read failed somewhere in it. */
  NOT_TRIMMED('*'),
  /** Both its ends are bad; what lies between was not tried in small reads. */
  NOT_SCRAPED('/'),
  /** It does not read. */
  BAD('-'),
  /** It reads. */
  READABLE('+');

  /** What is certainly bad. */
  public static final Set<MapfileStatus> CERTAINLY_BAD = Set.of(BAD);

  /** Everything in which a read has failed. */
  public static final Set<MapfileStatus> FAILED = Set.of(BAD, NOT_TRIMMED, NOT_SCRAPED);

  /** What the position line can say besides: filling, generating. */
  private static final String OTHER_ACTIVITIES = "FG";

  private final char character;

  MapfileStatus(char character) {
    this.character = character;
  }

  /** How it is written. */
  char character() {
    return character;
  }

  /** Whether a position line may end in this character. */
  static boolean isActivity(int character) {
    return of(character) != null || (character > 0 && OTHER_ACTIVITIES.indexOf(character) >= 0);
  }

  /** The status that is written so, or null. */
  static @Nullable MapfileStatus of(int character) {
    return switch (character) {
      case '?' -> UNTRIED;
      case '*' -> NOT_TRIMMED;
      case '/' -> NOT_SCRAPED;
      case '-' -> BAD;
      case '+' -> READABLE;
      default -> null;
    };
  }
}
