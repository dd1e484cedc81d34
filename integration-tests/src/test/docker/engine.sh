#!/usr/bin/env bash
#
# engine.sh: starts a Docker engine of one's own, and takes down all of it when standard input ends.
#
#   integration-tests/src/test/docker/engine.sh          # prints the engine's folder when it answers
#   export DOCKER_HOST=unix://FOLDER/docker.sock         # in another terminal; Ctrl-D here ends it
#
# It shares nothing with an engine that the machine has. Its containers have no network, so that no
# bridge, firewall rule or kernel setting is needed, and the folder FOLDER/work is theirs and the user's:
# what lies, is mounted or attached below it goes with the engine. One that was killed before it could
# clean up is cleared by the next start. Needs root, dockerd and docker (Debian: docker.io).
set -euo pipefail

readonly parent=${TMPDIR:-/tmp}
readonly prefix=remapfs-engine

say() { echo "engine.sh: $*" >&2; }

# Fields of /proc/PID/stat after the name, of a process that lives: one that nobody waited for does not.
stat_of() { sed -n 's/.*) \([^ZX].*\)/\1/p' "/proc/$1/stat" 2>/dev/null || true; }

# A process's start time makes its number unique.
identity() { stat_of "$1" | cut -d' ' -f20; }

engine_docker() { timeout 30 docker --host "unix://$1/docker.sock" "${@:2}"; }

# All processes of an engine's containers, and all that were told its folder: dockerd, containerd, shims.
processes_of() {
  local process pid
  for process in /proc/[0-9]*; do
    pid=${process#/proc/}
    [[ $pid != "$$" && $pid != "$BASHPID" ]] || continue
    if grep -qsF "/${1##*/}/" "$process/cgroup" || grep -qsF "$1/" "$process/cmdline"; then
      is_gone "$pid" || echo "$pid"
    fi
  done
}

mounts_below() { findmnt -rno TARGET | awk -v below="$1/" 'index($0, below) == 1' | tac; }

# Minor device numbers of the FUSE mounts in a mountinfo, those below FOLDER or not: fuse_mounts FILE FOLDER below|elsewhere|all.
fuse_mounts() {
  awk -v below="$2/" -v which="$3" '
    { for (i = 7; $i != "-"; i++); }
    $(i + 1) ~ /^fuse(\.|blk|$)/ && (which == "all" || (which == "below") == (index($5, below) == 1)) { sub(/.*:/, "", $3); print $3 }
  ' "$1" 2>/dev/null || true
}

# The FUSE connections that only the engine's containers, or mounts below its folder, have. Processes that
# see the host's mounts, as containerd does, tell nothing: any of those may be somebody else's.
fuse_connections_of() {
  local pid own candidates
  own=$(readlink /proc/self/ns/mnt)
  candidates=$(
    fuse_mounts /proc/self/mountinfo "$1" below
    for pid in $(processes_of "$1"); do
      [[ $(readlink "/proc/$pid/ns/mnt" 2>/dev/null || echo "$own") == "$own" ]] \
        || fuse_mounts "/proc/$pid/mountinfo" "$1" all
    done
  )
  # Asked last, so that what was mounted meanwhile is left out as well.
  sort -u <<<"$candidates" | grep -vxF -f <(fuse_mounts /proc/self/mountinfo "$1" elsewhere) | grep . || true
}

# loops_of FOLDER CONNECTION...: loop devices over what lies below the folder, or on such a FUSE mount:
# of a file in a container only its device is told.
loops_of() {
  losetup --list --noheadings --raw --output NAME,BACK-MAJ:MIN,BACK-FILE | awk -v below="$1/" -v fuse=" ${*:2} " '
    { sub(/^0:/, "", $2) } index($3, below) == 1 || index(fuse, " " $2 " ") { print $1 }'
}

# abort_fuse CONNECTION...: a container in which a file system is mounted over the image that it serves
# could not end: its last process would wait for that file system to be written out through itself.
abort_fuse() {
  local connection connections=/sys/fs/fuse/connections mounted=no
  mountpoint -q "$connections" || { mount -t fusectl fusectl "$connections" && mounted=yes; } || return 0
  for connection in "$@"; do
    echo 1 >"$connections/$connection/abort" || true
  done
  [[ $mounted == no ]] || umount "$connections"
}

# Waits up to SECONDS until COMMAND... succeeds.
await() {
  local tenth
  for ((tenth = 0; tenth < $1 * 10; tenth++)); do
    "${@:2}" && return 0
    sleep 0.1
  done
  return 1
}

# Fails while one is there: the kernel lets go of the last process a moment after its end.
remove_cgroups() {
  find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} + 2>/dev/null || true
  [[ -z $(find /sys/fs/cgroup -type d -name "$1" -print -quit 2>/dev/null) ]]
}

