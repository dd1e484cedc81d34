package io.remapfs.health;

/** A list of bad blocks is not what it should be. The message is one sentence with the line. */
public final class ListSyntaxException extends Exception {
  private static final long serialVersionUID = 1L;

  ListSyntaxException(String sentence) {
    super(sentence);
  }

  ListSyntaxException(String name, long lineNumber, String what) {
    this(name + ", line " + lineNumber + ": " + what);
  }

  @Override
  public String getMessage() {
    return String.valueOf(super.getMessage());
  }
}
