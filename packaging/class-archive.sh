#!/usr/bin/env bash
#
# class-archive.sh ARCHIVE JAVA FLAG... -jar JAR: writes an AppCDS archive of the classes that a mount loads.
#
# The classes are those of a warm-up run: as root with /dev/fuse a real mount of a small disk, a few
# reads and writes through it and its end; else what `doctor` loads. Fails when no archive came of it.
set -euo pipefail

archive=$1
shift
java=("$1" "-XX:ArchiveClassesAtExit=$archive" "${@:2}")

work=$(mktemp -d)
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
  [[ -s $archive ]]
}

# `doctor` fails where nothing can be mounted, but by then it has loaded what this is about.
warm_up_mount || "${java[@]}" doctor || [[ -s $archive ]]
