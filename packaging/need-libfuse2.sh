#!/usr/bin/env bash
#
# need-libfuse2.sh: installs libfuse 2 where it is missing, as root where apt-get is, and says so.
#
# libfuse 2 alone: Debian's package `fuse` would remove `fuse3`, on which others depend. Always exits 0:
# what is missing then, remapfs says itself.
set -euo pipefail

say() { echo "remapfs: $*" >&2; }

has_libfuse2() {
  compgen -G '/lib/*/libfuse.so.2' >/dev/null || compgen -G '/usr/lib*/libfuse.so.2' >/dev/null \
    || compgen -G '/usr/lib*/*/libfuse.so.2' >/dev/null || compgen -G '/usr/local/lib/libfuse.so.2' >/dev/null
}

has_libfuse2 && exit 0
[[ $EUID -eq 0 ]] && command -v apt-get >/dev/null || exit 0
say "installing libfuse2, which mounting needs"
for try in 1 2; do
  for package in libfuse2t64 libfuse2; do
    apt-cache show "$package" >/dev/null 2>&1 || continue
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$package" >/dev/null 2>&1 </dev/null && exit 0
  done
  [[ $try -eq 2 ]] || apt-get update -qq >/dev/null 2>&1 || true
done
say "could not install libfuse2"
