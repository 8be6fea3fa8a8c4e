"""judge.py TRUST.pem FILE…: what two unrelated engines say of each file, as JSON.

c2pa-python wraps the engine of the Content Authenticity Initiative; encypher-c2pa shares no code with it. A manifest
beside the file (FILE.c2pa) is used when there is one.
"""

import json
import mimetypes
import os
import sys

import c2pa
import encypher_c2pa

TYPES = {".m4v": "video/x-m4v", ".mkv": "video/x-matroska", ".webm": "video/webm", ".avi": "video/x-msvideo"}


def media_type(path):
    ending = os.path.splitext(path)[1].lower()
    return TYPES.get(ending) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def initiative(path, kind, sidecar, pem):
    settings = {"verify": {"verify_trust": True, "ocsp_fetch": False, "remote_manifest_fetch": False}}
    if pem:
        settings["trust"] = {"user_anchors": pem}
    context = c2pa.Context.from_dict(settings)
    try:
        with open(path, "rb") as stream:
            # A container that no engine knows is read as bytes: its binding is a hash over all of them.
            kind = kind if sidecar is None else "application/octet-stream"
            reader = c2pa.Reader(kind, stream, sidecar, context=context)
            found = json.loads(reader.json())
            return {
                "state": found.get("validation_state"),
                "codes": codes(found.get("validation_results", {}).get("activeManifest", {})),
                "crjson": json.loads(reader.crjson()),
            }
    except Exception as error:  # whatever an engine throws at us is its answer
        return {"state": "error", "error": str(error)[:300]}


def encypher(path, kind, sidecar, pem):
    options = {"telemetry": False, "online": False, "no_default_trust": True}
    if pem:
        options["trust_pem"] = pem
    if sidecar is not None:
        options["manifest_store"] = sidecar
    try:
        found = encypher_c2pa.verify(path, kind, **options)
        if not found.get("present", True):
            return {"state": "absent", "codes": []}
        return {"state": found.get("validation_state"), "codes": codes(found.get("validation_results", {}))}
    except Exception as error:
        return {"state": "error", "error": str(error)[:300]}


def codes(results):
    return sorted({one["code"] for kind in ("success", "informational", "failure") for one in results.get(kind, [])})


def main():
    pem = open(sys.argv[1], encoding="utf-8").read() if sys.argv[1] != "-" else ""
    answers = []
    for path in sys.argv[2:]:
        beside = path + ".c2pa"
        sidecar = open(beside, "rb").read() if os.path.isfile(beside) else None
        kind = media_type(path)
        answers.append({
            "file": path,
            "initiative": initiative(path, kind, sidecar, pem),
            "encypher": encypher(path, kind, sidecar, pem),
        })
    print(json.dumps(answers))


main()
