#!/usr/bin/env python3
"""Time and memory of signing and verifying beside c2pa-python: bench-large.py PROGRAM PYTHON CLIP

PYTHON is an interpreter that has c2pa-python (scripts/judges.sh makes one). CLIP is a small MP4 file with its index first; its
media data are grown by zeros, which take no room on disk. Prints a table in Markdown; see benches/results/large.md.
"""

import os
import shutil
import struct
import subprocess
import sys
import tempfile
import time

SIZES = [("1 MB", 1 << 20), ("250 MB", 250 << 20), ("5 GiB", 5 << 30)]

SIGN = """
import c2pa, json, sys
chain, key, source, target = sys.argv[1:]
manifest = {"claim_version": 2, "claim_generator_info": [{"name": "bench", "version": "1"}], "assertions": [
    {"label": "c2pa.actions.v2", "created": True, "data": {"actions": [{"action": "c2pa.created",
     "digitalSourceType": "http://cv.iptc.org/newscodes/digitalsourcetype/digitalCapture"}]}}]}
info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=open(chain, "rb").read(), private_key=open(key, "rb").read(), ta_url=None)
with open(source, "rb") as read, open(target, "w+b") as write:
    c2pa.Builder(json.dumps(manifest)).sign(c2pa.Signer.from_info(info), "video/mp4", read, write)
"""
READ = """
import c2pa, sys
with open(sys.argv[1], "rb") as stream:
    print(c2pa.Reader("video/mp4", stream).get_validation_state())
"""


def grow(source, target, size):
    """Makes the last box, the media data, larger; the empty box before it gives room for a size of 64 bits."""
    shutil.copy(source, target)
    end = os.path.getsize(target)
    with open(target, "r+b") as file:
        at, before = 0, None
        while True:
            file.seek(at)
            length, kind = struct.unpack(">I4s", file.read(8))
            if kind == b"mdat":
                break
            before, at = (at, length, kind), at + length
        assert before[1:] == (8, b"free") and at + length == end, "CLIP needs its index first (-movflags faststart)"
        file.seek(before[0])
        file.write(struct.pack(">I4sQ", 1, b"mdat", max(size, end) - before[0]))
        file.truncate(max(size, end))


def measure(command, env):
    start = time.monotonic()
    child = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    output = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 0:
        return f"failed: {output.strip()[-120:]}"
    wall = time.monotonic() - start
    return f"{wall:.1f} s, {usage.ru_utime + usage.ru_stime:.1f} s of processor, {usage.ru_maxrss / 1024:.0f} MB"


def openssl(folder, arguments):
    subprocess.run(["openssl", *arguments.split()], cwd=folder, check=True, capture_output=True)


def main():
    program, python, clip = sys.argv[1:4]
    with tempfile.TemporaryDirectory(dir=os.path.dirname(os.path.abspath(clip))) as folder:
        at = lambda name: os.path.join(folder, name)
        env = {**os.environ, "FILIGRANE_HOME": at("home")}
        openssl(folder, "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout a.key -days 30 -out a.pem -subj /O=A/CN=A")
        openssl(folder, "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out r.pem -subj /O=S/CN=S")
        with open(at("leaf.cnf"), "w") as file:
            file.write("basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\nauthorityKeyIdentifier=keyid\n")
        openssl(folder, "x509 -req -in r.pem -CA a.pem -CAkey a.key -set_serial 7 -days 20 -extfile leaf.cnf -out leaf.pem")
        with open(at("chain.pem"), "w") as file:
            file.write(open(at("leaf.pem")).read() + open(at("a.pem")).read())
        subprocess.run([program, "identity", "new", "bench", "--certificate", at("chain.pem"), "--key", at("key.pem")], env=env, check=True, capture_output=True)
        print("| file | work | filigrane | c2pa-python |\n|---|---|---|---|")
        for name, size in SIZES:
            source, ours, theirs = at("in.mp4"), at("ours.mp4"), at("theirs.mp4")
            grow(clip, source, size)
            sign = measure([program, "stamp", source, "-o", ours, "--no-watermark", "--origin", "camera", "--identity", "bench", "--quiet"], env)
            other = measure([python, "-c", SIGN, at("chain.pem"), at("key.pem"), source, theirs], env)
            print(f"| {name} | sign | {sign} | {other} |", flush=True)
            read = measure([program, "verify", ours, "--only", "credentials", "--quiet"], env)
            other = measure([python, "-c", READ, ours], env)
            print(f"| {name} | verify what filigrane signed | {read} | {other} |", flush=True)
            read = measure([program, "verify", theirs, "--only", "credentials", "--quiet"], env)
            other = measure([python, "-c", READ, theirs], env)
            print(f"| {name} | verify what c2pa-python signed | {read} | {other} |", flush=True)
            for path in (source, ours, theirs):
                if os.path.exists(path):
                    os.remove(path)


main()
