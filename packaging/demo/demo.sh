#!/usr/bin/env bash
#
# `sudo ./remapfs demo`: a disk goes bad under a file system, and the files stay.
#
# Nothing of yours is touched: the disk is a file in a new folder, made to fail by an nbdkit plugin
# (../failing-disk), and all of it is gone at the end. Exits 0 only if every step held.
set -euo pipefail

here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
remapfs=$(realpath "$here/../../remapfs")

if [[ ${1:-} == --help || ${1:-} == -h ]]; then
  cat <<'TEXT'
Usage: sudo remapfs demo

Shows remapfs at work on a disk that really fails: bad blocks, an ext4 file system over them, new bad
blocks while it is in use, a killed daemon, and what is left of the files after all that (everything).
Takes about half a minute. The disk is a file in a temporary folder (TMPDIR, 400 MB); all is removed.
TEXT
  exit 0
fi
if [[ $# -gt 0 ]]; then
  echo "remapfs: demo takes no arguments" >&2
  exit 2
fi
if [[ $EUID -ne 0 ]]; then
  echo "remapfs: the demo mounts a file system: run sudo remapfs demo" >&2
  exit 3
fi
if [[ ! -w /dev/fuse ]]; then
  echo "remapfs: there is no /dev/fuse here; load the fuse module, or give the container the device" >&2
  exit 3
fi

# ---- words ---------------------------------------------------------------------------------------

if [[ -t 1 ]]; then
  bold=$'\e[1m' dim=$'\e[2m' green=$'\e[32m' red=$'\e[31m' plain=$'\e[0m'
else
  bold='' dim='' green='' red='' plain=''
fi
step_number=0
step_name=starting

step() {
  step_number=$((step_number + 1))
  step_name=$1
  printf '\n%s%d. %s%s\n' "$bold" "$step_number" "$1" "$plain"
}
say() { printf '   %s\n' "$@"; }
held() { printf '   %s✓ %s%s\n' "$green" "$*" "$plain"; }
broken() {
  printf '   %s✗ %s%s\n' "$red" "$*" "$plain" >&2
  exit 1
}
# Shows a command as one would type it, also when its output goes elsewhere, and runs it.
exec 3>&1
run() {
  printf '   %s$ %s%s\n' "$dim" "${*/#"$remapfs"/remapfs}" "$plain" >&3
  "$@"
}

# ---- the end, whatever happens -------------------------------------------------------------------

work='' disk_server='' daemon='' loop='' finished=no

ended() { [[ ! -e /proc/$1 || $(cut -d' ' -f3 "/proc/$1/stat" 2>/dev/null) == Z ]]; }

await_end() {
  local tenth
  for ((tenth = 0; tenth < 100; tenth++)); do
    ended "$1" && return
    sleep 0.1
  done
  kill -KILL "$1" 2>/dev/null || true
}

# In the order in which one thing stands on the other; each step is tried even if one before it failed.
clean_up() {
  local code=$?
  trap - EXIT INT TERM
  set +e
  [[ $finished == yes ]] || printf '\n   %sThe demo stopped in step %d (%s). Cleaning up.%s\n' "$red" "$step_number" "$step_name" "$plain" >&2
  if [[ -n $work ]]; then
    mountpoint -q "$work/files" && { umount "$work/files" || umount -l "$work/files"; }
    if mountpoint -q "$work/remapfs" || [[ -n $daemon ]]; then
      "$remapfs" umount "$work/remapfs" >/dev/null 2>&1
    fi
    [[ -z $loop ]] || ! losetup --list --noheadings --output BACK-FILE "$loop" 2>/dev/null | grep -qF "$work/" || losetup -d "$loop"
    [[ -z $daemon ]] || await_end "$daemon"
    grep -qF " $work/remapfs " /proc/self/mounts && umount -l "$work/remapfs"
    grep -qF " $work/disk.img " /proc/self/mounts && { umount "$work/disk.img" || umount -l "$work/disk.img"; }
    [[ -z $disk_server ]] || await_end "$disk_server"
    [[ $finished == yes ]] || [[ ! -s $work/remapfs.log ]] || tail -n 20 "$work/remapfs.log" >&2
    rm -rf --one-file-system "$work"
  fi
  [[ $finished == yes ]] || code=$((code == 0 ? 1 : code))
  exit "$code"
}
trap clean_up EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- the disk and what is done with it -----------------------------------------------------------

# Replaces the list of faults (standard input) in one step; the next request obeys it.
faults() {
  cat >"$work/faults.new"
  mv "$work/faults.new" "$work/faults"
}

start_disk() {
  truncate -s 192M "$work/platters"
  touch "$work/disk.img"
  nbdfuse "$work/disk.img" --socket-activation nbdkit --exit-with-parent cc "$here/../failing-disk/failing-disk.c" \
    file="$work/platters" faults="$work/faults" </dev/null >"$work/disk.log" 2>&1 3>&- &
  disk_server=$!
  local tenth
  for ((tenth = 0; tenth < 300; tenth++)); do
    grep -qF " $work/disk.img " /proc/self/mounts && return
    ended "$disk_server" && break
    sleep 0.1
  done
  cat "$work/disk.log" >&2
  broken "the failing disk did not start"
}

mount_remapfs() {
  printf '   %s$ remapfs mount --loop%s %s %s%s\n' "$dim" "${1:+ $1}" "$work/disk.img" "$work/remapfs" "$plain"
  loop=$("$remapfs" mount --loop "$@" "$work/disk.img" "$work/remapfs") || broken "remapfs mount failed"
  daemon=$(status_value pid)
  held "ready: the protected disk is $loop, its daemon is process $daemon"
}

status_value() { sed -n "s/^$1: *//p" "$work/remapfs/status"; }

# The lines of the status that matter here, and then what they mean.
show_status() {
  printf '   %s$ remapfs status %s%s\n' "$dim" "$work/remapfs" "$plain"
  "$remapfs" status "$work/remapfs" | grep -E '^(state|blocks (remapped|pending|salvaged)|spare (used|free)):' \
    | sed 's/^/     | /'
  say "$@"
}

# expect LABEL OPERATOR NUMBER: compares a number of the status.
expect() {
  local value
  value=$(status_value "$1")
  test "$value" "$2" "$3" || broken "the status says '$1: $value', expected it $2 $3"
}

# The checksums of all files as the disk gives them now: read past the page cache, which would answer
# from memory (dropping it first is not enough: some pages stay).
checksum_files() {
  local file
  sync -f "$work/files"
  for file in "$work"/files/*.dat; do
    dd if="$file" bs=1M iflag=direct status=none | sha256sum | sed "s|-\$|${file##*/}|" || return
  done
}

# Remembers what was written, as the page cache still has it: not what the disk made of it.
remember_files() { (cd "$work/files" && sha256sum -- *.dat >"$work/checksums"); }

check_files() {
  checksum_files | diff "$work/checksums" - || broken "a file is not what was written"
  held "all $(wc -l <"$work/checksums") files read back from the disk exactly as they were written"
}

# Whether the byte at offset $1 of the disk lies in one of the faults.
is_bad() {
  awk -v at="$1" '
    function bytes(text) { return (text + 0) * (text ~ /K$/ ? 1024 : text ~ /M$/ ? 1048576 : 1) }
    /^ *[0-9]/ && at >= bytes($1) && at < bytes($1) + bytes($2) { found = 1 }
    END { exit !found }' "$work/faults"
}

# Byte offset on the disk of a block of file $1: the first from the file's offset $2 on that is still good.
good_place() {
  local block index
  for ((index = $2 / 4096; index < $2 / 4096 + 256; index++)); do
    block=$(debugfs -R "bmap $1 $index" "$loop" 2>/dev/null)
    if [[ $block -gt 0 ]] && ! is_bad $((block * 4096)); then
      echo $((block * 4096)) "$index"
      return
    fi
  done
  broken "cannot tell where $1 lies on the disk"
}

# ---- the story -----------------------------------------------------------------------------------

main() {
  printf '%sremapfs demo: a disk goes bad under a file system, and the files stay%s\n' "$bold" "$plain"
  "$here/../need.sh" nbdkit=nbdkit /usr/include/nbdkit-plugin.h=nbdkit-plugin-dev nbdfuse=libnbd-bin gcc=gcc cc=gcc \
    /usr/include/stdio.h=libc6-dev mkfs.ext4=e2fsprogs debugfs=e2fsprogs losetup=mount mountpoint=util-linux \
    fusermount3=fuse3
  PATH=$PATH:/usr/sbin:/sbin
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/remapfs-demo.XXXXXX")
  mkdir "$work/remapfs" "$work/files"
  export REMAPFS_LOG=$work/remapfs.log

  step "A disk that is already failing"
  faults <<'FAULTS'
# START LENGTH MODE
  24M  256K  w      # these cannot be written
  40M   64K  w
 100M    4K  w
  30M   32K  rw     # these can be neither read nor written
  60M  128K  rw
  90M    4K  rw
FAULTS
  start_disk
  say "A 192 MB disk with six bad places:"
  grep -v '^#' "$work/faults" | sed 's/^/     |/'
  say "Without help, this is what it does:"
  if run dd if="$work/disk.img" of=/dev/null bs=4K skip=7680 count=1 iflag=direct status=none 2>"$work/dd.log"; then
    broken "the bad disk could be read"
  fi
  sed 's/^/     | /' "$work/dd.log"
  held "reading a bad block fails"

  step "Put remapfs in front of it"
  mount_remapfs
  expect "blocks remapped" -eq 0
  show_status "Nothing is known of the bad blocks yet. The image has the disk's size and contents; bad blocks" \
    "will be moved to a spare file beside it ($(basename "$work")/disk.img.remap)."

  step "Make a file system and fill it, right across the bad places"
  run mkfs.ext4 -q -b 4096 "$loop"
  run mount "$loop" "$work/files"
  local number place
  for number in 01 02 03 04 05 06 07 08 09 10 11 12; do
    dd if=/dev/urandom of="$work/files/photo$number.dat" bs=1M count=12 status=none || broken "writing a file failed"
  done
  remember_files
  held "144 MB written, and no program saw an error"
  check_files
  expect "blocks remapped" -gt 0
  expect "blocks pending" -eq 0
  local remapped_first
  remapped_first=$(status_value "blocks remapped")
  show_status "Each write that met a bad block went to a spare block instead, before it was reported as done." \
    "$remapped_first blocks of the image now live there."

  step "While it is in use, two blocks get so weak that only their single sectors can still be read"
  for number in 02 06; do
    read -r place _ < <(good_place "photo$number.dat" $((5 << 20)))
    { cat "$work/faults" && echo "$place 4K r over=512"; } | faults
  done
  check_files
  expect "blocks salvaged" -ge 2
  expect "blocks pending" -eq 0
  show_status "remapfs tried again, collected the data sector by sector, and moved it at once to where it is safe:" \
    "salvaged. The program that read the files noticed nothing."

  step "More of the disk can no longer be written, under files that are being changed"
  for number in 04 08; do
    read -r place _ < <(good_place "photo$number.dat" $((3 << 20)))
    { cat "$work/faults" && echo "$place 64K w"; } | faults
  done
  for number in 04 08; do
    run dd if=/dev/urandom of="$work/files/photo$number.dat" bs=1M count=12 conv=notrunc,fsync status=none \
      || broken "writing a file failed"
  done
  remember_files
  check_files
  expect "blocks remapped" -gt "$remapped_first"
  show_status "The new contents are safe, the old ones were no longer wanted."

  step "One block dies altogether: remapfs says so, and does not make anything up"
  local index
  read -r place index < <(good_place photo10.dat $((7 << 20)))
  cp "$work/files/photo10.dat" "$work/backup.dat"
  { cat "$work/faults" && echo "$place 4K r"; } | faults
  if run dd if="$work/files/photo10.dat" of=/dev/null bs=1M iflag=direct status=none 2>"$work/dd.log"; then
    broken "a block that cannot be read was read"
  fi
  sed 's/^/     | /' "$work/dd.log"
  expect "blocks pending" -eq 1
  show_status "4 KiB are lost: reading them is an error, never old or invented bytes. Everything around them reads." \
    "Blocks like this are 'pending': they are whole again once something is written there."
  say "So we write that part of the file back from a backup:"
  run dd if="$work/backup.dat" of="$work/files/photo10.dat" bs=4K skip="$index" seek="$index" count=1 conv=notrunc,fsync status=none
  rm "$work/backup.dat"
  check_files
  expect "blocks pending" -eq 0
  show_status "Nothing is pending any more: the block's new contents are in the spare."

  step "The daemon is killed while files are being written"
  dd if=/dev/urandom of="$work/files/photo13.dat" bs=1M count=8 conv=fsync status=none
  remember_files
  local remapped_before writer
  remapped_before=$(status_value "blocks remapped")
  dd if=/dev/urandom of="$work/files/unfinished.tmp" bs=64K count=512 oflag=direct status=none 2>/dev/null &
  writer=$!
  local tenth
  for ((tenth = 0; tenth < 100; tenth++)); do # Until it is really writing.
    [[ ! -s $work/files/unfinished.tmp ]] || break
    sleep 0.1
  done
  run kill -9 "$daemon"
  await_end "$daemon"
  wait "$writer" || true
  say "The disk is gone from under the file system, as if its cable had been pulled. We clear up what is left:"
  run umount "$work/files" || broken "the file system could not be unmounted"
  run losetup -d "$loop"

  step "Mount again"
  mount_remapfs --clear-stale
  expect "blocks remapped" -ge "$remapped_before"
  run mount "$loop" "$work/files"
  check_files
  show_status "Every move that had been made is remembered: $(status_value "blocks remapped") blocks, $remapped_before before the kill."

  step "Is the file system sound?"
  rm -f "$work/files/unfinished.tmp"
  run umount "$work/files"
  run e2fsck -fn "$loop" 2>&1 | sed 's/^/     | /'
  held "e2fsck found nothing to mend"
  run "$remapfs" umount "$work/remapfs" || broken "remapfs umount failed"
  ended "$daemon" || broken "the daemon is still there"
  if losetup --list --noheadings --output BACK-FILE | grep -qF "$work/"; then
    broken "the loop device is still there"
  fi
  held "unmounted: no daemon, no loop device"
  run "$remapfs" check "$work/disk.img" | sed 's/^/     | /'
  held "the record of the moved blocks is sound"

  finished=yes
  printf '\n%sEvery step held.%s The same with a disk of yours: remapfs mount --loop DISK MOUNTPOINT\n' "$bold$green" "$plain"
}

main
