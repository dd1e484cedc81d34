import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The report for people. */
final class MarkdownReport {
  private static final Map<String, String> FAMILIES =
      Map.of(
          "direct", "O_DIRECT on the disk",
          "cached", "The backing in the page cache",
          "slow", "A disk that takes 5 ms for each request");

  private final Measurements measurements;
  private final Facts facts;
  private final Compared compared;
  private final List<String> out = new ArrayList<>();

  MarkdownReport(Measurements measurements, Facts facts) {
    this.measurements = measurements;
    this.facts = facts;
    this.compared = new Compared(measurements);
  }

  String text(List<String> charts) {
    out.add("# remapfs-bench of " + facts.fact("date"));
    out.add("");
    facts.facts().forEach((name, value) -> out.add("- " + name + ": " + value));
    out.add("");
    out.add(
        "Medians; in brackets least and most of the rounds. Ratios are taken round by round."
            + " Latencies are means of a round.");
    facts.judged().forEach(this::verdicts);
    remaps();
    memory();
    for (String family : List.of("direct", "cached", "slow")) {
      figures(family);
    }
    charts.forEach(
        chart ->
            out.add("![" + chart.replace(".svg", "").replace('-', ' ') + "](" + chart + ")\n"));
    return String.join("\n", out) + "\n";
  }

  private void heading(String text) {
    out.add("");
    out.add("## " + text);
    out.add("");
  }

  private void verdicts(String session, String when) {
    heading("Verdicts on --session=" + session + ", the best " + when);
    out.add(
        "| row | image : raw file | must / aim | | loop over image : loop over raw | must / aim | |"
            + " image : best peer | | loop : best peer | |");
    out.add("| --- | ---: | --- | --- | ---: | --- | --- | ---: | --- | ---: | --- |");
    for (Goal goal : Goal.ALL) {
      if (measurements.loads(goal.family()).contains(goal.load())) {
        out.add(
            "| "
                + String.join(
                    " | ",
                    goal.title(),
                    against(goal, session, "image", goal.image()),
                    against(goal, session, "loop", goal.loop()),
                    peer(goal.family(), goal.load(), session, "image"),
                    peer(goal.family(), goal.load(), session, "loop"))
                + " |");
      }
    }
    for (String family : List.of("direct", "cached")) {
      for (Load load : measurements.loads(family)) {
        if (family.equals("cached")
            || Goal.ALL.stream().noneMatch(goal -> goal.load().equals(load))) {
          out.add(
              "| "
                  + load.title()
                  + (family.equals("cached") ? ", page-cached" : "")
                  + " | "
                  + unjudged(family, load, session, "image")
                  + " | | | "
                  + unjudged(family, load, session, "loop")
                  + " | | | "
                  + peer(family, load, session, "image")
                  + " | "
                  + peer(family, load, session, "loop")
                  + " |");
        }
      }
    }
  }

  private String against(Goal goal, String session, String via, Limit limit) {
    return compared
        .toRaw(goal.family(), goal.load(), session, via)
        .map(
            ratios ->
                limit.show(ratios) + " | " + limit.text() + " | " + limit.verdict(ratios.median()))
        .orElse(" | " + limit.text() + " | not measured");
  }

  private String unjudged(String family, Load load, String session, String via) {
    Limit shown = load.isLatency() ? Limit.latency(1, 1) : Limit.rate(1, 1);
    return compared.toRaw(family, load, session, via).map(shown::show).orElse("");
  }

  private String peer(String family, Load load, String session, String via) {
    return compared
        .toBestPeer(family, load, session, via)
        .map(
            peer ->
                String.format(Locale.ROOT, "%.2f, %s | ", peer.ratio(), peer.name())
                    + Goal.PEER.verdict(peer.ratio()))
        .orElse(" | ");
  }

  private void remaps() {
    if (measurements.lines().stream().noneMatch(line -> line.family().equals("remaps"))) {
      return;
    }
    heading("Many remapped blocks");
    out.add(
        "4 KiB anywhere in an image of "
            + facts.fact("remaps image")
            + "; the raw file is the one in which most of its blocks lie, the spare of the million;"
            + " `x : 0` is what is left of it against what is left with no remapped block, must and"
            + " aim "
            + Goal.REMAPS.show(Goal.REMAPS.must())
            + ".");
    out.add("");
    out.add("| session | load | remapped blocks | median | the raw file below | x : 0 | |");
    out.add("| --- | --- | ---: | ---: | ---: | ---: | --- |");
    for (String session : measurements.variants("remaps")) {
      for (Load load : measurements.loads("remaps")) {
        for (String remaps : measurements.servers("remaps", "image")) {
          Optional<Samples> samples = measurements.of("remaps", session, load, remaps, "image");
          if (samples.isPresent()) {
            String ratio =
                compared
                    .toNoRemaps(session, load, remaps)
                    .filter(any -> !remaps.equals("0"))
                    .map(
                        each -> Goal.REMAPS.show(each) + " | " + Goal.REMAPS.verdict(each.median()))
                    .orElse(" | ");
            out.add(
                "| "
                    + String.join(
                        " | ",
                        session,
                        load.title(),
                        remaps,
                        show(samples.get(), load),
                        figure("remaps", session, load, remaps, Compared.ownVia("image")),
                        ratio)
                    + " |");
          }
        }
      }
    }
  }

