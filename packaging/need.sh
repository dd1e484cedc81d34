#!/usr/bin/env bash
#
# need.sh PROBE=PACKAGE...: installs the Debian packages whose probe is missing, and says so.
#
# A probe is a command's name, or a path, where a file is what matters. Needs root and apt-get only
# when something is missing. Services that come with a package are not started.
set -euo pipefail

missing=()
for need in "$@"; do
  probe=${need%%=*}
  if [[ $probe == /* ]]; then
    [[ -e $probe ]] || missing+=("${need#*=}")
  else
    PATH="$PATH:/usr/sbin:/sbin" command -v "$probe" >/dev/null || missing+=("${need#*=}")
  fi
done
[[ ${#missing[@]} -gt 0 ]] || exit 0

if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
  echo "missing: ${missing[*]} (Debian's names); install them, or run this as root where apt-get is" >&2
  exit 1
fi
echo "installing: ${missing[*]}"
install() {
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null
}
log=$(mktemp)
leftovers=("$log")
trap 'rm -f "${leftovers[@]}"' EXIT
readonly policy=/usr/sbin/policy-rc.d
if [[ ! -e $policy ]]; then # Debian asks it before a package starts a service; 101 is "no".
  leftovers+=("$policy")
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod 755 "$policy"
fi
# The package list may be missing or old; it is fetched only then.
if ! install >"$log" 2>&1 && ! { apt-get update -qq && install; } >>"$log" 2>&1; then
  cat "$log" >&2
  exit 1
fi
