package io.remapfs.mount.ring;

import com.kenai.jffi.CallContext;
import com.kenai.jffi.CallContextCache;
import com.kenai.jffi.CallingConvention;
import com.kenai.jffi.Invoker;
import com.kenai.jffi.LastError;
import com.kenai.jffi.Library;
import com.kenai.jffi.Type;

/** {@link RingCalls} by jffi's plain invoker, which allocates nothing. Thread-safe. */
final class NativeRingCalls implements RingCalls {
  private static final Invoker INVOKER = Invoker.getInstance();
  private static final LastError LAST_ERROR = LastError.getInstance();

  private final CallContext sixLongs =
      CallContextCache.getInstance()
          .getCallContext(
              Type.SINT64,
              new Type[] {
                Type.SINT64, Type.SINT64, Type.SINT64, Type.SINT64, Type.SINT64, Type.SINT64
              },
              CallingConvention.DEFAULT,
              true);
  private final long syscall = address("syscall");
  private final long mmap = address("mmap");

  private static long address(String name) {
    long address = Library.getDefault().getSymbolAddress(name);
    if (address == 0) {
      throw new IllegalStateException("the C library has no " + name);
    }
    return address;
  }

  @Override
  public long syscall(long number, long a1, long a2, long a3, long a4, long a5) {
    return INVOKER.invokeN6(sixLongs, syscall, number, a1, a2, a3, a4, a5);
  }

  @Override
  public long mmap(
      long address, long lengthBytes, long protection, long flags, long fd, long offset) {
    return INVOKER.invokeN6(sixLongs, mmap, address, lengthBytes, protection, flags, fd, offset);
  }

  @Override
  public int errno() {
    return LAST_ERROR.get();
  }
}
