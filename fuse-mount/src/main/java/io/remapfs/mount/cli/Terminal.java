package io.remapfs.mount.cli;

import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.posix.LibC;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** Whether somebody looks: what is only for eyes stays out of pipes and files. */
final class Terminal {
  private static final int STANDARD_OUTPUT = 1;
  private static final int STANDARD_ERROR = 2;

  // asm-generic/ioctls.h; the same on x86-64 and arm64
  private static final long TIOCGWINSZ = 0x5413;

  private static final Pattern SMALL_NUMBER = Pattern.compile("[1-9][0-9]{0,3}");

  private Terminal() {}

  static boolean isOutput() {
    return isTerminal(STANDARD_OUTPUT);
  }

  static boolean isError() {
    return isTerminal(STANDARD_ERROR);
  }

  /**
   * A terminal's size.
   *
   * @param columns characters in a line
   * @param lines of it
   */
  record Size(int columns, int lines) {
    private static final Size USUAL = new Size(80, 24);
  }

  /** How large the terminal behind the standard output is now; 80 by 24 where there is none. */
  static Size size() {
    IoBuffer answer = IoBuffer.allocate(Long.BYTES);
    Size size = Size.USUAL;
    if (isOutput() && LibC.INSTANCE.ioctl(STANDARD_OUTPUT, TIOCGWINSZ, answer.address()) == 0) {
      // struct winsize: rows, columns, and two numbers that nobody fills in.
      ByteBuffer window = answer.bytes().duplicate().order(ByteOrder.nativeOrder());
      size = new Size(window.getShort(2), window.getShort(0));
    }
    return new Size(
        chosen("COLUMNS", size.columns(), Size.USUAL.columns()),
        chosen("LINES", size.lines(), Size.USUAL.lines()));
  }

  /** What the environment says, else what was measured, else what is usual. */
  private static int chosen(String variable, int measured, int usual) {
    String text = System.getenv().getOrDefault(variable, "");
    if (SMALL_NUMBER.matcher(text).matches()) {
      return Integer.parseInt(text);
    }
    return measured > 0 ? measured : usual;
  }

  /** Whether text may hold more than ASCII, by the locale of the environment. */
  static boolean isUtf8(Map<String, String> environment) {
    for (String variable : List.of("LC_ALL", "LC_CTYPE", "LANG")) {
      String locale = environment.getOrDefault(variable, "");
      if (!locale.isEmpty()) { // The first that is set decides; see setlocale(3).
        String encoding = locale.toUpperCase(Locale.ROOT);
        return encoding.contains("UTF-8") || encoding.contains("UTF8");
      }
    }
    return false;
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
