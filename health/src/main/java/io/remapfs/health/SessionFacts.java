package io.remapfs.health;

/**
 * What the report says of the mount itself; fixed while mounted.
 *
 * @param version the program's version
 * @param backing the backing's path as the user gave it
 * @param mountPoint where the image is served
 * @param kind the FUSE session's kind, "threads", "ring", "uring" or "libfuse"
 * @param reason why it is this kind, a few words
 * @param workers the number of threads that serve requests
 * @param ioMode how the backing is opened, "direct" or "buffered"
 */
public record SessionFacts(
    String version,
    String backing,
    String mountPoint,
    String kind,
    String reason,
    int workers,
    String ioMode) {}
