#!/usr/bin/env bash
# Sends the server what its OpenAPI document allows and forbids (schemathesis, from PyPI): no answer may be a
# server error, or one that the document does not have. ROUNDS says how many requests of each kind.
set -euo pipefail
cd "$(dirname "$0")/.."
program=${PROGRAM:-target/release/filigrane}
venv=target/schemathesis
if command -v dpkg-query >/dev/null && command -v apt-get >/dev/null; then
    . scripts/debian.sh
    python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv
fi
[ -x "$venv/bin/schemathesis" ] || { python3 -m venv "$venv" && "$venv/bin/pip" install --quiet 'schemathesis==4.32.5'; }
work=$(mktemp -d)
export FILIGRANE_HOME=$work/home
token=$("$program" serve token new fuzz --scope fetch:manifests,store:manifests,store:bindings,check,read,stamp,metrics --quiet)
"$program" serve --listen 127.0.0.1:0 --json --quiet --rate 1000000 >"$work/address" 2>"$work/failures" &
server=$!
trap 'kill $server 2>/dev/null; wait $server 2>/dev/null; rm -rf "$work"' EXIT
until address=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["listening"])' "$work/address" 2>/dev/null); do
    kill -0 $server
    sleep 0.1
done
cat >"$work/hooks.py" <<'PYTHON'
import schemathesis


# Bodies that are no text go out as they are.
@schemathesis.serializer("application/c2pa", "video/*", "video/mp4", "application/offset+octet-stream")
def raw(context, value):
    return value if isinstance(value, bytes) else getattr(value, "data", None) or str(value).encode()
PYTHON
cat >"$work/schemathesis.toml" <<'TOML'
# The report on a clip comes after the clip, and a clip without manifest has none of them.
[checks]
ensure_resource_availability.enabled = false

# tus answers 412 to another version, and headers that it does not know are none of its business.
[[operations]]
include-path-regex = "^/v1/uploads"
[operations.checks]
negative_data_rejection.enabled = false
missing_required_header.enabled = false
TOML
# Of a value, the schema says only that it is base64: which values an algorithm has is not for a schema to say.
SCHEMATHESIS_HOOKS=$work/hooks.py "$venv/bin/schemathesis" --config-file "$work/schemathesis.toml" run "$address/v1/openapi.json" --url "$address" \
    --header "Authorization: Bearer $token" --max-examples "${ROUNDS:-200}" --seed 1 \
    --exclude-checks positive_data_acceptance
[ ! -s "$work/failures" ] || { cat "$work/failures" >&2; exit 1; }
