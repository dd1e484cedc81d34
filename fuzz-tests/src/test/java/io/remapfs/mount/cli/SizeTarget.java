package io.remapfs.mount.cli;

import io.remapfs.fuzz.Expect;
import java.nio.charset.StandardCharsets;
import picocli.CommandLine.TypeConversionException;

/** The input is a size as somebody typed it. */
public final class SizeTarget {
  private static final long CONVERSION_BYTES = 1 << 20;

  private SizeTarget() {}

  public static void fuzzerTestOneInput(byte[] input) {
    String text = new String(input, StandardCharsets.UTF_8);
    Expect.allocatingAtMost(
        CONVERSION_BYTES,
        () -> {
          try {
            long size = new SizeConverter().convert(text);
            String digits = text.replaceAll("[^0-9]", "");
            long number = Long.parseLong(digits);
            Expect.that(size >= number, "'%s' became %d", text, size);
            Expect.that(number == 0 || size % number == 0, "'%s' became %d", text, size);
          } catch (TypeConversionException refusal) {
            Expect.that(refusal.getMessage() != null, "a refusal without a sentence");
          }
        });
  }
}
