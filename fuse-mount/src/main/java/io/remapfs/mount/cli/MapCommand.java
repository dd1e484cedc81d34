package io.remapfs.mount.cli;

import io.remapfs.health.picture.HtmlPicture;
import io.remapfs.health.picture.SvgPicture;
import io.remapfs.health.picture.TerminalColours;
import io.remapfs.health.picture.TerminalMap;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.Pause;
import io.remapfs.mount.preflight.RefusedException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code remapfs map}. */
@Command(
    name = "map",
    mixinStandardHelpOptions = true,
    versionProvider = Remapfs.Version.class,
    sortOptions = false,
    description = {
      "Draws the disk's surface: what is lost, moved, in danger, scanned.",
      "In the terminal with as many colours as it has (COLORTERM, TERM, NO_COLOR), in letters where"
          + " there are none. --svg and --html write the whole picture, with latencies and events,"
          + " into one file that needs nothing else."
    })
final class MapCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "DISK",
      description = "Where the image is served; or a health.json that was copied from there.")
  private Path disk = Path.of("");

  @Option(names = "--ascii", description = "Letters instead of colours.")
  private boolean ascii;

  @Option(
      names = "--watch",
      paramLabel = "SECONDS",
      arity = "0..1",
      fallbackValue = "1",
      preprocessor = StatusCommand.AttachedValueOnly.class,
      description = "Draw again every second, or every so many, until the unmount or Ctrl-C.")
  private @Nullable Integer watchSeconds;

  @Option(names = "--svg", paramLabel = "FILE", description = "Write a picture (SVG).")
  private @Nullable Path svg;

  @Option(names = "--html", paramLabel = "FILE", description = "Write a page (HTML).")
  private @Nullable Path html;

  @Option(names = "--force", description = "Replace a file that exists.")
  private boolean force;

  @Option(names = "--json", description = "Print the data of the picture as JSON.")
  private boolean json;

  @Override
  public Integer call() throws RefusedException {
    MapSource source = new MapSource(disk);
    requireSense();
    if (svg != null || html != null) {
      write(source);
    } else if (json) {
      source.picture(); // Only what can be drawn is handed on.
      out().print(new String(source.bytes(), StandardCharsets.UTF_8));
    } else if (watchSeconds != null) {
      watch(source, watchSeconds);
    } else {
      lines(source.picture(), Terminal.size()).forEach(out()::println);
    }
    out().flush();
    return ExitCode.OK.number();
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private void requireSense() throws RefusedException {
    boolean files = svg != null || html != null;
    if (watchSeconds != null && (watchSeconds < 1 || watchSeconds > 86_400)) {
      throw RefusedException.usage("--watch takes 1 to 86400 seconds, not " + watchSeconds);
    }
    if ((files ? 1 : 0) + (json ? 1 : 0) + (watchSeconds != null ? 1 : 0) > 1) {
      throw RefusedException.usage(
          "--watch, --json and files (--svg, --html) do not go together; ask for one of them");
    }
    if (ascii && (files || json)) {
      throw RefusedException.usage("--ascii is for the terminal; leave it out");
    }
    if (force && !files) {
      throw RefusedException.usage("--force goes with --svg or --html; leave it out");
    }
    if (svg != null && html != null && svg.toAbsolutePath().equals(html.toAbsolutePath())) {
      throw RefusedException.usage("--svg and --html name the same file; name two");
    }
  }

  private void write(MapSource source) throws RefusedException {
    if (svg != null) {
      new PictureFile(svg).requireWritable(force);
    }
    if (html != null) {
      new PictureFile(html).requireWritable(force);
    }
    DiskPicture picture = source.picture();
    if (svg != null) {
      new PictureFile(svg).write(SvgPicture.render(picture));
      out().println(svg);
    }
    if (html != null) {
      new PictureFile(html).write(HtmlPicture.render(picture));
      out().println(html);
    }
  }

  private List<String> lines(DiskPicture picture, Terminal.Size size) {
    Map<String, String> environment = System.getenv();
    boolean plain = ascii || !Terminal.isOutput();
    TerminalColours colours = plain ? TerminalColours.NONE : TerminalColours.of(environment);
    boolean utf8 = colours != TerminalColours.NONE && Terminal.isUtf8(environment);
    return new TerminalMap(size.columns(), size.lines(), colours, utf8).render(picture);
  }

  private void watch(MapSource source, int seconds) throws RefusedException {
    DiskPicture picture = source.picture(); // What cannot be drawn is refused on this screen.
    if (!Terminal.isOutput()) {
      repeat(source, picture, seconds);
      return;
    }
    try (LiveScreen screen = new LiveScreen(out())) {
      while (!Thread.currentThread().isInterrupted()) {
        Terminal.Size size = Terminal.size();
        screen.show(lines(picture, size), size);
        Pause.millis(seconds * 1000L);
        picture = source.picture();
      }
    } catch (RefusedException e) {
      out().println(disk + " is not served any more");
    }
  }

  /** Into a pipe or a file: one picture after the other. */
  private void repeat(MapSource source, DiskPicture first, int seconds) {
    DiskPicture picture = first;
    while (!Thread.currentThread().isInterrupted() && !out().checkError()) {
      lines(picture, Terminal.size()).forEach(out()::println);
      out().println();
      Pause.millis(seconds * 1000L);
      try {
        picture = source.picture();
      } catch (RefusedException e) {
        return; // unmounted meanwhile
      }
    }
  }
}
