import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What was not a load.
 *
 * @param facts of the machine and the run, by name
 * @param memory resident memory of daemons
 * @param ready seconds to a mount that is ready, by session
 */
record Facts(Map<String, String> facts, List<Memory> memory, Map<String, Samples> ready) {
  /**
   * @param state idle, load, or either with a number of remaps
   * @param mebibytes resident now
   * @param peak the most that was ever resident, in MiB
   */
  record Memory(String session, String state, double mebibytes, double peak) {}

  static Facts read(Path folder) throws IOException {
    Map<String, String> facts = new LinkedHashMap<>();
    for (String[] field : fields(folder.resolve("facts.tsv"))) {
      facts.put(field[0], field[1]);
    }
    List<Memory> memory = new ArrayList<>();
    for (String[] field : fields(folder.resolve("memory.tsv"))) {
      memory.add(
          new Memory(
              field[0], field[1], Double.parseDouble(field[2]), Double.parseDouble(field[3])));
    }
    Map<String, Samples> ready = new LinkedHashMap<>();
    for (String[] field : fields(folder.resolve("mounts.tsv"))) {
      ready
          .computeIfAbsent(field[0], session -> new Samples())
          .add(Double.parseDouble(field[1]) / 1e6);
    }
    return new Facts(facts, memory, ready);
  }

  private static List<String[]> fields(Path file) throws IOException {
    return Files.exists(file)
        ? Files.readAllLines(file).stream().map(line -> line.split("\t", -1)).toList()
        : List.of();
  }

  String fact(String name) {
    return facts.getOrDefault(name, "");
  }

  /** What is resident under load, against libfuse's under the same. */
  Optional<Double> toLibfuse(Memory ours) {
    return memory.stream()
        .filter(each -> each.session().equals("libfuse") && each.state().equals("load"))
        .findFirst()
        .filter(any -> ours.state().equals("load"))
        .map(libfuse -> ours.mebibytes() / libfuse.mebibytes());
  }

  /** Whose verdicts are wanted: the session, and when it is the best one. */
  Map<String, String> judged() {
    Map<String, String> judged = new LinkedHashMap<>();
    for (String name : List.of("with enable_uring", "without enable_uring")) {
      if (!fact(name).isEmpty()) {
        judged.merge(fact(name), name, (one, other) -> one + " and " + other);
      }
    }
    return judged;
  }
}
