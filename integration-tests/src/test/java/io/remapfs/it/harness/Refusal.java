package io.remapfs.it.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/** A command that must be refused: exit code, one sentence, and every file as it was. */
public final class Refusal {
  /** A wrong argument or input. */
  public static final int USAGE = 2;

  /** The environment or the state of things is against it. */
  public static final int REFUSED = 3;

  private Refusal() {}

  /**
   * Runs {@code remapfs ARGUMENTS...} and expects the refusal.
   *
   * @param mentioned what the sentence must contain, in any case
   */
  public static Shell.Result refuses(
      Workbench bench, int exitCode, String mentioned, Object... arguments) {
    List<String> command = new ArrayList<>();
    command.add(Repository.launcher().toString());
    Stream.of(arguments).map(Object::toString).forEach(command::add);
    return refusesCommand(bench, exitCode, mentioned, command);
  }

  /** The same for a command that leads to remapfs on its own way. */
  public static Shell.Result refusesCommand(
      Workbench bench, int exitCode, String mentioned, List<String> command) {
    Map<String, String> before = contents(bench.folder());

    Shell.Result result =
        Shell.run(
            Duration.ofSeconds(30),
            Map.of("REMAPFS_LOG", "/dev/null"),
            command.toArray(String[]::new));

    assertThat(result.exitCode()).as(result.toString()).isEqualTo(exitCode);
    assertOneSentence(result);
    assertThat(result.stderr()).containsIgnoringCase(mentioned);
    assertThat(contents(bench.folder())).isEqualTo(before);
    return result;
  }

  /** Nothing on stdout, one line of ours on stderr. */
  public static void assertOneSentence(Shell.Result result) {
    assertThat(result.stdout()).as(result.toString()).isEmpty();
    assertThat(result.stderr().strip().lines()).as(result.toString()).hasSize(1);
    assertThat(result.stderr()).startsWith("remapfs: ").doesNotContain("Exception");
  }

  /**
   * Hash of each file and mark of each folder below {@code folder}; what is mounted is left out. Of
   * a health file only that it is there counts while a disk is mounted: its daemon writes there.
   */
  private static Map<String, String> contents(Path folder) {
    List<Path> mounts = MountTable.mountsBelow(folder);
    Map<String, String> contents = new TreeMap<>();
    try (Stream<Path> paths = Files.walk(folder)) {
      paths
          .filter(path -> mounts.stream().noneMatch(path::startsWith))
          .filter(path -> !path.toString().endsWith(".log"))
          .forEach(path -> contents.put(path.toString(), describe(path, !mounts.isEmpty())));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return contents;
  }

  private static String describe(Path path, boolean mounted) {
    if (mounted && path.toString().endsWith(".health")) {
      return "health file";
    }
    return Files.isRegularFile(path) ? Images.hash(path) : "folder";
  }

  /** Lets every user reach the files of {@code bench}. */
  public static void openToOthers(Workbench bench) throws IOException {
    for (Path folder = bench.folder(); !folder.endsWith("tmp"); folder = parentOf(folder)) {
      Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
  }

  private static Path parentOf(Path folder) {
    Path parent = folder.getParent();
    if (parent == null) {
      throw new IllegalStateException("not below a folder named tmp");
    }
    return parent;
  }

  /** The command line of {@code remapfs ARGUMENTS...} as a user without any rights. */
  public static List<String> asNobody(String... arguments) {
    List<String> command =
        new ArrayList<>(List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"));
    command.addAll(Mounted.command(arguments));
    return command;
  }
}
