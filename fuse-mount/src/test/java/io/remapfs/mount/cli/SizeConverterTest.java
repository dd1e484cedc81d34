package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine.TypeConversionException;

class SizeConverterTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "4096, 4096",
    "4K, 4096",
    "4k, 4096",
    "64M, 67108864",
    "64MiB, 67108864",
    "64MB, 67108864",
    "1G, 1073741824",
    "2T, 2199023255552",
    "512B, 512"
  })
  void shouldReadSizesAsPeopleWriteThem(String text, long expected) {
    assertThat(new SizeConverter().convert(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "M", "-1", "1.5G", "64 M", "64X", "0x10", "9999999999T", "99999999999999999"})
  void shouldRefuseWhatIsNoSize(String text) {
    assertThatThrownBy(() -> new SizeConverter().convert(text))
        .isInstanceOf(TypeConversionException.class)
        .hasMessageContaining("is not a size");
  }
}