  private void memory() {
    if (!facts.memory().isEmpty()) {
      heading("Memory");
      out.add("| session | state | resident, MiB | most ever | must / aim | |");
      out.add("| --- | --- | ---: | ---: | --- | --- |");
      for (Facts.Memory each : facts.memory()) {
        out.add(
            String.format(
                Locale.ROOT,
                "| %s | %s | %.1f | %.1f | %s |",
                each.session(),
                each.state(),
                each.mebibytes(),
                each.peak(),
                memoryVerdict(each)));
      }
    }
    if (!facts.ready().isEmpty()) {
      heading("From `remapfs mount` until it is ready");
      out.add("| session | seconds | must | |");
      out.add("| --- | ---: | --- | --- |");
      facts
          .ready()
          .forEach(
              (session, samples) ->
                  out.add(
                      String.format(
                          Locale.ROOT,
                          "| %s | %.2f (%.2f - %.2f), %d mounts | <= %.1f | %s |",
                          session,
                          samples.median(),
                          samples.least(),
                          samples.most(),
                          samples.count(),
                          Goal.READY_MUST_SECONDS,
                          samples.median() <= Goal.READY_MUST_SECONDS ? "must" : "MISSED")));
    }
  }

  private String memoryVerdict(Facts.Memory each) {
    if (each.session().equals("libfuse")) {
      return " | ";
    }
    if (each.state().equals("load") && facts.judged().containsKey(each.session())) {
      return facts
          .toLibfuse(each)
          .map(
              ratio ->
                  Goal.MEMORY.text()
                      + " to libfuse | "
                      + Goal.MEMORY.show(ratio)
                      + ", "
                      + Goal.MEMORY.verdict(ratio))
          .orElse(" | ");
    }
    if (each.state().equals("idle")) {
      return memoryVerdict(each.mebibytes(), Goal.IDLE_MUST, Goal.IDLE_AIM);
    }
    return each.state().endsWith(" 1000000 remaps")
        ? memoryVerdict(each.mebibytes(), Goal.MILLION_MUST, Goal.MILLION_AIM)
        : " | ";
  }

  private static String memoryVerdict(double mebibytes, double must, double aim) {
    String verdict = mebibytes <= aim ? "aim" : mebibytes <= must ? "must" : "MISSED";
    return String.format(Locale.ROOT, "<= %.0f / <= %.0f | %s", must, aim, verdict);
  }

  private void figures(String family) {
    if (measurements.loads(family).isEmpty()) {
      return;
    }
    heading(FAMILIES.get(family));
    if (Compared.hasOwnDisks(family)) {
      out.add(
          "| load | server | the file itself | the raw file it serves | to raw | a loop device over"
              + " it | one over that raw file | to raw |");
      out.add("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |");
    } else {
      out.add("| load | server | the file itself | to raw | a loop device over it | to raw |");
      out.add("| --- | --- | ---: | ---: | ---: | ---: |");
    }
    for (Load load : measurements.loads(family)) {
      for (String server : measurements.servers(family, "image")) {
        List<String> cells = new ArrayList<>(List.of(load.title(), server));
        for (String via : List.of("image", "loop")) {
          cells.add(figure(family, "-", load, server, via));
          if (Compared.hasOwnDisks(family)) {
            cells.add(figure(family, "-", load, server, Compared.ownVia(via)));
          }
          cells.add(
              compared
                  .toRaw(family, load, server, via)
                  .filter(any -> !server.equals("raw"))
                  .map(
                      ratios ->
                          String.format(
                              Locale.ROOT,
                              "%.2f (%.2f - %.2f)",
                              ratios.median(),
                              ratios.least(),
                              ratios.most()))
                  .orElse(""));
        }
        out.add("| " + String.join(" | ", cells) + " |");
      }
    }
    out.add("");
  }

  private String figure(String family, String variant, Load load, String server, String via) {
    return measurements
        .of(family, variant, load, server, via)
        .map(each -> show(each, load))
        .orElse("");
  }

  private static String show(Samples samples, Load load) {
    return String.format(
        Locale.ROOT,
        "%.1f (%.1f - %.1f) %s",
        samples.median(),
        samples.least(),
        samples.most(),
        load.unit());
  }
}
