package io.remapfs.engine;

import static io.remapfs.engine.EngineFixture.BLOCK;
import static io.remapfs.engine.EngineFixture.filled;
import static io.remapfs.engine.EngineFixture.stamp;
import static org.assertj.core.api.Assertions.assertThat;

import io.remapfs.engine.device.CrashableDevice;
import io.remapfs.engine.device.CrashableDevice.Operation;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * The two ways in which a write and the move of its block can meet, each held still in the middle.
 */
@Timeout(60)
final class MoveRaceTest {
  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch goOn = new CountDownLatch(1);

  @Test
  void shouldKeepTheWriteWhenItWaitsForAMoveUnderWay() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    // The mover stands in the middle of writing the slot; the writer comes now.
    f.spare.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> mover = inThread(() -> f.engine.remap(5));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] writerThread = new Thread[1];
    CompletableFuture<Void> writer =
        inThread(
            () -> {
              writerThread[0] = Thread.currentThread();
              f.writeBlock(5, (byte) 77);
            });
    awaitParked(writerThread);
    goOn.countDown();
    mover.get(30, TimeUnit.SECONDS);
    writer.get(30, TimeUnit.SECONDS);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldMoveTheNewBytesWhenAWriteIsUnderWay() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    f.backing.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> writer = inThread(() -> f.writeBlock(5, (byte) 77));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] moverThread = new Thread[1];
    CompletableFuture<Void> mover =
        inThread(
            () -> {
              moverThread[0] = Thread.currentThread();
              f.engine.remap(5);
            });
    awaitParked(moverThread);
    assertThat(f.engine.status().remappedBlocks()).isZero();
    // Reads wait for nobody.
    assertThat(f.readBlock(6)).isEqualTo(filled(BLOCK, stamp(6)));
    goOn.countDown();
    writer.get(30, TimeUnit.SECONDS);
    mover.get(30, TimeUnit.SECONDS);
    assertThat(f.engine.status().remappedBlocks()).isEqualTo(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldKeepTheWriteWhenItWaitsForAnUnmapUnderWay() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    f.engine.remap(5);
    // The unmap has read the slot and stands before writing it to the block's own place.
    f.backing.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> unmap = inThread(() -> f.engine.unmap(5, 1));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] writerThread = new Thread[1];
    CompletableFuture<Void> writer =
        inThread(
            () -> {
              writerThread[0] = Thread.currentThread();
              f.writeBlock(5, (byte) 77);
            });
    awaitParked(writerThread);
    goOn.countDown();
    unmap.get(30, TimeUnit.SECONDS);
    writer.get(30, TimeUnit.SECONDS);
    assertThat(f.engine.status().remappedBlocks()).isZero();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldMoveTheNewBytesBackWhenAWriteIsUnderWay() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    f.engine.remap(5);
    f.spare.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> writer = inThread(() -> f.writeBlock(5, (byte) 77));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] unmapThread = new Thread[1];
    CompletableFuture<Void> unmap =
        inThread(
            () -> {
              unmapThread[0] = Thread.currentThread();
              f.engine.unmap(5, 1);
            });
    awaitParked(unmapThread);
    goOn.countDown();
    writer.get(30, TimeUnit.SECONDS);
    unmap.get(30, TimeUnit.SECONDS);
    assertThat(f.engine.status().remappedBlocks()).isZero();
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldKeepTheWriteWhenItWaitsForAMigrationUnderWay() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    f.engine.remap(5);
    CrashableDevice second = new CrashableDevice(4 << 20, 512);
    f.engine.addSpare(second, "second");
    // The migration has read the old slot and stands before writing the new one.
    second.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> migration =
        inThread(() -> f.engine.migrateToNewest((done, total) -> true));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] writerThread = new Thread[1];
    CompletableFuture<Void> writer =
        inThread(
            () -> {
              writerThread[0] = Thread.currentThread();
              f.writeBlock(5, (byte) 77);
            });
    awaitParked(writerThread);
    goOn.countDown();
    migration.get(30, TimeUnit.SECONDS);
    writer.get(30, TimeUnit.SECONDS);
    assertThat(f.engine.status().spares()).hasSize(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, (byte) 77));
  }

  @Test
  void shouldMigrateABlockThatWasOnItsWayToTheOldSpare() throws Exception {
    EngineFixture f = EngineFixture.formatted();
    CrashableDevice second = new CrashableDevice(4 << 20, 512);
    f.engine.addSpare(second, "second");
    // A move has taken a slot of the old spare and stands before writing it.
    f.spare.setHook((operation, byteOffset, length) -> stopAt(operation == Operation.WRITE));
    CompletableFuture<Void> mover = inThread(() -> f.engine.remap(5));
    assertThat(reached.await(30, TimeUnit.SECONDS)).isTrue();
    Thread[] migrationThread = new Thread[1];
    CompletableFuture<Void> migration =
        inThread(
            () -> {
              migrationThread[0] = Thread.currentThread();
              f.engine.migrateToNewest((done, total) -> true);
            });
    awaitParked(migrationThread);
    goOn.countDown();
    mover.get(30, TimeUnit.SECONDS);
    migration.get(30, TimeUnit.SECONDS);
    assertThat(f.engine.status().spares()).hasSize(1);
    assertThat(f.readBlock(5)).isEqualTo(filled(BLOCK, stamp(5)));
  }

  private void stopAt(boolean here) {
    if (here && reached.getCount() > 0) {
      reached.countDown();
      try {
        assertThat(goOn.await(30, TimeUnit.SECONDS)).isTrue();
      } catch (InterruptedException e) {
        throw new AssertionError(e);
      }
    }
  }

  @FunctionalInterface
  private interface Action {
    void run() throws Exception;
  }

  private static CompletableFuture<Void> inThread(Action action) {
    CompletableFuture<Void> done = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                action.run();
                done.complete(null);
              } catch (Throwable e) {
                done.completeExceptionally(e);
              }
            });
    thread.setDaemon(true);
    thread.start();
    return done;
  }

  /** Waits until a thread polls the guard: it parks for short times there. */
  private static void awaitParked(Thread[] thread) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (thread[0] == null || thread[0].getState() != Thread.State.TIMED_WAITING) {
      assertThat(System.nanoTime()).as("the thread never waits").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }
}
