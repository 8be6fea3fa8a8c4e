#!/usr/bin/env bash
# Makes the fixtures of generators/parity anew with live diffusers, in a virtual environment of its own, and lets the tests of
# src/generate compare with those: on tract and on ONNX Runtime. `PYTHON` names an
# environment that is there already. Prints a line for each case: latents' largest difference, share of equal 8-bit samples.
set -euo pipefail
cd "$(dirname "$0")/.."
python=${PYTHON:-target/parity/venv/bin/python}
if [ ! -x "$python" ]; then
    python3 -m venv target/parity/venv
    "$python" -m pip install --quiet -r generators/parity/requirements.txt
fi
fresh=$PWD/target/parity/fixtures
rm -rf "$fresh"
"$python" generators/parity/make.py "$fresh"
"$python" generators/parity/networks.py "$fresh"
"$python" generators/parity/compare.py generators/parity/fixtures "$fresh"
library=$(scripts/onnxruntime.sh)
for engine in "" "$library"; do
    FILIGRANE_PARITY=$fresh FILIGRANE_ONNXRUNTIME=$engine cargo test --locked --workspace --lib -- --nocapture \
        parity_tests scheduler::tests noise::tests tokenizer::tests prompt::tests | grep -aE '^\||^[0-9]+ runs|^test |panicked|apart'
done
