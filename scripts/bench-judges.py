#!/usr/bin/env python3
"""What unrelated validators say of signed videos: bench-judges.py PROGRAM JUDGES

JUDGES is a folder that scripts/judges.sh filled. Prints tables in Markdown; see benches/results/judges.md.
"""

import json
import os
import subprocess
import sys
import tempfile

CONTAINERS = [
    ("mp4", "-c copy"), ("fragmented.mp4", "-c copy -movflags frag_keyframe+empty_moov"), ("m4v", "-c copy"), ("mov", "-c copy"),
    ("avi", "-c copy"), ("mkv", "-c copy"), ("webm", "-c:v libvpx -deadline realtime"),
]
# How OpenSSL makes the key, and signs behind a command; filigrane makes the first two itself.
ALGORITHMS = {
    "ed25519": None,
    "es256": None,
    "es384": ("ec -pkeyopt ec_paramgen_curve:P-384", "dgst -sha384 -sign"),
    "ps256": ("rsa:3072", "dgst -sha256 -sigopt rsa_padding_mode:pss -sigopt rsa_pss_saltlen:32 -sign"),
}
STATES = ["trusted", "unknown signer", "content changed", "claim changed"]
LEAF = "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=emailProtection\nauthorityKeyIdentifier=keyid\nsubjectKeyIdentifier=hash\n"
HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command, env=None, cwd=None):
    return subprocess.run(command, check=True, capture_output=True, text=True, env=env, cwd=cwd).stdout


def identity(program, folder, env, algorithm):
    """Makes an identity; gives the root that trusts it."""
    if ALGORITHMS[algorithm] is None:
        run(program, "identity", "new", algorithm, "--algorithm", algorithm, env=env)
        return os.path.join(env["FILIGRANE_HOME"], "identities", algorithm, "root.pem")
    place = os.path.join(folder, f"authority-{algorithm}")
    os.mkdir(place)
    kind, sign = ALGORITHMS[algorithm]
    openssl = lambda text: run("openssl", *text.split(), cwd=place)
    with open(os.path.join(place, "leaf.cnf"), "w") as file:
        file.write(LEAF)
    openssl("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -days 30 -out root.pem -subj /O=Authority/CN=Authority -addext keyUsage=critical,keyCertSign,cRLSign")
    openssl(f"req -new -newkey {kind} -nodes -keyout key.pem -out request.pem -subj /O=Signer/CN=Signer")
    openssl("x509 -req -in request.pem -CA root.pem -CAkey root.key -set_serial 7 -days 20 -extfile leaf.cnf -out leaf.pem")
    with open(os.path.join(place, "chain.pem"), "w") as chain:
        chain.write(open(os.path.join(place, "leaf.pem")).read() + open(os.path.join(place, "root.pem")).read())
    words = ["openssl", *sign.split(), os.path.join(place, "key.pem")]
    run(program, "identity", "new", algorithm, "--certificate", os.path.join(place, "chain.pem"), "--algorithm", algorithm, *(f"--command={word}" for word in words), env=env)
    return os.path.join(place, "root.pem")


