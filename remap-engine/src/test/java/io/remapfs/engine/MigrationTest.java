package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.metadata.ReleasedSpares;
import io.remapfs.engine.spare.SpareLayout;
import io.remapfs.engine.spare.SpareTooSmallException;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** A second spare, and moving all blocks to it, while the image is used. */
final class MigrationTest {
  private static final MigrationProgress TO_THE_END = (done, total) -> true;
  private static final int SECOND_BYTES = 4 << 20;

  private final EngineFixture f = EngineFixture.formatted();
  private final CrashableDevice second = new CrashableDevice(SECOND_BYTES, 512).named("second");

  MigrationTest() throws IOException {
    f.spare.named("first");
  }

  private long firstSlots() {
    return SpareLayout.of(f.spare.sizeBytes(), BLOCK).slotCount();
  }

  /** Moves blocks to slots by writes that fail; block n holds {@code value + n} then. */
  private void remap(int firstBlock, int count, int value) throws IOException {
    f.failWrites(firstBlock, count);
    for (int block = firstBlock; block < firstBlock + count; block++) {
      f.writeBlock(block, (byte) (value + block));
    }
  }

  private void requireBlocks(int firstBlock, int count, int value) throws IOException {
    byte[] all = f.read((long) firstBlock * BLOCK, count * BLOCK);
    for (int i = 0; i < count; i++) {
      byte[] block = java.util.Arrays.copyOfRange(all, i * BLOCK, (i + 1) * BLOCK);
      assertThat(block).isEqualTo(filled(BLOCK, (byte) (value + firstBlock + i)));
    }
  }

  private void openLater(CrashableDevice backing, CrashableDevice... spares) throws IOException {
    MetadataStore metadata = MetadataStore.open(List.of(spares), null, Access.READ_WRITE);
    f.engine =
        RemapEngine.open(backing, metadata, f.options, f.events::add, Access.READ_WRITE, f.clock);
  }

  private long targetOf(int block) {
    long[] found = {Target.HEALTHY};
    f.engine.forEachEntry((each, target) -> found[0] = each == block ? target : found[0]);
    return found[0];
  }

  @Test
  void shouldNeedTheNewSpareOnlyWhenMigrated() throws Exception {
    remap(10, 6, 100);
    MigrationReport report = f.engine.migrate(second, "second", TO_THE_END);
    assertThat(report.moved()).isEqualTo(6);
    assertThat(report.complete()).isTrue();
    assertThat(report.spares().released()).containsExactly("first");
    assertThat(report.spares().kept()).isEmpty();
    f.spare.fail(Operation.READ, 0, f.spare.sizeBytes(), Fault.TRANSPORT);
    f.spare.fail(Operation.WRITE, 0, f.spare.sizeBytes(), Fault.TRANSPORT);
    f.spare.failFlushes(Fault.TRANSPORT);
    requireBlocks(10, 6, 100);
    remap(20, 1, 100);
    f.engine.flush();
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.engine.status().spares()).extracting(SpareStatus::name).containsExactly("second");

