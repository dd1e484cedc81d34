package io.remapfs.mount.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Whether somebody looks: what is only for eyes stays out of pipes and files. */
final class Terminal {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  private Terminal() {}

  static boolean isOutput() {
    return isTerminal(STANDARD_OUTPUT);
  }

  static boolean isError() {
    return isTerminal(STANDARD_ERROR);
  }

  /** By what the descriptor leads to: {@code System.console()} answers differently by JDK. */
  private static boolean isTerminal(int descriptor) {
    try {
      Path target = Files.readSymbolicLink(Path.of("/proc/self/fd", Integer.toString(descriptor)));
      return target.startsWith("/dev/pts") || target.toString().startsWith("/dev/tty");
    } catch (IOException e) {
      return false;
    }
  }
}
