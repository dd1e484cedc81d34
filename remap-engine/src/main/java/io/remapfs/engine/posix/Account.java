package io.remapfs.engine.posix;

/**
 * A user as the system's databases know him.
 *
 * @param name his name
 * @param uid his id, 0 to 2^32 - 1
 * @param gid his primary group's id, 0 to 2^32 - 1
 */
public record Account(String name, long uid, long gid) {}
