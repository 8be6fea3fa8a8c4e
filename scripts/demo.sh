#!/usr/bin/env bash
# The main job on a real clip: stamped, stripped, altered, its mark copied elsewhere; and what `verify` says each time.
# Usage: demo.sh [CLIP]. Leaves its files in demo/ and touches no data of filigrane's but its own.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh
. scripts/clips.sh

filigrane=${FILIGRANE:-target/release/filigrane}
out=demo
mkdir -p "$out"
clip=${1:-}
if [ -z "$clip" ]; then clip=$(clip_wave "$out/clips"); fi
other=$(clip_traffic "$out/clips")
FILIGRANE_HOME=$(mktemp -d)
export FILIGRANE_HOME
trap 'rm -rf "$FILIGRANE_HOME"' EXIT

quiet_ffmpeg() { ffmpeg -nostdin -hide_banner -v error -y "$@"; }
fact() { ffprobe -v error -select_streams v:0 -show_entries "stream=$2" -of csv=p=0 "$1" | tr -d ','; }

table=()
failures=0
# expect CODE EXIT FILE WHAT: verifies the file and holds verdict and exit status against those expected.
expect() {
    local status=0 verdict via
    "$filigrane" verify "$3" --json --quiet >"$out/verdict.json" || status=$?
    verdict=$(sed -n 's/^    "code": "\(.*\)",$/\1/p' "$out/verdict.json" | head -n 1)
    via=$(sed -n 's/^    "via": "\(.*\)",$/, through the \1/p' "$out/verdict.json" | head -n 1)
    [ "$verdict" = recovered ] || via=
    if [ "$verdict" != "$1" ] || [ "$status" != "$2" ]; then
        echo "demo: $3: expected $1 (exit $2), got ${verdict:-no verdict} (exit $status)" >&2
        cat "$out/verdict.json" >&2
        failures=$((failures + 1))
        via="  <- expected $1 ($2)"
    fi
    table+=("$(printf '%-14s| %-56s| %-13s| %s' "$(basename "$3")" "$4" "$verdict" "$status$via")")
}

echo "stamping $clip"
"$filigrane" stamp "$clip" -o "$out/signed.mp4" --origin camera --force
expect verified 0 "$out/signed.mp4" "marked and signed"

echo "stripping and re-encoding it at half size"
quiet_ffmpeg -i "$out/signed.mp4" -map_metadata -1 -vf "scale=trunc(iw/4)*2:-2" -c:v libx264 -crf 28 -c:a aac \
    "$out/stripped.mp4"
expect recovered 0 "$out/stripped.mp4" "metadata stripped, half size, H.264 CRF 28"

echo "altering one second of it"
cp "$out/signed.mp4" "$out/altered.mp4"
# Eight bytes in the middle of every picture of the second in the middle; all else stays.
ffprobe -v error -select_streams v:0 -show_entries packet=pts_time,size,pos -of csv=p=0 "$out/signed.mp4" |
    awk -F, '{ time[NR] = $1; at[NR] = $3 + int($2 / 2); if ($1 > last) last = $1 }
             END { from = last > 1 ? last / 2 - 0.5 : 0
                   for (i = 1; i <= NR; i++) if (time[i] >= from && time[i] < from + 1) print at[i] }' |
    while read -r at; do
        printf 'altered!' | dd of="$out/altered.mp4" bs=1 seek="$at" conv=notrunc status=none
    done
expect altered 3 "$out/altered.mp4" "8 bytes of each picture in one second overwritten"

echo "copying its mark onto other footage"
# What the mark changed in the picture, lifted off and laid over another clip: the work of somebody who has both the
# marked clip and the original.
size=$(fact "$out/signed.mp4" width):$(fact "$out/signed.mp4" height)
quiet_ffmpeg -noautorotate -i "$out/signed.mp4" -noautorotate -i "$clip" -i "$other" -filter_complex "
    [0:v]format=yuv420p,setsar=1[marked];
    [1:v]format=yuv420p,setsar=1[original];
    [marked][original]blend=all_mode=grainextract:shortest=1[mark];
    [2:v]fps=$(fact "$out/signed.mp4" r_frame_rate),scale=$size,setsar=1,format=yuv420p[other];
    [other][mark]blend=c0_mode=grainmerge:c1_mode=normal:c2_mode=normal:shortest=1[out]" \
    -map '[out]' -map_metadata -1 -c:v libx264 -crf 18 "$out/copied.mp4"
expect mismatched 3 "$out/copied.mp4" "the mark lifted off and laid over other footage"

expect inconclusive 1 "$other" "other footage as it is, unmarked"

"$filigrane" verify "$out/stripped.mp4" --report "$out/report.html" --quiet >"$out/stripped.txt"
rm -f "$out/verdict.json"

echo
printf '%-14s| %-56s| %-13s| %s\n' file "what was done" verdict exit
printf '%s\n' "${table[@]}"
echo
echo "the files are in $out/; $out/report.html is the report on stripped.mp4, $out/stripped.txt the same in words"
if [ "$failures" -ne 0 ]; then
    echo "demo: $failures of ${#table[@]} verdicts are not those expected" >&2
    exit 1
fi
