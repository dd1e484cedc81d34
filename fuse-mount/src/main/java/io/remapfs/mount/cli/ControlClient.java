package io.remapfs.mount.cli;

import com.fasterxml.jackson.jr.ob.JSON;
import io.remapfs.mount.preflight.ExitCode;
import io.remapfs.mount.preflight.MountPoint;
import io.remapfs.mount.preflight.RefusedException;
import java.io.ByteArrayOutputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** Speaks to a mounted daemon through the files beside its image. */
final class ControlClient {
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
      return Files.readAllBytes(mountPoint.file(name));
    } catch (IOException e) {
      throw new RefusedException(
          ExitCode.FAILED, mountPoint.file(name) + " cannot be read: " + e.getMessage(), e);
    }
  }

  /** The report. */
  Map<String, Object> status() throws RefusedException {
    return parse(read("status.json"));
  }

  /** A number of the report, by its section and key. */
  static long number(Map<String, Object> status, String section, String key) {
    if (status.get(section) instanceof Map<?, ?> map && map.get(key) instanceof Number number) {
      return number.longValue();
    }
    throw new IllegalStateException("the report has no number " + section + "." + key);
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
      for (int n = control.read(chunk); n > 0; n = control.read(chunk)) {
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
      throw new RefusedException(ExitCode.FAILED, String.valueOf(parsed.get("error")));
    }
    return parsed;
  }

  private static Map<String, Object> parse(byte[] json) throws RefusedException {
    try {
      return JSON.std.mapFrom(json);
    } catch (IOException e) {
      throw new RefusedException(ExitCode.FAILED, "the daemon's answer is not understood", e);
    }
  }
}
