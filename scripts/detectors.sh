#!/usr/bin/env bash
# Trains what `--detectors builtin` is, with a Python environment of its own: detectors.sh CLIPS; detectors/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
clips=$(realpath "${1:?the folder of index.csv: make detectors CLIPS=FOLDER}")
[ -f "$clips/index.csv" ] || { echo "detectors: $clips has no index.csv" >&2; exit 2; }
target=${CARGO_TARGET_DIR:-target}
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    . scripts/debian.sh
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
fi
cargo build --locked --release --workspace --exclude filigrane-fuzz --example observe
venv=$target/train
[ -x "$venv/bin/python" ] || python3 -m venv "$venv"
"$venv/bin/pip" install --quiet -r detectors/train/requirements.txt
PYTHON=$(realpath -s "$venv/bin/python") OBSERVE=$(realpath "$target/release/examples/observe") \
    detectors/train/run.sh "${STATE:-$target/detectors}" "$clips"