    openLater(f.backing.crashLosingAll(), second.crashLosingAll());
    requireBlocks(10, 6, 100);
    requireBlocks(20, 1, 100);
    assertThat(f.count(Kind.SPARE_ADDED)).isOne();
    assertThat(f.count(Kind.MIGRATED)).isOne();
    assertThat(f.count(Kind.SPARE_RELEASED)).isOne();
  }

  @Test
  void shouldReadARunThatGoesOverFromOneSpareToTheNext() throws Exception {
    int inFirst = (int) firstSlots();
    remap(10, inFirst - 2, 50);
    f.engine.addSpare(second, "second");
    remap(10 + inFirst - 2, 5, 50);
    assertThat(targetOf(10 + inFirst + 2)).isEqualTo(inFirst + 2);
    requireBlocks(10, inFirst + 3, 50);
    f.write((long) (10 + inFirst - 1) * BLOCK, filled(3 * BLOCK, (byte) 7));
    assertThat(f.read((long) (10 + inFirst - 1) * BLOCK, 3 * BLOCK))
        .isEqualTo(filled(3 * BLOCK, (byte) 7));
    EngineStatus status = f.engine.status();
    assertThat(status.spareUsed()).isEqualTo(inFirst + 3);
    assertThat(status.spares()).extracting(SpareStatus::free).first().isEqualTo(0L);
    assertThat(status.spares()).extracting(SpareStatus::holdsMetadata).containsExactly(false, true);
  }

  @Test
  void shouldFlushEverySpareWhenAsked() throws Exception {
    remap(10, (int) firstSlots(), 50);
    f.engine.addSpare(second, "second");
    remap(60, 1, 50);
    f.writeBlock(10, (byte) 3);
    f.writeBlock(60, (byte) 4);
    f.engine.flush();
    openLater(f.backing.crashLosingAll(), f.spare.crashLosingAll(), second.crashLosingAll());
    assertThat(f.readBlock(10)).isEqualTo(filled(BLOCK, (byte) 3));
    assertThat(f.readBlock(60)).isEqualTo(filled(BLOCK, (byte) 4));
  }

  @Test
  void shouldEndAnExhaustionWhenASpareIsAdded() throws Exception {
    remap(10, (int) firstSlots(), 50);
    f.failWrites(100, 1);
    assertThatThrownBy(() -> f.writeBlock(100, (byte) 9)).isInstanceOf(MediumErrorException.class);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.EXHAUSTED);
    f.engine.addSpare(second, "second");
    f.writeBlock(100, (byte) 9);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    assertThat(f.readBlock(100)).isEqualTo(filled(BLOCK, (byte) 9));
  }

  @Test
  void shouldKeepASpareWhoseLostBlockMayComeBack() throws Exception {
    remap(10, 3, 100);
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.READ, layout.slotByteOffset(1), BLOCK, Fault.MEDIUM);
    MigrationReport report = f.engine.migrate(second, "second", TO_THE_END);
    assertThat(report.moved()).isEqualTo(2);
    assertThat(report.lost()).isEqualTo(1);
    assertThat(report.spares().kept()).containsExactly(new ReleasedSpares.Kept("first", 1));
    assertThatThrownBy(() -> f.readBlock(11)).isInstanceOf(MediumErrorException.class);

    f.spare.heal();
    MigrationReport again = f.engine.migrateToNewest(TO_THE_END);
    assertThat(again.salvaged()).isEqualTo(1);
    assertThat(again.spares().released()).containsExactly("first");
    requireBlocks(10, 3, 100);
  }

  @Test
  void shouldGoOnWhereItWasStopped() throws Exception {
    remap(10, 2, 100);
    remap(200, 2, 10);
    MigrationReport stopped = f.engine.migrate(second, "second", (done, total) -> false);
    assertThat(stopped.complete()).isFalse();
    assertThat(stopped.moved()).isEqualTo(2);
    assertThat(stopped.spares().kept()).containsExactly(new ReleasedSpares.Kept("first", 2));
    openLater(f.backing.crashLosingAll(), f.spare.crashLosingAll(), second.crashLosingAll());
    requireBlocks(200, 2, 10);
    MigrationReport rest = f.engine.migrateToNewest(TO_THE_END);
    assertThat(rest.moved()).isEqualTo(2);
    assertThat(rest.spares().released()).containsExactly("first");
    requireBlocks(10, 2, 100);
    requireBlocks(200, 2, 10);
  }

  @Test
  void shouldStopWithWhatWasMovedWhenTheOldSpareDoesNotAnswer() throws Exception {
    remap(10, 1, 100);
    remap(200, 1, 10);
    f.engine.addSpare(second, "second");
    SpareLayout layout = SpareLayout.of(f.spare.sizeBytes(), BLOCK);
    f.spare.fail(Operation.READ, layout.slotByteOffset(1), BLOCK, Fault.TRANSPORT, 1);
    assertThatThrownBy(() -> f.engine.migrateToNewest(TO_THE_END))
        .isInstanceOf(io.remapfs.engine.device.TransportErrorException.class);
    assertThat(targetOf(10)).isGreaterThanOrEqualTo(firstSlots());
    assertThat(targetOf(200)).isEqualTo(1);
    remap(30, 1, 100);
    assertThat(f.engine.migrateToNewest(TO_THE_END).spares().released()).containsExactly("first");
    requireBlocks(200, 1, 10);
  }

  @Test
  void shouldUseTheNextSpareWhenOneIsFull() throws Exception {
    remap(10, 1, 100);
    f.engine.addSpare(second, "second");
    f.spare.fail(Operation.WRITE, 0, f.spare.sizeBytes(), Fault.NO_SPACE);
    remap(11, 2, 100);
    assertThat(targetOf(11)).isGreaterThanOrEqualTo(firstSlots());
    requireBlocks(10, 3, 100);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.DEGRADED);
    assertThat(f.count(Kind.SPARE_REFUSES)).isOne();
    assertThat(f.count(Kind.EMERGENCY)).isZero();
    f.engine.flush();
    openLater(f.backing.crashLosingAll(), f.spare.crashLosingAll(), second.crashLosingAll());
    requireBlocks(10, 3, 100);
  }

  @Test
  void shouldRefuseASpareThatDoesNotSuitAndChangeNothing() throws Exception {
    remap(10, 3, 100);
    assertThatThrownBy(() -> f.engine.addSpare(new CrashableDevice(64 << 10, 512), "small"))
        .isInstanceOf(SpareTooSmallException.class);
    assertThatThrownBy(() -> f.engine.addSpare(new CrashableDevice(SECOND_BYTES, 4096), "sectors"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("sectors of 4096");
    second.fail(Operation.WRITE, 0, 4096, Fault.MEDIUM);
    assertThatThrownBy(() -> f.engine.migrate(second, "second", TO_THE_END))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("no good as a spare");
    assertThat(f.engine.status().spares()).hasSize(1);
    assertThat(f.engine.status().state()).isEqualTo(EngineState.HEALTHY);
    remap(13, 1, 100);
    f.engine.close();
    f.open(Access.READ_WRITE);
    requireBlocks(10, 4, 100);
  }

  @Test
  void shouldRefuseASpareWithFewerSlotsThanThereAreBlocksToMove() throws Exception {
    EngineFixture large = EngineFixture.formatted(4 << 20);
    large.failWrites(0, 100);
    for (int block = 0; block < 100; block++) {
      large.writeBlock(block, stamp(block));
    }
    CrashableDevice little = new CrashableDevice(1300 << 10, 512);
    assertThatThrownBy(() -> large.engine.migrate(little, "little", TO_THE_END))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageMatching(".*(100 are to be moved|needs at least).*");
    assertThat(little.writes()).isZero();
  }

  @Test
  void shouldLoseNoWriteThatComesWhileBlocksMove() throws Exception {
    int blocks = (int) firstSlots();
    remap(0, blocks, 0);
    AtomicBoolean over = new AtomicBoolean();
    ExecutorService writers = Executors.newFixedThreadPool(2);
    List<Future<byte[]>> last = new ArrayList<>();
    for (int writer = 0; writer < 2; writer++) {
      int mine = writer;
      last.add(writers.submit(() -> writeUntil(over, mine, blocks)));
    }
    try {
      f.engine.migrate(second, "second", TO_THE_END);
    } finally {
      over.set(true);
      writers.shutdown();
    }
    byte[][] values = {last.get(0).get(), last.get(1).get()};
    for (int block = 0; block < blocks; block++) {
      assertThat(f.readBlock(block)).isEqualTo(filled(BLOCK, values[block % 2][block]));
      assertThat(targetOf(block)).isGreaterThanOrEqualTo(firstSlots());
    }
  }

  /** Writes every second block again and again; what each holds at the end. */
  private byte[] writeUntil(AtomicBoolean over, int firstBlock, int blocks) throws Exception {
    IoBuffer buffer = IoBuffer.allocate(BLOCK);
    byte[] values = new byte[blocks];
    for (int round = 1; !over.get() || round < 3; round++) {
      for (int block = firstBlock; block < blocks; block += 2) {
        values[block] = (byte) (round + block);
        buffer.bytes().put(0, filled(BLOCK, values[block]));
        f.engine.write((long) block * BLOCK, buffer, 0, BLOCK);
      }
    }
    return values;
  }
}
