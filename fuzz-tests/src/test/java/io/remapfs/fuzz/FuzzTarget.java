package io.remapfs.fuzz;

import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.util.Locale;

/** All fuzz targets; each has its seeds in {@code src/test/resources/corpus/NAME}. */
enum FuzzTarget {
  SUPERBLOCK("io.remapfs.engine.metadata.SuperblockTarget", Cost.SPARE),
  JOURNAL("io.remapfs.engine.metadata.JournalTarget", Cost.SPARE),
  CHECKPOINT("io.remapfs.engine.metadata.CheckpointTarget", Cost.SPARE),
  TAGS("io.remapfs.engine.metadata.SlotTagTarget", Cost.SPARE),
  SPARE("io.remapfs.engine.metadata.SpareTarget", Cost.SPARE),
  LOCKS("io.remapfs.engine.device.LocksTarget", Cost.TEXT),
  MAPFILE("io.remapfs.health.MapfileTarget", Cost.TEXT),
  BADBLOCKS("io.remapfs.health.BadBlocksTarget", Cost.TEXT),
  BLAME("io.remapfs.health.BlameTarget", Cost.SPARE),
  EVENTS("io.remapfs.health.event.StoredRecordsTarget", Cost.TEXT),
  HEALTH("io.remapfs.health.picture.HealthTarget", Cost.TEXT),
  HEALTH_FILE("io.remapfs.health.store.HealthFileTarget", Cost.RINGS),
  CONTROL("io.remapfs.mount.control.ControlTarget", Cost.TEXT),
  REQUEST("io.remapfs.mount.session.RequestTarget", Cost.TEXT),
  INIT("io.remapfs.mount.session.InitTarget", Cost.TEXT),
  SIZE("io.remapfs.mount.cli.SizeTarget", Cost.TEXT),
  ANSWER("io.remapfs.mount.cli.AnswerTarget", Cost.TEXT),
  MOUNTS("io.remapfs.mount.preflight.MountsTarget", Cost.TEXT);

  /** The inputs of a search with the fixed budget: about two seconds on a machine of 2020. */
  private enum Cost {
    /** Rings of thousands of entries are read through. */
    RINGS(200),
    /** A whole spare is opened and written several times. */
    SPARE(1_500),
    /** A few lines are read. */
    TEXT(20_000);

    private final int runs;

    Cost(int runs) {
      this.runs = runs;
    }
  }

  /** The longest input in bytes; enough for every target to say all it can. */
  static final int MAX_INPUT_BYTES = 8192;

  private final String className;
  private final Cost cost;

  FuzzTarget(String className, Cost cost) {
    this.className = className;
    this.cost = cost;
  }

  /** How many inputs the fixed budget has, the seeds among them. */
  int runs() {
    return cost.runs;
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
