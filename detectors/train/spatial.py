"""Expert `spatial`: spatial.py STATE OUT SECONDS SECONDS_OF_FOLD (of processor). What it looks at: `networks.py`."""

import sys
from pathlib import Path

import expert

if __name__ == "__main__":
    expert.run("spatial", Path(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), float(sys.argv[4]))
