# shellcheck shell=bash
#
# bench-loads.sh: what remapfs-bench asks of each server; sourced by it.
#
# shellcheck disable=SC2034,SC2154 # It shares variables with its caller.

# A load is PATTERN:BYTES:DEPTH:JOBS. Depth 1 is asked for with plain pread and pwrite.
readonly all_loads=(
  read:1m:4:1 write:1m:4:1
  randread:4k:1:1 randread:4k:1:4 randread:4k:32:1
  randwrite:4k:1:1 randwrite:4k:1:4 randwrite:4k:32:1
)

# fio_run FILE LOAD SECONDS O_DIRECT SIZE[@OFFSET]: prints fio's JSON. Unless told not to, fio would first drop
# the file from the page cache, of which the raw file of `cached` is to be served.
fio_run() {
  local pattern bytes depth jobs size offset
  IFS=: read -r pattern bytes depth jobs <<<"$2"
  IFS=@ read -r size offset <<<"$5"
  fio --name=load --filename="$1" --size="$size" --offset="${offset:-0}" --rw="$pattern" --bs="$bytes" --direct="$4" \
    --ioengine="$([[ $depth -gt 1 ]] && echo libaio || echo psync)" --iodepth="$depth" --numjobs="$jobs" \
    --thread --invalidate=0 --group_reporting --time_based --runtime="$(milliseconds "$3")ms" --ramp_time=200ms \
    --norandommap --randrepeat=0 --output-format=json --aux-path="$folder" 2>"$folder/fio.err"
}

milliseconds() {
  awk -v s="$1" 'BEGIN { printf "%d", s * 1000 }'
}

# measure FAMILY VARIANT LOAD SERVER VIA ROUND FILE O_DIRECT SIZE: adds a line to the results.
measure() {
  fio_run "$7" "$3" "$seconds" "$8" "$9" \
    | jq -er --arg head "$1 $2 $3 $4 $5 $6" '.jobs[0] | select(.error == 0)
        | (if .read.total_ios > 0 then .read else .write end) | select(.total_ios > 0)
        | ($head | split(" ")) + [.iops, .lat_ns.mean / 1000, (.clat_ns.percentile."99.000000" // 0) / 1000, .bw_bytes / 1048576]
        | @tsv' >>"$results/measurements.tsv" \
    || {
      cat "$folder/fio.err" >&2
      die "fio failed on $7 ($3)"
    }
}

# warm_up FILE O_DIRECT SIZE: for long enough that the JIT has compiled what will be measured, and that a daemon which finds out
# how to wait best (`Eagerness`) has done so for each kind of load.
warm_up() {
  local load
  for load in randread:4k:32:1 randwrite:4k:32:1 read:1m:4:1 randread:4k:1:4 randread:4k:1:1 randwrite:4k:1:1; do
    fio_run "$1" "$load" "$warm_seconds" "$2" "$3" >/dev/null || die "fio failed on $1"
  done
}

fill() { # FILE SIZE: written, not sparse: a hole is read without any disk.
  fio --name=fill --filename="$1" --size="$2" --rw=write --bs=1M --ioengine=libaio --iodepth=4 --direct=1 \
    --end_fsync=1 --output="$folder/fill.log" --aux-path="$folder" || die "$1 cannot be filled with O_DIRECT"
}

# ---- a family: targets that are asked for the same in turns -----------------------------------------

# A second VIA and FILE are what the first is compared with, right before or right after it; where only a part of that
# may be written, SIZE@OFFSET says which.
declare -a targets=() # SERVER VIA FILE O_DIRECT [VIA FILE [SIZE@OFFSET]]

# run_family FAMILY VARIANT SIZE ROUNDS LOAD...: the order of the targets turns from round to round, and that of a pair.
run_family() {
  local family=$1 variant=$2 bytes=$3 times=$4 round load turn each server via file direct own backing part extent pair
  shift 4
  for ((round = 0; round < times; round++)); do
    for load in "$@"; do
      for ((turn = 0; turn < ${#targets[@]}; turn++)); do
        read -r server via file direct own backing part <<<"${targets[(turn + round) % ${#targets[@]}]}"
        [[ -n $part && $load == *write* ]] || part=$bytes
        pair=("$via $file $direct $bytes")
        if [[ -n $own && $((round % 2)) -eq 0 ]]; then
          pair+=("$own $backing 1 $part")
        elif [[ -n $own ]]; then
          pair=("$own $backing 1 $part" "${pair[@]}")
        fi
        for each in "${pair[@]}"; do
          read -r via file direct extent <<<"$each"
          measure "$family" "$variant" "$load" "$server" "$via" "$round" "$file" "$direct" "$extent"
          # What a page-cached write left to be written would be written while others are measured. nbdkit has no other.
          [[ $load != *write* || ($family != cached && $server != nbdfuse) ]] || sync --file-system "$folder"
        done
      done
    done
    echo "$family: round $((round + 1)) of $times done" >&2
  done
}
