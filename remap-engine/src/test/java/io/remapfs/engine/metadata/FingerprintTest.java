package io.remapfs.engine.metadata;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Fault;
import io.remapfs.engine.device.CrashableDevice.Operation;
import io.remapfs.engine.device.IoBuffer;
import io.remapfs.engine.table.RemapTable;
import io.remapfs.engine.table.Target;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

final class FingerprintTest {
  private final CrashableDevice backing = new CrashableDevice(1 << 20, 512);
  private final RemapTable table = new RemapTable(256);

  @Test
  void shouldTellThatASampledBlockWasChanged() {
    Fingerprint before = Fingerprint.take(backing, table, 4096);
    assertThat(Fingerprint.take(backing, table, 4096).matches(before)).isTrue();
    backing.corrupt(4096 * 3 + 77, 1);
    assertThat(Fingerprint.take(backing, table, 4096).matches(before)).isFalse();
    assertThat(before.matches(Fingerprint.take(backing, table, 4096))).isFalse();
  }

  @Test
  void shouldTellASuperblockThatEndsInItsOwnChecksum() throws Exception {
    writeSealed(1);
    Fingerprint before = Fingerprint.take(backing, table, 4096);
    writeSealed(2);
    assertThat(Fingerprint.take(backing, table, 4096).matches(before)).isFalse();
  }

  /** As ext4 does at 1 KiB: CRC32C without the last inversion, little-endian. */
  private void writeSealed(int content) throws Exception {
    IoBuffer block = IoBuffer.allocate(4096);
    block.bytes().putInt(1024 + 48, content);
    CRC32C crc = new CRC32C();
    crc.update(block.bytes().slice(1024, 1020));
    block.bytes().putInt(2044, Integer.reverseBytes((int) ~crc.getValue()));
    backing.write(0, block, 0, 4096);
  }

  @Test
  void shouldNotCompareBlocksThatAreNotOnTheBacking() {
    Fingerprint before = Fingerprint.take(backing, table, 4096);
    table.put(3, Target.remapped(0));
    table.put(4, Target.pending(Target.NO_SLOT));
    backing.corrupt(4096 * 3, 8192);
    assertThat(Fingerprint.take(backing, table, 4096).matches(before)).isTrue();
  }

  @Test
  void shouldNotCompareBlocksThatCannotBeRead() {
    Fingerprint before = Fingerprint.take(backing, table, 4096);
    backing.corrupt(0, 4096);
    backing.fail(Operation.READ, 0, 4096, Fault.MEDIUM);
    assertThat(Fingerprint.take(backing, table, 4096).matches(before)).isTrue();
  }

  @Test
  void shouldTakeADiskOfFewerBlocksThanSamples() {
    CrashableDevice tiny = new CrashableDevice(2 * 4096, 512);
    Fingerprint before = Fingerprint.take(tiny, new RemapTable(2), 4096);
    tiny.corrupt(4096, 1);
    assertThat(Fingerprint.take(tiny, new RemapTable(2), 4096).matches(before)).isFalse();
  }

  @Test
  void shouldComeBackFromTheMetadataWhenClosedCleanly() throws Exception {
    Fingerprint taken = Fingerprint.take(backing, table, 4096);
    CrashableDevice spare = TestSet.formatted(TestSet.SMALL);
    TestSet.open(spare).closeClean(taken);
    Fingerprint found = TestSet.open(spare).cleanFingerprint();
    assertThat(found).isNotNull();
    assertThat(found.matches(taken)).isTrue();
    backing.corrupt(0, 1);
    assertThat(found.matches(Fingerprint.take(backing, table, 4096))).isFalse();
  }
}
