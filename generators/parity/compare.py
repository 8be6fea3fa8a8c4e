"""Compares two folders of fixtures: `python compare.py COMMITTED FRESH`. Says where live diffusers has moved."""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file

committed, fresh = Path(sys.argv[1]), Path(sys.argv[2])
names = sorted(str(path.relative_to(fresh)) for path in fresh.rglob("*") if path.is_file())
assert names == sorted(str(path.relative_to(committed)) for path in committed.rglob("*") if path.is_file()), "other files"
worst, moved = 0.0, []
for name in names:
    if name.endswith(".safetensors"):
        old, new = load_file(committed / name), load_file(fresh / name)
        assert old.keys() == new.keys(), name
        for key in old:
            apart = (old[key].double() - new[key].double()).abs().max().item()
            # 8-bit samples may fall on the other side of a half.
            if apart > (1 if old[key].dtype == torch.uint8 else 1e-5):
                moved.append(f"{name} {key}: {apart}")
            elif old[key].dtype != torch.uint8:
                worst = max(worst, apart)
    elif name.endswith("expected.json"):
        if json.loads((committed / name).read_text()) != json.loads((fresh / name).read_text()):
            moved.append(name)
print(f"{len(names)} files made anew; floats within {worst:.1e} of the committed ones")
sys.exit("\n".join(moved) or 0)
