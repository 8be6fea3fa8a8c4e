#!/usr/bin/env python3
"""Seeds and dictionaries for the fuzz targets: seeds.py PROGRAM OUT [FOLDER...]

All is made here with PROGRAM, from a clip that ffmpeg draws; files of FOLDERs, small enough, are added where they fit:
containers whole, manifest stores as they stand in the files. Nothing of it is kept in the repository.
"""

import base64
import json
import os
import pathlib
import re
import sqlite3
import struct
import subprocess
import sys
import tempfile

LARGEST = 64 << 10


def main(program: str, out: pathlib.Path, folders: list[str]) -> None:
    seeds = {}

    def add(target: str, *contents: bytes | str) -> None:
        kept = seeds.setdefault(target, [])
        kept += [one.encode() if isinstance(one, str) else one for one in contents]

    with tempfile.TemporaryDirectory() as room:
        room = pathlib.Path(room)
        environment = os.environ | {"FILIGRANE_HOME": str(room / "home")}

        def run(*arguments) -> str:
            # Exit statuses are verdicts.
            done = subprocess.run([program, *map(str, arguments)], env=environment, capture_output=True, check=False)
            return done.stdout.decode()

        clip, signed, report = room / "clip.mp4", room / "signed.mp4", room / "report.html"
        drawn = ["ffmpeg", "-nostdin", "-v", "error", "-y", "-f", "lavfi", "-i", "testsrc2=s=320x240:d=2:r=10"]
        subprocess.run([*drawn, "-c:v", "libx264", "-crf", "40", clip], check=True)
        for kind in ("mkv", "avi", "mov", "webm", "ts"):
            # Some containers take no H.264: their own coder then.
            subprocess.run([*drawn, "-t", "0.3", "-s", "64x64", room / f"other.{kind}"], check=True)
            add("container", (room / f"other.{kind}").read_bytes())
        run("stamp", clip, "-o", signed, "--origin", "camera", "--force", "--quiet")
        add("container", clip.read_bytes(), signed.read_bytes())
        for file in (clip, signed, room / "other.avi"):
            document = run("verify", file, "--json", "--quiet")
            add("verdict", document)
        run("verify", signed, "--report", report, "--sign-as", "default", "--quiet")
        registry = room / "home" / "registry"
        manifest = next(registry.rglob("*.c2pa")).read_bytes()
        add("manifest", manifest)
        page = report.read_bytes()
        # The page itself is long and of no matter here.
        at = page.rindex(b"<!-- filigrane report signature")
        add("report", page[at:], b"<!doctype html>\n" + page[at:])
        with sqlite3.connect(registry / "registry.sqlite") as database:
            (fingerprint,) = database.execute("select fingerprint from manifests").fetchone()
    urn = "urn:c2pa:01234567-89ab-4def-8123-456789abcdef"
    codes = re.findall(r"ISCC:[A-Z2-7]+", seeds["verdict"][1].decode())
    add("payload", fingerprint, "0123456789abcdef", "ab" * 32, urn, *codes)

    header = json.dumps({"a": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]},
                         "b": {"dtype": "F16", "shape": [4], "data_offsets": [24, 32]},
                         "__metadata__": {"format": "pt"}}).encode()
    add("safetensors", struct.pack("<Q", len(header)) + header + bytes(32))

    value = base64.b64encode(bytes.fromhex("0123456789abcdef")).decode()
    print_value = base64.b64encode(fingerprint).decode()
    who = "Authorization: Bearer %TOKEN%\n"
    binding = json.dumps({"alg": "org.filigrane.fingerprint.1", "value": print_value})
    bound = json.dumps({"bindingValue": value, "manifestId": urn})
    withdrawal = json.dumps({"reason": "r", "at": "2026-01-01T00:00:00Z", "signature": value, "subject": "s"})
    add(
        "interface",
        f"GET /v1/matches/byBinding?alg=org.filigrane.watermark.1&value={value}&maxResults=3\n{who}\n",
        f"POST /v1/matches/byBinding?maxResults=2\n{who}Content-Type: application/json\n\n{binding}",
        f"POST /v1/manifests\n{who}Content-Type: application/c2pa\n\n".encode() + manifest,
        f"GET /v1/manifests/{urn}?returnActiveManifest=true\n{who}\n",
        f"DELETE /v1/manifests/{urn}\n{who}\n",
        f"GET /v1/manifests/{urn}/revocations\n{who}\n",
        f"POST /v1/manifests/{urn}/revocations\n{who}Content-Type: application/json\n\n{withdrawal}",
        f"POST /v1/bindings\n{who}Content-Type: application/json\n\n{bound}",
        *(f"GET {path}\n{who}\n" for path in (
            "/v1/services/supportedAlgorithms", "/v1/services/capabilities", "/v1/services/status", "/v1/openapi.json",
            "/.well-known/c2pa-soft-binding-resolution", "/healthz", "/readyz", "/metrics")),
    )
    part = b"\n--\n"
    found = json.dumps({"matches": [{"manifestId": urn, "similarityScore": 100}]}).encode()
    able = json.dumps({"supportedCapabilities": ["org.filigrane.revocations", "storeManifests"]}).encode()
    gone = b'{"revocations":[' + withdrawal.encode() + b"]}"
    there = json.dumps({"apiEndpoint": "/v1"}).encode()
    whole = [b"\0" + one for one in (found, manifest, able, gone)]
    add("answers", *(bytes([what]) + part.join(whole) for what in (0, 2, 3, 4)))
    add("answers", b"\x01" + part.join(whole[1:]), b"\x0a" + part.join([b"\0" + there, *whole]))
    add("answers", b"\0" + part.join([b"\x02/v1/elsewhere", *whole]), b"\0\x07" + b'{"error":"why"}')

    for path in sorted(path for folder in folders for path in pathlib.Path(folder).rglob("*") if path.is_file()):
        whole = path.read_bytes()
        if len(whole) <= LARGEST and path.suffix.lower() not in {".json", ".md", ".txt", ".yml", ".pem", ".xml"}:
            add("container", whole)
        at = whole.find(b"jumb") - 4
        if at >= 0:
            size = struct.unpack(">I", whole[at : at + 4])[0]
            if 8 < size <= 4 * LARGEST:
                add("manifest", whole[at : at + size])
        if path.suffix == ".safetensors" and len(whole) <= LARGEST:
            add("safetensors", whole)

    for target, contents in seeds.items():
        (out / target).mkdir(parents=True, exist_ok=True)
        for number, content in enumerate(dict.fromkeys(contents)):
            (out / target / f"seed-{number:04}").write_bytes(content)
        print(f"{target}: {number + 1}")
    words = {
        "interface": ["GET ", "POST ", "PUT ", "DELETE ", "/v1/manifests/", "/v1/bindings", "/v1/matches/byBinding",
                      "/revocations", "?alg=", "&value=", "&maxResults=", "Content-Type: application/json",
                      "Content-Type: application/c2pa", "Authorization: Bearer %TOKEN%", "org.filigrane.watermark.1",
                      "org.filigrane.fingerprint.1", "io.iscc.v0", "returnActiveManifest=true", urn, "If-None-Match: ",
                      "Range: bytes=0-", "Accept: ", "Expect: 100-continue", "Transfer-Encoding: chunked"],
        "answers": ["matches", "manifestId", "supportedCapabilities", "org.filigrane.revocations", "revocations",
                    "subject", "reason", "signature", "apiEndpoint", "\\x0a--\\x0a", urn, "http://", "//"],
        "verdict": sorted(keys_of([json.loads(one) for one in seeds["verdict"]])),
    }
    for target, words in words.items():
        lines = ['"' + word.replace('"', '\\"') + '"' for word in words]
        (out / f"{target}.dict").write_text("\n".join(lines) + "\n")


def keys_of(value) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*(keys_of(one) for one in value.values()))
    if isinstance(value, list):
        return set().union(*(keys_of(one) for one in value))
    return {value} if isinstance(value, str) and len(value) < 30 and value.isascii() and value.isprintable() else set()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    main(sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:])
