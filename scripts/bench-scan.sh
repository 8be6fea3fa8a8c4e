#!/usr/bin/env bash
# What the tiers of `scan` cost and find: bench-scan.sh PROGRAM CLIP...; see benches/results/scan.md.
#
# Cost: a minute of 1080p H.264 made of the first clip, beside FFmpeg decoding its key frames; the search for a watermark through
# all pictures, one thread, beside FFmpeg decoding them. Recall: the clips, four seconds of
# each, are stamped, their manifests taken off, and coded again in three ways.
set -euo pipefail
program=$1
shift
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
export FILIGRANE_HOME=$room/home
ff() { ffmpeg -nostdin -v error -y "$@"; }
spent() { local what=$1; shift; /usr/bin/time -f "$what: %U s + %S s, %M kB" "$@"; }

mkdir "$room/eight" "$room/stripped"
ff -i "$1" -t 10 -an -vf scale=1920:1080 -c:v libx264 -preset veryfast "$room/ten.mp4"
ff -stream_loop -1 -i "$room/ten.mp4" -t 60 -c copy "$room/minute.mp4"
for number in 1 2 3 4 5 6 7 8; do ln "$room/minute.mp4" "$room/eight/$number.mp4"; done
"$program" stamp "$room/minute.mp4" -o "$room/signed.mp4" --no-watermark --quiet
for _ in 1 2 3; do
    spent "scan of one, nothing found" "$program" scan "$room/minute.mp4" --depth key-frames --quiet >/dev/null
    spent "scan of one, signed" "$program" scan "$room/signed.mp4" --depth key-frames --quiet >/dev/null
    spent "scan of eight" "$program" scan "$room/eight" --depth key-frames --quiet --jobs 1 >/dev/null
    spent "FFmpeg, key frames of one" ffmpeg -nostdin -v error -threads 1 -skip_frame nokey -i "$room/minute.mp4" -an -f null -
done
# Nothing is found, which is the dearest case and exit status 1.
search() { spent "$1" taskset -c 0 "$program" verify "$2" --only watermark --json --quiet >/dev/null || [ $? = 1 ]; }
decode() { spent "$1" taskset -c 0 ffmpeg -nostdin -v error -threads 1 -i "$2" -an -f null -; }
for _ in 1 2 3; do
    decode "FFmpeg, all pictures of 10 s" "$room/ten.mp4"
    search "search through 10 s" "$room/ten.mp4"
    decode "FFmpeg, all pictures of 60 s" "$room/minute.mp4"
    search "search through 60 s" "$room/minute.mp4"
done
number=0
for clip in "$@"; do
    number=$((number + 1))
    ff -i "$clip" -t 4 -an -c copy "$room/cut.${clip##*.}"
    "$program" stamp "$room/cut.${clip##*.}" -o "$room/marked.mp4" --strength 1 --preset veryfast --force --quiet
    code() { ff -i "$room/marked.mp4" -map_metadata -1 -c:v libx264 -preset veryfast -crf 26 "$@"; }
    code "$room/stripped/$number-g250.mp4"
    code -g 48 "$room/stripped/$number-g48.mp4"
    code -g 48 -vf scale=854:-2 "$room/stripped/$number-480.mp4"
done
for depth in key-frames window whole; do
    echo "--depth $depth"
    "$program" scan "$room/stripped" --depth "$depth" -o "$room/$depth.jsonl"
done
