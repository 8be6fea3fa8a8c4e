#!/usr/bin/env bash
# How long the embedded model takes from prompt to signed clip, cold, and how many of the prompts' words its clips obey.
# PROMPTS=200 scripts/bench-generation.sh; needs numpy and pillow for the second part (PYTHON names the interpreter).
set -euo pipefail
cd "$(dirname "$0")/.."
program=target/release/filigrane
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export FILIGRANE_HOME=$folder/home
for run in 1 2 3; do
    /usr/bin/time -f "prompt to signed clip, run $run: %e s, %U s of processors, %M kB" \
        "$program" generate "a red ball moves right, in the middle, over the sea" -o "$folder/$run.mp4" --seed "$run" --quiet
done
"${PYTHON:-python3}" generators/builtin/train/measure.py "$program" --prompts "${PROMPTS:-200}" --sheet "$folder/sheet.png" |
    tail -n 2
