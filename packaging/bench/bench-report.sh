#!/usr/bin/env bash
#
# bench-report.sh RESULTS OUT: the tables and charts of what remapfs-bench measured; `--check` checks
# their arithmetic only.
set -euo pipefail
here=$(dirname "$(realpath "${BASH_SOURCE[0]}")")
classes=$(mktemp -d)
trap 'rm -rf "$classes"' EXIT
bin=${JAVA_HOME:+$JAVA_HOME/bin/}
"${bin}javac" -Xlint:all -Werror -d "$classes" "$here"/report/*.java
"${bin}java" -XX:TieredStopAtLevel=1 -cp "$classes" Report "$@"
