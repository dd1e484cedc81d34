package io.remapfs.mount.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.remapfs.engine.device.IoMode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.EnumSource.Mode;

/** How sessions begin and end. After each test neither threads nor descriptors may be left. */
@Tag("integration")
@Timeout(120)
class SessionLifeTest {
  @TempDir Path directory;

  @AfterEach
  void leavesNothingBehind() throws IOException {
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("fuse-"));
    try (Stream<Path> descriptors = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(descriptors.map(SessionLifeTest::target)).doesNotContain("/dev/fuse");
    }
  }

  private static String target(Path link) {
    try {
      return Files.readSymbolicLink(link).toString();
    } catch (IOException e) {
      return ""; // the descriptor of the listing itself
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldServeUntilItIsUnmounted(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      SessionKind expected = kind;
      if (kind == SessionKind.AUTO) {
        expected = UringSwitch.problem().isEmpty() ? SessionKind.URING : SessionKind.RING;
      }
      assertThat(mount.session.kind()).isEqualTo(expected.label());
      assertThat(mount.session.workerCount())
          .isEqualTo(
              expected == SessionKind.URING ? CpuPlace.possible() : expected.defaultWorkers());
      assertThat(mount.session.fallbackReason()).isEmpty();
      assertThat(Files.size(mount.image)).isEqualTo(MountFixture.SIZE_BYTES);
      mount.session.unmount();
      assertThat(mount.isMounted()).isFalse();
      mount.session.awaitEnd();
      mount.session.unmount();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldGoOnServingWhenItIsTooBusyToUnmount(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      try (FileChannel image = FileChannel.open(mount.image, StandardOpenOption.READ)) {
        assertThatThrownBy(mount.session::unmount)
            .isInstanceOf(UnmountException.class)
            .hasMessageContaining("busy");
        assertThat(image.read(ByteBuffer.allocate(100), 0)).isEqualTo(100);
      }
      mount.session.unmount();
      assertThat(mount.isMounted()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldEndWhenSomebodyElseUnmounts(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      MountFixture.run("umount", mount.mountPoint.toString());
      mount.session.awaitEnd();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldRemoveTheDeadMountWhenTheConnectionWasAborted(SessionKind kind) throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      mount.abortConnection();
      mount.session.awaitEnd();
      assertThat(mount.isMounted()).isTrue();
      mount.session.unmount();
      assertThat(mount.isMounted()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldLeaveSignalsToTheJvmWhenMounted(SessionKind kind) throws Exception {
    // sun.misc.Signal is the only way to raise one; the compiler would warn of it by name.
    Class<?> signal = Class.forName("sun.misc.Signal");
    Class<?> handler = Class.forName("sun.misc.SignalHandler");
    Object hup = signal.getConstructor(String.class).newInstance("HUP");
    CountDownLatch handled = new CountDownLatch(2);
    Object counting =
        Proxy.newProxyInstance(
            handler.getClassLoader(),
            new Class<?>[] {handler},
            (proxy, method, arguments) -> {
              handled.countDown();
              return null;
            });
    Object before = signal.getMethod("handle", signal, handler).invoke(null, hup, counting);
    try (MountFixture mount = MountFixture.mounted(directory, kind)) {
      signal.getMethod("raise", signal).invoke(null, hup);
      assertThat(Files.size(mount.image)).isEqualTo(MountFixture.SIZE_BYTES);
      mount.session.unmount();
      signal.getMethod("raise", signal).invoke(null, hup);
      assertThat(handled.await(10, TimeUnit.SECONDS)).isTrue();
    } finally {
      signal.getMethod("handle", signal, handler).invoke(null, hup, before);
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldSayWhyWhenTheMountPointIsUnusable(SessionKind kind) throws IOException {
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      SessionOptions options = SessionOptions.defaults("remapfs#test");
      Path full = mount.directory;
      assertThatThrownBy(() -> FuseSession.open(kind, mount.fs, full, options).start(() -> {}))
          .isInstanceOf(MountException.class)
          .hasMessageContaining("not empty");
      Path missing = full.resolve("missing");
      assertThatThrownBy(() -> FuseSession.open(kind, mount.fs, missing, options).start(() -> {}))
          .isInstanceOf(MountException.class)
          .hasMessageContaining("missing");
    }
  }

  @Test
  void shouldRunWhatComesBeforeServingOnlyOnceTheMountIsThere() throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      List<Boolean> mountedThen = new ArrayList<>();
      FuseSession session =
          FuseSession.open(SessionKind.THREADS, mount.fs, mount.mountPoint, options);
      session.start(() -> mountedThen.add(isMounted(mount)));
      session.unmount();
      assertThat(mountedThen).containsExactly(true);
    }
  }

  @Test
  void shouldNotRunWhatComesBeforeServingWhenLibfuseCannotMount() throws Exception {
    // mount(2) takes no source of more than a page.
    SessionOptions impossible = SessionOptions.defaults("x".repeat(5000));
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session =
          FuseSession.open(SessionKind.AUTO, mount.fs, mount.mountPoint, impossible);
      List<Boolean> ran = new ArrayList<>();
      assertThatThrownBy(() -> session.start(() -> ran.add(true)))
          .isInstanceOf(MountException.class);
      assertThat(ran).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource
  void shouldLeaveNoMountBehindWhenWhatComesBeforeServingFails(SessionKind kind) throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session = FuseSession.open(kind, mount.fs, mount.mountPoint, options);
      Runnable failing =
          () -> {
            throw new MountException("not today");
          };
      assertThatThrownBy(() -> session.start(failing)).hasMessage("not today");
      assertThat(mount.isMounted()).isFalse();
    }
  }

  private static boolean isMounted(MountFixture mount) {
    try {
      return mount.isMounted();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void shouldFallBackToLibfuseWhenTheKernelCannotCarryTheWorkers() throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session =
          new FallbackSession(
              new ThreadedSession(
                  mount.fs,
                  mount.mountPoint,
                  options,
                  SessionKind.THREADS,
                  (mounted, count, onInitialised, made) -> {
                    throw new SessionUnavailableException("this kernel is too old");
                  }),
              new LibfuseSession(mount.fs, mount.mountPoint, options));
      session.start(() -> {});
      try {
        assertThat(session.kind()).isEqualTo("libfuse");
        assertThat(session.fallbackReason()).contains("too old").contains("libfuse");
        assertThat(Files.size(mount.image)).isEqualTo(MountFixture.SIZE_BYTES);
      } finally {
        session.unmount();
      }
    }
  }

  @Test
  void shouldTakeUringByItselfWhenTheKernelOffersIt() throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session =
          UringSwitched.on(
              () -> {
                FuseSession automatic = openAutomatic(mount, AutoRules.ANYTHING);
                automatic.start(() -> {});
                return automatic;
              });
      try {
        assertThat(session.kind()).isEqualTo("uring");
        assertThat(session.reason()).isEqualTo("the fastest there is");
      } finally {
        session.unmount();
      }
    }
  }

  @Test
  void shouldTakeThreadsWhenRingsAreForbidden() throws Exception {
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session =
          UringSwitched.on(
              () -> {
                FuseSession automatic = openAutomatic(mount, new AutoRules("a whim", ""));
                automatic.start(() -> {});
                return automatic;
              });
      try {
        assertThat(session.kind()).isEqualTo("threads");
        assertThat(session.reason()).isEqualTo("not ring: a whim");
        assertThat(session.fallbackReason()).isEmpty();
      } finally {
        session.unmount();
      }
    }
  }

  @Test
  void shouldSayWhyItTakesRingWhenUringIsSwitchedOff() throws Exception {
    String whyNoUring = UringSwitch.problem(); // The machine's switch may be on.
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session = openAutomatic(mount, AutoRules.ANYTHING);
      session.start(() -> {});
      try {
        assertThat(session.kind()).isEqualTo(whyNoUring.isEmpty() ? "uring" : "ring");
        assertThat(session.reason())
            .isEqualTo(whyNoUring.isEmpty() ? "the fastest there is" : "not uring: " + whyNoUring);
        assertThat(session.fallbackReason()).isEmpty();
      } finally {
        session.unmount();
      }
    }
  }

  @Test
  void shouldTakeThreadsOrUringWhenOnlyRingIsForbidden() throws Exception {
    String whyNoUring = UringSwitch.problem();
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      FuseSession session = openAutomatic(mount, new AutoRules("", "a whim"));
      session.start(() -> {});
      try {
        assertThat(session.kind()).isEqualTo(whyNoUring.isEmpty() ? "uring" : "threads");
        assertThat(session.reason())
            .isEqualTo(whyNoUring.isEmpty() ? "the fastest there is" : "not ring: a whim");
      } finally {
        session.unmount();
      }
    }
  }

  private static FuseSession openAutomatic(MountFixture mount, AutoRules rules) {
    return FuseSession.open(
        SessionKind.AUTO,
        mount.fs,
        mount.mountPoint,
        SessionOptions.defaults("remapfs#test"),
        rules);
  }

  /** A loop that fails, for example because io_uring_enter does. */
  @Test
  void shouldGiveTheMountUpWhenAWorkerDiesThatNobodyCanReplace() throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      CountDownLatch initialised = new CountDownLatch(1);
      SessionWorker.Factory dying =
          (mounted, count, onInitialised, made) -> {
            ImageRequests images = new ImageRequests(mount.fs.image());
            made.accept(
                new BlockingWorker(
                    mounted,
                    images,
                    mounted.cloneDescriptor(0),
                    () -> {
                      onInitialised.run();
                      initialised.countDown();
                    }));
            made.accept(new DyingWorker(initialised));
          };
      FuseSession session =
          new ThreadedSession(mount.fs, mount.mountPoint, options, SessionKind.RING, dying);
      session.start(() -> {});

      session.awaitEnd();

      session.unmount();
      assertThat(mount.isMounted()).isFalse();
    }
  }

  private record DyingWorker(CountDownLatch until) implements SessionWorker {
    @Override
    public void serve() {
      try {
        until.await();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
      throw new IllegalStateException("this worker dies on purpose");
    }

    @Override
    public boolean isVital() {
      return true;
    }

    @Override
    public void close() {}
  }

  @Test
  void shouldNotMountBeforeItFallsBackWhenTheKernelGivesNoRing() throws Exception {
    SessionOptions options = SessionOptions.defaults("remapfs#test");
    try (MountFixture mount = MountFixture.mounted(directory, SessionKind.THREADS)) {
      mount.session.unmount();
      SessionWorker.Factory without =
          new SessionWorker.Factory() {
            @Override
            public void requireAvailable() {
              throw new SessionUnavailableException("this kernel has no io_uring");
            }

            @Override
            public void create(
                LibfuseMount mounted,
                int count,
                Runnable onInitialised,
                Consumer<SessionWorker> made) {
              throw new AssertionError("not available");
            }
          };
      FuseSession session =
          new FallbackSession(
              new ThreadedSession(mount.fs, mount.mountPoint, options, SessionKind.RING, without),
              ThreadedSession.blocking(mount.fs, mount.mountPoint, options));
      List<Boolean> ran = new ArrayList<>();
      session.start(() -> ran.add(true));
      try {
        assertThat(session.kind()).isEqualTo("threads");
        assertThat(session.fallbackReason()).contains("no io_uring").contains("threads");
        assertThat(ran).hasSize(1);
      } finally {
        session.unmount();
      }
    }
  }

  @ParameterizedTest
  @EnumSource(mode = Mode.EXCLUDE, names = "AUTO")
  void shouldRefuseWritesWhenMountedReadOnly(SessionKind kind) throws Exception {
    SessionOptions options = new SessionOptions(false, 2, true, "remapfs#test", false);
    try (MountFixture mount = MountFixture.mounted(directory, kind, options, IoMode.BUFFERED)) {
      assertThatThrownBy(() -> FileChannel.open(mount.image, StandardOpenOption.WRITE))
          .hasMessageContaining("Read-only file system");
      try (FileChannel image = FileChannel.open(mount.image)) {
        assertThat(image.read(ByteBuffer.allocate(10), 0)).isEqualTo(10);
      }
    }
  }
}
