#!/usr/bin/env python3
"""Holds `filigrane verify` against a corpus of files with stated expectations: bench-corpus.py PROGRAM CORPUS

CORPUS is a folder with index.csv (columns path, expected_stated), and corpora that state exact states in corpus.json.
Prints a table in Markdown; see benches/results/corpus.md.
"""

import collections
import csv
import json
import os
import subprocess
import sys
import tempfile

ASSETS = {".jpg", ".png", ".mp4", ".mov", ".avi", ".m4s", ".mp3", ".wav", ".webp", ".tif"}
CODES = ["claimSignature.mismatch", "assertion.dataHash.mismatch", "assertion.hashedURI.mismatch"]


def verify(program, path, home, at=None):
    command = [program, "verify", "--json", "--quiet", "--only", "credentials", path]
    if at:
        command += ["--at", at]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=120, env={**os.environ, "FILIGRANE_HOME": home})
    try:
        answer = json.loads(ran.stdout)
    except ValueError:
        return {"state": "crashed", "codes": [], "explanation": f"exit {ran.returncode}: {ran.stderr[-200:]}"}
    return answer["credentials"] | {"exit": ran.returncode}


def stated(text):
    """What an expectation in words asks for: (states, a code or None); None where it states nothing that can be held."""
    low = text.lower()
    if not low or low.startswith("see ") or "reference hashes" in low or "iscc" in low or "live-video" in low:
        return None
    if "ingredient" in low:
        # A fault that the signer recorded leaves the manifest around it intact.
        return {"valid", "trusted"}, None
    for code in CODES:
        if code in text:
            return {"invalid"}, code
    if low.startswith("claim error") or low.startswith("assertion/data error") or "algorithm missing" in low:
        return {"invalid"}, None
    if "unsigned" in low or "no manifest" in low or "refuse" in low:
        return {"absent"}, None
    if low.startswith("valid") or "as valid signed" in low or "signed image" in low or "legacy claim" in low:
        return {"valid", "trusted"}, None
    return None


def exact(vector):
    """The state that a vector asks for; trust lists are not given, so trusted counts as valid."""
    expected = vector.get("normative_expected") or vector.get("expected") or {}
    state = expected.get("validation_state")
    if state is None:
        return None
    if state == "None":
        return {"invalid", "absent"}, None
    if state == "Invalid":
        return {"invalid"}, None
    return {"valid", "trusted"}, None


def main():
    program, corpus = sys.argv[1:3]
    cases = []
    for row in csv.DictReader(open(os.path.join(corpus, "index.csv"), encoding="utf-8")):
        path = os.path.join(corpus, row["path"])
        if os.path.splitext(path)[1] not in ASSETS or not os.path.isfile(path):
            continue
        wanted = stated(row["expected_stated"].strip())
        if wanted:
            cases.append((row["path"].split("/")[0], path, wanted, None, row["expected_stated"].strip()))
    for folder, _, names in os.walk(corpus):
        for name in names:
            if name not in ("corpus.json", "index.json"):
                continue
            content = json.load(open(os.path.join(folder, name), encoding="utf-8"))
            for vector in content.get("vectors", []) if isinstance(content, dict) else []:
                wanted = exact(vector)
                places = [os.path.join(up, vector["path"]) for up in (folder, os.path.dirname(folder), os.path.dirname(os.path.dirname(folder)))]
                path = next((place for place in places if os.path.isfile(place)), None)
                if wanted and path and os.path.splitext(path)[1] in ASSETS:
                    cases.append(("encypher-c2pa", path, wanted, vector.get("fixed_validation_time"), vector["id"]))
    seen, table, exceptions = set(), collections.Counter(), []
    with tempfile.TemporaryDirectory() as home:
        for source, path, (states, code), at, words in cases:
            if (path, at) in seen:
                continue
            seen.add((path, at))
            found = verify(program, path, home, at)
            right = found["state"] in states and (code is None or code in found.get("codes", []))
            table[source, "as stated" if right else "otherwise"] += 1
            if not right:
                exceptions.append((os.path.relpath(path, corpus), words, found["state"], ", ".join(found.get("codes", [])) or found.get("explanation") or ""))
    print("| corpus | as stated | otherwise |\n|---|---|---|")
    for source in sorted({source for source, _ in table}):
        print(f"| {source} | {table[source, 'as stated']} | {table[source, 'otherwise']} |")
    total = sum(table.values())
    print(f"\n{total} files with an expectation, {len(exceptions)} answered otherwise ({100 * len(exceptions) / max(total, 1):.1f} %).\n")
    print("| file | stated | answered | because |\n|---|---|---|---|")
    for row in exceptions:
        print("| " + " | ".join(str(cell).replace("|", "/")[:160] for cell in row) + " |")


main()
