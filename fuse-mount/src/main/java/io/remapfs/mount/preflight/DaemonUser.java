package io.remapfs.mount.preflight;

import io.remapfs.engine.posix.Account;
import io.remapfs.engine.posix.Posix;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The user as whom the daemon runs, and to whom the files in the mount point belong.
 *
 * @param name how to call him: his name, or his id where he has none
 * @param uid his id
 * @param gid his only group
 */
public record DaemonUser(String name, int uid, int gid) {
  /** The one before -1, which means "leave it as it is" to the calls that change an id. */
  private static final long HIGHEST_ID = 0xFFFF_FFFEL;

  private static final Pattern SPECIFICATION = Pattern.compile("([^:]+)(?::([^:]+))?");
  private static final Pattern NUMBER = Pattern.compile("[0-9]{1,10}");

  /** The user of this process, now. */
  public static DaemonUser ofThisProcess() {
    int uid = Posix.effectiveUid();
    @Nullable Account account = Posix.account(uid);
    return new DaemonUser(
        account == null ? Integer.toUnsignedString(uid) : account.name(),
        uid,
        Posix.effectiveGid());
  }

  /**
   * The user that {@code --user} names.
   *
   * @param specification {@code NAME|UID[:GROUP|GID]}; without a group it is the user's own
   * @throws RefusedException if there is no such user or group, or if it is root's
   */
  public static DaemonUser parse(String specification) throws RefusedException {
    Matcher parts = SPECIFICATION.matcher(specification);
    if (!parts.matches()) {
      throw RefusedException.usage(
          "--user " + specification + " is not understood; give NAME, UID, NAME:GROUP or UID:GID");
    }
    String user = String.valueOf(parts.group(1));
    @Nullable String group = parts.group(2);
    @Nullable Account account =
        NUMBER.matcher(user).matches()
            ? Posix.account(requireId("user", user))
            : Posix.account(user);
    if (account == null && !NUMBER.matcher(user).matches()) {
      throw RefusedException.usage(
          "there is no user " + user + "; name an existing one, or make it with: useradd --system");
    }
    long uid = account != null ? account.uid() : requireId("user", user);
    long gid = group != null ? groupId(group) : ownGroup(user, account);
    if (uid == 0 || gid == 0) {
      throw RefusedException.usage(
          "--user "
              + specification
              + " would keep root's "
              + (uid == 0 ? "user" : "group")
              + "; name another, or leave --user out");
    }
    return new DaemonUser(account != null ? account.name() : user, (int) uid, (int) gid);
  }

  private static long ownGroup(String user, @Nullable Account account) throws RefusedException {
    if (account == null) {
      throw RefusedException.usage(
          "no user has the id " + user + ", so its group must be named too: --user UID:GID");
    }
    return account.gid();
  }

  private static long groupId(String group) throws RefusedException {
    if (NUMBER.matcher(group).matches()) {
      return requireId("group", group);
    }
    long gid = Posix.groupId(group);
    if (gid < 0) {
      throw RefusedException.usage("there is no group " + group + "; name an existing one");
    }
    return gid;
  }

  private static long requireId(String kind, String digits) throws RefusedException {
    long id = Long.parseLong(digits);
    if (id > HIGHEST_ID) {
      throw RefusedException.usage(
          "the " + kind + " id " + digits + " is too large; use 1 to " + HIGHEST_ID);
    }
    return id;
  }

  /**
   * Refuses where this process could not become that user, or not for good. Changes nothing.
   *
   * @throws RefusedException if it lacks the rights, or was not started as it must be
   */
  public void requireReachable() throws RefusedException {
    if (!Host.isRoot()) {
      throw RefusedException.refused(
          "--user is for root, to drop its rights; leave it out, the daemon then runs as you");
    }
    Capabilities mine = Capabilities.ofThisProcess();
    if (!mine.has(Capabilities.SETUID) || !mine.has(Capabilities.SETGID)) {
      throw RefusedException.refused(
          "this process may not change its user (CAP_SETUID, CAP_SETGID are missing); grant them,"
              + " or leave --user out");
    }
    if (!Privileges.ofAllThreads().noNewPrivileges()) {
      throw RefusedException.refused(
          "--user needs a process without new privileges; start it by the launcher remapfs, or"
              + " with: setpriv --no-new-privs");
    }
  }

  /** Such as {@code backup (uid 34, gid 34)}. */
  @Override
  public String toString() {
    return name
        + " (uid "
        + Integer.toUnsignedString(uid)
        + ", gid "
        + Integer.toUnsignedString(gid)
        + ")";
  }
}
