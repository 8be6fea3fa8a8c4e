#!/usr/bin/env bash
# 200 uploads of 5 MB at once to `serve`, killed and started again, and the time from drop to verdict beside that of the command
# line; writes benches/results/newsroom.md. PROGRAM names another build.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PROGRAM:-target/release/filigrane}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
ffmpeg -nostdin -hide_banner -v error -y -f lavfi -i mandelbrot=size=1280x720:rate=25 -f lavfi -i sine=frequency=330 -t 10 \
    -c:v libx264 -crf 23 -preset veryfast -pix_fmt yuv420p -c:a aac "$work/clip.mp4"
node scripts/load.mjs "$program" "$work/clip.mp4" "${UPLOADS:-200}" 5 >"$work/table"
{
    sed -n '1,/^<!-- table -->/p' benches/results/newsroom.md
    echo
    cat "$work/table"
} >"$work/page"
cp "$work/page" benches/results/newsroom.md
cat benches/results/newsroom.md
