package io.remapfs.health.drive;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;

/**
 * Asks a drive about itself, through smartctl.
 *
 * <p>A drive that is dying may keep whoever asks it waiting: so it is asked in another process,
 * which is killed when its time is over, and what it prints is read up to {@value
 * #MAX_OUTPUT_BYTES} bytes. A process that even then does not end is left to the kernel. Not
 * thread-safe.
 */
public final class DriveReader {
  static final int MAX_OUTPUT_BYTES = 1 << 20;

  private final List<String> command;
  private final Duration timeout;

  /**
   * Asks about {@code device}.
   *
   * @param program smartctl's name or path
   */
  public DriveReader(String program, Path device, Duration timeout) {
    // -n standby: a disk that sleeps is not woken for this.
    this.command = List.of(program, "--json", "-n", "standby", "-A", "-H", "-i", device.toString());
    this.timeout = timeout;
  }

  /**
   * Asks once.
   *
   * @throws IOException if there is no such program, or no answer in time, or none that says
   *     anything of the drive's health
   */
  public DriveFacts read() throws IOException {
    ProcessBuilder builder = new ProcessBuilder(command);
    builder.redirectError(ProcessBuilder.Redirect.DISCARD);
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      byte[] output = output(process);
      DriveFacts facts = SmartctlJson.parse(output);
      if (!facts.isKnown()) {
        throw new IOException("smartctl knows nothing of its health");
      }
      return facts;
    } finally {
      process.destroyForcibly();
    }
  }

  private byte[] output(Process process) throws IOException {
    AtomicReference<byte[]> read = new AtomicReference<>();
    Thread reader =
        new Thread(
            () -> {
              try (InputStream in = process.getInputStream()) {
                read.set(in.readNBytes(MAX_OUTPUT_BYTES));
              } catch (IOException e) {
                return; // killed: there is no answer then
              }
            },
            "remapfs-smartctl");
    reader.setDaemon(true);
    reader.start();
    try {
      reader.join(Math.max(1, timeout.toMillis()));
      byte[] output = read.get();
      if (output == null) {
        throw new IOException("smartctl gave no answer in " + timeout.toSeconds() + " s");
      }
      process.waitFor(1, TimeUnit.SECONDS);
      return output;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted", e);
    }
  }
}
