package io.remapfs.mount.session;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.IoMode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** The files beside the image, on real mounts. */
@Tag("integration")
class VirtualFilesTest {
  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldListEveryFileWithItsMode(SessionKind kind) throws IOException {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        Stream<Path> listing = Files.list(mount.mountPoint)) {
      List<String> names = listing.map(file -> file.getFileName().toString()).sorted().toList();
      assertThat(names).containsExactly("control", "image", "status");
      assertThat(mode(mount.mountPoint.resolve("control"))).isEqualTo("rw-------");
      assertThat(mode(mount.image)).isEqualTo("rw-------");
      assertThat(mode(mount.mountPoint.resolve("status"))).isEqualTo("r--r--r--");
    }
  }

  private static String mode(Path file) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldKeepItsContentsWhenAFileStaysOpen(SessionKind kind) throws IOException {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      Path status = mount.mountPoint.resolve("status");
      mount.renders.set(8);
      try (FileChannel open = FileChannel.open(status)) {
        int rendered = mount.renders.get();
        mount.renders.set(123_455);
        assertThat(Files.size(status)).isEqualTo("render: 123456\n".length());
        ByteBuffer bytes = ByteBuffer.allocate(100);
        open.read(bytes);
        assertThat(new String(bytes.array(), 0, bytes.position(), UTF_8))
            .isEqualTo("render: " + rendered + "\n");
      }
      assertThat(Files.readString(status)).startsWith("render: 1234");
      assertThatThrownBy(() -> Files.writeString(status, "x", StandardOpenOption.WRITE))
          .isInstanceOf(IOException.class);
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldAnswerOnTheSameOpenWhenACommandIsWritten(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      Path control = mount.mountPoint.resolve("control");
      try (RandomAccessFile file = new RandomAccessFile(control.toFile(), "rw")) {
        file.write("scan start\n".getBytes(UTF_8));
        assertThat(file.readLine()).isEqualTo("{\"echo\":\"scan start\"}");
        assertThat(file.readLine()).isNull();
        file.write("again".getBytes(UTF_8));
        file.seek(0);
        assertThat(file.readLine()).isEqualTo("{\"echo\":\"again\"}");
      }
      String answer =
          MountFixture.run(
              "bash", "-c", "exec 3<>\"$1\"; echo status >&3; cat <&3", "bash", control.toString());
      assertThat(answer).isEqualTo("{\"echo\":\"status\"}\n");
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldRefuseWhenControlIsMisused(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind);
        RandomAccessFile file =
            new RandomAccessFile(mount.mountPoint.resolve("control").toFile(), "rw")) {
      assertThatThrownBy(file::read).hasMessageContaining("No data available");
      assertThatThrownBy(() -> file.write(new byte[4097])).hasMessageContaining("too long");
      assertThatThrownBy(() -> file.write(new byte[1 << 20])).hasMessageContaining("too long");
      file.write(new byte[4096]);
      assertThat(file.read()).isEqualTo('{');
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldNotLetOthersInWhenControlIsOpened(SessionKind kind) throws Exception {
    SessionOptions options = new SessionOptions(true, 4, false, "remapfs#a,b\\c", false);
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.BUFFERED)) {
      // The test's own directory is closed to others; only what is below the mount point counts.
      openWayTo(mount.mountPoint);
      String[] asNobody = {"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "cat"};
      String status = mount.mountPoint.resolve("status").toString();
      assertThat(MountFixture.run(with(asNobody, status))).startsWith("render");
      for (String closed : List.of("control", "image")) {
        String path = mount.mountPoint.resolve(closed).toString();
        assertThatThrownBy(() -> MountFixture.run(with(asNobody, path)))
            .hasMessageContaining("Permission denied");
      }
      assertThat(Files.readString(Path.of("/proc/self/mounts")))
          .contains("remapfs\\043a,b\\134c ")
          .contains(" fuse.remapfs ");
    }
  }

  private void openWayTo(Path path) throws IOException {
    Path parent = path.getParent();
    while (parent != null && parent.startsWith(directory)) {
      Files.setPosixFilePermissions(parent, PosixFilePermissions.fromString("rwxr-xr-x"));
      parent = parent.getParent();
    }
  }

  private static String[] with(String[] command, String argument) {
    return Stream.concat(Stream.of(command), Stream.of(argument)).toArray(String[]::new);
  }
}
