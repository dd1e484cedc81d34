package io.remapfs.mount.cli;

import io.remapfs.engine.EngineState;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.Stack;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.IParameterPreprocessor;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = "Tells how a mounted disk is doing.")
final class StatusCommand implements Callable<Integer> {
  private static final String EVERY_SECOND = "1";
  private static final String CLEAR_SCREEN = "\u001b[H\u001b[2J";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(
      names = "--watch",
      paramLabel = "SECONDS",
      arity = "0..1",
      fallbackValue = EVERY_SECOND,
      preprocessor = AttachedValueOnly.class,
      description = "Print again every second, or every so many, until the unmount or Ctrl-C.")
  private int watchSeconds;

  @Override
  public Integer call() throws RefusedException {
    if (watchSeconds < 0 || watchSeconds > 86_400) {
      throw RefusedException.usage("--watch takes 1 to 86400 seconds, not " + watchSeconds);
    }
    ExitCode code = print();
    while (watchSeconds > 0 && !Thread.currentThread().isInterrupted()) {
      Pause.millis(watchSeconds * 1000L);
      try {
        code = print();
      } catch (RefusedException e) {
        return code.number(); // unmounted meanwhile
      }
    }
    return code.number();
  }

  private ExitCode print() throws RefusedException {
    ControlClient client = new ControlClient(mountPoint);
    byte[] text = client.read(json ? "status.json" : "status");
    PrintWriter out = spec.commandLine().getOut();
    if (watchSeconds > 0 && Terminal.isOutput()) {
      out.print(CLEAR_SCREEN);
    }
    out.print(new String(text, StandardCharsets.UTF_8));
    out.flush();
    return codeOf(String.valueOf(client.status().get("state")));
  }

  /**
   * Takes the seconds from {@code --watch=5} only. picocli would also take the next argument for
   * them, which in {@code status --watch /mnt/x} is the mount point.
   */
  static final class AttachedValueOnly implements IParameterPreprocessor {
    @Override
    public boolean preprocess(
        Stack<String> arguments, CommandSpec command, ArgSpec option, Map<String, Object> info) {
      Object separator = info.get("separator");
      if (separator == null || separator.toString().isBlank()) {
        arguments.push(EVERY_SECOND);
      }
      return false; // the parser goes on with what is on the stack
    }
  }

  /** A state that asks for somebody's hands now is a failure to scripts; a degraded one is not. */
  static ExitCode codeOf(String state) throws RefusedException {
    for (EngineState each : EngineState.values()) {
      if (each.name().equals(state)) {
        return switch (each) {
          case HEALTHY, DEGRADED -> ExitCode.OK;
          case EXHAUSTED, SUSPENDED, EMERGENCY -> ExitCode.UNHEALTHY;
        };
      }
    }
    throw new RefusedException(
        ExitCode.FAILED, "the daemon tells of a state that this version of remapfs does not know");
  }
}
