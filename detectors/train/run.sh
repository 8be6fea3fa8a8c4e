#!/bin/bash
# All steps from clips to a calibrated detector, each skipped where its result is there:
#   train/run.sh STATE CLIPS
# CLIPS is the folder of index.csv. OBSERVE is the built program (cargo build --release -p filigrane-detect --example observe),
# VAE the folder of the tiny autoencoders' weights. SHARE of the clips; SPATIAL and TEMPORAL seconds of processor of the final
# models, SPATIAL_FOLD and TEMPORAL_FOLD of the model of each fold; OUT where the models go, JOBS processes side by side.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
detectors=$(dirname "$here")
state=$1 clips=$2
: "${OBSERVE:=$detectors/../target/release/examples/observe}" "${VAE:=$clips/../vae}" "${PYTHON:=python3}"
: "${OUT:=$detectors/traces}" "${SHARE:=1}" "${SPATIAL:=2400}" "${TEMPORAL:=1400}" "${SPATIAL_FOLD:=600}" "${TEMPORAL_FOLD:=350}" "${JOBS:=2}"
export OMP_NUM_THREADS=1
mkdir -p "$state" "$OUT"

step() {
    local began=$SECONDS
    nice -n 10 "$PYTHON" "$here/$1.py" "${@:2}"
    echo "$1 $((SECONDS - began)) s" | tee -a "$state/steps.log"
}

step split "$clips" "$detectors"
step plan "$clips" "$detectors" "$state" "$SHARE"
step variants "$clips" "$state" "$VAE" "$JOBS"
step observe "$clips" "$state" "$OBSERVE" "$JOBS"
# The experts don't need each other; with two processes the trees and the temporal expert take one, the spatial the other.
if [ "$JOBS" -gt 1 ]; then
    step spatial "$state" "$OUT" "$SPATIAL" "$SPATIAL_FOLD" &
    spatial=$!
    step trees "$state" "$OUT"
    step temporal "$state" "$OUT" "$TEMPORAL" "$TEMPORAL_FOLD"
    wait "$spatial"
else
    step trees "$state" "$OUT"
    step spatial "$state" "$OUT" "$SPATIAL" "$SPATIAL_FOLD"
    step temporal "$state" "$OUT" "$TEMPORAL" "$TEMPORAL_FOLD"
fi
# Off by default: what it sees is content (README).
if [ "${APPEARANCE:-0}" = 1 ]; then
    step appearance "$state" "$OUT"
fi
step familiar "$state" "$OUT"
step fuse "$state" "$OUT"
step protocols "$clips" "$detectors" "$state" "$OUT"
step card "$detectors" "$state" "$OUT"
