package io.remapfs.mount.cli;

import io.remapfs.health.ByteCount;
import io.remapfs.health.scan.ScanMode;
import io.remapfs.health.scan.ScanTimes;
import io.remapfs.mount.control.ScanRequest;
import io.remapfs.mount.control.ScanRequest.Action;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs scan}. */
@Command(
    name = "scan",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Reads a mounted disk in the background, so that bad blocks are found and salvaged before they"
          + " are needed. start begins a tour now; pause holds it, also over an unmount, until resume;"
          + " stop ends it; status tells how far it is.",
      "It gives way to users and to a slow disk, and waits while the disk does not answer, no slot is"
          + " free, or memory is short. A daemon that was ended or killed goes on where it was at the"
          + " next mount."
    })
final class ScanCommand implements Callable<Integer> {
  private static final long LOOK_MILLIS = 500;
  private static final int BAR = 30;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "ACTION",
      description = "start, pause, resume, stop or status.")
  private Action action = Action.STATUS;

  @Parameters(index = "1", paramLabel = "MOUNTPOINT", description = "Where the image is served.")
  private Path mountPoint = Path.of("");

  @Option(
      names = "--mode",
      paramLabel = "MODE",
      description = {
        "Of start: full (every block), errors (regions where something has happened), neighbours"
            + " (around bad blocks) or risk (the riskiest regions first, then all, oldest look first)"
            + " (full)."
      })
  private @Nullable ScanMode mode;

  @Option(
      names = "--rate",
      paramLabel = "SIZE",
      converter = SizeConverter.class,
      description = "Of start: so much a second at most, 64K to 1T (as mounted).")
  private @Nullable Long rate;

  @Option(
      names = "--cpu",
      paramLabel = "PERCENT",
      description = "Of start: so much of one core at most, 1 to 100 (as mounted).")
  private @Nullable Integer cpu;

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Option(names = "--watch", description = "Follow it to its end or to a pause, or until Ctrl-C.")
  private boolean watch;

  @Override
  public Integer call() throws RefusedException {
    if (action != Action.START && (mode != null || rate != null || cpu != null)) {
      throw RefusedException.usage("--mode, --rate and --cpu are for scan start; leave them out");
    }
    if (rate != null) {
      ScanOptions.requireRate("--rate", rate);
    }
    if (cpu != null) {
      ScanOptions.requireCpu("--cpu", cpu);
    }
    ControlClient client = new ControlClient(mountPoint);
    Map<String, Object> scan = action == Action.STATUS ? reported(client) : ordered(client);
    PrintWriter out = spec.commandLine().getOut();
    if (watch) {
      scan = follow(client, scan, out);
    }
    if (json) {
      Output.json(out, scan);
    } else {
      Output.lines(out, facts(scan));
    }
    return ExitCode.OK.number();
  }

  /** From the report, which needs no right to the control file. */
  private static Map<String, Object> reported(ControlClient client) throws RefusedException {
    return section(client.status());
  }

  private Map<String, Object> ordered(ControlClient client) throws RefusedException {
    ScanRequest request =
        new ScanRequest(
            action,
            mode == null ? ScanMode.FULL : mode,
            rate == null ? 0 : rate,
            cpu == null ? 0 : cpu);
    return section(client.ask("scan " + request.toWords()));
  }

  private static Map<String, Object> section(Map<String, Object> of) throws RefusedException {
    if (!(of.get("scan") instanceof Map<?, ?> scan)) {
      throw new RefusedException(
          ExitCode.FAILED, "the daemon tells of no scan; is it another version of remapfs?");
    }
    Map<String, Object> copy = new LinkedHashMap<>();
    scan.forEach((key, value) -> copy.put(String.valueOf(key), value));
    return copy;
  }

  private Map<String, Object> follow(
      ControlClient client, Map<String, Object> first, PrintWriter out) throws RefusedException {
    boolean terminal = Terminal.isOutput();
    Map<String, Object> scan = first;
    while (isUnderWay(scan)) {
      if (terminal) {
        out.print("\r\u001b[K" + line(scan));
        out.flush();
      }
      Pause.millis(LOOK_MILLIS);
      scan = reported(client);
    }
    if (terminal) {
      out.print("\r\u001b[K");
    }
    return scan;
  }

  private static boolean isUnderWay(Map<String, Object> scan) {
    String state = String.valueOf(scan.get("state"));
    return state.equals("running") || state.equals("waiting");
  }

  /** "[#####.....] 50.0 % 31 MiB/s ends in 5 min 2 salvaged, 1 lost". */
  private static String line(Map<String, Object> scan) {
    double percent = scan.get("percent") instanceof Number number ? number.doubleValue() : 0;
    int filled = (int) Math.max(0, Math.min(BAR, percent * BAR / 100));
    String reason = String.valueOf(scan.get("reason"));
    return "["
        + "#".repeat(filled)
        + ".".repeat(BAR - filled)
        + "] "
        + percent
        + " %  "
        + (reason.isEmpty() ? pace(scan) : "waits: " + Output.plain(reason))
        + "  "
        + found(scan);
  }

  private static String pace(Map<String, Object> scan) {
    long eta = number(scan, "etaSeconds");
    return rate(scan) + (eta < 0 ? "" : "  ends in " + ScanTimes.duration(eta));
  }

  private static String rate(Map<String, Object> scan) {
    return String.format(
        Locale.ROOT, "%.1f MiB/s", number(scan, "bytesPerSecond") / (double) (1 << 20));
  }

  private static String found(Map<String, Object> scan) {
    return number(scan, "salvaged")
        + " salvaged, "
        + number(scan, "lost")
        + " lost, "
        + number(scan, "slowFound")
        + " slow";
  }

  private static long number(Map<String, Object> scan, String key) {
    return scan.get(key) instanceof Number number ? number.longValue() : 0;
  }

  private static Map<String, Object> facts(Map<String, Object> scan) {
    Map<String, Object> facts = new LinkedHashMap<>();
    put(facts, scan, "state");
    put(facts, scan, "reason");
    if (number(scan, "tour") > 0) {
      facts.put("tour", scan.get("tour") + " (" + scan.get("mode") + ")");
      facts.put(
          "done", scan.get("percent") + " % of " + ByteCount.describe(number(scan, "totalBytes")));
      if (isUnderWay(scan)) {
        facts.put("rate", pace(scan));
        put(facts, scan, "givesWay");
      }
      facts.put("found", found(scan));
    }
    if (number(scan, "skippedSteps") + number(scan, "faults") > 0) {
      put(facts, scan, "skippedSteps");
      put(facts, scan, "faults");
    }
    put(facts, scan, "startedAt");
    put(facts, scan, "endedAt");
    put(facts, scan, "nextAt");
    put(facts, scan, "unscannedBytes");
    put(facts, scan, "medium");
    return facts;
  }

  private static void put(Map<String, Object> facts, Map<String, Object> scan, String key) {
    Object value = scan.get(key);
    if (value != null && !value.equals("")) {
      facts.put(key, value);
    }
  }
}
