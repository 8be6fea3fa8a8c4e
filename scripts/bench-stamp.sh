#!/usr/bin/env bash
# Wall time of `filigrane stamp` against a plain FFmpeg transcode with the same encoder settings, side by side.
# Usage: bench-stamp.sh [CLIP]. RUNS=5 for more than three runs of each.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh
. scripts/clips.sh

filigrane=${FILIGRANE:-target/release/filigrane}
runs=${RUNS:-3}
crf=18
preset=medium
clip=${1:-}
if [ -z "$clip" ]; then clip=$(clip_wave demo/clips); fi
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
export FILIGRANE_HOME=$room/home

# Making the first identity is not part of stamping.
"$filigrane" identity new default --quiet >/dev/null

seconds() {
    local start end
    start=$(date +%s.%N)
    "$@" >/dev/null
    end=$(date +%s.%N)
    awk -v a="$start" -v b="$end" 'BEGIN { printf "%.2f\n", b - a }'
}
plain() {
    ffmpeg -nostdin -hide_banner -v error -y -i "$clip" -map 0:v:0 -map 0:a? -c copy \
        -c:v libx264 -preset "$preset" -crf "$crf" -threads 0 "$room/plain.mp4"
}
stamp() {
    "$filigrane" stamp "$clip" -o "$room/stamped.mp4" --codec h264 --preset "$preset" --crf "$crf" --origin camera \
        --force --quiet
}

echo "$clip, libx264 $preset CRF $crf, $(nproc) cores, load $(cut -d' ' -f1 /proc/loadavg)"
printf '%-5s%14s%14s%9s\n' run "ffmpeg, s" "stamp, s" ratio
for run in $(seq "$runs"); do
    # The order changes from run to run, so that a machine that slows down favours neither.
    if [ $((run % 2)) -eq 1 ]; then
        a=$(seconds plain)
        b=$(seconds stamp)
    else
        b=$(seconds stamp)
        a=$(seconds plain)
    fi
    awk -v run="$run" -v a="$a" -v b="$b" 'BEGIN { printf "%-5s%14.2f%14.2f%9.2f\n", run, a, b, b / a }'
    echo "$a $b" >>"$room/times"
done
awk '{ a += $1; b += $2 } END { printf "%-5s%14.2f%14.2f%9.2f\n", "mean", a / NR, b / NR, b / a }' "$room/times"
