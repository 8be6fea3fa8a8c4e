"""fragments.py TRUST.pem INIT FRAGMENT…: what two unrelated engines say of each media segment with its beginning, as JSON."""

import json
import sys

import c2pa
import encypher_c2pa


def initiative(init, fragment, pem):
    settings = {
        "verify": {"verify_trust": True, "ocsp_fetch": False, "remote_manifest_fetch": False},
        "trust": {"user_anchors": pem},
    }
    try:
        with open(init, "rb") as start, open(init, "rb") as again, open(fragment, "rb") as rest:
            reader = c2pa.Reader("video/mp4", start, context=c2pa.Context.from_dict(settings))
            reader.with_fragment("video/mp4", again, rest)
            found = json.loads(reader.json())
            return {
                "state": found.get("validation_state"),
                "codes": codes(found.get("validation_results", {}).get("activeManifest", {})),
                "crjson": json.loads(reader.crjson()),
            }
    except Exception as error:  # whatever an engine throws at us is its answer
        return {"state": "error", "error": str(error)[:300]}


def encypher(init, fragment, pem):
    try:
        found = encypher_c2pa.verify(
            init, "video/mp4", [fragment], telemetry=False, online=False, no_default_trust=True, trust_pem=pem
        )
        return {"state": found.get("validation_state"), "codes": codes(found.get("validation_results", {}))}
    except Exception as error:
        return {"state": "error", "error": str(error)[:300]}


def codes(results):
    return sorted({one["code"] for kind in ("success", "informational", "failure") for one in results.get(kind, [])})


def main():
    pem = open(sys.argv[1], encoding="utf-8").read()
    answers = [
        {"file": path, "initiative": initiative(sys.argv[2], path, pem), "encypher": encypher(sys.argv[2], path, pem)}
        for path in sys.argv[3:]
    ]
    print(json.dumps(answers))


main()
