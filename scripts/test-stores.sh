#!/usr/bin/env bash
# `scan` over object stores that speak the protocols of Amazon S3 (moto, from PyPI) and of Azure (Azurite, from npm): real servers
# on this machine, real clips in them. Google's XML interface is S3's to read and list, so that gs:// is held against moto, too;
# what is Google's own, its logins, is not.
set -euo pipefail
cd "$(dirname "$0")/.."
program=$(realpath "${PROGRAM:-target/release/filigrane}")
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    . scripts/debian.sh
    install_packages ffmpeg
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
    command -v npm >/dev/null || install_packages npm
fi
venv=target/stores
[ -x "$venv/bin/moto_server" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'moto[server,s3]==5.2.5'; }
[ -d "$venv/node_modules/azurite" ] || npm install --silent --no-audit --no-fund --prefix "$venv" azurite@3.37.0
work=$(mktemp -d)
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; wait; rm -rf "$work"' EXIT
export FILIGRANE_HOME=$work/home
mkdir -p "$work/clips/a b"
for number in 1 2 3; do
    ffmpeg -nostdin -v error -y -f lavfi -i "testsrc2=size=320x240:rate=25:duration=1" -vf "hue=h=$((number * 60))" \
        -c:v libx264 -preset veryfast "$work/clips/a b/$number.mp4"
done
echo "no video" >"$work/clips/four.mp4"
free() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
# awaited PORT: returns when somebody listens there.
awaited() {
    for _ in $(seq 300); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; then return; fi
        sleep 0.1
    done
    echo "nobody listens at $1" >&2
    return 1
}
# checked NAME URL: all four are answered under their URLs, three as videos.
checked() {
    "$program" scan "$2" --quiet --depth key-frames -o "$work/$1.jsonl"
    python3 - "$work/$1.jsonl" "$2" "$work/clips" <<'PYTHON'
import hashlib
import json
import pathlib
import sys
import urllib.parse

results, url, clips = sys.argv[1:]
lines = [json.loads(line) for line in open(results)]
files = {path.relative_to(clips).as_posix(): path for path in pathlib.Path(clips).rglob("*.mp4")}
answered = {urllib.parse.unquote(line["file"].removeprefix(url).lstrip("/")): line for line in lines}
assert answered.keys() == files.keys(), (answered.keys(), files.keys())
for name, path in files.items():
    line, digest = answered[name], hashlib.sha256(path.read_bytes()).hexdigest()
    if name == "four.mp4":
        assert line["verdict"] is None and line["errors"], line
    else:
        assert line["sha256"] == digest and line["verdict"] and line["media"]["width"] == 320, line
print(f"{url}: {len(lines)} objects answered")
PYTHON
    "$program" scan "$2" --quiet --depth key-frames -o "$work/$1.jsonl" --resume
    [ "$(wc -l <"$work/$1.jsonl")" -eq 4 ]
}
# refused URL: a bucket that is not there is the user's mistake, one line and exit 2.
refused() {
    local status=0
    "$program" scan "$1" --quiet >"$work/out" 2>"$work/error" || status=$?
    [ "$status" -eq 2 ] && [ "$(wc -l <"$work/error")" -eq 1 ] && grep -q missing "$work/error" || { cat "$work/error" >&2; exit 1; }
}

port=$(free)
"$venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$work/moto.log" 2>&1 &
servers+=($!)
awaited "$port"
export AWS_ENDPOINT=http://127.0.0.1:$port AWS_ALLOW_HTTP=true AWS_REGION=us-east-1 AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test
"$venv/bin/python" - "$work/clips" <<'PYTHON'
import os
import pathlib
import sys

import boto3

client = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT"])
client.create_bucket(Bucket="uploads")
top = pathlib.Path(sys.argv[1])
for path in top.rglob("*.mp4"):
    # For everybody, since gs:// asks without a login below.
    client.upload_file(str(path), "uploads", f"day/{path.relative_to(top).as_posix()}", ExtraArgs={"ACL": "public-read"})
client.put_object(Bucket="uploads", Key="other/none.mp4", Body=b"")
PYTHON
checked s3 s3://uploads/day
refused s3://missing/day

export GOOGLE_BASE_URL=http://127.0.0.1:$port GOOGLE_ALLOW_HTTP=true GOOGLE_SKIP_SIGNATURE=true
checked google gs://uploads/day
refused gs://missing/day

port=$(free)
"$venv/node_modules/.bin/azurite-blob" --silent --skipApiVersionCheck --blobHost 127.0.0.1 --blobPort "$port" --location "$work/azurite" >"$work/azurite.log" 2>&1 &
servers+=($!)
awaited "$port"
export AZURE_STORAGE_USE_EMULATOR=true AZURITE_BLOB_STORAGE_URL=http://127.0.0.1:$port AZURE_STORAGE_ALLOW_HTTP=true
node - "$work/clips" "$port" <<'NODE'
// The published account of the emulator; requests are signed with its key.
const { createHmac } = require("node:crypto");
const { readFileSync, readdirSync } = require("node:fs");
const { join } = require("node:path");
const [, , top, port] = process.argv;
const account = "devstoreaccount1";
const key = Buffer.from("Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==", "base64");
async function put(path, query, body, headers) {
    const all = { "x-ms-date": new Date().toUTCString(), "x-ms-version": "2023-11-03", ...headers };
    const named = Object.keys(all).sort().map((name) => `${name}:${all[name]}`).join("\n");
    const resource = `/${account}/${account}${encodeURI(path)}${query ? "\n" + query.replace("=", ":") : ""}`;
    const text = `PUT\n\n\n${body.length || ""}\n\n\n\n\n\n\n\n\n${named}\n${resource}`;
    all.Authorization = `SharedKey ${account}:${createHmac("sha256", key).update(text).digest("base64")}`;
    const answer = await fetch(`http://127.0.0.1:${port}/${account}${encodeURI(path)}${query ? "?" + query : ""}`, { method: "PUT", headers: all, body });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
}
(async () => {
    await put("/uploads", "restype=container", Buffer.alloc(0), {});
    for (const name of readdirSync(top, { recursive: true }))
        if (name.endsWith(".mp4")) await put(`/uploads/day/${name}`, "", readFileSync(join(top, name)), { "x-ms-blob-type": "BlockBlob" });
})();
NODE
checked azure az://uploads/day
