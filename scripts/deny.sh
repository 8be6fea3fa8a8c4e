#!/usr/bin/env bash
# Holds the dependencies against deny.toml, where cargo-deny is installed.
set -euo pipefail
cd "$(dirname "$0")/.."

if cargo deny --version >/dev/null 2>&1; then
    cargo deny check bans licenses sources
else
    echo "cargo-deny is not installed: bans, licences and sources were not checked (cargo install cargo-deny --locked)"
fi
