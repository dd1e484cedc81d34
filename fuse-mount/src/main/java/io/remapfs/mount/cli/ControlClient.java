package io.remapfs.mount.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.MountPoint;
import io.remapfs.mount.preflight.RefusedException;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Speaks to a mounted daemon through the files beside its image. */
final class ControlClient {
  /** More than the longest list of lost blocks has. */
  private static final int MAX_FILE_BYTES = 16 << 20;

  /** More than any report or answer has. */
  private static final int MAX_ANSWER_BYTES = 1 << 18;

  private final MountPoint mountPoint;

  /** Refuses a directory where no daemon of ours answers. */
  ControlClient(Path directory) throws RefusedException {
    mountPoint = MountPoint.lookForMount(directory);
    mountPoint.requireServing();
  }

  MountPoint mountPoint() {
    return mountPoint;
  }

  /** The contents of a virtual file. */
  byte[] read(String name) throws RefusedException {
    try {
      return bytesOf(mountPoint.file(name));
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.FAILED, mountPoint.file(name) + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** A whole file that a daemon serves; an endless one is not ours. */
  static byte[] bytesOf(Path file) throws IOException, RefusedException {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MAX_FILE_BYTES);
      if (bytes.length == MAX_FILE_BYTES) {
        throw notUnderstood(null);
      }
      return bytes;
    }
  }

  /** The report. */
  Map<String, Object> status() throws RefusedException {
    return parse(read("status.json"));
  }

  /** A number of the report, by its section and key; at least 1. */
  static long number(Map<String, Object> status, String section, String key)
      throws RefusedException {
    long number =
        status.get(section) instanceof Map<?, ?> map && map.get(key) instanceof Number found
            ? found.longValue()
            : 0;
    if (number < 1) {
      throw notUnderstood(null);
    }
    return number;
  }

  /** The image's block size, from the report. */
  static int blockSize(Map<String, Object> status) throws RefusedException {
    long blockSize = number(status, "image", "blockSize");
    if (Long.bitCount(blockSize) != 1 || blockSize > 1 << 16) {
      throw notUnderstood(null);
    }
    return (int) blockSize;
  }

  /** A number of a command's answer; 0 where it has none of that name. */
  static long count(Map<String, Object> answer, String key) {
    return answer.get(key) instanceof Number number ? number.longValue() : 0;
  }

  /**
   * Has a command executed.
   *
   * @return its answer, whose {@code ok} is true
   */
  Map<String, Object> ask(String command) throws RefusedException {
    Path file = mountPoint.file("control");
    byte[] answer;
    try (RandomAccessFile control = new RandomAccessFile(file.toFile(), "rw")) {
      control.write(command.getBytes(StandardCharsets.US_ASCII));
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      byte[] chunk = new byte[4096];
      for (int n = control.read(chunk);
          n > 0 && bytes.size() <= MAX_ANSWER_BYTES;
          n = control.read(chunk)) {
        bytes.write(chunk, 0, n);
      }
      answer = bytes.toByteArray();
    } catch (FileNotFoundException e) {
      if (Boolean.TRUE.equals(status().get("readOnly"))) {
        throw RefusedException.refused(
            mountPoint.directory()
                + " is mounted read-only and takes no commands; mount it writable");
      }
      throw RefusedException.refused(
          file + " may only be opened by the user who mounted it; run as that user");
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.FAILED, "the daemon does not answer on " + file + ": " + e.getMessage(), e);
    }
    Map<String, Object> parsed = parse(answer);
    if (!Boolean.TRUE.equals(parsed.get("ok"))) {
      throw new RefusedException(codeOf(parsed), String.valueOf(parsed.get("error")));
    }
    return parsed;
  }

  private static ExitCode codeOf(Map<String, Object> failure) {
    for (ExitCode each : ExitCode.values()) {
      if (Integer.valueOf(each.number()).equals(failure.get("exitCode"))) {
        return each;
      }
    }
    return ExitCode.FAILED;
  }

  /** What a daemon sent, which need not be one of ours. */
  static Map<String, Object> parse(byte[] json) throws RefusedException {
    if (json.length > MAX_ANSWER_BYTES) {
      throw notUnderstood(null);
    }
    Map<String, Object> parsed;
    try {
      parsed = JSON.std.mapFrom(json);
    } catch (IOException e) {
      throw notUnderstood(e);
    }
    if (parsed == null) { // JSON's null
      throw notUnderstood(null);
    }
    return parsed;
  }

  private static RefusedException notUnderstood(@Nullable IOException cause) {
    String sentence = "the daemon's answer is not understood; is it another version of remapfs?";
    return cause == null
        ? new RefusedException(ExitCode.FAILED, sentence)
        : new RefusedException(ExitCode.FAILED, sentence, cause);
  }
}
