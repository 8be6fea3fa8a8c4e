#!/usr/bin/env bash
# Looks at the files in deploy/: YAML that parses, with the keys that matter, the program's own options, and a unit that systemd
# can load. Leaves out what the machine has no checker for, and says so. check-deploy.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-target/release/filigrane}

if python3 -c 'import yaml' 2>/dev/null; then
    python3 - "$program" <<'PYTHON'
import pathlib, shutil, subprocess, sys
import yaml

program = sys.argv[1]
documents = {}
for path in [*pathlib.Path("deploy").glob("*.yaml"), *pathlib.Path("deploy/kubernetes").glob("*.yaml")]:
    documents[path.name] = [document for document in yaml.safe_load_all(path.read_text()) if document]
calls = []
services = documents["compose.yaml"][0]["services"]
for name, service in services.items():
    assert "image" in service, name
    for needed in service.get("depends_on", {}):
        assert needed in services, (name, needed)
    if service["image"].startswith("filigrane"):
        calls.append(service["command"])
kinds = {}
for document in documents["worker.yaml"] + documents["autoscaling.yaml"]:
    assert document["apiVersion"] and document["metadata"]["name"] and document["spec"], document
    kinds.setdefault(document["kind"], []).append(document)
for document in kinds["Deployment"] + kinds["Job"]:
    pod = document["spec"]["template"]["spec"]
    mounted = {mount["name"] for container in pod["containers"] for mount in container.get("volumeMounts", [])}
    assert mounted == {volume["name"] for volume in pod.get("volumes", [])}, mounted
    calls += [container["args"] for container in pod["containers"]]
deployment = kinds["Deployment"][0]
assert deployment["spec"]["selector"]["matchLabels"] == deployment["spec"]["template"]["metadata"]["labels"]
scaled = kinds["ScaledObject"][0]["spec"]
assert scaled["scaleTargetRef"]["name"] == deployment["metadata"]["name"]
authentications = {document["metadata"]["name"] for document in kinds["TriggerAuthentication"]}
assert {trigger["authenticationRef"]["name"] for trigger in scaled["triggers"]} <= authentications
for line in pathlib.Path("deploy/filigrane-worker.service").read_text().splitlines():
    if line.startswith("ExecStart="):
        calls.append(line.split()[1:])
# Every call that is written there is one that the program knows: --help after it is answered.
if shutil.which(program):
    for call in calls:
        answer = subprocess.run([program, *call, "--help"], capture_output=True, text=True)
        assert answer.returncode == 0, (call, answer.stderr)
    print(f"{len(calls)} calls are known to {program}")
else:
    print(f"no {program}: the calls were not tried")
print("YAML:", ", ".join(sorted(documents)))
PYTHON
else
    echo "no python3 with yaml: the YAML was not looked at"
fi

if command -v systemd-analyze >/dev/null; then
    room=$(mktemp -d)
    trap 'rm -rf "$room"' EXIT
    # The program need not be installed here for its unit to be right.
    sed 's|/usr/local/bin/filigrane|/bin/true|' deploy/filigrane-worker.service >"$room/filigrane-worker.service"
    systemd-analyze verify "$room/filigrane-worker.service"
    echo "unit: filigrane-worker.service"
else
    echo "no systemd-analyze: the unit was not looked at"
fi
