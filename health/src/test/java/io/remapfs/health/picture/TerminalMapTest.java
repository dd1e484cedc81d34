package io.remapfs.health.picture;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.table.Target;
import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.PictureSamples;
import io.remapfs.health.surface.SurfaceBuilder;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class TerminalMapTest {
  private static List<String> render(
      DiskPicture picture, int width, int height, TerminalColours colours, boolean utf8) {
    return new TerminalMap(width, height, colours, utf8).render(picture);
  }

  /** What is seen of a line. */
  private static String seen(String line) {
    return line.replaceAll("\u001b\\[[0-9;]*m", "");
  }

  @Test
  void shouldDrawExactlyThisInPlainAscii() {
    List<String> lines = render(PictureSamples.full("a text"), 40, 24, TerminalColours.NONE, false);

    assertThat(lines)
        .containsExactly(
            "a text  a text  score 612 a text  scan a",
            "a text",
            "1 lost, 1 moved, 1 salvaged, 3.0 % of t~",
            "",
            "  0 % ++++++++ss~~!!++++++oX++++++++++--",
            " 53 % --------------................",
            "a cell is 1 block (4 KiB) of 256 KiB",
            "X lost  o moved to the spare",
            "! in danger  ~ at risk  s slow",
            ". not scanned yet  - scanned long ago",
            "+ scanned recently");
  }

  @Test
  void shouldDrawBroadCellsWhenThereAreFew() {
    SurfaceBuilder surface = new SurfaceBuilder(4);
    surface.visit(2, Target.pending(Target.NO_SLOT));
    DiskPicture tiny = PictureSamples.plain(surface.build());

    assertThat(render(tiny, 80, 24, TerminalColours.NONE, false))
        .contains("  0 % ..... ..... XXXXX .....");
    assertThat(render(tiny, 80, 24, TerminalColours.TRUE, true).stream().map(TerminalMapTest::seen))
        .contains("  0 %   .     .     X     .  ");
  }

  @Test
  void shouldDrawTwoCellsInACharacterWhenThereAreColours() {
    SurfaceBuilder surface = new SurfaceBuilder(36);
    surface.scanned(0, 36, true);
    surface.visit(0, Target.pending(Target.NO_SLOT));
    surface.visit(1, Target.pending(Target.NO_SLOT));
    surface.visit(19, Target.pending(Target.NO_SLOT));
    DiskPicture picture = PictureSamples.plain(surface.build());

    List<String> lines = render(picture, 24, 24, TerminalColours.PALETTE, true);

    String row = lines.stream().filter(each -> each.contains("\u2580")).findFirst().orElseThrow();
    assertThat(row)
        .isEqualTo(
            "  0 % \u001b[38;5;202m\u001b[48;5;36m\u2580\u001b[48;5;202m\u001b[38;5;231mX"
                + "\u001b[38;5;36m\u001b[48;5;36m"
                + "\u2580".repeat(16)
                + "\u001b[0m");
  }

  @ParameterizedTest
  @CsvSource({"80,24", "200,50", "24,10", "10,2", "400,100", "80,1"})
  void shouldFitTheWindow(int width, int height) {
    for (TerminalColours colours : TerminalColours.values()) {
      for (DiskPicture each :
          List.of(PictureSamples.worst(), PictureSamples.full(PictureSamples.HOSTILE))) {
        List<String> lines = render(each, width, height, colours, true);

        assertThat(lines).allMatch(line -> seen(line).length() <= Math.max(24, width));
        if (height >= 20 && width >= 80) {
          assertThat(lines.size()).isLessThan(height);
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(TerminalColours.class)
  void shouldNotLetTextsCommandTheTerminal(TerminalColours colours) {
    List<String> lines =
        render(PictureSamples.full(PictureSamples.HOSTILE), 200, 50, colours, true);

    assertThat(lines.stream().map(TerminalMapTest::seen))
        .allMatch(line -> line.codePoints().allMatch(Words::isPlain));
  }

  @Test
  void shouldUseAsciiOnlyWhereNothingElseIsShown() {
    for (DiskPicture each :
        List.of(PictureSamples.worst(), PictureSamples.full("é\ud83d\ude00…"))) {
      assertThat(render(each, 80, 24, TerminalColours.NONE, false))
          .allMatch(line -> line.chars().allMatch(c -> c >= ' ' && c <= '~'));
    }
  }

  @Test
  void shouldSayEachStateInTheLegendWithItsLetter() {
    for (TerminalColours colours : TerminalColours.values()) {
      String all = seen(String.join("\n", render(PictureSamples.worst(), 80, 24, colours, true)));
      for (CellState each : CellState.values()) {
        assertThat(all).containsPattern("\\Q" + each.code() + "\\E +" + each.label());
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "truecolor, xterm, '', TRUE",
    "24bit, '', '', TRUE",
    "'', xterm-256color, '', PALETTE",
    "'', xterm, '', NONE",
    "'', '', '', NONE",
    "truecolor, xterm-256color, 1, NONE",
  })
  void shouldChooseTheColoursThatTheTerminalHas(
      String colorTerm, String term, String noColor, TerminalColours expected) {
    Map<String, String> environment =
        Map.of("COLORTERM", colorTerm, "TERM", term, "NO_COLOR", noColor);

    assertThat(TerminalColours.of(environment)).isEqualTo(expected);
  }
}
