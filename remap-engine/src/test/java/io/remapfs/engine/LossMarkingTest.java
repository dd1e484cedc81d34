package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.BLOCKS;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.EngineEvent.Kind;
import io.remapfs.engine.device.Access;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.MediumErrorException;
import io.remapfs.engine.device.TransportErrorException;
import io.remapfs.engine.metadata.BackingIdentity;
import io.remapfs.engine.metadata.MetadataStore;
import io.remapfs.engine.table.Target;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Recording blocks as lost that somebody else found bad. */
final class LossMarkingTest {
  private static final byte NEW = 77;

  private EngineFixture f;

  @BeforeEach
  void format() throws IOException {
    f = EngineFixture.formatted();
  }

  private static Map<Long, Long> entries(EngineFixture fixture) {
    Map<Long, Long> entries = new TreeMap<>();
    fixture.engine.forEachEntry(entries::put);
    return entries;
  }

  private static List<BlockRun> runs(long... firstsAndCounts) {
    return LongStream.range(0, firstsAndCounts.length / 2)
        .mapToObj(i -> new BlockRun(firstsAndCounts[(int) i * 2], firstsAndCounts[(int) i * 2 + 1]))
        .toList();
  }

  @Test
  void shouldMakeBlocksPendingForGoodWithoutReadingTheDisk() throws Exception {
    f.backing.fail(Operation.READ, 0, (long) BLOCKS * BLOCK, Fault.TRANSPORT);
    assertThat(f.engine.markLost(runs(5, 2, 200, 1))).isEqualTo(new MarkReport(3, 0, 0, 0));
    f.backing.heal();
    f.open(Access.READ_WRITE);
    assertThat(entries(f)).containsOnlyKeys(5L, 6L, 200L);
    assertThat(entries(f).values()).containsOnly(Target.pending(Target.NO_SLOT));
  }

  @Test
  void shouldGiveTheContentsBackWhenTheMediumYieldsThem() throws Exception {
    f.engine.markLost(runs(5, 1));
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
    assertThat(Target.isRemapped(entries(f).get(5L))).isTrue();
  }

  @Test
  void shouldFailTheReadAtOnceWhenTheMediumDoesNotYieldIt() throws Exception {
    f.engine.markLost(runs(5, 1));
    f.failReads(5, 1);
    long before = f.clock.nanoTime();
    assertThatThrownBy(() -> f.readBlock(5)).isInstanceOf(MediumErrorException.class);
    assertThat(f.clock.nanoTime()).as("no retry, so no pause").isEqualTo(before);
  }

  @Test
  void shouldLeaveRemappedAndPendingBlocksAlone() throws Exception {
    f.engine.remap(6);
    f.writeBlock(6, NEW);
    f.failReads(7, 1);
    assertThatThrownBy(() -> f.readBlock(7)).isInstanceOf(MediumErrorException.class);
    Map<Long, Long> before = entries(f);
    assertThat(f.engine.markLost(runs(5, 4))).isEqualTo(new MarkReport(2, 1, 1, 0));
    assertThat(entries(f)).containsAllEntriesOf(before).containsOnlyKeys(5L, 6L, 7L, 8L);
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, NEW));
  }

  @Test
  void shouldKnowABlockTheSecondTimeItIsNamed() throws Exception {
    assertThat(f.engine.markLost(runs(5, 4, 3, 4))).isEqualTo(new MarkReport(6, 2, 0, 0));
  }

  @Test
  void shouldSkipTheRestWhenNoMoreCanBeRecorded() throws Exception {
    EngineFixture large = large(1 << 13);
    long slots = large.engine.status().spareSlots();
    assertThat(large.engine.markLost(runs(0, 1 << 13)))
        .isEqualTo(new MarkReport(slots, 0, 0, (1 << 13) - slots));
    assertThat(entries(large)).hasSize((int) slots);
    assertThat(large.engine.markLost(runs(0, 1 << 13)))
        .isEqualTo(new MarkReport(0, slots, 0, (1 << 13) - slots));
  }

  @Test
  void shouldShareJournalBlocksAmongScatteredRuns() throws Exception {
    EngineFixture large = large(1 << 16);
    List<BlockRun> scattered =
        LongStream.range(0, 500).mapToObj(i -> new BlockRun(i * 100, 1)).toList();
    long before = large.spare.flushes();
    assertThat(large.engine.markLost(scattered).marked()).isEqualTo(500);
    assertThat(large.spare.flushes() - before).isLessThanOrEqualTo(4);
  }

  @Test
  void shouldTellOfItOnce() throws Exception {
    f.engine.markLost(runs(5, 2, 200, 1));
    assertThat(f.count(Kind.PENDING)).isEqualTo(1);
    assertThat(f.events.get(f.events.size() - 1).message()).startsWith("3 blocks of 5 to 200 ");
  }

  @Test
  void shouldMarkNothingWhenTheMetadataCannotBeWritten() throws Exception {
    f.spare.fail(Operation.WRITE, 0, f.spare.sizeBytes(), Fault.MEDIUM);
    assertThatThrownBy(() -> f.engine.markLost(runs(5, 1)))
        .isInstanceOf(MediumErrorException.class)
        .hasMessageContaining("cannot be written");
    assertThat(entries(f)).isEmpty();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
  }

  @Test
  void shouldRefuseWhenReadOnly() throws Exception {
    f.engine.close();
    f.open(Access.READ_ONLY);
    assertThatThrownBy(() -> f.engine.markLost(runs(5, 1)))
        .isInstanceOf(TransportErrorException.class);
  }

  @Test
  void shouldRefuseWhatIsOutsideTheImage() {
    assertThatThrownBy(() -> f.engine.markLost(runs(0, 1, BLOCKS - 1, 2)))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(entries(f)).isEmpty();
  }

  /** A disk of so many small blocks, with more slots than the usual one. */
  private static EngineFixture large(int blocks) throws IOException {
    int blockSize = 512;
    EngineFixture fixture =
        new EngineFixture(
            new CrashableDevice(blocks * blockSize, 512), new CrashableDevice(5 << 19, 512));
    MetadataStore.format(
        fixture.spare, blockSize, new BackingIdentity((long) blocks * blockSize, ""));
    fixture.open(Access.READ_WRITE);
    return fixture;
  }
}
