package io.remapfs.mount.daemon;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.MissingSpareException;
import io.remapfs.engine.metadata.SpareSetOpening;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds all spares of a set from one of them: each where its set says it was, else beside that one
 * under the same name, else among those that the user named. Only what is the right spare by its
 * own word is taken. Writes nothing. One object serves one opening.
 */
public final class SpareFinder {
  private final Path first;
  private final List<Path> named;
  private final IoMode ioMode;
  private final Access access;
  private final List<String> notes = new ArrayList<>();

  /**
   * For one set.
   *
   * @param first where the one is that is open already
   * @param named other paths at which the user says spares are
   */
  public SpareFinder(Path first, List<Path> named, IoMode ioMode, Access access) {
    this.first = first;
    this.named = List.copyOf(named);
    this.ioMode = ioMode;
    this.access = access;
  }

  /**
   * Opens and locks whatever else the set needs.
   *
   * @param device of {@code first}; closed if the set does not need it any more, and left open when
   *     this throws
   * @return the spares of the set
   * @throws MissingSpareException if one is not found; the sentence names it
   */
  public List<BlockDevice> openAll(PosixBlockDevice device) throws MetadataException {
    List<BlockDevice> devices = SpareSetOpening.open(device, this::find);
    if (!devices.contains(device)) {
      notes.add("the spare " + first + " was replaced by " + headOf(devices) + ", which is used");
    }
    for (Path each : named) {
      if (devices.stream().noneMatch(one -> isSame(Path.of(one.name()), each))) {
        notes.add("the spare " + each + " is not needed: no block of this disk is in it");
      }
    }
    return devices;
  }

  private static String headOf(List<BlockDevice> devices) throws MetadataException {
    for (BlockDevice each : devices) {
      if (MetadataStore.identify(each).membership().successor() == null) {
        return each.name();
      }
    }
    throw new IllegalStateException("a set was opened that has no newest spare");
  }

  /** What the user should know of the way to the set, one line each. */
  public List<String> notes() {
    return List.copyOf(notes);
  }

  private BlockDevice find(MissingSpareException missing) throws IOException {
    IOException reason = null;
    for (Path each : places(missing.pathHint())) {
      try {
        PosixBlockDevice found = openIfRight(each, missing);
        if (found != null) {
          return found;
        }
        reason = reason != null ? reason : new IOException(each + " is another file now");
      } catch (DeviceOpenException e) {
        reason = reason != null ? reason : e;
      }
    }
    throw reason != null ? reason : new IOException("its place is not known");
  }

  private Set<Path> places(String pathHint) {
    Set<Path> places = new LinkedHashSet<>();
    // Whoever made the spare chose the hint: it need be no path, and must not command terminals.
    boolean plain = pathHint.chars().noneMatch(Character::isISOControl);
    try {
      Path hint = Path.of(plain ? pathHint : "");
      if (hint.isAbsolute() && hint.getFileName() != null) {
        places.add(hint);
        places.add(first.resolveSibling(hint.getFileName()));
      }
    } catch (InvalidPathException e) {
      places.clear();
    }
    places.addAll(named);
    places.removeIf(each -> isSame(each, first));
    return places;
  }

  private @Nullable PosixBlockDevice openIfRight(Path path, MissingSpareException missing)
      throws DeviceOpenException {
    PosixBlockDevice device = PosixBlockDevice.open(path.toString(), ioMode, access);
    boolean right = false;
    try {
      right = MetadataStore.identify(device).membership().memberUuid().equals(missing.memberUuid());
    } catch (MetadataException e) {
      return null;
    } finally {
      if (!right) {
        device.close();
      }
    }
    return right ? device : null;
  }

  private static boolean isSame(Path one, Path other) {
    try {
      return one.equals(other) || Files.isSameFile(one, other);
    } catch (IOException e) {
      return false;
    }
  }
}
