package io.remapfs.mount.fs;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.posix.Errno;
import jnr.ffi.Memory;
import jnr.ffi.Pointer;
import jnr.ffi.Runtime;
import org.junit.jupiter.api.Test;

class ControlConversationTest {
  private final Pointer memory = Memory.allocateDirect(Runtime.getSystemRuntime(), 8192);
  private final ControlConversation conversation =
      new ControlConversation(command -> ("re: " + new String(command, UTF_8)).getBytes(UTF_8));

  private int write(String command) {
    byte[] bytes = command.getBytes(UTF_8);
    memory.put(0, bytes, 0, bytes.length);
    return conversation.write(0, memory, bytes.length);
  }

  private String read(int lengthBytes) {
    int count = conversation.read(12_345, memory, lengthBytes);
    byte[] bytes = new byte[count];
    memory.get(0, bytes, 0, count);
    return new String(bytes, UTF_8);
  }

  @Test
  void shouldHandTheAnswerOutInPiecesWhenReadsAreShort() {
    assertThat(write("scan")).isEqualTo(4);
    assertThat(read(4)).isEqualTo("re: ");
    assertThat(read(100)).isEqualTo("scan");
    assertThat(read(100)).isEmpty();
  }

  @Test
  void shouldForgetTheLastAnswerWhenANewCommandComes() {
    write("one");
    read(2);
    write("two");
    assertThat(read(100)).isEqualTo("re: two");
  }

  @Test
  void shouldRefuseWhenNothingWasAskedOrTooMuch() {
    assertThat(conversation.read(0, memory, 100)).isEqualTo(-Errno.ENODATA);
    assertThat(conversation.write(0, memory, 0)).isZero();
    assertThat(conversation.write(0, memory, 4097)).isEqualTo(-90);
    assertThat(conversation.read(0, memory, 100)).isEqualTo(-Errno.ENODATA);
    assertThat(conversation.write(0, memory, 4096)).isEqualTo(4096);
  }
}
