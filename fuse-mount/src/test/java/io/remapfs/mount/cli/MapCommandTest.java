package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.table.Target;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJson;
import io.remapfs.health.surface.SurfaceBuilder;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code remapfs map} of a saved file; the integration tests have it on a mount. */
class MapCommandTest {
  @TempDir private Path directory;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private Path saved;

  @BeforeEach
  void save() throws IOException {
    SurfaceBuilder surface = new SurfaceBuilder(200);
    surface.visit(0, Target.remapped(3));
    surface.visit(73, Target.pending(Target.NO_SLOT));
    DiskPicture picture =
        new DiskPicture(
            Instant.parse("2026-03-14T15:09:26Z"),
            "1.0",
            "/srv/disk.img",
            "DEGRADED",
            "1 block is lost",
            new DiskPicture.Verdict(-1, ""),
            new DiskPicture.Image(200 * 4096, 4096),
            new DiskPicture.Blocks(1, 1, 0),
            new DiskPicture.Spare(10, 1, 0),
            null,
            null,
            List.of(),
            List.of(),
            List.of(),
            Map.of(),
            surface.build());
    saved = Files.write(directory.resolve("health.json"), HealthJson.render(picture));
  }

  private int run(Object... arguments) {
    String[] args = Stream.of(arguments).map(Object::toString).toArray(String[]::new);
    return Remapfs.commandLine(args)
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }

  private void refuses(int exitCode, String mentioned, Object... arguments) throws IOException {
    List<Path> before = files();
    assertThat(run(arguments)).as(err.toString()).isEqualTo(exitCode);
    assertThat(err.toString().lines()).hasSize(1);
    assertThat(err.toString()).startsWith("remapfs: ").contains(mentioned);
    assertThat(out.toString()).isEmpty();
    assertThat(files()).isEqualTo(before);
    err.getBuffer().setLength(0);
  }

  private List<Path> files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      return all.sorted().toList();
    }
  }

  @Test
  void shouldDrawASavedFileInLettersWhenNobodyLooks() {
    assertThat(run("map", saved)).as(err.toString()).isZero();
    assertThat(out.toString())
        .contains("disk.img  DEGRADED", "  0 % o.....", "X lost", "a cell is 1 block (4 KiB)")
        .doesNotContain("\u001b");
    assertThat(out.toString().lines()).allMatch(line -> line.length() <= 80);
  }

  @Test
  void shouldWriteFilesThatHoldThePicture() throws IOException {
    Path svg = directory.resolve("a.svg");
    Path html = directory.resolve("a.html");

    assertThat(run("map", saved, "--svg", svg, "--html", html)).as(err.toString()).isZero();

    assertThat(svg).content().startsWith("<svg ").endsWith("</svg>\n").contains("1 block is lost");
    assertThat(html).content().startsWith("<!DOCTYPE html>").endsWith("</html>\n");
    assertThat(files()).containsExactlyInAnyOrder(directory, saved, svg, html);
    assertThat(out).hasToString(svg + "\n" + html + "\n");
  }

  @Test
  void shouldLetOthersReadThePictureWhenTheUmaskDoes() throws IOException {
    Path picture = directory.resolve("disk.svg");
    Path other = Files.createFile(directory.resolve("other"));

    assertThat(run("map", saved, "--svg", picture)).isZero();

    assertThat(Files.getPosixFilePermissions(picture))
        .isEqualTo(Files.getPosixFilePermissions(other));
  }

  @Test
  void shouldReplaceAFileOnlyWhenForced() throws IOException {
    Path svg = Files.writeString(directory.resolve("a.svg"), "mine");

    refuses(2, "add --force", "map", saved, "--svg", svg);
    assertThat(svg).hasContent("mine");
    assertThat(run("map", saved, "--svg", svg, "--force")).isZero();
    assertThat(svg).content().startsWith("<svg ");
    assertThat(files()).hasSize(3);
  }

  @Test
  void shouldWriteNothingButFiles() throws IOException {
    refuses(2, "not a regular file", "map", saved, "--force", "--svg", directory);
    refuses(2, "not a regular file", "map", saved, "--force", "--html", "/dev/null");
    refuses(2, "does not exist", "map", saved, "--svg", directory.resolve("no/a.svg"));
    Path link = Files.createSymbolicLink(directory.resolve("link.svg"), saved);
    refuses(2, "not a regular file", "map", saved, "--force", "--svg", link);
  }

  @Test
  void shouldHandOnTheDataWhenAskedForJson() throws IOException {
    assertThat(run("map", "--json", saved)).isZero();
    assertThat(out).hasToString(Files.readString(saved));
  }

  @Test
  void shouldRefuseWhatCannotBeDrawn() throws IOException {
    Path other = Files.writeString(directory.resolve("other"), "{\"a\": 1}");
    refuses(2, "it is no health.json of remapfs", "map", other);
    refuses(2, "it is no health.json of remapfs", "map", "--json", other);
    Files.write(other, new byte[2 << 20]);
    refuses(2, "larger than any", "map", other);
    Files.writeString(other, Files.readString(saved).replace("\"blockSize\":4096", "\"x\":0"));
    refuses(2, "'image.blockSize'", "map", other);
    refuses(2, "does not exist", "map", directory.resolve("nowhere"));
    refuses(2, "neither", "map", "/dev/null");
    refuses(3, "not a mount of remapfs", "map", directory);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--watch --json",
        "--watch --svg=a.svg",
        "--json --html=a.html",
        "--ascii --json",
        "--ascii --svg=a.svg",
        "--force",
        "--svg=a --html=a",
        "--watch=0",
        "--watch=-1",
        "--watch=often",
        "--watch=99999999999",
        "--svg",
        "--svg=",
        "--colour",
      })
  void shouldRefuseOptionsThatMakeNoSense(String options) throws IOException {
    Object[] arguments =
        Stream.concat(Stream.of("map", saved.toString()), Stream.of(options.split(" "))).toArray();
    refuses(2, options.contains("colour") ? "--colour" : options.split("[ =]")[0], arguments);
  }
}
