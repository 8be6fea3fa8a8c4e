#!/usr/bin/env bash
# Runs all tests and closes with one line of totals over all test programs.
set -euo pipefail
cd "$(dirname "$0")/.."

# For the tests of the registry, which start servers of their own.
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    . scripts/debian.sh
    install_packages postgresql
fi

# Networks are tested on tract, and on ONNX Runtime where its library can be had; FILIGRANE_ONNXRUNTIME= leaves it out.
if [ -z "${FILIGRANE_ONNXRUNTIME+set}" ] && FILIGRANE_ONNXRUNTIME=$(scripts/onnxruntime.sh); then
    export FILIGRANE_ONNXRUNTIME
fi

log=$(mktemp)
trap 'rm -f "$log" "$log.fuzz"' EXIT
status=0
cargo test --locked --workspace --no-run
# Half a minute each: what reads bytes of strangers, by a fuzzer that sees which branches run. Many tests wait more than they work.
scripts/fuzz.sh 0
PROGRAM=${CARGO_TARGET_DIR:-target}/debug/filigrane nice scripts/fuzz.sh "${FUZZ_SECONDS:-30}" >"$log.fuzz" 2>&1 &
fuzzing=$!
cargo test --locked --workspace --no-fail-fast 2>&1 | tee "$log" || status=$?
wait "$fuzzing" || status=$?
cat "$log.fuzz"
# The page and its interface, with the program that the tests built.
PROGRAM=${CARGO_TARGET_DIR:-target}/debug/filigrane scripts/test-stores.sh 2>&1 || status=$?
FILIGRANE=${CARGO_TARGET_DIR:-target}/debug/filigrane scripts/test-web.sh 2>&1 || status=$?
PROGRAM=${CARGO_TARGET_DIR:-target}/debug/filigrane ROUNDS=${ROUNDS:-10} scripts/fuzz-api.sh 2>&1 || status=$?
# "test result: ok. 12 passed; 0 failed; 1 ignored; …", once for each program.
awk '/^test result:/ { passed += $4; failed += $6; ignored += $8 }
     END { printf "%d passed, %d failed, %d skipped\n", passed, failed, ignored }' "$log"
exit "$status"
