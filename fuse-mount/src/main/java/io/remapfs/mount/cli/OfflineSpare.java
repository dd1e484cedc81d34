package io.remapfs.mount.cli;

import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.BlockDevice;
import io.remapfs.engine.device.DeviceOpenException;
import io.remapfs.engine.device.IoMode;
import io.remapfs.engine.device.PosixBlockDevice;
import io.remapfs.engine.metadata.CorruptMetadataException;
import io.remapfs.engine.metadata.MetadataException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.spare.SpareMember;
import io.remapfs.mount.daemon.SpareFinder;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.RefusedException;
import io.remapfs.mount.preflight.SpareChoice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/** Opens the metadata of a set that is not mounted, without its backing. */
final class OfflineSpare {
  private OfflineSpare() {}

  /** The spare beside a backing, or what was named itself. */
  static Path locate(Path named) {
    Path given = named.toAbsolutePath().normalize();
    Path beside = given.resolveSibling(given.getFileName() + SpareChoice.SUFFIX);
    return Files.exists(beside) ? beside : given;
  }

  /**
   * Opens, locks and recovers all spares of a set. A mounted set is refused by its lock.
   *
   * @param spares any spare of it first, and others that may have moved elsewhere
   * @param corrupt the exit code for damage past recovery
   * @param notes told what the user should know of the way to the set, line by line
   */
  static MetadataStore open(
      List<Path> spares, IoMode ioMode, Access access, ExitCode corrupt, Consumer<String> notes)
      throws RefusedException {
    Path first = spares.get(0);
    PosixBlockDevice device;
    try {
      device = PosixBlockDevice.open(first.toString(), ioMode, access);
    } catch (DeviceOpenException e) {
      throw RefusedException.of(e);
    }
    List<BlockDevice> set = List.of(device);
    boolean opened = false;
    try {
      SpareFinder finder = new SpareFinder(first, spares.subList(1, spares.size()), ioMode, access);
      set = finder.openAll(device);
      MetadataStore store = MetadataStore.open(set, null, access);
      opened = true;
      finder.notes().forEach(notes);
      return store;
    } catch (CorruptMetadataException e) {
      throw new RefusedException(corrupt, String.valueOf(e.getMessage()), e);
    } catch (MetadataException e) {
      throw new RefusedException(ExitCode.REFUSED, String.valueOf(e.getMessage()), e);
    } finally {
      if (!opened) {
        set.forEach(BlockDevice::close);
        device.close();
      }
    }
  }

  /** The spares of a set with their slots, for JSON, or in one line for people. */
  static Object spares(MetadataStore store, boolean asJson) {
    List<Map<String, Object>> spares = new ArrayList<>();
    for (SpareMember each : store.pool().members().live()) {
      long slots = each.layout().slotCount();
      Map<String, Object> facts = new LinkedHashMap<>();
      facts.put("path", each.device().name());
      facts.put("slots", slots);
      facts.put("used", slots - store.pool().freeCount(each));
      spares.add(facts);
    }
    return asJson
        ? spares
        : spares.stream()
            .map(
                each ->
                    each.get("path") + " (" + each.get("used") + " of " + each.get("slots") + ")")
            .collect(Collectors.joining(", "));
  }

  /** Closes a set and its spares; nothing is written. */
  static void close(MetadataStore store) {
    store.closeUnclean();
    store.pool().members().live().forEach(each -> each.device().close());
  }
}
