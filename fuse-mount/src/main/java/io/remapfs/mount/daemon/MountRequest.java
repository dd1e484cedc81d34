package io.remapfs.mount.daemon;

import io.remapfs.engine.EngineOptions;
import io.remapfs.engine.device.IoMode;
import io.remapfs.health.scan.ScanSettings;
import io.remapfs.mount.preflight.DaemonUser;
import io.remapfs.mount.session.SessionKind;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What the user asked for; nothing of it is checked yet.
 *
 * @param backing the file or block device to protect
 * @param mountPoint where to serve its image
 * @param spares the spares, or those of them that are not found by one another; empty for the
 *     default beside a regular file
 * @param blockSizeBytes the block size of a new spare, or what an existing one must have; 0 for any
 * @param ioMode how the backing and the spare are opened
 * @param readOnly whether nothing may be written
 * @param loop whether to attach a loop device to the image
 * @param clearStale whether a dead FUSE mount at the mount point is cleared
 * @param acceptChanged whether a backing that was changed since its last unmount is mounted
 * @param allowOther whether other users may read the mount
 * @param user as whom the daemon runs once everything is open, or null for who starts it
 * @param sessionKind which FUSE session to run
 * @param workers its threads, or 0 for its own choice
 * @param cache whether the image is served through the kernel's page cache
 * @param health where the disk's health is kept
 * @param onEvent the program to run for each event, or null
 * @param scan when and how fast the disk is scanned
 * @param preempt whether blocks that are likely to fail are moved ahead of time
 * @param engine what to do about errors
 */
public record MountRequest(
    Path backing,
    Path mountPoint,
    List<Path> spares,
    long blockSizeBytes,
    IoMode ioMode,
    boolean readOnly,
    boolean loop,
    boolean clearStale,
    boolean acceptChanged,
    boolean allowOther,
    @Nullable DaemonUser user,
    SessionKind sessionKind,
    int workers,
    boolean cache,
    HealthChoice health,
    @Nullable Path onEvent,
    ScanSettings scan,
    boolean preempt,
    EngineOptions engine) {}
