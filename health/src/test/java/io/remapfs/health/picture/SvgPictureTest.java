package io.remapfs.health.picture;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.PictureSamples;
import io.remapfs.health.surface.SurfaceBuilder;
import org.junit.jupiter.api.Test;

class SvgPictureTest {
  private static final String FULL = SvgPicture.render(PictureSamples.full("a text"));

  @Test
  void shouldBeOneXmlFileThatRefersToNothingOutside() throws Exception {
    Xml.assertSelfContained(FULL);
    Xml.assertSelfContained(SvgPicture.render(PictureSamples.worst()));
    Xml.assertSelfContained(SvgPicture.render(PictureSamples.plain(new SurfaceBuilder(4).build())));
  }

  @Test
  void shouldHaveAPatternAndALabelForEachState() {
    for (CellState each : CellState.values()) {
      assertThat(FULL).contains("<pattern id=\"tile-" + Tile.name(each) + "\"");
      assertThat(FULL).contains(">" + each.label() + "</text>");
      assertThat(FULL).contains(".body-" + Tile.name(each) + " {");
      assertThat(FULL).contains("fill=\"url(#tile-" + Tile.name(each) + ")\" d=\"M");
    }
  }

  @Test
  void shouldTellNoTwoStatesByColourAlone() {
    String signs = Tile.definitions();
    for (CellState each : CellState.values()) {
      String tile = signs.substring(signs.indexOf("tile-" + Tile.name(each) + "\""));
      tile = tile.substring(0, tile.indexOf("</pattern>"));
      // A plain square and a hollow one are the two that need no sign.
      boolean plain = each == CellState.SCANNED || each == CellState.NOT_SCANNED;
      assertThat(tile.contains("class=\"sign")).as(each.name()).isEqualTo(!plain);
    }
    assertThat(signs.split(" d=\"", -1)).doesNotHaveDuplicates();
  }

  @Test
  void shouldSayInWordsWhatItShows() throws Exception {
    assertThat(Xml.texts(FULL, "title").get(0)).isEqualTo("The surface of a text");
    assertThat(Xml.texts(FULL, "desc").get(0))
        .contains("score 612 of 1000", "1 block lost", "1 block moved");
    assertThat(FULL).contains("role=\"img\" aria-labelledby=\"title description\"");
  }

  @Test
  void shouldDrawHostileTextsAsTexts() throws Exception {
    String svg = SvgPicture.render(PictureSamples.full(PictureSamples.HOSTILE));

    Xml.assertSelfContained(svg);
    assertThat(svg).doesNotContain("<script", "\u001b", "\u202e");
    assertThat(Xml.texts(svg, "title").get(0)).contains("script>");
  }

  @Test
  void shouldStaySmallWhateverHappenedToTheDisk() {
    assertThat(SvgPicture.render(PictureSamples.worst()).length()).isLessThan(200 << 10);
    assertThat(
            SvgPicture.render(PictureSamples.plain(new SurfaceBuilder(1L << 40).build())).length())
        .isLessThan(20 << 10);
  }

  @Test
  void shouldSaySoWhenThereIsNothingToShowYet() {
    assertThat(SvgPicture.render(PictureSamples.plain(new SurfaceBuilder(4).build())))
        .contains("No event yet.", "No read has been timed yet.", "Nothing is forecast.");
  }

  @Test
  void shouldDrawEachRunOfCellsInItsPlace() {
    SurfaceBuilder surface = new SurfaceBuilder(12);
    surface.scanned(0, 12, true);
    surface.raise(4, 4, CellState.DANGER);
    SurfaceDrawing drawing = SurfaceDrawing.of(surface.build(), 6, 2);

    assertThat(drawing.markup())
        .contains("#tile-danger)\" d=\"M40 0h20v10h-20zM0 10h20v10h-20z\"")
        .contains("#tile-scanned)\" d=\"M0 0h40v10h-40zM20 10h40v10h-40z\"");
  }
}
