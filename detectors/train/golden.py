"""What the models say of one observation, for the program's own test: golden.py OBSERVATION OUT     writes OUT/results/golden.json

OBSERVATION is what `FILIGRANE_OBSERVATION=FILE cargo test -p filigrane-detect golden` leaves.
"""

import json
import sys
from pathlib import Path

import numpy as np

import observations
import trees
from appearance import session
from features import save_json


def golden(observation: Path, out: Path) -> dict[str, list[list[float]]]:
    """Of each expert of the fusion the log-odds of each burst: one, or one for each crop."""
    seen, said = observations.read(observation), {}
    for name in json.loads((out / "fusion.json").read_text())["experts"]:
        if name == "statistics":
            ensemble = json.loads((out / "statistics.json").read_text())
            said[name] = [[trees.evaluate(ensemble, row)] for row in seen.statistics.astype(np.float64).tolist()]
        else:
            run, key = session(out / f"{name}.onnx"), "views" if name == "appearance" else "crops"
            shown = seen.views[:, None] if key == "views" else seen.crops
            said[name] = [run.run(["logits"], {key: np.array(burst).astype(np.float32)})[0].tolist() for burst in shown]
    return said


if __name__ == "__main__":
    save_json(Path(sys.argv[2]) / "results" / "golden.json", golden(Path(sys.argv[1]), Path(sys.argv[2])))
