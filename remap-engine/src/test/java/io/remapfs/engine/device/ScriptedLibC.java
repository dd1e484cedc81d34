package io.remapfs.engine.device;

import io.remapfs.engine.posix.LibC;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import jnr.ffi.LastError;
import jnr.ffi.Runtime;

/**
 * The C library with a script: each call of a name takes the next step that was written for it, and
 * goes to the kernel where there is none.
 */
final class ScriptedLibC {
  /** One step; {@code real} is the call to the kernel, and {@code args} may be changed before. */
  @FunctionalInterface
  interface Step {
    Object take(Object[] args, Real real) throws Throwable;
  }

  /** The way to the kernel. */
  @FunctionalInterface
  interface Real {
    Object call(Object[] args) throws Throwable;
  }

  private final Map<String, ArrayDeque<Step>> script = new HashMap<>();
  private final Map<String, Integer> calls = new HashMap<>();

  /** What a device is given. */
  LibC libc() {
    return (LibC)
        Proxy.newProxyInstance(
            LibC.class.getClassLoader(),
            new Class<?>[] {LibC.class},
            (proxy, method, args) -> invoke(method, args));
  }

  private Object invoke(Method method, Object[] args) throws Throwable {
    calls.merge(method.getName(), 1, Integer::sum);
    ArrayDeque<Step> steps = script.getOrDefault(method.getName(), new ArrayDeque<>());
    Step step = steps.pollFirst();
    Real real = changed -> real(method, changed);
    Object result = step == null ? real.call(args) : step.take(args, real);
    return method.getReturnType() == int.class
        ? (Object) ((Number) result).intValue()
        : (Object) ((Number) result).longValue();
  }

  private static Object real(Method method, Object[] args) throws Throwable {
    try {
      return method.invoke(LibC.INSTANCE, args);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    }
  }

  /** The next calls of {@code name} fail, one with each errno. */
  ScriptedLibC fail(String name, int... errnos) {
    for (int errno : errnos) {
      step(
          name,
          (args, real) -> {
            LastError.setLastError(Runtime.getSystemRuntime(), errno);
            return -1;
          });
    }
    return this;
  }

  /** The next calls of {@code pread} or {@code pwrite} transfer at most so many bytes. */
  ScriptedLibC shorten(String name, long... atMost) {
    for (long bytes : atMost) {
      step(
          name,
          (args, real) -> {
            // The kernel moves whole sectors with direct I/O: it moves all, and tells of fewer.
            real.call(args);
            return Math.min(bytes, (long) args[2]);
          });
    }
    return this;
  }

  /** The next calls of {@code name} answer so without reaching the kernel. */
  ScriptedLibC answer(String name, long... answers) {
    for (long answer : answers) {
      step(name, (args, real) -> answer);
    }
    return this;
  }

  private void step(String name, Step step) {
    script.computeIfAbsent(name, absent -> new ArrayDeque<>()).add(step);
  }

  int calls(String name) {
    return calls.getOrDefault(name, 0);
  }

  /** Whether every step was taken. */
  boolean isDone() {
    return script.values().stream().allMatch(ArrayDeque::isEmpty);
  }
}
