#!/usr/bin/env bash
# How long a look-up by likeness takes as a registry grows; writes benches/results/registry.md and registry.svg.
#   scripts/bench-registry.sh 10000 100000 1000000 10000000
# Ten million clips take 7 GB of disk and some ten minutes of a free core to fill in.
set -euo pipefail
cd "$(dirname "$0")/.."

sizes=("$@")
[ ${#sizes[@]} -gt 0 ] || sizes=(10000 100000 1000000)
cargo build --quiet --locked --release -p filigrane-registry --example growth
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${CARGO_TARGET_DIR:-target}/release/examples/growth" "$folder/registry" benches/results/registry.svg "${sizes[@]}" >"$folder/table"
{
    sed -n '1,/^<!-- table -->/p' benches/results/registry.md
    echo
    cat "$folder/table"
} >"$folder/page"
cp "$folder/page" benches/results/registry.md
cat benches/results/registry.md