def changed(path, where):
    """A copy with one byte changed: of the content, or of the title in the claim."""
    data = bytearray(open(path, "rb").read())
    beside = path + ".c2pa"
    separate = os.path.isfile(beside)
    claim = bytearray(open(beside, "rb").read()) if separate else data
    if where == "claim changed":
        claim[claim.rindex(b"dc:title") + 11] ^= 1
    else:
        at = max(data.find(b"mdat"), data.find(b"movi"))
        data[at + 600 if at >= 0 else len(data) // 2] ^= 1
    name, ending = os.path.basename(path).split(".", 1)
    copy = os.path.join(os.path.dirname(path), f"{name}-{where.split()[0]}.{ending}")
    open(copy, "wb").write(data)
    if separate:
        open(copy + ".c2pa", "wb").write(claim)
    return copy


def main():
    program, judges = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as folder:
        at = lambda name: os.path.join(folder, name)
        env = {**os.environ, "FILIGRANE_HOME": at("home"), "JUDGES": judges}
        stranger = {**env, "FILIGRANE_HOME": at("stranger")}
        run("ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=160x128:rate=25", "-t", "0.5", "-c:v", "libx264", at("clip.mp4"))
        for container, arguments in CONTAINERS:
            run("ffmpeg", "-v", "error", "-y", "-i", at("clip.mp4"), *arguments.split(), at(f"in.{container}"))
        with open(at("model.json"), "w") as card:
            json.dump({"name": "Model", "version": "1", "type": "onnx", "licence": "MIT", "trainingData": "Own footage."}, card)
        roots, files = [], {}
        for algorithm in ALGORITHMS:
            roots.append(identity(program, folder, env, algorithm))
            for container, _ in CONTAINERS:
                output = at(f"{algorithm}.{container}")
                run(program, "stamp", at(f"in.{container}"), "-o", output, "--no-watermark", "--identity", algorithm, "--origin", "generated", "--training", "deny", "--model", at("model.json"), env=env)
                for state in STATES:
                    files[container, algorithm, state] = changed(output, state) if state.endswith("changed") else output
        with open(at("roots.pem"), "w") as all_roots:
            all_roots.write("".join(open(root).read() for root in roots))

        def judged(keys, trust):
            answers = json.loads(run(f"{judges}/python/bin/python", f"{HERE}/../tests/judges/judge.py", trust, *(files[key] for key in keys)))
            return dict(zip(keys, answers))

        answers = judged([key for key in files if key[2] != "unknown signer"], at("roots.pem"))
        answers |= judged([key for key in files if key[2] == "unknown signer"], "-")
        documents = []
        for index, answer in enumerate(answers.values()):
            documents.append(at(f"{index}.crjson"))
            with open(documents[-1], "w") as file:
                json.dump(answer["initiative"].get("crjson") or {}, file)
        rules = json.loads(run("node", f"{HERE}/../tests/judges/rubric.mjs", f"{HERE}/../tests/judges/rubric.yml", *documents, env=env))
        rules = dict(zip(answers, rules))

        def ours(key):
            trust = [] if key[2] == "unknown signer" else ["--trust", at("roots.pem")]
            done = subprocess.run([program, "verify", "--json", "--only", "credentials", *trust, files[key]], capture_output=True, text=True, env=stranger)
            return json.loads(done.stdout)["credentials"]["state"]

        says = lambda answer: answer["state"].lower() if answer["state"] != "error" else "does not read it"
        rows, apart = {}, {}
        for key, answer in answers.items():
            container, algorithm, state = key
            found = (ours(key), says(answer["initiative"]), says(answer["encypher"]))
            kept = f"{sum(rules[key].values())} of {len(rules[key])}" if not state.endswith("changed") else "–"
            rows.setdefault((container, state, *found, kept), []).append(algorithm)
            if len(set(found)) > 1:
                apart.setdefault((state, *found), set()).add(container)
        print("| container | algorithms | state | filigrane | c2pa-python 0.38.1 | encypher-c2pa 1.7.1 | rubric |\n|---|---|---|---|---|---|---|")
        order = [container for container, _ in CONTAINERS]
        for (container, state, *found), algorithms in sorted(rows.items(), key=lambda row: (order.index(row[0][0]), STATES.index(row[0][1]))):
            print(f"| {container} | {', '.join(algorithms)} | {state} | {' | '.join(found)} |")
        print("\nWhere they differ:\n\n| state | containers | filigrane | c2pa-python | encypher-c2pa |\n|---|---|---|---|---|")
        for (state, *found), containers in sorted(apart.items()):
            print(f"| {state} | {', '.join(sorted(containers))} | {' | '.join(found)} |")


main()
