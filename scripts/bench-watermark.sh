#!/usr/bin/env bash
# What the mark in the pictures survives: stamps clips with the real program, changes them with FFmpeg as platforms and
# people do, and verifies. Prints a table by attack and clip with log10 of the stated chance; "-" where the payload was
# not read, "found" where only the mark was.
# Usage: bench-watermark.sh [CLIP...]. Without clips: three out of npm and PyPI packages. SECONDS_OF=10 takes ten seconds
# of each instead of three; STRENGTHS="0.7 1 1.4" repeats it at fixed strengths instead of the fitted one; ATTACKS="h264-40
# crop-50" does only these.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh
. scripts/clips.sh
. scripts/marking.sh

duration=${SECONDS_OF:-3}

# name | filter graph | encoder; an empty encoder keeps every bit. W, H: even parts of the size; c.. are fractions.
attacks() {
    local ffv1="-c:v ffv1"
    cat <<LIST
identity|null|$ffv1
hflip|hflip|$ffv1
rotate-90|transpose=1|$ffv1
rotate-180|hflip,vflip|$ffv1
rotate-2|rotate=2*PI/180|$ffv1
rotate-3.7|rotate=3.7*PI/180|$ffv1
rotate-10|rotate=10*PI/180|$ffv1
rotate-45|rotate=45*PI/180|$ffv1
resize-50|scale=trunc(iw*.25)*2:-2:flags=area|$ffv1
resize-63|scale=trunc(iw*.315)*2:-2:flags=area|$ffv1
resize-150|scale=trunc(iw*.75)*2:-2:flags=bicubic|$ffv1
aspect-110|scale=trunc(iw*.55)*2:ih:flags=bicubic,setsar=1|$ffv1
aspect-90|scale=trunc(iw*.45)*2:ih:flags=bicubic,setsar=1|$ffv1
crop-71|crop=iw*.71:ih*.71:iw*.11:ih*.19|$ffv1
crop-50|crop=iw*.5:ih*.5:iw*.31:ih*.13|$ffv1
crop-25|crop=iw*.25:ih*.25:iw*.31:ih*.43|$ffv1
perspective-30|perspective=.11*W:.06*H:.95*W:.13*H:.04*W:.9*H:.88*W:.98*H:sense=destination|$ffv1
perspective-50|perspective=.2*W:.08*H:.93*W:.22*H:.05*W:.85*H:.8*W:.97*H:sense=destination|$ffv1
brightness-50|lutyuv=y=16+(val-16)*.5:u=128+(val-128)*.5:v=128+(val-128)*.5|$ffv1
brightness-150|lutyuv=y=clip(16+(val-16)*1.5\,16\,235)|$ffv1
gamma-70|lutyuv=y=gammaval(.7)|$ffv1
gamma-140|lutyuv=y=gammaval(1.4)|$ffv1
contrast-50|lutyuv=y=126+(val-126)*.5|$ffv1
hue-90|hue=h=90|$ffv1
gray|hue=s=0|$ffv1
blur|gblur=sigma=1.8|$ffv1
median|median=radius=4|$ffv1
noise|noise=alls=20:allf=t|$ffv1
overlay|drawbox=0:ih*.9:iw:ih*.1:black:fill,drawbox=iw*.85:ih*.03:iw*.13:ih*.07:white:fill|$ffv1
letterbox|pad=iw:iw:0:(ow-ih)/2,scale=trunc(iw*.355)*2:-2:flags=area|$ffv1
picture-in-picture|scale=trunc(iw*.25)*2:-2:flags=area,pad=iw*2:ih*2:iw/2:ih*.66:0x3c3c3c|$ffv1
fps-24|fps=24|$ffv1
fps-15|fps=15|$ffv1
fps-60|fps=60|$ffv1
cut-1s|trim=1:2,setpts=PTS-STARTPTS|$ffv1
speed-200|setpts=PTS/2,fps=source_fps|$ffv1
reverse|reverse|$ffv1
jpeg|format=yuvj420p|-c:v mjpeg -q:v 10
mpeg4|null|-c:v mpeg4 -q:v 8
gif|fps=15,split[a][b];[a]palettegen[p];[b][p]paletteuse|-c:v gif
h264-23|null|-c:v libx264 -crf 23
h264-30|null|-c:v libx264 -crf 30
h264-40|null|-c:v libx264 -crf 40
h264-50|null|-c:v libx264 -crf 50
h265-30|null|-c:v libx265 -crf 30 -x265-params log-level=none
h265-40|null|-c:v libx265 -crf 40 -x265-params log-level=none
vp9-32|null|-c:v libvpx-vp9 -crf 32 -b:v 0 -deadline good -cpu-used 4 -row-mt 1
av1-35|null|-c:v libaom-av1 -crf 35 -b:v 0 -cpu-used 8 -row-mt 1
crop-75-h264-30|crop=iw*.75:ih*.75:iw*.11:ih*.19|-c:v libx264 -crf 30
crop-71-dark-h264-40|crop=iw*.71:ih*.71:iw*.11:ih*.19,lutyuv=y=16+(val-16)*.5|-c:v libx264 -crf 40
LIST
}

