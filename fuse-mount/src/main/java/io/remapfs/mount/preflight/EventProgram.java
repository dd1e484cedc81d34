package io.remapfs.mount.preflight;

import java.nio.file.Files;
import java.nio.file.Path;

/** The program that {@code mount --on-event} names. */
public final class EventProgram {
  private EventProgram() {}

  /**
   * Refuses what cannot be run by this process, as the user that it is now.
   *
   * @param program its absolute path
   * @param mountPoint where the image is to be served
   */
  public static void require(Path program, Path mountPoint) throws RefusedException {
    if (program.startsWith(mountPoint)) {
      throw RefusedException.usage(
          "the program " + program + " of --on-event lies on the mount itself; name one elsewhere");
    }
    if (Files.notExists(program)) {
      throw RefusedException.usage(
          "there is no program "
              + program
              + "; --on-event takes the path of an executable, without arguments");
    }
    if (!Files.isRegularFile(program) || !Files.isExecutable(program)) {
      throw RefusedException.usage(
          program
              + " cannot be run by "
              + DaemonUser.ofThisProcess().name()
              + "; --on-event takes the path of an executable that this user may reach, without arguments");
    }
  }
}
