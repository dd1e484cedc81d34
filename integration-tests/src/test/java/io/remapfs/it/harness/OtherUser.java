package io.remapfs.it.harness;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Runs commands as a user who is not root. Which one does not matter, only that he has no rights:
 * the ids need no account. Thread-safe: no state.
 */
public record OtherUser(int uid) {
  /** The account that every system has. */
  public static final OtherUser NOBODY = new OtherUser(65534);

  /** A third one, unknown to the system. */
  public static final OtherUser STRANGER = new OtherUser(54321);

  /** Runs {@code command} without any capability. */
  public Shell.Result run(String... command) {
    return run(List.of(), command);
  }

  /** The same with one capability, such as {@code dac_override}, which files' modes do not stop. */
  public Shell.Result runWith(String capability, String... command) {
    return run(List.of("--inh-caps=+" + capability, "--ambient-caps=+" + capability), command);
  }

  private Shell.Result run(List<String> options, String... command) {
    List<String> whole =
        new ArrayList<>(List.of("setpriv", "--reuid=" + uid, "--regid=" + uid, "--clear-groups"));
    whole.addAll(options);
    whole.addAll(List.of(command));
    return Shell.run(whole.toArray(String[]::new));
  }

  /** Whether he may open {@code file} for reading. */
  public boolean mayRead(Path file) {
    return run("head", "-c1", file.toString()).exitCode() == 0;
  }

  /** Whether he may open {@code file} for writing; nothing is written. */
  public boolean mayWrite(Path file) {
    return run("sh", "-c", "exec 3>>\"$1\"", "sh", file.toString()).exitCode() == 0;
  }

  /** Has {@code control} execute {@code command}, by an open of his own. */
  public Shell.Result control(Path mountPoint, String command, String... capability) {
    String script = "exec 3<>\"$1\" && printf %s \"$2\" >&3 && cat <&3";
    String[] shell = {"sh", "-c", script, "sh", mountPoint.resolve("control").toString(), command};
    return capability.length == 0 ? run(shell) : runWith(capability[0], shell);
  }

  /** Bytes that are easily found again wherever they leak to. */
  public static byte[] marker(int lengthBytes) {
    return "SECRET-OF-THE-DISK-"
        .repeat(lengthBytes / 19 + 1)
        .substring(0, lengthBytes)
        .getBytes(StandardCharsets.US_ASCII);
  }
}
