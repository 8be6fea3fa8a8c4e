"""live.py TRUST.pem INIT SEGMENT…: what two unrelated engines say of media segments that are signed one by one, as JSON."""

import io
import json
import struct
import sys

import c2pa
import encypher_c2pa

C2PA_BOX = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")


def store(segment):
    """The manifest store: c2pa-python looks for it in whole files alone."""
    at = 0
    while at + 8 <= len(segment):
        size, kind = struct.unpack(">I4s", segment[at : at + 8])
        content = segment[at + 8 : at + size]
        if kind == b"uuid" and content.startswith(C2PA_BOX + b"\0\0\0\0manifest\0"):
            return content[len(C2PA_BOX) + 4 + len(b"manifest\0") + 8 :]
        at += size
    return b""


def initiative(path, pem):
    settings = {"verify": {"verify_trust": True, "ocsp_fetch": False}, "trust": {"user_anchors": pem}}
    try:
        segment = open(path, "rb").read()
        context = c2pa.Context.from_dict(settings)
        reader = c2pa.Reader("video/mp4", io.BytesIO(segment), store(segment), context=context)
        return json.loads(reader.json()).get("validation_state")
    except Exception as error:  # whatever an engine throws at us is its answer
        return f"error: {error}"[:300]


def main():
    pem = open(sys.argv[1], encoding="utf-8").read()
    init, segments = sys.argv[2], sys.argv[3:]
    options = {"telemetry": False, "online": False, "no_default_trust": True, "trust_pem": pem}
    found = encypher_c2pa.verify_stream(init, segments, "video/mp4", method="per-segment", **options)
    # The first report is that of the initialisation segment.
    reports = [one["report"]["validation_state"] for one in found["segments"][1:]]
    print(json.dumps({
        "initiative": [initiative(path, pem) for path in segments],
        "encypher": reports,
        "chain_failures": found["chain_failures"],
    }))


main()
