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

loops_below() { losetup --list --noheadings --output NAME,BACK-FILE | awk -v below="$1/" 'index($2, below) == 1 { print $1 }'; }

mounts_below() { findmnt -rno TARGET | awk -v below="$1/" 'index($0, below) == 1' | tac; }

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
  local folder=$1 pid target device devices containers
  # Now: without its container, a loop device's file has no path any more.
  readarray -t devices < <(loops_below "$folder")
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
    losetup --detach "$device" || true
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
