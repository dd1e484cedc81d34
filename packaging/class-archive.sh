#!/usr/bin/env bash
#
# class-archive.sh ARCHIVE JAVA FLAG... -jar JAR: writes an AppCDS archive of the classes that a mount loads.
#
# The classes are those of a warm-up run: as root with /dev/fuse a real mount of a small disk, a few
# reads and writes through it and its end; else what `doctor` loads. It is a static archive: with a
# dynamic one on top of the JDK's own, some 6 MiB more stay in memory. Fails when none came of it.
set -euo pipefail

archive=$1
shift

work=$(mktemp -d)
classes="$work/classes"
java=("$1" "-XX:DumpLoadedClassList=$classes" "${@:2}")
# The flags of the run, but: only G1 writes the objects of the JDK's classes too; any collector reads them.
dump=("$1" "-XX:SharedClassListFile=$classes" "-XX:SharedArchiveFile=$archive" "${@:2}")
dump=("${dump[@]/#-XX:+UseSerialGC/-XX:+UseG1GC}")
dump=("${dump[@]/#-Xshare:auto/-Xshare:dump}")

daemon=
finish() {
  if [[ -n $daemon ]] && kill -0 "$daemon" 2>/dev/null; then
    kill -KILL "$daemon"
    wait "$daemon" || true
  fi
  if mountpoint -q "$work/mount"; then
    umount "$work/mount" || true
  fi
  rm -rf --one-file-system "$work"
}
trap finish EXIT
trap 'exit 1' INT TERM

# Waits until the image can be read, as long as the daemon lives and for 20 s at most.
await_image() {
  local tenth
  for ((tenth = 0; tenth < 200; tenth++)); do
    [[ -e $work/mount/image ]] && return 0
    kill -0 "$daemon" 2>/dev/null || return 1
    sleep 0.1
  done
  return 1
}

warm_up_mount() {
  [[ $EUID -eq 0 && -w /dev/fuse ]] || return 1
  mkdir "$work/mount"
  truncate -s 16M "$work/disk.img"
  REMAPFS_LOG="$work/log" "${java[@]}" mount --foreground "$work/disk.img" "$work/mount" &
  daemon=$!
  await_image || return 1
  dd if=/dev/zero of="$work/mount/image" bs=64K count=4 conv=notrunc,fsync || true
  cat "$work"/mount/{status,status.json,mapfile,badblocks} >/dev/null || true
  kill -TERM "$daemon"
  wait "$daemon" || true
  [[ -s $classes ]]
}

# `doctor` fails where nothing can be mounted, but by then it has loaded what this is about.
warm_up_mount || "${java[@]}" doctor || [[ -s $classes ]]
"${dump[@]}"
