package io.remapfs.mount.fs;

import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.DeviceErrors;
import io.remapfs.engine.posix.Errno;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ErrnoEdgeTest {
  @ParameterizedTest
  @ValueSource(ints = {Errno.EIO, Errno.ENODATA, Errno.ENOSPC, Errno.EREMOTEIO, Errno.EROFS})
  void shouldKeepADevicesErrno(int errno) {
    assertThat(ErrnoEdge.negativeErrno("test", DeviceErrors.of("disk", "read", errno, 0, 512)))
        .isEqualTo(-errno);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -5, 512})
  void shouldSayEioWhenTheKernelWouldRefuseTheErrno(int errno) {
    assertThat(ErrnoEdge.negativeErrno("test", DeviceErrors.of("disk", "read", errno, 0, 512)))
        .isEqualTo(-Errno.EIO);
  }

  @Test
  void shouldTellAWrongRangeFromABug() {
    assertThat(ErrnoEdge.negativeErrno("test", new IllegalArgumentException("range")))
        .isEqualTo(-Errno.EINVAL);
    assertThat(ErrnoEdge.negativeErrno("test", new OutOfMemoryError("on purpose")))
        .isEqualTo(-Errno.EIO);
  }
}
