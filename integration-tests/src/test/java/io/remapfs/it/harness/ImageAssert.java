package io.remapfs.it.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Arrays;

/** Assertions on the bytes of a mounted image that name the place where they differ. */
public final class ImageAssert {
  private ImageAssert() {}

  /** The image reads {@code expected} at {@code byteOffset}. */
  public static void assertReads(Mounted mounted, long byteOffset, byte[] expected)
      throws IOException {
    byte[] actual = mounted.read(byteOffset, expected.length);
    int mismatch = Arrays.mismatch(expected, actual);
    assertThat(mismatch)
        .withFailMessage(
            "image differs at byte %d of %d from %d",
            byteOffset + mismatch, expected.length, byteOffset)
        .isEqualTo(-1);
  }

  /** The image reads as {@link Images#pattern} of {@code seed}. */
  public static void assertPattern(Mounted mounted, long seed, long byteOffset, int lengthBytes)
      throws IOException {
    assertReads(mounted, byteOffset, Images.pattern(seed, byteOffset, lengthBytes));
  }

  /** A read gets EIO, not a short count and not made-up bytes. */
  public static void assertReadFails(Mounted mounted, long byteOffset, int lengthBytes) {
    assertThatThrownBy(() -> mounted.read(byteOffset, lengthBytes))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Input/output error");
  }

  /** A write gets EIO. */
  public static void assertWriteFails(Mounted mounted, long byteOffset, byte[] bytes) {
    assertThatThrownBy(() -> mounted.write(byteOffset, bytes))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("Input/output error");
  }
}
