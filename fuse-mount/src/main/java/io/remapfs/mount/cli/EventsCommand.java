package io.remapfs.mount.cli;

import io.remapfs.health.event.EventKind;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs events}. */
@Command(
    name = "events",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Tells what happened to a mounted disk, in this mount and in earlier ones, newest last.",
      "The newest 4096 events are kept. The kinds are those of docs/health.md."
    })
final class EventsCommand implements Callable<Integer> {
  private static final long FOLLOW_MILLIS = 1000;
  private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss");
  private static final int KIND_WIDTH =
      Arrays.stream(EventKind.values()).mapToInt(kind -> kind.name().length()).max().orElse(0);
  private static final String YELLOW = "\u001b[33m";
  private static final String RED = "\u001b[31m";
  private static final String PLAIN = "\u001b[0m";

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Option(names = "--json", description = "Print one JSON object a line.")
  private boolean json;

  @Option(
      names = "--follow",
      description = "Go on with new events as they come, until the unmount or Ctrl-C.")
  private boolean follow;

  @Option(
      names = "--kind",
      paramLabel = "KIND",
      split = ",",
      description = "Only events of this kind, such as pending; several with commas.")
  private List<String> kinds = List.of();

  @Option(
      names = "--since",
      paramLabel = "TIME",
      description = "Only later ones: 2026-01-31, 2026-01-31T17:30, or ago: 90s, 30m, 6h, 7d, 2w.")
  private @Nullable String since;

  @Override
  public Integer call() throws RefusedException {
    Set<EventKind> wanted = kinds();
    Clock clock = Clock.system(ZoneId.systemDefault());
    Instant from = since == null ? Instant.MIN : PointInTime.parse("--since", since, clock);
    long last = print(wanted, from, 0);
    while (follow && !Thread.currentThread().isInterrupted() && !isOutputGone()) {
      Pause.millis(FOLLOW_MILLIS);
      try {
        last = print(wanted, from, last);
      } catch (RefusedException e) {
        break; // unmounted meanwhile
      }
    }
    return ExitCode.OK.number();
  }

  /** As of {@code | head}. */
  private boolean isOutputGone() {
    return spec.commandLine().getOut().checkError();
  }

  private Set<EventKind> kinds() throws RefusedException {
    Set<EventKind> wanted = EnumSet.noneOf(EventKind.class);
    for (String name : kinds) {
      wanted.add(
          EventKind.named(name)
              .orElseThrow(
                  () ->
                      RefusedException.usage(
                          "there is no kind of event '" + name + "'; they are: " + allKinds())));
    }
    return wanted;
  }

  private static String allKinds() {
    return Arrays.stream(EventKind.values())
        .map(kind -> kind.name().toLowerCase(Locale.ROOT))
        .collect(Collectors.joining(", "));
  }

  /** Prints those after {@code last}, and returns the last one that there is. */
  private long print(Set<EventKind> wanted, Instant from, long last) throws RefusedException {
    String lines = new String(new ControlClient(mountPoint).read("events"), StandardCharsets.UTF_8);
    PrintWriter out = spec.commandLine().getOut();
    boolean colored = Terminal.isOutput() && System.getenv("NO_COLOR") == null;
    long newest = last;
    for (String line : lines.lines().toList()) {
      Map<String, Object> event = ControlClient.parse(line.getBytes(StandardCharsets.UTF_8));
      long sequence = ControlClient.count(event, "seq");
      if (sequence > last) {
        newest = Math.max(newest, sequence);
        @Nullable EventKind kind = EventKind.named(String.valueOf(event.get("kind"))).orElse(null);
        Instant time = timeOf(event);
        if ((wanted.isEmpty() || wanted.contains(kind)) && !time.isBefore(from)) {
          out.println(json ? line : forPeople(event, time, kind, colored));
        }
      }
    }
    out.flush();
    return newest;
  }

  private static Instant timeOf(Map<String, Object> event) throws RefusedException {
    try {
      return Instant.parse(String.valueOf(event.get("time")));
    } catch (DateTimeException e) {
      throw new RefusedException(
          ExitCode.FAILED,
          "an event of the daemon is not understood; is it another version of remapfs?",
          e);
    }
  }

  /** The time here, the kind and the sentence; colored by how bad the news is. */
  private static String forPeople(
      Map<String, Object> event, Instant time, @Nullable EventKind kind, boolean colored) {
    String name = Output.plain(String.valueOf(event.get("kind")));
    String line =
        TIME.format(time.atZone(ZoneId.systemDefault()))
            + "  "
            + name
            + " ".repeat(Math.max(0, KIND_WIDTH - name.length()))
            + "  "
            + Output.plain(String.valueOf(event.get("message")));
    if (!colored || kind == null) {
      return line;
    }
    return switch (kind.severity()) {
      case NOTE -> line;
      case WARNING -> YELLOW + line + PLAIN;
      case ERROR -> RED + line + PLAIN;
    };
  }
}
