package io.remapfs.engine.device;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.StorageLayers.Kernel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Disks, partitions and loop devices in a made-up sysfs. */
class StorageLayersTest {
  private static final long MIB = 1 << 20;
  private static final long MIB_SECTORS = MIB / 512;

  @TempDir private Path folder;
  private final Map<Path, LoopStatus> loops = new HashMap<>();
  private Path image = Path.of("");
  private Kernel kernel = new Kernel(Path.of(""), Path.of(""), node -> Optional.empty());

  @BeforeEach
  void makeDisks() throws IOException {
    image = Files.createFile(folder.resolve("disk.img"));
    kernel =
        new Kernel(
            folder.resolve("sys"),
            folder.resolve("dev"),
            node -> Optional.ofNullable(loops.get(node)));
    disk("sda", "8:0", 64);
    partition("sda", "sda1", "8:1", 1, 20);
    partition("sda", "sda2", "8:2", 21, 20);
  }

  @Test
  void shouldOverlapWhenOneIsAPartitionOfTheOther() throws IOException {
    assertThat(overlap("8:0", "8:1")).isTrue();
    assertThat(overlap("8:2", "8:0")).isTrue();
    assertThat(overlap("8:1", "8:1")).isTrue();
  }

  @Test
  void shouldBeApartWhenTwoPartitionsOfADiskTouch() throws IOException {
    assertThat(overlap("8:1", "8:2")).isFalse();
  }

  @Test
  void shouldBeApartWhenTwoDisksAreAlike() throws IOException {
    disk("sdb", "8:16", 64);

    assertThat(overlap("8:0", "8:16")).isFalse();
  }

  @Test
  void shouldOverlapWhenALoopDeviceIsAttachedToTheFile() throws IOException {
    loop("loop0", "7:0", 64, image, 0);
    StorageLayers file = StorageLayers.of(image, kernel);

    assertThat(file.overlaps(of("7:0"))).isTrue();
    assertThat(file.otherLoopDevices(kernel)).containsExactly(folder.resolve("dev/loop0"));
    assertThat(of("7:0").otherLoopDevices(kernel)).as("it is no other than itself").isEmpty();
  }

  @Test
  void shouldTellTheFileByItsInodeWhenTheLoopDevicesFileWasRenamed() throws IOException {
    loop("loop0", "7:0", 64, image, 0);
    Path renamed = Files.move(image, folder.resolve("renamed.img"));
    Path successor = Files.createFile(image);

    assertThat(StorageLayers.of(renamed, kernel).overlaps(of("7:0"))).isTrue();
    assertThat(StorageLayers.of(successor, kernel).overlaps(of("7:0"))).isFalse();
  }

  @Test
  void shouldTakeOffsetsIntoAccountWhenTwoLoopDevicesShareAFile() throws IOException {
    loop("loop0", "7:0", 20, image, 1 * MIB);
    loop("loop1", "7:1", 20, image, 21 * MIB);
    loop("loop2", "7:2", 20, image, 11 * MIB);

    assertThat(overlap("7:0", "7:1")).isFalse();
    assertThat(overlap("7:0", "7:2")).isTrue();
    assertThat(overlap("7:2", "7:1")).isTrue();
    assertThat(of("7:0").otherLoopDevices(kernel)).containsExactly(folder.resolve("dev/loop2"));
  }

  @Test
  void shouldFollowEveryLayerWhenALoopDeviceLiesOnAPartition() throws IOException {
    loop("loop0", "7:0", 64, image, 0);
    partition("loop0", "loop0p1", "259:0", 1, 20);
    partition("loop0", "loop0p2", "259:1", 21, 20);
    loopOverDevice("loop1", "7:1", 4, 0x10300, 2 * MIB);

    assertThat(of("7:1").extents())
        .containsExactly(
            new StorageExtent("disk 7:1", folder.resolve("dev/loop1"), 0, 4 * MIB),
            new StorageExtent("disk 7:0", folder.resolve("dev/loop0"), 3 * MIB, 7 * MIB),
            new StorageExtent(imageObject(), image, 3 * MIB, 7 * MIB));
    assertThat(overlap("7:1", "259:0")).isTrue();
    assertThat(overlap("7:1", "259:1")).isFalse();
    assertThat(of("259:1").otherLoopDevices(kernel)).isEmpty();
  }

  @Test
  void shouldComeToAnEndWhenLoopDevicesTurnInACircle() throws IOException {
    loopOverDevice("loop0", "7:0", 64, 0x701, 0);
    loopOverDevice("loop1", "7:1", 64, 0x700, 0);

    assertThat(of("7:0").extents()).hasSizeLessThan(20);
  }

  private boolean overlap(String one, String other) throws IOException {
    return of(one).overlaps(of(other));
  }

  private StorageLayers of(String number) throws IOException {
    List<StorageExtent> extents = new ArrayList<>();
    kernel.addDevice(number, 0, -1, extents);
    return StorageLayers.ofExtents(extents);
  }

  private String imageObject() {
    return StorageLayers.of(image, kernel).extents().get(0).object();
  }

  private Path disk(String name, String number, long sizeMib) throws IOException {
    Path directory = Files.createDirectories(folder.resolve("sys/block").resolve(name));
    Files.writeString(directory.resolve("dev"), number + "\n");
    Files.writeString(directory.resolve("size"), sizeMib * MIB_SECTORS + "\n");
    link(number, directory);
    return directory;
  }

  private void partition(String disk, String name, String number, long startMib, long sizeMib)
      throws IOException {
    Path directory =
        Files.createDirectories(folder.resolve("sys/block").resolve(disk).resolve(name));
    Files.writeString(directory.resolve("dev"), number + "\n");
    Files.writeString(directory.resolve("partition"), "1\n");
    Files.writeString(directory.resolve("start"), startMib * MIB_SECTORS + "\n");
    Files.writeString(directory.resolve("size"), sizeMib * MIB_SECTORS + "\n");
    link(number, directory);
  }

  private void loop(String name, String number, long sizeMib, Path file, long offset)
      throws IOException {
    attach(name, number, sizeMib, file, offset);
    long dev = (long) Files.getAttribute(file, "unix:dev");
    long inode = (long) Files.getAttribute(file, "unix:ino");
    loops.put(folder.resolve("dev").resolve(name), new LoopStatus(dev, inode, 0));
  }

  private void loopOverDevice(String name, String number, long sizeMib, long rdev, long offset)
      throws IOException {
    attach(name, number, sizeMib, Path.of("/dev/some"), offset);
    loops.put(folder.resolve("dev").resolve(name), new LoopStatus(6, 94, rdev));
  }

  private void attach(String name, String number, long sizeMib, Path file, long offset)
      throws IOException {
    Path directory = Files.createDirectories(disk(name, number, sizeMib).resolve("loop"));
    Files.writeString(directory.resolve("backing_file"), file + "\n");
    Files.writeString(directory.resolve("offset"), offset + "\n");
  }

  private void link(String number, Path directory) throws IOException {
    Path numbers = Files.createDirectories(folder.resolve("sys/dev/block"));
    Files.createSymbolicLink(numbers.resolve(number), directory);
  }
}
