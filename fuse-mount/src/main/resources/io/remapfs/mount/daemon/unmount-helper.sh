# unmount-helper MOUNTPOINT DEVICE: what a daemon that gave up root leaves to a child that did not.
#
# On a line from the daemon, and once more when the daemon is gone (end of input): detaches the loop
# devices on MOUNTPOINT/image and unmounts MOUNTPOINT, if the file system DEVICE (major:minor) is
# what is mounted there. Answers each line with one: `ok`, or why not. Says `ready` first. Run by
# UnmountHelper, as root, by any POSIX shell.

trap '' HUP INT QUIT TERM # They are for the daemon; our end is its end.
directory=$1
device=$2
parent=${directory%/*}
image=$directory/image

# The device is a number that the kernel uses again, so the place must be right, too: not another
# mount that covers ours, nor one under which a parent directory was moved away.
is_ours() {
  # (A path as mountinfo writes it: blanks, tabs, line feeds and backslashes as octal.)
  escaped=$(printf '%s' "$directory" | sed -e 's/\\/\\134/g' -e 's/ /\\040/g' -e 's/	/\\011/g')
  found=
  while read -r _ _ number _ point _; do
    [ "$point" = "$escaped" ] && found=$number
  done </proc/self/mountinfo
  [ "$found" = "$device" ]
}

loops() {
  for entry in /sys/block/loop*/loop/backing_file; do
    read -r file 2>/dev/null <"$entry" || continue
    [ "$file" = "$image" ] || continue
    entry=${entry#/sys/block/}
    echo "/dev/${entry%%/*}"
  done
}

detach_loops() {
  for loop in $(loops); do
    losetup --detach "$loop" || return 1
  done
}

# unmount OPTION...: from the parent directory that is there now, wherever its name leads later.
unmount() {
  (cd "$parent/" && umount --no-canonicalize --internal-only "$@" "./${directory##*/}")
}

# Never lazily as long as the daemon lives: it would tear the disk from under its users.
release() {
  is_ours || return 0
  detach_loops || return 1
  tries=0
  while [ -n "$(loops)" ] && [ "$tries" -lt 100 ]; do
    sleep 0.05
    tries=$((tries + 1))
  done
  unmount
}

echo ready
while read -r _; do
  if message=$(release 2>&1); then
    echo ok
  else
    echo "refused: $message" | tr '\n' ' '
    echo
  fi
done
exec >/dev/null 2>&1

# Who still has a dead mount open can neither read nor write through it any more, so that letting go
# of it lazily loses nothing; a loop device in use goes with its last user. (A live one is asked for
# its image until the kernel has closed it.)
is_ours || exit 0
detach_loops
if [ -e "$image" ]; then
  unmount
else
  unmount --lazy
fi
