package io.remapfs.mount.cli;

import io.remapfs.mount.daemon.NativePreload;
import io.remapfs.mount.daemon.ProgramVersion;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import picocli.CommandLine.UnmatchedArgumentException;

/** The program: finds the command, runs it, and turns every failure into a sentence and a code. */
@Command(
    name = "remapfs",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    description = "Keeps a failing disk usable: serves it as one file whose bad blocks are moved.",
    footerHeading = "%nExample:%n",
    footer = {
      "  sudo remapfs mount --loop disk.img /mnt/x     prints the loop device, such as /dev/loop0",
      "  sudo mount /dev/loop0 /mnt/data               use the file system on it",
      "  remapfs status /mnt/x                         how the disk is doing",
      "  sudo umount /mnt/data && sudo remapfs umount /mnt/x"
    })
public final class Remapfs implements Runnable {
  private static final Map<String, Class<?>> COMMANDS = commands();

  private static final Pattern CHOICES =
      Pattern.compile("\\[([A-Z_, ]+)\\] \\(case-insensitive\\)");

  @Spec private CommandSpec spec = CommandSpec.create();

  private static Map<String, Class<?>> commands() {
    Map<String, Class<?>> commands = new LinkedHashMap<>();
    commands.put("format", FormatCommand.class);
    commands.put("mount", MountCommand.class);
    commands.put("umount", UmountCommand.class);
    commands.put("status", StatusCommand.class);
    commands.put("map", MapCommand.class);
    commands.put("events", EventsCommand.class);
    commands.put("remap", RemapCommand.class);
    commands.put("verify", VerifyCommand.class);
    commands.put("unmap", UnmapCommand.class);
    commands.put("blame", BlameCommand.class);
    commands.put("add-spare", AddSpareCommand.class);
    commands.put("migrate", MigrateCommand.class);
    commands.put("scan", ScanCommand.class);
    commands.put("import", ImportCommand.class);
    commands.put("export", ExportCommand.class);
    commands.put("check", CheckCommand.class);
    commands.put("inspect", InspectCommand.class);
    commands.put("doctor", DoctorCommand.class);
    commands.put("demo", DemoCommand.class);
    return commands;
  }

  /** Runs one command and ends the process with its exit code. */
  public static void main(String[] args) {
    if (args.length > 0 && COMMANDS.get(args[0]) == MountCommand.class) {
      NativePreload.begin(); // It is the one command for whose start others wait.
    }
    PrintWriter out = new PrintWriter(System.out, true, StandardCharsets.UTF_8);
    PrintWriter err = new PrintWriter(System.err, true, StandardCharsets.UTF_8);
    System.exit(commandLine(args).setOut(out).setErr(err).execute(args));
  }

  /**
   * The parser for these arguments. Where the first one names a command, only that one is built:
   * reading the annotations of all of them would be a good part of a mount's start-up.
   */
  static CommandLine commandLine(String... args) {
    CommandLine commandLine = new CommandLine(new Remapfs());
    Class<?> named = args.length > 0 ? COMMANDS.get(args[0]) : null;
    if (named != null) {
      commandLine.addSubcommand(args[0], named);
    } else {
      COMMANDS.forEach(commandLine::addSubcommand);
    }
    documentExitCodes(commandLine);
    commandLine.getSubcommands().values().forEach(Remapfs::documentExitCodes);
    return commandLine
        .registerConverter(Path.class, Remapfs::path)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setUsageHelpAutoWidth(true)
        .setParameterExceptionHandler(Remapfs::onBadArgument)
        .setExecutionExceptionHandler(Remapfs::onFailure);
  }

  /** An empty path, as of a variable that is not set, would mean the current directory. */
  private static Path path(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("the path is empty");
    }
    return Path.of(text);
  }

  private static void documentExitCodes(CommandLine commandLine) {
    Map<String, String> codes = new LinkedHashMap<>();
    codes.put("0", "Done.");
    codes.put("1", "An I/O error, or something unexpected, while running.");
    codes.put("2", "A bad argument or an unusable input; nothing was changed.");
    codes.put("3", "The system or the state of things refuses; nothing was changed.");
    codes.put(
        "4",
        "status: exhausted, suspended or emergency. check: damage. verify: lost blocks. import, migrate: not"
            + " all of them could be recorded or moved.");
    commandLine
        .getCommandSpec()
        .usageMessage()
        .exitCodeListHeading("%nExit codes:%n")
        .exitCodeList(codes);
  }

  private static int onBadArgument(ParameterException e, String[] args) {
    CommandLine at = e.getCommandLine();
    String sentence = inUsersWords(e, String.valueOf(e.getMessage()).replaceAll("\\s+", " "));
    say(at, sentence + "; see: " + at.getCommandSpec().qualifiedName() + " --help");
    return ExitCode.USAGE.number();
  }

  /** picocli speaks of indexes and Java's types, where users think of commands and numbers. */
  private static String inUsersWords(ParameterException e, String sentence) {
    if (e instanceof UnmatchedArgumentException unmatched && !unmatched.isUnknownOption()) {
      boolean command = !unmatched.getCommandLine().getSubcommands().isEmpty();
      return (command ? "there is no command '" : "there is an argument too many: '")
          + unmatched.getUnmatched().get(0)
          + "'";
    }
    return lowerCaseChoices(sentence)
        .replaceFirst(" for positional parameter at index \\S+ \\((\\w+)\\)", " for $1")
        .replaceFirst("is not an? (int|long)$", "is not a whole number");
  }

  /** picocli lists the choices by the names of Java's constants; users type them in lower case. */
  private static String lowerCaseChoices(String sentence) {
    return CHOICES
        .matcher(sentence)
        .replaceAll(found -> "[" + found.group(1).toLowerCase(Locale.ROOT) + "]");
  }

  private static int onFailure(Exception e, CommandLine at, ParseResult parsed) {
    if (System.getenv("REMAPFS_TRACE") != null) {
      e.printStackTrace(at.getErr());
    }
    if (e instanceof RefusedException refusal) {
      say(at, refusal.getMessage());
      return refusal.exitCode().number();
    }
    say(at, "failed unexpectedly: " + e + "; set REMAPFS_TRACE=1 to see where");
    return ExitCode.FAILED.number();
  }

  private static void say(CommandLine at, String sentence) {
    at.getErr().println("remapfs: " + Output.plain(sentence));
    at.getErr().flush();
  }

  /** Without a command there is nothing to do. */
  @Override
  public void run() {
    throw new ParameterException(spec.commandLine(), "Missing command");
  }

  /** Says the version when asked. */
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        "remapfs " + ProgramVersion.get(),
        "Java "
            + Runtime.version()
            + ", "
            + System.getProperty("os.name")
            + " "
            + System.getProperty("os.version")
            + " "
            + System.getProperty("os.arch")
      };
    }
  }
}
