package io.remapfs.mount.cli;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Sizes as people write them: 4096, 4K, 64M, 1G, 2T, also 64MiB; units of 1024. */
final class SizeConverter implements ITypeConverter<Long> {
  private static final Pattern SIZE = Pattern.compile("([0-9]{1,15})([KMGT]?)(I?B)?");
  private static final String UNITS = "KMGT";

  @Override
  public Long convert(String text) {
    Matcher matcher = SIZE.matcher(text.strip().toUpperCase(Locale.ROOT));
    if (!matcher.matches()) {
      throw refusal(text);
    }
    String number = String.valueOf(matcher.group(1));
    String unit = String.valueOf(matcher.group(2));
    int shift = unit.isEmpty() ? 0 : 10 * (UNITS.indexOf(unit.charAt(0)) + 1);
    long value = Long.parseLong(number);
    if (value > Long.MAX_VALUE >> shift) {
      throw refusal(text);
    }
    return value << shift;
  }

  private static TypeConversionException refusal(String text) {
    return new TypeConversionException("'" + text + "' is not a size such as 4096, 64M or 1G");
  }
}
