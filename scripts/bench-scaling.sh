#!/usr/bin/env bash
# Measures what `cargo run --example fleet` simulates with: bench-scaling.sh PROGRAM CLIP > examples/fleet/costs.csv
#
# Processor time (user and system) of one file in a `scan` of several, in jails, one after the other, by depth and length; the
# file is 1920x1080 H.264 made of the clip, without any mark. "signed" is settled by its manifest.
set -euo pipefail
program=$1 clip=$2
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
ff() { ffmpeg -nostdin -v error -y "$@"; }
# measure NAME DEPTH SECONDS COPIES FILE
measure() {
    rm -rf "$room/many"
    mkdir "$room/many"
    for copy in $(seq "$4"); do ln "$5" "$room/many/$copy.mp4"; done
    # A home for each: where the signed file is registered, its unsigned copies are known by their fingerprint.
    FILIGRANE_HOME=$room/$1 /usr/bin/time -o "$room/time" -f "%U %S %M" "$program" scan "$room/many" --depth "$2" --jobs 1 --quiet >"$room/answers"
    awk -v name="$1" -v seconds="$3" -v copies="$4" \
        '{ printf "%s,%d,%.4f,%d\n", name, seconds, ($1 + $2) / copies, $3 / 1024 }' "$room/time"
    if [ "$1" != signed ] && grep -v '"code":"inconclusive"' "$room/answers" >&2; then
        echo "the clip is not unknown: choose another" >&2
        return 1
    fi
}

ff -stream_loop -1 -i "$clip" -t 10 -an -vf scale=1920:1080 -c:v libx264 -preset veryfast "$room/10.mp4"
for seconds in 60 300; do ff -stream_loop -1 -i "$room/10.mp4" -t "$seconds" -c copy "$room/$seconds.mp4"; done
FILIGRANE_HOME=$room/signed "$program" stamp "$room/60.mp4" -o "$room/signed.mp4" --no-watermark --quiet
echo depth,seconds,cpu_s,peak_mb
measure signed key-frames 60 8 "$room/signed.mp4"
for seconds in 10 60 300; do measure key-frames key-frames "$seconds" 8 "$room/$seconds.mp4"; done
for seconds in 10 60 300; do measure window window "$seconds" 2 "$room/$seconds.mp4"; done
for seconds in 10 60; do measure whole whole "$seconds" 1 "$room/$seconds.mp4"; done
