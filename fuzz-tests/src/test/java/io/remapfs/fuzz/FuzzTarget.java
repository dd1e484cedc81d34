package io.remapfs.fuzz;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Locale;

/** All fuzz targets; each has its seeds in {@code src/test/resources/corpus/NAME}. */
enum FuzzTarget {
  SUPERBLOCK("io.remapfs.engine.metadata.SuperblockTarget"),
  JOURNAL("io.remapfs.engine.metadata.JournalTarget"),
  CHECKPOINT("io.remapfs.engine.metadata.CheckpointTarget"),
  TAGS("io.remapfs.engine.metadata.SlotTagTarget"),
  SPARE("io.remapfs.engine.metadata.SpareTarget"),
  CONTROL("io.remapfs.mount.control.ControlTarget"),
  REQUEST("io.remapfs.mount.session.RequestTarget"),
  INIT("io.remapfs.mount.session.InitTarget"),
  SIZE("io.remapfs.mount.cli.SizeTarget");

  /** The longest input in bytes; enough for every target to say all it can. */
  static final int MAX_INPUT_BYTES = 8192;

  private final String className;

  FuzzTarget(String className) {
    this.className = className;
  }

  String className() {
    return className;
  }

  /** The seeds, in the source tree. */
  Path corpus() {
    return Path.of("src/test/resources/corpus", name().toLowerCase(Locale.ROOT));
  }

  /** Feeds one input; throws what the target throws. */
  void feed(byte[] input) throws Throwable {
    try {
      Class.forName(className)
          .getMethod("fuzzerTestOneInput", byte[].class)
          .invoke(null, (Object) input);
    } catch (InvocationTargetException e) {
      throw e.getTargetException();
    }
  }
}