no_process_of() { [[ -z $(processes_of "$1") ]]; }
is_gone() { [[ -z $(stat_of "$1") ]]; }

# take_down FOLDER: everything an engine made, whatever state it is in.
take_down() {
  local folder=$1 pid target device connections devices containers
  # Now: without its container, neither a FUSE mount nor a loop device tells whose it was.
  readarray -t connections < <(fuse_connections_of "$folder")
  readarray -t devices < <(loops_of "$folder" "${connections[@]}")
  abort_fuse "${connections[@]}"
  if [[ -S $folder/docker.sock ]] && containers=$(engine_docker "$folder" ps -aq 2>/dev/null) && [[ -n $containers ]]; then
    # shellcheck disable=SC2086 # one a word
    engine_docker "$folder" rm --force --volumes $containers >/dev/null 2>&1 || true
  fi
  pid=$(cat "$folder/dockerd.pid" 2>/dev/null || true)
  if [[ -n $pid ]] && grep -qsF "$folder/" "/proc/$pid/cmdline" && kill -TERM "$pid" 2>/dev/null; then
    await 20 is_gone "$pid" || true
  fi
  for pid in $(processes_of "$folder"); do
    kill -KILL "$pid" 2>/dev/null || true
  done
  # A killed shim leaves its socket outside the folder.
  while read -r target; do
    rm -f "${target#unix://}"
  done < <(find "$folder/exec/containerd" -name address -exec awk 1 {} + 2>/dev/null || true)
  await 10 no_process_of "$folder" || say "processes of $folder do not end: $(processes_of "$folder" | tr '\n' ' ')"
  for device in "${devices[@]}"; do
    losetup --detach "$device" 2>/dev/null || true # A mount's own is gone with it.
  done
  for target in $(mounts_below "$folder"); do
    umount "$target" 2>/dev/null || umount --lazy "$target" || true
  done
  await 5 remove_cgroups "${folder##*/}" || say "control groups of $folder are left"
  for target in $(cat "$folder/made-by-dockerd" 2>/dev/null || true); do
    if [[ -d $target ]]; then
      rmdir "$target" 2>/dev/null || true
    else
      rm -f "$target"
    fi
  done
  rm -rf --one-file-system "$folder"
}

clear_abandoned() {
  local folder owner lock
  for folder in "$parent/$prefix".*; do
    [[ -e $folder/owner ]] || continue
    owner=$(<"$folder/owner")
    exec {lock}<"$folder/owner"
    # Another start may be clearing it at the same time.
    if [[ $(identity "${owner% *}") != "${owner#* }" ]] && flock --nonblock "$lock"; then
      say "clearing $folder, which a killed run left"
      take_down "$folder"
    fi
    exec {lock}<&-
  done
}

# What dockerd makes outside its folder, whatever it is told: innermost first.
note_what_dockerd_will_make() {
  local path
  for path in /etc/docker/key.json /etc/docker /run/docker/plugins /run/docker /run/containerd/s /run/containerd; do
    [[ -e $path ]] || echo "$path"
  done >"$own/made-by-dockerd"
}

has_answered_or_ended() { is_gone "$dockerd" || engine_docker "$own" version >/dev/null 2>&1; }

# A function, as bash else reads on in a script that may be edited while the engine runs.
main() {
  [[ $EUID -eq 0 ]] || {
    say "needs root"
    exit 3
  }
  clear_abandoned
  own=$(mktemp -d "$parent/$prefix.XXXXXX")
  readonly own
  echo "$$ $(identity $$)" >"$own/owner.new"
  mv "$own/owner.new" "$own/owner" # Whole from the first: who finds half of it would clear it.
  trap 'take_down "$own"' EXIT
  trap 'exit 1' INT TERM HUP
  mkdir "$own/work"
  note_what_dockerd_will_make

  setsid dockerd --host "unix://$own/docker.sock" --data-root "$own/root" --exec-root "$own/exec" \
    --pidfile "$own/dockerd.pid" --bridge none --iptables=false --ip-forward=false --ip-masq=false \
    --cgroup-parent "/${own##*/}" --containerd-namespace "${own##*/}" \
    --containerd-plugins-namespace "${own##*/}-plugins" >"$own/dockerd.log" 2>&1 </dev/null &
  readonly dockerd=$!
  if ! await 60 has_answered_or_ended || is_gone "$dockerd"; then
    say "dockerd does not answer:"
    tail -5 "$own/dockerd.log" >&2
    exit 1
  fi
  echo "$own"
  # In the background, so that a signal is obeyed at once.
  exec 3<&0
  cat >/dev/null <&3 &
  wait $!
}

main
