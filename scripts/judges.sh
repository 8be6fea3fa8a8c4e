#!/usr/bin/env bash
# Puts the unrelated validators that tests hold our manifests against into a folder. Changes nothing when they are there.
# judges.sh FOLDER
set -euo pipefail
cd "$(dirname "$0")"
. ./debian.sh

folder=$1
stamp="c2pa-python 0.38.1, encypher-c2pa 1.7.1, json-formula 2.0.0, js-yaml 4.1.0"
mkdir -p "$folder"
exec 9>"$folder/lock"
flock 9
[ "$(cat "$folder/complete" 2>/dev/null)" = "$stamp" ] && exit 0
command -v npm >/dev/null || install_packages npm >&2
python3 -c 'import ensurepip' 2>/dev/null || install_packages python3-venv >&2
echo "installing the validators c2pa-python and encypher-c2pa, and json-formula" >&2
python3 -m venv "$folder/python"
"$folder/python/bin/pip" install --quiet --disable-pip-version-check c2pa-python==0.38.1 encypher-c2pa==1.7.1
(cd "$folder" && npm install --silent --no-audit --no-fund --prefix . @adobe/json-formula@2.0.0 js-yaml@4.1.0 >&2)
echo "$stamp" >"$folder/complete"
