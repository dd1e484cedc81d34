package io.remapfs.engine.spare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.BlockDeviceException;
import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.device.MediumErrorException;
import java.nio.ByteBuffer;
import java.util.BitSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

final class SparePoolTest {
  private final CrashableDevice device = new CrashableDevice(4 << 20, 512);
  private final SpareLayout layout = SpareLayout.of(4 << 20, 4096);
  private final UUID set = UUID.randomUUID();
  private final SparePool pool = new SparePool(members(), set, 0, new BitSet());

  private SpareMembers members() {
    return SpareMembers.of(List.of(new SpareMember(device, layout, set)));
  }

  @Test
  void shouldHandOutEachSlotOnceWhenManyThreadsAsk() {
    Set<Long> seen = ConcurrentHashMap.newKeySet();
    long handedOut =
        IntStream.range(0, (int) layout.slotCount() + 500)
            .parallel()
            .mapToLong(i -> pool.allocate())
            .filter(slot -> slot != SparePool.EXHAUSTED)
            .peek(slot -> assertThat(seen.add(slot)).isTrue())
            .count();
    assertThat(handedOut).isEqualTo(layout.slotCount());
    assertThat(pool.freeCount()).isZero();
    assertThat(pool.usedCount()).isEqualTo(layout.slotCount());
  }

  @Test
  void shouldWriteDataAndTag() throws BlockDeviceException {
    for (int i = 0; i < 200; i++) {
      pool.write(pool.allocate(), 1000 + i, 5000 + i, block(i), 0);
    }
    ByteBuffer image = ByteBuffer.wrap(device.image());
    for (int i = 0; i < 200; i++) {
      assertThat(image.getInt((int) layout.slotByteOffset(i))).isEqualTo(i);
      int tagAt = (int) layout.tagBlockOffset(i) + layout.tagIndex(i) * SlotTag.BYTES;
      assertThat(SlotTag.decode(SlotTag.setId(set), image, tagAt))
          .contains(new SlotTag(1000 + i, 5000 + i));
      assertThat(SlotTag.decode(SlotTag.setId(UUID.randomUUID()), image, tagAt)).isEmpty();
    }
  }

  @Test
  void shouldKeepOlderTagsOfTheGroupWhenGoingOnAfterARestart() throws BlockDeviceException {
    pool.write(pool.allocate(), 7, 1, block(7), 0);
    SparePool again = new SparePool(members(), set, 1, new BitSet());
    again.write(again.allocate(), 8, 2, block(8), 0);
    ByteBuffer image = ByteBuffer.wrap(device.image());
    int tagsAt = (int) layout.tagBlockOffset(0);
    assertThat(SlotTag.decode(SlotTag.setId(set), image, tagsAt)).contains(new SlotTag(7, 1));
    assertThat(SlotTag.decode(SlotTag.setId(set), image, tagsAt + 32)).contains(new SlotTag(8, 2));
  }

  @Test
  void shouldKeepTheSlotWhenOnlyItsTagCannotBeWritten() throws BlockDeviceException {
    device.fail(Operation.READ, layout.tagBlockOffset(0), 4096, Fault.MEDIUM);
    device.fail(Operation.WRITE, layout.tagBlockOffset(0), 4096, Fault.MEDIUM);
    pool.write(pool.allocate(), 7, 1, block(9), 0);
    assertThat(pool.tagWriteErrors()).isEqualTo(1);
    assertThat(ByteBuffer.wrap(device.image()).getInt((int) layout.slotByteOffset(0))).isEqualTo(9);
  }

  @Test
  void shouldThrowWhenTheSlotCannotBeWritten() {
    device.fail(Operation.WRITE, layout.slotByteOffset(0), 4096, Fault.MEDIUM);
    long slot = pool.allocate();
    assertThatThrownBy(() -> pool.write(slot, 7, 1, block(9), 0))
        .isInstanceOf(MediumErrorException.class);
    pool.burn(slot);
    assertThat(pool.isBurnt(slot)).isTrue();
    assertThat(pool.burntCount()).isEqualTo(1);
    assertThat(pool.allocate()).isNotEqualTo(slot);
  }

  private static IoBuffer block(int content) {
    IoBuffer buffer = IoBuffer.allocate(4096);
    buffer.bytes().putInt(0, content);
    return buffer;
  }
}
