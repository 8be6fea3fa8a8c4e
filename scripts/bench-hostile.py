#!/usr/bin/env python3
"""Reads every file of a corpus of malformed media in the jail: bench-hostile.py PROGRAM CORPUS [DONOR]

Each ISO media file is read a second time with the manifest of DONOR, a signed MP4, spliced in behind its first box. Prints a
table in Markdown; exits 1 when the program crashes, hangs, or takes over 10 s or 512 MB. See benches/results/scan.md.
"""

import collections
import json
import os
import struct
import subprocess
import sys
import tempfile
import time

C2PA = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
SECONDS, MEMORY, HANGS = 10, 512, 120


def manifest(donor):
    """The box that holds the manifest store."""
    data = open(donor, "rb").read()
    at = data.index(b"uuid" + C2PA) - 4
    return data[at : at + struct.unpack(">I", data[at : at + 4])[0]]


def spliced(data, box):
    """The file with the box behind its first one; none for other files."""
    if data[4:8] != b"ftyp":
        return None
    end = struct.unpack(">I", data[:4])[0]
    return data[:end] + box + data[end:] if 8 <= end <= len(data) else None


def run(program, path, home):
    start = time.monotonic()
    command = [program, "verify", "--json", "--quiet", "--jail", "required", path]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env={**os.environ, "FILIGRANE_HOME": home})
    try:
        out = child.stdout.read()
        _, status, usage = os.wait4(child.pid, 0)
    except KeyboardInterrupt:
        child.kill()
        raise
    exit = os.waitstatus_to_exitcode(status)
    try:
        answer = json.loads(out)
    except ValueError:
        answer = None
    cpu = usage.ru_utime + usage.ru_stime
    return exit, answer, time.monotonic() - start, cpu, usage.ru_maxrss / 1000


def main(program, corpus, donor=None):
    box = manifest(donor) if donor else None
    paths = sorted(os.path.join(top, name) for top, _, names in os.walk(corpus) for name in names)
    paths = [path for path in paths if not path.endswith((".csv", ".txt", ".md"))]
    kinds, bad, worst = collections.defaultdict(collections.Counter), [], collections.defaultdict(lambda: [0, 0, 0])
    with tempfile.TemporaryDirectory() as folder:
        for path in paths:
            data = open(path, "rb").read()
            variants = [("as it is", path)]
            if box and (mixed := spliced(data, box)):
                other = os.path.join(folder, os.path.basename(path))
                open(other, "wb").write(mixed)
                variants.append(("with a manifest", other))
            for kind, file in variants:
                exit, answer, wall, cpu, memory = run(program, file, os.path.join(folder, "home"))
                name = os.path.relpath(path, corpus)
                if answer is None or exit not in (0, 1, 2, 3):
                    kinds[kind]["no answer"] += 1
                    bad.append(f"{name} ({kind}): exit {exit}")
                    continue
                stopped = [error for error in answer["errors"] if "reading it" in error]
                code = answer["verdict"]["code"] if answer["verdict"] else "unreadable"
                kinds[kind][code] += 1
                kinds[kind]["reader stopped"] += bool(stopped)
                worst[kind] = [max(pair) for pair in zip(worst[kind], (wall, cpu, memory))]
                if stopped:
                    print(f"{name} ({kind}): {stopped}", file=sys.stderr)
                if cpu > SECONDS or memory > MEMORY:
                    bad.append(f"{name} ({kind}): {wall:.1f} s, {cpu:.1f} s of processor time, {memory:.0f} MB")
    columns = sorted({code for counts in kinds.values() for code in counts})
    print("| files | number | " + " | ".join(columns) + " | most CPU s | most wall s | most MB |")
    print("|---|---:|" + "---:|" * (len(columns) + 3))
    for kind, counts in kinds.items():
        wall, cpu, memory = worst[kind]
        number = sum(count for code, count in counts.items() if code != "reader stopped")
        row = [str(counts[code]) for code in columns] + [f"{cpu:.2f}", f"{wall:.1f}", f"{memory:.0f}"]
        print(f"| {kind} | {number} | " + " | ".join(row) + " |")
    for line in bad:
        print(f"FAILED {line}", file=sys.stderr)
    return bool(bad)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
