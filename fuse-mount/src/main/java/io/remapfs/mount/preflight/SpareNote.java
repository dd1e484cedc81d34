package io.remapfs.mount.preflight;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A note on a disk image that its blocks have moved to a spare of another name than the default
 * one. Once the file of that name is gone, nothing else would tell a mount that there is a spare,
 * and a blank one would be made, under which moved blocks are read in their old places.
 *
 * <p>It is an extended attribute, {@value #NAME} in the namespace {@code user}; contents are not
 * touched. Where the file system has none there is no note, and what the user was told must do.
 */
public final class SpareNote {
  private static final String NAME = "remapfs.spare";

  private SpareNote() {}

  /** Notes where the spare of {@code backing} is. */
  public static void leave(Path backing, Path spare) {
    try {
      UserDefinedFileAttributeView view = view(backing);
      if (view != null) {
        view.write(NAME, ByteBuffer.wrap(spare.toString().getBytes(StandardCharsets.UTF_8)));
      }
    } catch (IOException | UnsupportedOperationException e) {
      return; // It is a help, no promise.
    }
  }

  /** Forgets the note: the disk has a new spare, and no block is moved. */
  public static void remove(Path backing) {
    try {
      UserDefinedFileAttributeView view = view(backing);
      if (view != null && view.list().contains(NAME)) {
        view.delete(NAME);
      }
    } catch (IOException | UnsupportedOperationException e) {
      return;
    }
  }

  /** What was noted last. */
  public static Optional<String> read(Path backing) {
    try {
      UserDefinedFileAttributeView view = view(backing);
      if (view == null || !view.list().contains(NAME)) {
        return Optional.empty();
      }
      ByteBuffer bytes = ByteBuffer.allocate(view.size(NAME));
      view.read(NAME, bytes);
      return Optional.of(StandardCharsets.UTF_8.decode(bytes.flip()).toString());
    } catch (IOException | UnsupportedOperationException e) {
      return Optional.empty();
    }
  }

  private static @Nullable UserDefinedFileAttributeView view(Path backing) {
    return Files.isRegularFile(backing)
        ? Files.getFileAttributeView(backing, UserDefinedFileAttributeView.class)
        : null;
  }
}
