package io.remapfs.mount.cli;

import io.remapfs.engine.device.IoMode;
import io.remapfs.mount.control.SpareRequest;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs add-spare}. */
@Command(
    name = "add-spare",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Gives a disk another spare when the first runs low. Nothing is moved, and all of its spares are"
          + " needed from then on, up to seven of them. A mount by the name of any one finds the"
          + " others where they were, or beside it.",
      "A file that does not exist is made."
    })
final class AddSpareCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      index = "0",
      paramLabel = "DISK",
      description = "Where the image is served; or the backing, while it is not mounted.")
  private Path disk = Path.of("");

  @Parameters(
      index = "1",
      paramLabel = "NEWSPARE",
      description = "A file or device, best on another disk than the failing one.")
  private Path newSpare = Path.of("");

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
    SpareRequest request = order.of(newSpare);
    Map<String, Object> facts = new LinkedHashMap<>();
    try (SpareHolder holder = SpareHolder.of(disk, spares, io)) {
      Map<String, Object> added = holder.add(request);
      facts.put("spare", added.get("spare"));
      facts.put("slots", added.get("slots"));
    }
    PrintWriter out = spec.commandLine().getOut();
    if (order.json()) {
      Output.json(out, facts);
    } else {
      out.println(
          facts.get("spare")
              + " was added, with "
              + facts.get("slots")
              + " slots; keep it and the others, the disk needs them all");
    }
    return ExitCode.OK.number();
  }
}
