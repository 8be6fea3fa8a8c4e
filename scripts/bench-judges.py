#!/usr/bin/env python3
"""What unrelated validators say of signed videos: bench-judges.py PROGRAM JUDGES

JUDGES is a folder that scripts/judges.sh filled. Prints a table in Markdown; see benches/results/judges.md.
"""

import json
import os
import subprocess
import sys
import tempfile

CONTAINERS = [("mp4", "-c copy"), ("m4v", "-c copy"), ("mov", "-c copy"), ("avi", "-c copy"), ("mkv", "-c copy"), ("webm", "-c:v libvpx -deadline realtime")]
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command, env=None):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env).stdout


def main():
    program, judges = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        env = {**os.environ, "FILIGRANE_HOME": at("home"), "JUDGES": judges}
        run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x128:rate=25", "-t", "0.5", "-c:v", "libx264", at("clip.mp4"))
        print("| container | algorithm | signer | filigrane | c2pa-python 0.38.1 | encypher-c2pa 1.7.1 | rubric |\n|---|---|---|---|---|---|---|")
        for container, arguments in CONTAINERS:
            run("ffmpeg", "-v", "error", "-y", "-i", at("clip.mp4"), *arguments.split(), at(f"in.{container}"))
            for algorithm in ("ed25519", "es256"):
                if not os.path.isdir(at(f"home/identities/{algorithm}")):
                    run(program, "identity", "new", algorithm, "--algorithm", algorithm, env=env)
                output = at(f"{algorithm}.{container}")
                run(program, "stamp", at(f"in.{container}"), "-o", output, "--no-watermark", "--identity", algorithm, "--origin", "generated", "--training", "deny", env=env)
                for signer, trust in (("trusted", at(f"home/identities/{algorithm}/root.pem")), ("unknown", "-")):
                    home = {**env, "FILIGRANE_HOME": at("home" if trust != "-" else "stranger")}
                    ours = json.loads(run(program, "verify", "--json", "--only", "credentials", output, env=home))["credentials"]["state"]
                    answer = json.loads(run(f"{judges}/python/bin/python", f"{HERE}/../tests/judges/judge.py", trust, output))[0]
                    document = at("x.crjson")
                    with open(document, "w") as file:
                        json.dump(answer["initiative"]["crjson"], file)
                    rules = json.loads(run("node", f"{HERE}/../tests/judges/rubric.mjs", f"{HERE}/../tests/judges/rubric.yml", document, env=env))[0]
                    says = lambda engine: answer[engine]["state"].lower() if answer[engine]["state"] != "error" else "does not read it"
                    print(f"| {container} | {algorithm} | {signer} | {ours} | {says('initiative')} | {says('encypher')} | {sum(rules.values())} of {len(rules)} |", flush=True)


main()
