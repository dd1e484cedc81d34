package io.remapfs.health;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.engine.EngineState;
import io.remapfs.engine.EngineStatus;
import io.remapfs.engine.SpareStatus;
import io.remapfs.health.event.SpareLevel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How the disk is doing, at one moment.
 *
 * <p>One list of fields feeds both the text and the JSON, so that the two cannot drift apart. The
 * JSON paths are an interface that scripts rely on: add to them, never rename.
 *
 * @param engine the engine's snapshot
 * @param session facts of the mount
 * @param process facts of the daemon's process
 * @param uptime time since the mount was ready
 * @param watchers what those say that watch over the disk, such as the scanner
 */
public record DiskReport(
    EngineStatus engine,
    SessionFacts session,
    ProcessFacts process,
    Duration uptime,
    List<ReportField> watchers) {
  public DiskReport {
    watchers = List.copyOf(watchers);
  }

  /** The report as aligned {@code key: value} lines in UTF-8. */
  public byte[] toText() {
    List<ReportField> fields = fields();
    int width = fields.stream().mapToInt(field -> field.label().length()).max().orElse(0) + 2;
    StringBuilder text = new StringBuilder(2048);
    for (ReportField field : fields) {
      if (field.label().isEmpty()) {
        continue; // for programs only
      }
      appendLine(text, width, field.label(), field.text());
    }
    for (String note : process.notes()) {
      appendLine(text, width, "note", note);
    }
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  private static void appendLine(StringBuilder text, int width, String label, String value) {
    text.append(label).append(':');
    text.append(" ".repeat(width - label.length() - 1)).append(value).append('\n');
  }

  /** The report as an object of nested maps, in the order in which it is printed. */
  public Map<String, Object> toMap() {
    Map<String, Object> root = new LinkedHashMap<>();
    for (ReportField field : fields()) {
      int dot = field.path().indexOf('.');
      if (dot < 0) {
        root.put(field.path(), field.value());
      } else {
        section(root, field.path().substring(0, dot))
            .put(field.path().substring(dot + 1), field.value());
      }
    }
    section(root, "process").put("notes", process.notes());
    return root;
  }

  @SuppressWarnings("unchecked") // only this class puts maps into the root, all of this type
  private static Map<String, Object> section(Map<String, Object> root, String name) {
    return (Map<String, Object>)
        root.computeIfAbsent(name, absent -> new LinkedHashMap<String, Object>());
  }

  /** The report as indented JSON in UTF-8, ending in a line feed. */
  public byte[] toJson() {
    try {
      String json = JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(toMap());
      return (json + "\n").getBytes(StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("rendering to memory cannot fail", e);
    }
  }

  private List<ReportField> fields() {
    List<ReportField> fields = new ArrayList<>(48);
    addState(fields);
    addPlaces(fields);
    addBlocks(fields);
    addIo(fields);
    fields.addAll(watchers);
    addProcess(fields);
    return fields;
  }

  private void addState(List<ReportField> fields) {
    fields.add(
        new ReportField(
            "state",
            "state",
            engine.state().name(),
            engine.state().name() + " - " + meaning(engine.state())));
    fields.add(
        ReportField.of("reason", "reason", engine.reason().isEmpty() ? "-" : engine.reason()));
    fields.add(ReportField.of("readOnly", "read only", engine.readOnly()));
    fields.add(ReportField.of("flushFailed", "flush failed", engine.flushFailed()));
  }

  /** The state in words that need no manual. */
  static String meaning(EngineState state) {
    return switch (state) {
      case HEALTHY -> "every known bad block has been moved to the spare";
      case DEGRADED -> "some data is lost, or a copy of the metadata is; see the lines below";
      case EXHAUSTED -> "no spare slot is left: new bad blocks cannot be moved";
      case SUSPENDED ->
          "the device does not answer, or takes no writes: no block is moved until it does";
      case EMERGENCY -> "bad blocks cannot be recorded any more: copy the data off now";
    };
  }

  private void addPlaces(List<ReportField> fields) {
    fields.add(ReportField.of("backing", "backing", session.backing()));
    fields.add(ReportField.of("spare.path", "spare", newestSpare()));
    fields.add(ReportField.of("mountPoint", "mount point", session.mountPoint()));
    fields.add(ReportField.of("uuid", "set uuid", engine.setUuid().toString()));
    fields.add(ReportField.bytes("image.sizeBytes", "image size", engine.sizeBytes()));
    fields.add(ReportField.of("image.blockSize", "block size", engine.blockSizeBytes()));
  }

  /** The one that holds the metadata: a mount by its name finds the others. */
  private String newestSpare() {
    return engine.spares().stream()
        .filter(SpareStatus::holdsMetadata)
        .map(SpareStatus::name)
        .findFirst()
        .orElse("-");
  }

  private ReportField spares() {
    List<Map<String, Object>> members = new ArrayList<>();
    List<String> words = new ArrayList<>();
    for (SpareStatus each : engine.spares()) {
      Map<String, Object> member = new LinkedHashMap<>();
      member.put("path", each.name());
      member.put("slots", each.slots());
      member.put("used", each.slots() - each.free());
      members.add(member);
      words.add(each.name() + " (" + (each.slots() - each.free()) + " of " + each.slots() + ")");
    }
    return new ReportField("spare.members", "spares in use", members, String.join(", ", words));
  }

  private ReportField spareLow() {
    boolean low = SpareLevel.isLow(engine);
    String hint =
        "yes, "
            + SpareLevel.usedPercent(engine)
            + " % used; add one with: remapfs add-spare "
            + session.mountPoint()
            + " PATH";
    return new ReportField("spare.low", "spare low", low, low ? hint : "no");
  }

  private void addBlocks(List<ReportField> fields) {
    fields.add(ReportField.of("blocks.remapped", "blocks remapped", engine.remappedBlocks()));
    fields.add(ReportField.of("blocks.pending", "blocks pending", engine.pendingBlocks()));
    fields.add(ReportField.of("blocks.salvaged", "blocks salvaged", engine.salvagedBlocks()));
    fields.add(
        ReportField.of("blocks.zeroFilled", "blocks zero-filled", engine.zeroFilledBlocks()));
    fields.add(ReportField.of("spare.slots", "spare slots", engine.spareSlots()));
    fields.add(ReportField.of("spare.used", "spare used", engine.spareUsed()));
    fields.add(ReportField.of("spare.free", "spare free", engine.spareFree()));
    fields.add(ReportField.of("spare.burnt", "spare burnt", engine.spareBurnt()));
    fields.add(spareLow());
    fields.add(spares());
  }

  private void addIo(List<ReportField> fields) {
    fields.add(ReportField.of("io.reads", "reads", engine.reads()));
    fields.add(ReportField.of("io.writes", "writes", engine.writes()));
    fields.add(ReportField.bytes("io.readBytes", "bytes read", engine.readBytes()));
    fields.add(ReportField.bytes("io.writeBytes", "bytes written", engine.writeBytes()));
    fields.add(ReportField.of("io.flushes", "flushes", engine.flushes()));
    fields.add(ReportField.of("io.readErrors", "read errors", engine.readErrors()));
    fields.add(ReportField.of("io.writeErrors", "write errors", engine.writeErrors()));
    fields.add(ReportField.of("io.mode", "backing i/o", session.ioMode()));
  }

  private void addProcess(List<ReportField> fields) {
    fields.add(ReportField.of("session.kind", "session", session.kind()));
    fields.add(ReportField.of("session.reason", "session because", session.reason()));
    fields.add(ReportField.of("session.workers", "workers", session.workers()));
    fields.add(ReportField.of("process.pid", "pid", process.pid()));
    fields.add(ReportField.of("process.startTicks", "start ticks", process.startTicks()));
    fields.add(ReportField.of("process.user", "user", process.user()));
    fields.add(ReportField.of("process.privileges", "privileges", process.privileges()));
    fields.add(ReportField.bytes("process.rssBytes", "memory resident", process.rssBytes()));
    fields.add(ReportField.bytes("process.heapUsedBytes", "heap used", process.heapUsedBytes()));
    fields.add(ReportField.bytes("process.heapMaxBytes", "heap limit", process.heapMaxBytes()));
    fields.add(ReportField.of("process.memoryLocked", "memory locked", process.memoryLocked()));
    fields.add(ReportField.of("process.ioFlusher", "i/o flusher", process.ioFlusher()));
    fields.add(
        new ReportField("uptimeSeconds", "uptime", uptime.toSeconds(), uptime.toSeconds() + " s"));
    fields.add(ReportField.of("version", "version", session.version()));
  }
}
