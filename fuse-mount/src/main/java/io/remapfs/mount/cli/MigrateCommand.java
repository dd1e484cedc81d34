package io.remapfs.mount.cli;

import io.remapfs.engine.MigrationReport;
import io.remapfs.engine.device.IoMode;
import io.remapfs.mount.control.MigrationState;
import io.remapfs.mount.control.MigrationState.Stage;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs migrate}. */
@Command(
    name = "migrate",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Moves all blocks from the spares of a disk to a new one, larger or on a better disk. A mounted"
          + " disk goes on working meanwhile.",
      "Whatever ends it early, nothing is lost: without NEWSPARE it goes on where it was, and so it"
          + " brings the blocks of several spares together on the newest.",
      "A file that does not exist is made. Blocks whose slot cannot be read are lost, and counted."
    })
final class MigrateCommand implements Callable<Integer> {
  private static final long LOOK_MILLIS = 200;

  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "DISK",
      description = "Where the image is served; or the backing, while it is not mounted.")
  private Path disk = Path.of("");

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "NEWSPARE",
      description = "A file or device, best on another disk (the newest spare that there is).")
  private @Nullable Path newSpare;

  @Option(
      names = "--status",
      description = "Tell how far it is on a mounted disk, or how it ended.")
  private boolean status;

  @Option(
      names = "--spare",
      paramLabel = "PATH",
      description = "A spare that the backing has (BACKING.remap beside it).")
  private List<Path> spares = List.of();

  @Option(
      names = "--io",
      paramLabel = "MODE",
      description = "For a backing: direct, or buffered where O_DIRECT is refused (direct).")
  private IoMode io = IoMode.DIRECT;

  @Mixin private SpareOrder order = new SpareOrder();

  @Override
  public Integer call() throws RefusedException {
    Path path = newSpare;
    if (status) {
      if (path != null || order.isGiven() || !spares.isEmpty()) {
        throw RefusedException.usage("--status takes a mount point only; leave the rest out");
      }
      return print(new ControlClient(disk).ask("migrate status")).number();
    }
    if (path == null && order.isGiven()) {
      throw RefusedException.usage(
          "--size and --force are for a new spare; name it after the disk");
    }
    SpareRequest request = path == null ? null : order.of(path);
    MigrationState end;
    try (SpareHolder holder = SpareHolder.of(disk, spares, io)) {
      holder.migrate(request);
      end = follow(holder);
    }
    return print(end.toMap()).number();
  }

  private MigrationState follow(SpareHolder holder) throws RefusedException {
    PrintWriter err = spec.commandLine().getErr();
    Thread onCtrlC =
        new Thread(
            () -> {
              String sentence = holder.interrupted();
              err.println((Terminal.isError() ? "\n" : "") + "remapfs: " + sentence);
              err.flush();
            });
    Runtime.getRuntime().addShutdownHook(onCtrlC);
    try {
      MigrationState state = holder.migration();
      while (state.stage() == Stage.RUNNING) {
        progress(err, state);
        Pause.millis(LOOK_MILLIS);
        state = holder.migration();
      }
      return state;
    } catch (RefusedException e) {
      throw new RefusedException(
          e.exitCode(),
          e.getMessage() + "; what was moved is moved, go on with: remapfs migrate " + disk,
          e);
    } finally {
      if (Terminal.isError()) {
        err.print("\r     \r");
        err.flush();
      }
      forget(onCtrlC);
    }
  }

  private static void forget(Thread hook) {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      return; // It runs already.
    }
  }

  private static void progress(PrintWriter err, MigrationState state) {
    if (Terminal.isError()) {
      err.print("\r" + percent(state) + " %");
      err.flush();
    }
  }

  private static long percent(MigrationState state) {
    return state.doneBlocks() * 100 / Math.max(1, state.totalBlocks());
  }

  private ExitCode print(Map<String, Object> answer) {
    MigrationState state = MigrationState.ofMap(answer);
    PrintWriter out = spec.commandLine().getOut();
    if (order.json()) {
      Output.json(out, state.toMap());
    } else {
      say(out, state);
    }
    MigrationReport report = state.report();
    return switch (state.stage()) {
      case NONE, RUNNING -> ExitCode.OK;
      case FAILED -> ExitCode.FAILED;
      case STOPPED -> ExitCode.UNHEALTHY;
      case DONE ->
          report != null && report.lost() == 0 && report.spares().kept().isEmpty()
              ? ExitCode.OK
              : ExitCode.UNHEALTHY;
    };
  }

  private void say(PrintWriter out, MigrationState state) {
    switch (state.stage()) {
      case NONE -> out.println("nothing was migrated since the mount");
      case RUNNING -> out.println("at work: " + percent(state) + " % of the disk looked at");
      case FAILED ->
          out.println(
              "failed at "
                  + percent(state)
                  + " %: "
                  + state.error()
                  + "; what was moved is moved, go on with: remapfs migrate "
                  + disk);
      case STOPPED ->
          out.println(
              "stopped at "
                  + percent(state)
                  + " %; what was moved is moved, go on with: remapfs migrate "
                  + disk);
      case DONE -> {
        MigrationReport report = state.report();
        if (report != null) {
          say(out, report);
        }
      }
    }
  }

  private static void say(PrintWriter out, MigrationReport report) {
    out.println(report.moved() + report.salvaged() + " blocks were moved to " + report.spare());
    if (report.lost() > 0) {
      out.println(report.lost() + " blocks are lost: their slots could not be read");
    }
    report
        .spares()
        .kept()
        .forEach(
            each ->
                out.println(
                    each.name()
                        + " is still needed: "
                        + each.blocks()
                        + " lost blocks may come back there"));
    for (String each : report.spares().released()) {
      out.println(
          each
              + " holds no block any more. Mount with --spare "
              + report.spare()
              + " from now on; if you mount without --spare, keep the old file, which leads to the"
              + " new one");
    }
    report.spares().troubles().forEach(out::println);
  }
}
