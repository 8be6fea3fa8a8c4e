#!/usr/bin/env bash
# Prints where the library of ONNX Runtime lies, after fetching its wheel from PyPI into target/ where it is not there yet.
set -euo pipefail
cd "$(dirname "$0")/.."
version=1.31.1
place=$PWD/target/onnxruntime/$version
library=$place/libonnxruntime.so
if [ ! -e "$library" ]; then
    mkdir -p "$place"
    python3 -m venv "$place/venv" >&2
    "$place/venv/bin/pip" download --quiet --disable-pip-version-check --no-deps --only-binary :all: --dest "$place" \
        "onnxruntime==$version" >&2
    python3 -m zipfile -e "$place"/onnxruntime-*.whl "$place/wheel"
    rm -r "$place/venv" "$place"/onnxruntime-*.whl
    cp "$place"/wheel/onnxruntime/capi/libonnxruntime.so.* "$library"
    rm -r "$place/wheel"
fi
echo "$library"
