#!/usr/bin/env bash
#
# run.sh [--check] [NAME...]: breaks one safety line after the other, in a copy of the tree, and
# requires that the test which NAME.patch names turns red. Without a NAME, all of them.
#
#   --check   only says whether every patch still applies
set -euo pipefail
cd "$(dirname "$(realpath "${BASH_SOURCE[0]}")")"
here=$PWD
tree=$(realpath ../..)

check=no
if [[ ${1:-} == --check ]]; then
  check=yes
  shift
fi
patches=("$here"/*.patch)
[[ $# -eq 0 ]] || patches=("${@/%/.patch}")

copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
fresh_sources() {
  rm -rf "$copy"/remap-engine/src
  tar -C "$tree" --exclude=.git --exclude=target -c . | tar -C "$copy" -x
}

fresh_sources
failed=0
for patch in "${patches[@]}"; do
  name=$(basename "$patch" .patch)
  broken=$(sed -n 's/^Broken: //p' "$patch")
  red=$(sed -n 's/^Red: //p' "$patch")
  if ! patch -d "$copy" -p1 --dry-run -sf <"$patch" >/dev/null; then
    echo "STALE  $name: no longer applies; make it anew for the code as it is"
    failed=$((failed + 1))
    continue
  fi
  [[ $check == no ]] || continue
  patch -d "$copy" -p1 -sf --no-backup-if-mismatch <"$patch"
  log=$copy/$name.log
  if (cd "$copy" && mvn -B test -pl remap-engine -am -Dtest="$red" -DexcludedGroups=integration,fuzz) >"$log" 2>&1; then
    echo "GREEN  $name: $broken: $red does not notice"
    failed=$((failed + 1))
  elif grep -qE '^\[ERROR\] Tests run: [0-9]+, (Failures: [1-9]|Failures: 0, Errors: [1-9])' "$log"; then
    echo "red    $name: $broken: $red"
  else
    echo "BROKEN $name: it does not compile, or its test is not there:"
    grep -m 5 ERROR "$log" || tail -n 5 "$log"
    failed=$((failed + 1))
  fi
  fresh_sources
done
echo "${#patches[@]} safety lines, $failed of them not guarded"
[[ $failed -eq 0 ]]
