#!/usr/bin/env bash
# How often copies of clips are known again by their pictures: by filigrane's fingerprint, vPDQ and ISCC. Copies are made
# with FFmpeg as platforms and people do; prints a table by copy.
#   scripts/bench-likeness.sh CLIP...     SECONDS_OF=10 takes ten seconds of each instead of four, WIDTH=1280 leaves them so wide
set -euo pipefail
cd "$(dirname "$0")/.."

[ $# -gt 1 ] || { echo "usage: scripts/bench-likeness.sh CLIP CLIP..." >&2; exit 2; }
likeness=${LIKENESS:-}
if [ -z "$likeness" ]; then
    cargo build --quiet --locked --release --example likeness
    likeness=${CARGO_TARGET_DIR:-target}/release/examples/likeness
fi
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
quiet_ffmpeg() { ffmpeg -nostdin -hide_banner -v error -y "$@"; }

# name | filter graph | encoder
copies() {
    local x264="-c:v libx264 -preset veryfast -crf"
    cat <<LIST
h264-23|null|$x264 23
h264-40|null|$x264 40
h265-40|null|-c:v libx265 -preset veryfast -crf 40 -x265-params log-level=none
mpeg4|null|-c:v mpeg4 -q:v 8
gif|fps=15,split[a][b];[a]palettegen[p];[b][p]paletteuse|-c:v gif
resize-50|scale=trunc(iw*.25)*2:-2|$x264 18
aspect-110|scale=trunc(iw*.55)*2:ih,setsar=1|$x264 18
social|scale=trunc(iw*.333)*2:-2|$x264 30
crop-95|crop=iw*.95:ih*.95|$x264 18
crop-90|crop=iw*.9:ih*.9|$x264 18
crop-71|crop=iw*.71:ih*.71:iw*.11:ih*.19|$x264 18
rotate-2|rotate=2*PI/180|$x264 18
rotate-5|rotate=5*PI/180|$x264 18
rotate-90|transpose=1|$x264 18
hflip|hflip|$x264 18
perspective|perspective=.03*W:.02*H:.99*W:.02*H:.01*W:.98*H:.97*W:.99*H:sense=destination|$x264 18
brightness-50|lutyuv=y=16+(val-16)*.5|$x264 18
brightness-150|lutyuv=y=clip(16+(val-16)*1.5\,16\,235)|$x264 18
contrast-50|lutyuv=y=126+(val-126)*.5|$x264 18
gamma-140|lutyuv=y=gammaval(1.4)|$x264 18
gray|hue=s=0|$x264 18
blur|gblur=sigma=1.8|$x264 18
noise|noise=alls=20:allf=t|$x264 18
overlay|drawbox=0:ih*.9:iw:ih*.1:black:fill,drawbox=iw*.85:ih*.03:iw*.13:ih*.07:white:fill|$x264 18
letterbox|pad=iw:max(iw\,ih*1.5):0:(oh-ih)/2|$x264 18
picture-in-picture|scale=trunc(iw*.25)*2:-2,pad=iw*2:ih*2:iw/2:ih*.66:0x3c3c3c|$x264 18
fps-15|fps=15|$x264 18
speed-150|setpts=PTS/1.5|$x264 18
cut-1s|trim=1:2,setpts=PTS-STARTPTS|$x264 18
reverse|reverse|$x264 18
LIST
}

number=0
for clip in "$@"; do
    number=$((number + 1))
    original=$room/$number.mkv
    quiet_ffmpeg -i "$clip" -map 0:v:0 -t "${SECONDS_OF:-4}" -vf "scale='min(iw,${WIDTH:-640})':-2" -pix_fmt yuv420p \
        -c:v libx264 -preset ultrafast -crf 1 "$original"
    while IFS='|' read -r name graph encoder; do
        copy=$room/$number-$name.mkv
        case $name in gif) copy=$room/$number-$name.gif ;; esac
        # shellcheck disable=SC2086 # the encoder is several words
        quiet_ffmpeg -i "$original" -filter_complex "[0:v]$graph[out]" -map "[out]" $encoder "$copy"
        printf '%s\t%s\t%s\n' "$original" "$name" "$copy" >>"$room/list"
    done < <(copies)
done
"$likeness" "$room/list"
