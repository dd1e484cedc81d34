package io.remapfs.health.picture;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.health.surface.CellState;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJson;
import io.remapfs.health.surface.HealthJsonReader;
import io.remapfs.health.surface.PictureSamples;
import io.remapfs.health.surface.SurfaceBuilder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

class HtmlPictureTest {
  private static final String FULL = HtmlPicture.render(PictureSamples.full("a text"));

  @Test
  void shouldBeOneFileThatRefersToNothingOutside() throws Exception {
    Xml.assertSelfContained(FULL);
    Xml.assertSelfContained(HtmlPicture.render(PictureSamples.worst()));
    Xml.assertSelfContained(
        HtmlPicture.render(PictureSamples.plain(new SurfaceBuilder(4).build())));
  }

  @Test
  void shouldAllowItsOwnScriptOnly() throws Exception {
    List<String> scripts = Xml.texts(FULL, "script");
    byte[] digest =
        MessageDigest.getInstance("SHA-256")
            .digest(scripts.get(1).getBytes(StandardCharsets.UTF_8));

    assertThat(scripts).hasSize(2);
    assertThat(FULL)
        .contains("default-src 'none'")
        .contains("script-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
  }

  @Test
  void shouldHandItsScriptTheCells() throws Exception {
    Map<String, Object> data = JSON.std.mapFrom(Xml.texts(FULL, "script").get(0));

    assertThat(data.get("cells")).isEqualTo(PictureSamples.full("").surface().codes());
    assertThat(data.get("lost")).isEqualTo(Map.of("21", 1));
    assertThat(data.get("moved")).isEqualTo(Map.of("20", 1));
  }

  @Test
  void shouldDrawHostileTextsAsTexts() throws Exception {
    String html = HtmlPicture.render(PictureSamples.full(PictureSamples.HOSTILE));

    Xml.assertSelfContained(html);
    assertThat(Xml.texts(html, "script")).hasSize(2);
    assertThat(html).doesNotContain("<script>alert", "\u001b", "\u202e");
    assertThat(Xml.texts(html, "p").get(0)).contains("<script>alert(1)</script>&amp;]]>");
  }

  @Test
  void shouldSayInWordsWhatItsDrawingsShow() throws Exception {
    for (Element each : Xml.elements(Xml.parse(FULL))) {
      if (each.getTagName().equals("svg")) {
        assertThat(each.hasAttribute("aria-label") || each.hasAttribute("aria-hidden")).isTrue();
      }
    }
    for (CellState each : CellState.values()) {
      assertThat(FULL).contains("<span>" + each.label() + "</span>");
    }
    assertThat(FULL).contains("lang=\"en\"", "<h1>", "Where it is bad", "name=\"viewport\"");
  }

  @Test
  void shouldListTheWorstPlacesFirst() throws Exception {
    List<String> cells = Xml.texts(FULL, "td");

    assertThat(cells.subList(0, 6)).containsExactly("lost", "20–21", "80 KiB", "8 KiB", "1", "1");
  }

  @Test
  void shouldStaySmallWhateverHappenedToTheDisk() throws Exception {
    DiskPicture served = HealthJsonReader.read(HealthJson.render(PictureSamples.worst()));

    assertThat(HtmlPicture.render(served).length()).isLessThan(800 << 10);
  }

  @Test
  void shouldSaySoWhenThereIsNothingToShowYet() {
    assertThat(HtmlPicture.render(PictureSamples.plain(new SurfaceBuilder(4).build())))
        .contains("No event yet.", "No read has been timed yet.", "Nothing is forecast")
        .contains("Nowhere: no block is lost or moved.");
  }
}
