package io.remapfs.mount.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class OutputTest {
  @Test
  void shouldShowNoControlCharactersWhenAnIdHasSome() {
    StringWriter printed = new StringWriter();

    Output.lines(new PrintWriter(printed), Map.of("backingDevice", "a\u001b]0;b\u0007c\u009bd\ne"));

    assertThat(printed.toString().stripTrailing()).isEqualTo("backing device: a?]0;b?c?d?e");
  }

  @Test
  void shouldShowNoControlCharactersWhenARefusalHasSome() {
    StringWriter printed = new StringWriter();

    int code =
        Remapfs.commandLine("inspect")
            .setErr(new PrintWriter(printed))
            .execute("inspect", "/no/such\u001b[2J");

    assertThat(code).isEqualTo(2);
    assertThat(printed.toString()).contains("/no/such?[2J").doesNotContain("\u001b");
  }
}
