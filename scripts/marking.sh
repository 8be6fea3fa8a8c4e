# What the benchmarks of the marks share: the program, a folder of their own, one payload. Sourced by them.

filigrane=${FILIGRANE:-target/release/filigrane}
room=$(mktemp -d)
trap 'rm -rf "$room"' EXIT
export FILIGRANE_HOME=$room/home
id=6f1c0a2b-1122-4344-8555-66778899aabb
payload=6f1c0a2b11224344
quiet_ffmpeg() { ffmpeg -nostdin -hide_banner -v error -y "$@"; }
# number NAME FILE: the first number of that name in a JSON document.
number() { sed -n "s/^ *\"$1\": \(-\{0,1\}[0-9.]*\),\{0,1\}$/\1/p" "$2" | head -n 1; }
