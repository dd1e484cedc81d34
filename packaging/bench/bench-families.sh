# shellcheck shell=bash
#
# bench-families.sh: the parts of remapfs-bench's run; sourced by it. Each prepares its backings,
# starts its servers, measures, and ends all of it.
#
# shellcheck disable=SC2154 # It shares variables with its caller.

# add_image SERVER FILE [BACKING [SIZE@OFFSET]]: adds a server's file to the targets; next to it what it serves, where
# that is named, or a part of that.
add_image() {
  targets+=("$1 image $2 1${3:+ own $3}${4:+ $4}")
}

# The same through loop devices over either file.
add_loop() {
  local over_image
  attach "$2" on
  over_image=$loop
  [[ -z ${3:-} ]] || attach "$3" on
  targets+=("$1 loop $over_image 1${3:+ ownloop $loop}")
}

# Both for a peer, whose loop device a quick run leaves out.
add_peer() {
  add_image "$@"
  [[ $quick == yes ]] || add_loop "$@"
}

is_judged() { [[ " ${judged[*]} " == *" $1 "* ]]; }

# The daemon gives back the memory of its start only 8 to 16 s after it: waits until 20 s after the last mount.
rest_until_idle() {
  local past=$((($(date +%s%N) - ready_at) / 1000000000))
  [[ $past -ge 20 ]] || sleep $((20 - past))
}

# memory SERVER STATE: the resident memory of a mounted daemon.
memory() {
  local pid
  pid=$(status "$1" .process.pid)
  awk -v server="$3" -v state="$2" '/^VmRSS:/ { rss = $2 } /^VmHWM:/ { hwm = $2 }
    END { printf "%s\t%s\t%.1f\t%.1f\n", server, state, rss / 1024, hwm / 1024 }' "/proc/$pid/status" >>"$results/memory.tsv"
}

# ---- servers beside each other, on one disk --------------------------------------------------------

