#!/usr/bin/env bash
# Fuzzes what reads bytes of strangers, with libFuzzer and coverage: fuzz.sh SECONDS [TARGET...]; JOBS targets at a time (2). Of 0
# seconds, all is built and no more.
#
# Only the crates of this workspace report coverage, so that their dependencies are those that the tests have built;
# COVERAGE=all instruments the dependencies, too, in a folder of its own, with `cargo fuzz` (many minutes). PROGRAM makes the seeds
# (fuzz/seeds.py), to which FOLDERS of files are added. CORPUS is where what was found is kept, and gone on from.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:?how many seconds for each target}
shift
target=$(realpath "${CARGO_TARGET_DIR:-target}")
program=${PROGRAM:-$target/debug/filigrane}
corpus=$(realpath -m "${CORPUS:-$target/fuzz/corpus}")
host=$(rustc -vV | sed -n 's/^host: //p')
if [ "${COVERAGE:-own}" = all ]; then
    # Without a sanitizer nothing of it needs a nightly compiler, which cargo-fuzz asks for all the same.
    RUSTC_BOOTSTRAP=1 cargo fuzz build -s none --target-dir "$target/fuzz/all"
    built=$target/fuzz/all/$host/release
else
    RUSTC_WORKSPACE_WRAPPER=$PWD/scripts/fuzz-rustc.sh cargo build --locked -p filigrane-fuzz --bins
    built=$target/debug
fi
[ "$seconds" -gt 0 ] || exit 0
[ "$#" -gt 0 ] || set -- $(sed -n 's/^path = "targets\/\(.*\)\.rs"$/\1/p' fuzz/Cargo.toml)
mkdir -p "$corpus" "$target/fuzz/found"
seeds=$(mktemp -d)
trap 'rm -rf "$seeds"' EXIT
# FOLDERS are parted by spaces.
# shellcheck disable=SC2086
python3 fuzz/seeds.py "$program" "$seeds" ${FOLDERS:-}
# What the jail tells is known to its own crate alone.
mkdir -p "$seeds/jail"
FILIGRANE_SEEDS=$seeds/jail cargo test --quiet --locked --workspace --lib all_that_is_told_comes_back_as_it_was >/dev/null

# fuzzed TARGET: leaves its last lines, or all of what went wrong, in a log.
fuzzed() {
    local dictionary=() log=$target/fuzz/$1.log TIMEFORMAT="$1: %U s and %S s of processor"
    [ ! -f "$seeds/$1.dict" ] || dictionary=("-dict=$seeds/$1.dict")
    mkdir -p "$corpus/$1" "$seeds/$1"
    if time "$built/$1" "$corpus/$1" "$seeds/$1" "${dictionary[@]}" -max_total_time="$seconds" -max_len=131072 -timeout=20 \
        -rss_limit_mb=2048 -artifact_prefix="$target/fuzz/found/$1-" -print_final_stats=1 >"$log" 2>&1; then
        echo "$1: $(find "$corpus/$1" -type f | wc -l) inputs; $(grep -E '^#[0-9]+.*DONE' "$log" | tail -n 1)"
    else
        echo "$1: failed; the input is in $target/fuzz/found"
        tail -n 60 "$log"
        return 1
    fi
}

status=0
running=()
for one in "$@"; do
    fuzzed "$one" &
    running+=($!)
    if [ "${#running[@]}" -eq "${JOBS:-2}" ]; then
        for job in "${running[@]}"; do wait "$job" || status=1; done
        running=()
    fi
done
for job in "${running[@]}"; do wait "$job" || status=1; done
exit "$status"