# marked CLIP [STRENGTH]: writes in.mkv and marked.mkv, both without loss.
marked() {
    quiet_ffmpeg -i "$1" -map 0:v:0 -t "$duration" -pix_fmt yuv420p -c:v ffv1 "$room/in.mkv"
    "$filigrane" stamp "$room/in.mkv" -o "$room/marked.mkv" --codec ffv1 --id $id --no-credentials --force --quiet \
        ${2:+--strength "$2"}
}
seen() {
    "$filigrane" verify "$1" --json --quiet --only watermark >"$room/verdict.json" || true
    if grep -q "\"payload\": \"$payload\"" "$room/verdict.json"; then
        printf '%.0f\n' "$(number log10_p "$room/verdict.json")"
    elif grep -q '"state": "found"' "$room/verdict.json"; then
        echo found
    else
        echo -
    fi
}
# quality FILTER: its figure for marked.mkv against in.mkv, over all pictures.
quality() {
    ffmpeg -nostdin -hide_banner -i "$room/marked.mkv" -i "$room/in.mkv" -lavfi "$1" -f null - 2>&1 |
        sed -n "s/.* $2:\([0-9.]*\).*/\1/p" | tail -n 1
}

clips=("$@")
if [ "${#clips[@]}" -eq 0 ]; then
    clips=("$(clip_wave demo/clips)" "$(clip_traffic demo/clips)" "$(clip_film demo/clips)")
fi
for strength in ${STRENGTHS:-fitted}; do
    declare -A row=()
    head="| attack, strength $strength |" rule="|---|"
    for clip in "${clips[@]}"; do
        head+=" $(basename "${clip%.*}") |" rule+="---|"
        if [ "$strength" = fitted ]; then marked "$clip"; else marked "$clip" "$strength"; fi
        row[psnr]+=" $(quality psnr 'y') |"
        row[ssim]+=" $(quality ssim 'SSIM Y') |"
        while IFS='|' read -r name graph encoder; do
            [ -z "${ATTACKS:-}" ] || [[ " $ATTACKS " = *" $name "* ]] || continue
            file=$room/attacked.mkv
            case $name in gif) file=$room/attacked.gif ;; esac
            # shellcheck disable=SC2086 # the encoder is several words
            quiet_ffmpeg -i "$room/marked.mkv" -filter_complex "[0:v]$graph[out]" -map "[out]" $encoder "$file"
            row[$name]+=" $(seen "$file") |"
        done < <(attacks)
    done
    printf '%s\n%s\n' "$head" "$rule"
    echo "| luma PSNR, dB |${row[psnr]}"
    echo "| luma SSIM |${row[ssim]}"
    while IFS='|' read -r name _; do
        [ -z "${row[$name]:-}" ] || echo "| $name |${row[$name]}"
    done < <(attacks)
    echo
    unset row
done