# The speed of a disk depends on where a file lies, by a factor of two on some: in `direct` each server is compared with
# the very file that it serves. The page cache has no such places: `cached` has one raw file for all.
#
# run_servers direct|cached ROUNDS LOAD...
run_servers() {
  local family=$1 times=$2 io=direct session own
  shift 2
  [[ $family == direct ]] || io=buffered
  echo "$family: preparing $size for each server" >&2
  targets=()
  if [[ $io == buffered ]]; then
    fill "$folder/raw.img" "$size"
    cat "$folder/raw.img" >/dev/null
    targets+=("raw image $folder/raw.img 0")
    attach "$folder/raw.img" off
    targets+=("raw loop $loop 1")
  fi
  for session in "${sessions[@]}" libfuse; do
    fill "$folder/$session.img" "$size"
    mount_remapfs "$session" "$folder/$session.img" --io="$io" --session="$session" || die "--session=$session does not mount"
    [[ $(status "$session" .session.kind) == "$session" ]] || die "--session=$session gave $(status "$session" .session.kind)"
    own=$(own_of "$session" "$io")
    add_image "$session" "$folder/$session/image" "$own"
    if is_judged "$session" || [[ $session == libfuse && $quick == no ]]; then
      add_loop "$session" "$folder/$session/image" "$own"
    fi
    [[ $io != buffered ]] || cat "$folder/$session.img" >/dev/null
  done
  start_peers "$io"
  if [[ $io == direct ]]; then
    rest_until_idle
    for session in "${sessions[@]}" libfuse; do
      memory "$session" idle "$session"
    done
  fi
  for session in "${sessions[@]}" libfuse; do
    warm_up "$folder/$session/image" 1 "$size"
  done
  run_family "$family" - "$size" "$times" "$@"
  if [[ $io == direct ]]; then
    for session in "${sessions[@]}" libfuse; do
      memory "$session" load "$session"
    done
  fi
  end_all
  rm -rf "$folder"/*.img "$folder"/*.img.* "$folder/s3backer.blocks"
}

# The peers' documented best: O_DIRECT below where they have it. nbdkit has none, only cache=none,
# which drops from the page cache what it has read or written.
start_peers() { # direct|buffered
  fill "$folder/qemu.img" "$size"
  choose_aio "$1"
  start_qemu qemu "$folder/qemu.img" "$aio" "$1"
  add_peer qemu "$folder/qemu" "$(own_of qemu "$1")"
  fill "$folder/nbdfuse.img" "$size"
  if [[ $1 == direct ]]; then
    start_nbdfuse nbdfuse "$folder/nbdfuse.img" cache=none fadvise=random
  else
    cat "$folder/nbdfuse.img" >/dev/null
    start_nbdfuse nbdfuse "$folder/nbdfuse.img" cache=default
    start_s3backer s3backer "$size"
    fio_run "$folder/s3backer/file" write:1m:1:1 1 1 "$size" >/dev/null
    add_peer s3backer "$folder/s3backer/file"
  fi
  # Not through a loop device, as its manual advises: it "may sometimes deadlock".
  add_image nbdfuse "$folder/nbdfuse" "$(own_of nbdfuse "$1")"
}

# Prints what a server is compared with: nothing where all are with one raw file.
own_of() { # SERVER direct|buffered
  [[ $2 == buffered ]] || echo "$folder/$1.img"
}

# Sets $aio to what a short trial finds faster for qemu-storage-daemon.
choose_aio() { # direct|buffered
  local each iops best=0 ways=(io_uring native)
  [[ $1 == direct ]] || ways=(io_uring threads) # native takes O_DIRECT only.
  for each in "${ways[@]}"; do
    start_qemu "trial-$each" "$folder/qemu.img" "$each" "$1"
    iops=$(fio_run "$folder/trial-$each" randread:4k:32:1 1 1 "$size" | jq '.jobs[0].read.iops | floor')
    kill "${processes[-1]}"
    wait "${processes[-1]}" || true
    unset 'processes[-1]'
    if [[ $iops -gt $best ]]; then
      best=$iops
      aio=$each
    fi
  done
  fact "qemu $1" "aio=$aio, cache.direct=$([[ $1 == direct ]] && echo on || echo off)"
}

# ---- a slow disk -----------------------------------------------------------------------------------

# Each target has a disk of its own on which every request waits 5 ms, made by nbdkit's delay filter. That is
# the same wherever a file lies.
run_slow() {
  local session
  echo "slow: preparing" >&2
  targets=()
  for session in raw "${judged[@]}"; do
    fill "$folder/$session.img" 128M
    start_nbdfuse "slow-$session" "$folder/$session.img" --filter=delay rdelay=5ms wdelay=5ms
    if [[ $session == raw ]]; then
      add_image raw "$folder/slow-raw"
      add_loop raw "$folder/slow-raw"
    else
      truncate -s 16M "$folder/$session.remap"
      "$remapfs" format --spare "$folder/$session.remap" "$folder/slow-$session" >/dev/null
      mount_remapfs "$session" "$folder/slow-$session" --spare "$folder/$session.remap" --health "$folder/$session.health" \
        --io=direct --session="$session"
      add_image "$session" "$folder/$session/image"
      add_loop "$session" "$folder/$session/image"
    fi
  done
  for session in "${judged[@]}"; do # Only the JIT is warmed; the disk has no other speed.
    fio_run "$folder/$session/image" randread:4k:32:1 3 1 128M >/dev/null
  done
  run_family slow - 128M "$slow_rounds" randread:4k:1:1 randwrite:4k:1:1
  end_all
  rm -f "$folder"/*.img "$folder"/*.remap "$folder"/*.health
}

# ---- many remapped blocks --------------------------------------------------------------------------

# The same image with 0, with 10 000 and with 1 000 000 blocks that were lost, written anew, and so
# moved to the spare by the engine itself, among healthy ones: of eight blocks seven have moved.
readonly remaps_size=${remaps_mib}M remaps_blocks=$((remaps_mib * 256))

# Of a spare with a million slots: behind the first copy of its metadata (79 MiB), and before the second (in the middle). What is
# written here over moved blocks and their tags, nobody reads.
readonly slots_part=2048M@128M

run_remaps() {
  local count session
  for count in "${remap_counts[@]}"; do
    make_remaps "$count"
  done
  for session in "${judged[@]}"; do
    targets=()
    for count in "${remap_counts[@]}"; do
      mount_remapfs "remaps-$count" "$folder/remaps-$count.img" --accept-changed --spare "$folder/remaps-$count.remap" --io=direct --session="$session"
      [[ $(status "remaps-$count" .blocks.remapped) == "$count" ]] || die "$(status "remaps-$count" .blocks.remapped) blocks are remapped, not $count"
    done
    rest_until_idle
    for count in "${remap_counts[@]}"; do
      memory "remaps-$count" "idle, $count remaps" "$session"
    done
    for count in "${remap_counts[@]}"; do
      warm_up "$folder/remaps-$count/image" 1 "$remaps_size"
      if [[ $count -eq 1000000 ]]; then
        add_image "$count" "$folder/remaps-$count/image" "$folder/remaps-$count.remap" "$slots_part"
      else
        add_image "$count" "$folder/remaps-$count/image" "$folder/remaps-$count.img"
      fi
    done
    run_family remaps "$session" "$remaps_size" "$rounds" randread:4k:1:1 randread:4k:32:1 randwrite:4k:32:1
    for count in "${remap_counts[@]}"; do
      memory "remaps-$count" "load, $count remaps" "$session"
    done
    end_all
  done
  rm -rf "$folder"/remaps-*
}

# make_remaps COUNT: a backing and a spare on the disk, whose metadata and slots are the engine's.
make_remaps() {
  local count=$1 disk="$folder/remaps-$1.img" spare="$folder/remaps-$1.remap" made="$folder/memory/spare" begin=$SECONDS
  echo "remaps: making $remaps_size with $count remapped blocks" >&2
  fill "$disk" "$remaps_size"
  # Each move is flushed before it is acknowledged: in memory that costs nothing.
  mkdir "$folder/memory"
  mount -t tmpfs -o size=5G none "$folder/memory"
  truncate -s "$((16 + count * 45 / 10000))M" "$made" # 4096 bytes a slot, and a tenth for metadata.
  "$remapfs" format --spare "$made" "$disk" >/dev/null
  if [[ $count -gt 0 ]]; then
    bad_blocks "$count" >"$folder/remaps.list"
    "$remapfs" import --spare "$made" --format=badblocks --unit=4096 "$disk" "$folder/remaps.list" >/dev/null
    mount_remapfs making "$disk" --spare "$made" --health=none --io=direct --session=threads
    fio --name=move --filename="$folder/making/image" --rw=write --bs=1M --direct=1 --ioengine=libaio --iodepth=16 \
      --size="$remaps_size" --output="$folder/fill.log" --aux-path="$folder" || die "the blocks cannot be moved"
    umount_remapfs making
  fi
  cp "$made" "$spare"
  umount "$folder/memory"
  rmdir "$folder/memory"
  sync --file-system "$folder"
  echo "remaps: made in $((SECONDS - begin)) s" >&2
}

bad_blocks() { # COUNT: their numbers, spread over the whole image.
  if [[ $1 -gt $((remaps_blocks / 2)) ]]; then
    awk -v n="$1" 'BEGIN { for (b = 0; n > 0; b++) if (b % 8) { print b; n-- } }'
  else
    awk -v n="$1" -v step=$((remaps_blocks / $1)) 'BEGIN { for (b = 0; n > 0; b += step) { print b; n-- } }'
  fi
}

# ---- how soon it is ready --------------------------------------------------------------------------

run_mounts() {
  local session try begin
  fill "$folder/ready.img" 64M
  for session in "${judged[@]}"; do
    for ((try = 0; try < mount_tries; try++)); do
      begin=$(date +%s%N)
      mount_remapfs ready "$folder/ready.img" --session="$session"
      printf '%s\t%s\n' "$session" "$(((ready_at - begin) / 1000))" >>"$results/mounts.tsv"
      umount_remapfs ready
    done
  done
  end_all
  rm -rf "$folder"/ready*
}
