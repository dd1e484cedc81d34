package io.remapfs.health.surface;

/** Bytes that are no {@code health.json}. The message is a clause that follows the file's name. */
public final class PictureSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  PictureSyntaxException(String clause) {
    super(clause);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
