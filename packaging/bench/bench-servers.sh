# shellcheck shell=bash
#
# bench-servers.sh: starts and ends what remapfs-bench compares; sourced by it. What is started is
# noted, so that `end_all` ends it on every way out, and nothing else.
#
# shellcheck disable=SC2034,SC2154 # It shares variables with its caller.

declare -a loops=() mounts=() files=() processes=() daemons=()

# await SECONDS COMMAND...: until it succeeds.
await() {
  local try tries=$(($1 * 10))
  shift
  for ((try = 0; try < tries; try++)); do
    if "$@"; then
      return 0
    fi
    sleep 0.1
  done
  return 1
}

has_bytes() { [[ $(stat -c %s "$1" 2>/dev/null || echo 0) -gt 0 ]]; }
answers() { nbdinfo --size "$1" >/dev/null 2>&1; } # A socket is there before anybody listens on it.
has_ended() { ! kill -0 "$1" 2>/dev/null; }

# ---- each server ---------------------------------------------------------------------------------

# mount_remapfs NAME BACKING OPTION...: its image is $folder/NAME/image. Sets $ready_at to when it was
# ready, in nanoseconds.
mount_remapfs() {
  local name=$1 backing=$2
  shift 2
  mkdir -p "$folder/$name"
  mounts+=("$folder/$name")
  REMAPFS_LOG="$folder/$name.log" "$remapfs" mount --scan-interval=off "$@" "$backing" "$folder/$name" >/dev/null || return 1
  ready_at=$(date +%s%N)
  daemons+=("$(status "$name" .process.pid)")
}

status() { # NAME FILTER
  jq -r "$2" "$folder/$1/status.json"
}

umount_remapfs() { # NAME
  local pid
  pid=$(status "$1" .process.pid)
  "$remapfs" umount "$folder/$1" >&2 || umount -l "$folder/$1" || true
  await 20 has_ended "$pid" || kill -9 "$pid" || true
}

# start_qemu NAME BACKING AIO direct|buffered: exports the file $folder/NAME.
start_qemu() {
  : >"$folder/$1"
  qemu-storage-daemon \
    --blockdev "driver=file,node-name=disk,filename=$2,aio=$3,cache.direct=$([[ $4 == direct ]] && echo on || echo off),cache.no-flush=off" \
    --export "type=fuse,id=export,node-name=disk,mountpoint=$folder/$1,writable=on,growable=off,allow-other=off" \
    >"$folder/$1.log" 2>&1 &
  processes+=($!)
  shows "$1"
}

# start_nbdfuse NAME BACKING [--filter=FILTER] KEY=VALUE...: shows the file $folder/NAME. A socket rather than a
# subprocess, since only that lets nbdfuse have several connections.
start_nbdfuse() {
  local name=$1 backing=$2 uri="nbd+unix:///?socket=$folder/$1.sock" filter=()
  shift 2
  [[ $1 != --filter=* ]] || {
    filter=("$1")
    shift
  }
  rm -f "$folder/$name.sock" # Of an earlier part: nbdkit leaves it behind.
  nbdkit --foreground "${filter[@]}" --unix "$folder/$name.sock" file "$backing" "$@" >"$folder/$name.nbdkit.log" 2>&1 &
  processes+=($!)
  await 10 answers "$uri" || die "nbdkit does not serve: $(cat "$folder/$name.nbdkit.log")"
  : >"$folder/$name"
  nbdfuse --connections 4 "$folder/$name" "$uri" >"$folder/$name.log" 2>&1 &
  files+=("$folder/$name")
  shows "$name"
}

# start_s3backer NAME SIZE: shows the file $folder/NAME/file, of blocks that are files in a folder.
start_s3backer() {
  local bytes
  bytes=$(numfmt --from=iec "$2")
  mkdir "$folder/$1" "$folder/$1.blocks"
  s3backer --test -f --size="$bytes" --blockSize=4k --blockCacheSize="$((bytes / 4096))" \
    "$folder/$1.blocks" "$folder/$1" >"$folder/$1.log" 2>&1 &
  files+=("$folder/$1")
  processes+=($!)
  await 10 has_bytes "$folder/$1/file" || die "s3backer shows nothing: $(cat "$folder/$1.log")"
}

shows() { # NAME
  await 10 has_bytes "$folder/$1" || die "$1 shows nothing: $(cat "$folder/$1.log")"
}

attach() { # FILE on|off: attaches a loop device, with direct I/O or without, and sets $loop to it.
  loop=$(losetup --find --show --direct-io="$2" "$1")
  loops+=("$loop")
}

# ---- the end -------------------------------------------------------------------------------------

# Ends all that was started since the last time, the last first: a loop device holds what it is on.
end_all() {
  local i pid
  for ((i = ${#loops[@]} - 1; i >= 0; i--)); do
    losetup --detach "${loops[i]}" 2>/dev/null || true
  done
  for ((i = ${#mounts[@]} - 1; i >= 0; i--)); do
    if mountpoint -q "${mounts[i]}"; then
      "$remapfs" umount "${mounts[i]}" >&2 || umount -l "${mounts[i]}" || true
    fi
  done
  for pid in "${daemons[@]}"; do
    await 20 has_ended "$pid" || kill -9 "$pid" || true
  done
  for ((i = ${#files[@]} - 1; i >= 0; i--)); do
    fusermount3 -u "${files[i]}" 2>/dev/null || umount -l "${files[i]}" 2>/dev/null || true
  done
  for ((i = ${#processes[@]} - 1; i >= 0; i--)); do
    kill "${processes[i]}" 2>/dev/null || true
    wait "${processes[i]}" 2>/dev/null || true
  done
  loops=() mounts=() files=() processes=() daemons=()
}
