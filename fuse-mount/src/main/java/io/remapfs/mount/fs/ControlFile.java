package io.remapfs.mount.fs;

/**
 * Executes the commands that are written to the file {@code control}.
 *
 * <p>Calls come from session threads, several at once where several opens are in use; a call may
 * take its time, it occupies one worker meanwhile. A throw becomes EIO for the writer.
 */
public interface ControlFile {
  /** The longest command, in bytes. */
  int MAX_COMMAND_BYTES = 4096;

  /**
   * Executes one command.
   *
   * @param command the bytes of one write, 1 to {@value #MAX_COMMAND_BYTES} of them, not trusted
   * @return the answer, JSON, read back on the same open file
   */
  byte[] execute(byte[] command);
}
