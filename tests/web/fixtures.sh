#!/usr/bin/env bash
# One video for each verdict that videos alone lead to, and one whose manifest is full of markup, made with the program
# itself. Usage: fixtures.sh FOLDER. FILIGRANE names the program; FOLDER/home becomes the home to serve from.
set -euo pipefail
out=$1
filigrane=${FILIGRANE:-target/debug/filigrane}
# Counted up with every change of what is made here.
done=$out/done-2
[ -e "$done" ] && exit 0
rm -rf "$out"
mkdir -p "$out"
export FILIGRANE_HOME=$out/home
quiet_ffmpeg() { ffmpeg -nostdin -hide_banner -v error -y "$@"; }
stamp() { "$filigrane" stamp "$1" -o "$2" --preset veryfast --force --quiet "${@:3}" >/dev/null; }
strip_silent() { quiet_ffmpeg -i "$1" -map_metadata -1 -vf scale=iw*3/4:-2 -c:v libx264 -crf 24 -preset veryfast "$2"; }
strip() { quiet_ffmpeg -i "$1" -map_metadata -1 -vf scale=iw*3/4:-2 -c:v libx264 -crf 24 -preset veryfast -c:a aac "$2"; }

quiet_ffmpeg -f lavfi -i mandelbrot=size=960x540:rate=25 -f lavfi -i sine=frequency=330:sample_rate=48000 -t 5 \
    -c:v libx264 -crf 16 -preset veryfast -pix_fmt yuv420p -c:a aac "$out/fractal.mp4"
quiet_ffmpeg -f lavfi -i testsrc2=size=640x360:rate=25 -f lavfi -i sine=frequency=220:sample_rate=48000 -t 5 \
    -c:v libx264 -crf 16 -preset veryfast -pix_fmt yuv420p -c:a aac "$out/inconclusive.mp4"
quiet_ffmpeg -f lavfi -i "life=size=960x540:rate=25:mold=10:ratio=0.2:death_color=#804020:life_color=#20c080" -t 5 \
    -c:v libx264 -crf 16 -preset veryfast -pix_fmt yuv420p "$out/life.mp4"

stamp "$out/fractal.mp4" "$out/verified.mp4" --origin camera
strip "$out/verified.mp4" "$out/recovered.mp4"
quiet_ffmpeg -f lavfi -i mandelbrot=size=960x540:rate=25:start_x=-1.2:start_y=0.3:start_scale=0.4 -t 5 -c:v libx264 -crf 16 \
    -preset veryfast -pix_fmt yuv420p "$out/other.mp4"
FILIGRANE_HOME=$out/stranger stamp "$out/other.mp4" "$out/signed.mp4" --origin edited
strip "$out/signed.mp4" "$out/marked.mp4"

# Eight bytes in the middle of the pictures of the third second.
cp "$out/verified.mp4" "$out/altered.mp4"
ffprobe -v error -select_streams v:0 -show_entries packet=pts_time,size,pos -of csv=p=0 "$out/verified.mp4" |
    awk -F, '$1 >= 2 && $1 < 3 { print $3 + int($2 / 2) }' |
    while read -r at; do
        printf 'altered!' | dd of="$out/altered.mp4" bs=1 seek="$at" conv=notrunc status=none
    done

# The mark lifted off and laid over other footage.
quiet_ffmpeg -i "$out/verified.mp4" -i "$out/fractal.mp4" -i "$out/life.mp4" -filter_complex "
    [0:v]format=yuv420p[marked]; [1:v]format=yuv420p[original]; [2:v]format=yuv420p[other];
    [marked][original]blend=all_mode=grainextract:shortest=1[mark];
    [other][mark]blend=c0_mode=grainmerge:c1_mode=normal:c2_mode=normal:shortest=1[out]" \
    -map '[out]' -map_metadata -1 -c:v libx264 -crf 18 -preset veryfast "$out/mismatched.mp4"

stamp "$out/life.mp4" "$out/revoked.mp4" --id 0d9f8c1e-2b3a-4c5d-8e7f-112233445566
"$filigrane" registry revoke urn:c2pa:0d9f8c1e-2b3a-4c5d-8e7f-112233445566 --reason "wrong place, wrong day" --quiet >/dev/null

# Registered without a mark: only its looks lead back.
quiet_ffmpeg -f lavfi -i mandelbrot=size=960x540:rate=25:start_x=-0.75:start_y=0.1:start_scale=0.2 -t 5 -c:v libx264 -crf 16 \
    -preset veryfast -pix_fmt yuv420p "$out/seahorse.mp4"
stamp "$out/seahorse.mp4" "$out/unmarked.mp4" --origin camera --no-watermark
strip_silent "$out/unmarked.mp4" "$out/likeness.mp4"

cat >"$out/model.json" <<'JSON'
{"name": "<script>document.title='owned'</script>", "version": "\" onmouseover=\"alert(1)", "licence": "</dd><img src=x onerror=alert(1)>", "trainingData": "javascript:alert(1)"}
JSON
stamp "$out/life.mp4" "$out/<img src=x onerror=alert(1)>.mp4" --origin generated --no-watermark --model "$out/model.json"
mv "$out/<img src=x onerror=alert(1)>.mp4" "$out/hostile.mp4"
touch "$done"
