#!/usr/bin/env bash
# The page of `serve` in Debian's Chromium (playwright-core and axe-core, from npm). Screenshots, each verdict light, dark and on a
# phone: target/web/screenshots.
# FILIGRANE names the program; without, it is built.
set -euo pipefail
cd "$(dirname "$0")/.."
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    . scripts/debian.sh
    install_packages chromium ffmpeg python3
    command -v npm >/dev/null || install_packages npm
fi
if [ -z "${FILIGRANE:-}" ]; then
    cargo build --locked --workspace --bins
    export FILIGRANE=target/debug/filigrane
fi
modules=target/web/modules
if [ ! -e "$modules/node_modules/axe-core" ]; then
    mkdir -p "$modules"
    npm install --prefix "$modules" --no-save --no-audit --no-fund --ignore-scripts --silent playwright-core@1.65.1 axe-core@4.14.1
fi
export WEB_MODULES=$modules WEB_FIXTURES=target/web/fixtures
tests/web/fixtures.sh "$WEB_FIXTURES"
node --test --test-concurrency=1 --test-reporter=spec tests/web/page.test.mjs
