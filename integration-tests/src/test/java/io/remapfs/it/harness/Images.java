package io.remapfs.it.harness;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Random;

/** Makes, reads, writes and compares image files. Positions and lengths are in bytes. */
public final class Images {
  public static final long MIB = 1L << 20;

  private Images() {}

  /** Creates {@code file} of {@code sizeBytes} zeros that take no space. */
  public static Path sparse(Path file, long sizeBytes) {
    try (RandomAccessFile created = new RandomAccessFile(file.toFile(), "rw")) {
      created.setLength(sizeBytes);
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Fills all of an existing {@code file} with {@link #pattern} of {@code seed}. */
  public static void fill(Path file, long seed) {
    try {
      long sizeBytes = Files.size(file);
      for (long byteOffset = 0; byteOffset < sizeBytes; byteOffset += MIB) {
        write(
            file,
            byteOffset,
            pattern(seed, byteOffset, (int) Math.min(MIB, sizeBytes - byteOffset)));
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Bytes that depend on {@code seed} and on their place, 512 to a unit, so that any shift shows.
   */
  public static byte[] pattern(long seed, long byteOffset, int lengthBytes) {
    byte[] bytes = new byte[lengthBytes];
    byte[] unit = new byte[512];
    long unitIndex = -1;
    for (int i = 0; i < lengthBytes; i++) {
      long place = byteOffset + i;
      if (place / 512 != unitIndex) {
        unitIndex = place / 512;
        new Random(seed * 0x9E3779B97F4A7C15L + unitIndex).nextBytes(unit);
      }
      bytes[i] = unit[(int) (place % 512)];
    }
    return bytes;
  }

  /** Reads exactly {@code lengthBytes} with one system call where the kernel allows it. */
  public static byte[] read(Path file, long byteOffset, int lengthBytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      ByteBuffer buffer = ByteBuffer.allocate(lengthBytes);
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, byteOffset + buffer.position()) < 0) {
          return Arrays.copyOf(buffer.array(), buffer.position());
        }
      }
      return buffer.array();
    }
  }

  /** Writes all of {@code bytes}, without a flush. */
  public static void write(Path file, long byteOffset, byte[] bytes) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      ByteBuffer buffer = ByteBuffer.wrap(bytes);
      while (buffer.hasRemaining()) {
        channel.write(buffer, byteOffset + buffer.position());
      }
    }
  }

  /** fsync of {@code file} through an open of its own. */
  public static void sync(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** SHA-256 of the whole file, in hexadecimal. */
  public static String hash(Path file) {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      ByteBuffer buffer = ByteBuffer.allocateDirect(1 << 20);
      while (channel.read(buffer) >= 0) {
        digest.update(buffer.flip());
        buffer.clear();
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
