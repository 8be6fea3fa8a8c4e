#!/usr/bin/env bash
# Verifies every file of a folder of hostile media, each within 20 s and 1 GiB, and lists those that got no clean answer.
#   scripts/sweep.sh FOLDER [PROGRAM]
set -euo pipefail
folder=${1:?usage: scripts/sweep.sh FOLDER [PROGRAM]}
program=${2:-target/release/filigrane}
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
total=0
bad=0
slowest=0
while IFS= read -r -d '' file; do
  total=$((total + 1))
  begin=$(date +%s%N)
  status=0
  (ulimit -v 1048576; FILIGRANE_HOME=$home timeout 20 "$program" verify --json "$file" >"$home/out" 2>"$home/err") || status=$?
  took=$((($(date +%s%N) - begin) / 1000000))
  [ "$took" -gt "$slowest" ] && slowest=$took
  lines=$(wc -l <"$home/err")
  case $status in
    0 | 1 | 3) clean=true ;;
    2) [ "$lines" -eq 1 ] && clean=true || clean=false ;;
    *) clean=false ;;
  esac
  grep -q '"schema": 1' "$home/out" || clean=false
  if ! $clean; then
    bad=$((bad + 1))
    printf '%s: status %s, %s lines of error\n' "$file" "$status" "$lines"
    head -n 2 "$home/err"
  fi
done < <(find "$folder" -type f -print0)
echo "$total files, $bad without a clean answer, slowest $slowest ms"
[ "$bad" -eq 0 ]
