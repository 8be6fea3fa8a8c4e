#!/usr/bin/env bash
# Brings a Debian 12 machine with Rust to where filigrane builds. Changes nothing when all is there.
set -euo pipefail
cd "$(dirname "$0")"
. ./debian.sh

if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    install_packages chromium ffmpeg openssl softhsm2 libavcodec-dev libavformat-dev libavutil-dev libavfilter-dev libswscale-dev \
        libswresample-dev libclang-dev pkg-config gcc g++ libc6-dev
    # Whoever has Node from elsewhere has npm with it, and Debian's would not go beside it.
    command -v npm >/dev/null || install_packages npm
else
    for library in libavcodec libavformat libavutil libswscale; do
        pkg-config --exists "$library" || {
            echo "setup: $library is missing: install FFmpeg 5.1 or newer with its headers, and libclang" >&2
            exit 1
        }
    done
fi

command -v cargo >/dev/null || {
    echo "setup: cargo is missing: install Rust 1.95 or newer with rustup" >&2
    exit 1
}
found=$(rustc --version | cut -d' ' -f2)
[ "$(printf '%s\n' 1.95.0 "$found" | sort -V | head -n 1)" = 1.95.0 ] || {
    echo "setup: Rust $found is too old: \`rustup update\` brings 1.95 or newer" >&2
    exit 1
}
