package io.remapfs.health.picture;

import io.remapfs.fuzz.Expect;
import io.remapfs.health.surface.DiskPicture;
import io.remapfs.health.surface.HealthJsonReader;
import io.remapfs.health.surface.PictureSyntaxException;
import java.nio.charset.StandardCharsets;

/** The input is a {@code health.json} that somebody sent: what is accepted can be drawn. */
public final class HealthTarget {
  /** What is read, and three drawings of 8192 cells. */
  private static final long PICTURE_BYTES = 64 << 20;

  static {
    run("{}".getBytes(StandardCharsets.US_ASCII)); // Loads classes.
  }

  private HealthTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    Expect.allocatingAtMost(PICTURE_BYTES, () -> run(input));
  }

  private static void run(byte[] input) {
    DiskPicture picture;
    try {
      picture = HealthJsonReader.read(input);
    } catch (PictureSyntaxException refusal) {
      Expect.that(!refusal.getMessage().isEmpty(), "a refusal without a sentence");
      return;
    }
    for (TerminalColours colours : TerminalColours.values()) {
      for (String line : new TerminalMap(80, 24, colours, true).render(picture)) {
        String seen = line.replaceAll("\u001b\\[[0-9;]*m", "");
        Expect.that(seen.codePoints().allMatch(Words::isPlain), "not plain: %s", line);
        Expect.that(seen.length() <= 80, "%d characters", seen.length());
      }
    }
    plain(SvgPicture.render(picture));
    plain(HtmlPicture.render(picture));
  }

  private static void plain(String markup) {
    Expect.that(
        markup.codePoints().allMatch(each -> each == '\n' || Words.isPlain(each)),
        "not plain: %s",
        markup);
  }
}
