package io.remapfs.mount.cli;

import io.remapfs.mount.preflight.Capabilities;
import io.remapfs.mount.preflight.DaemonUser;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Host;
import io.remapfs.mount.ring.IoUring;
import io.remapfs.mount.session.UringSwitch;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code remapfs doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = "Tells what this system offers for mounting, and what to do about what it lacks.")
final class DoctorCommand implements Callable<Integer> {
  /** How much a missing thing matters. */
  private enum Need {
    REQUIRED,
    ADVISED
  }

  private record Finding(String name, boolean ok, Need need, String text) {}

  @Spec private CommandSpec spec = CommandSpec.create();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    List<Finding> findings = examine();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Output.json(out, findings.stream().map(DoctorCommand::toMap).toList());
    } else {
      findings.forEach(finding -> out.println(line(finding)));
    }
    boolean able = findings.stream().allMatch(f -> f.ok || f.need != Need.REQUIRED);
    return (able ? ExitCode.OK : ExitCode.REFUSED).number();
  }

  private static Map<String, Object> toMap(Finding finding) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", finding.name);
    map.put("ok", finding.ok);
    map.put("required", finding.need == Need.REQUIRED);
    map.put("text", finding.text);
    return map;
  }

  private static String line(Finding finding) {
    String mark =
        finding.ok
            ? "@|green ok     |@"
            : finding.need == Need.REQUIRED ? "@|red missing|@" : "@|yellow advice |@";
    return Ansi.AUTO.string(mark)
        + String.format(Locale.ROOT, "  %-16s %s", finding.name, finding.text);
  }

  private static List<Finding> examine() {
    List<Finding> findings = new ArrayList<>();
    String problem = Host.fuseDeviceProblem();
    findings.add(required("/dev/fuse", problem == null, "usable", problem == null ? "" : problem));
    findings.add(
        required("libfuse 2", Host.hasLibFuse(), Host.LIBFUSE, "apt-get install libfuse2"));
    findings.add(
        new Finding(
            "Java",
            Runtime.version().feature() >= 17,
            Need.REQUIRED,
            Runtime.version() + " in " + System.getProperty("java.home")));
    findings.add(
        new Finding(
            "kernel",
            true,
            Need.ADVISED,
            System.getProperty("os.version") + " " + System.getProperty("os.arch")));
    addUser(findings);
    addCapabilities(findings);
    addLoop(findings);
    addUring(findings);
    return findings;
  }

  private static void addUser(List<Finding> findings) {
    Capabilities mine = Capabilities.ofThisProcess();
    boolean mayChange = mine.has(Capabilities.SETUID) && mine.has(Capabilities.SETGID);
    findings.add(
        new Finding(
            "user",
            true,
            Need.ADVISED,
            DaemonUser.ofThisProcess()
                + (Host.isRoot() ? "; a mount runs as root unless --user names another" : "")));
    findings.add(
        advised(
            "--user",
            mayChange && onPath("setpriv"),
            "root can be dropped",
            mayChange ? "needs setpriv; install util-linux" : "needs root to drop; run as root"));
  }

  private static void addCapabilities(List<Finding> findings) {
    Capabilities mine = Capabilities.ofThisProcess();
    findings.add(
        advised(
            "CAP_SYS_ADMIN",
            mine.has(Capabilities.SYS_ADMIN),
            "may mount",
            "without it fusermount must be installed; " + toGet("SYS_ADMIN")));
    findings.add(
        advised(
            "CAP_IPC_LOCK",
            mine.has(Capabilities.IPC_LOCK),
            "memory can be locked",
            "without it the daemon may be swapped out; " + toGet("IPC_LOCK")));
    findings.add(
        advised(
            "CAP_SYS_RESOURCE",
            mine.has(Capabilities.SYS_RESOURCE),
            "safe under memory pressure (PR_SET_IO_FLUSHER, OOM score)",
            "without it low memory can stall the mount; " + toGet("SYS_RESOURCE")));
  }

  /** Root of a container lacks what it was not given. */
  private static String toGet(String capability) {
    return Host.isRoot() ? "start the container with --cap-add " + capability : "run as root";
  }

  private static void addLoop(List<Finding> findings) {
    findings.add(
        advised(
            "loop devices",
            Files.isWritable(Path.of("/dev/loop-control")),
            "--loop works",
            Host.isRoot()
                ? "needed for --loop only; modprobe loop, or give the container its loop devices"
                : "needed for --loop only; modprobe loop, and run as root"));
    findings.add(
        advised("losetup", onPath("losetup"), "installed", "needed for --loop; util-linux, mount"));
  }

  private static void addUring(List<Finding> findings) {
    String problem = IoUring.problem();
    findings.add(
        advised(
            "io_uring",
            problem.isEmpty(),
            "--session=ring works",
            problem + "; --session=threads serves without it"));
    String switchProblem = UringSwitch.problem();
    findings.add(
        advised(
            "FUSE io_uring",
            switchProblem.isEmpty(),
            "--session=uring works",
            switchProblem + "; faster for what is small"));
  }

  private static boolean onPath(String program) {
    return Stream.of("/usr/sbin", "/sbin", "/usr/bin", "/bin")
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, program)));
  }

  private static Finding required(String name, boolean ok, String good, String bad) {
    return new Finding(name, ok, Need.REQUIRED, ok ? good : bad);
  }

  private static Finding advised(String name, boolean ok, String good, String bad) {
    return new Finding(name, ok, Need.ADVISED, ok ? good : bad);
  }
}
