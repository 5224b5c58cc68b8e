"""Compute the data of `eta_scaling`: ratio of ergotropies at one fixed time, for every realization.

    OMP_NUM_THREADS=1 python -m scenarios.beyond._eta_data --store runs/eta_scaling

Plan, made from a pilot of 32 to 160 realizations with another seed (`PILOT_SEED`) before the run. The mean gain peaks at
Gamma t = 0.080 for all of N = 7 to 10 (parabola through 0.07, 0.08, 0.10); a time off by 0.001 costs 0.004 %. Chains of
different length share the draws of their common cells, which correlates their gains (0.8 and more), so that the slope
of one realization over N = 7 to 10 scatters by about 1.7 % per cell; `REALIZATIONS` then fixes its mean to 0.05 %
per cell. One realization of all four sizes takes 3 s of one core, ten cells most of it: the run takes 70 minutes, and
resumes from its store. The passive energies are exact.
"""

import argparse
import json
import platform
from pathlib import Path

import numpy as np

import qbsim as qb

from ..arjmandi2022 import chain

DELTA = 5.0
TIME = 0.08  # 1/Gamma
SIZES = (7, 8, 9, 10)
REALIZATIONS = 1280
SEED, PILOT_SEED = 2022, 777
FILE = Path(__file__).parent / "data" / "eta_scaling.json"


def ratios(N, realizations, *, seed=SEED, store=None, workers=None):
    """Ergotropy at `TIME` over the initial one, (realizations,)."""
    ds = qb.sweep(
        chain,
        {"N": [N], "delta": [DELTA]},
        states="plus",
        tlist=[0.0, TIME],
        measures="ergotropy",
        realizations=realizations,
        seed=seed,
        keep="all",
        store=store,
        executor=None if workers else "serial",
        workers=workers,
    )
    curves = ds.ergotropy.squeeze(["N", "delta", "state"]).transpose("realization", "time").values
    return curves[:, 1] / curves[:, 0]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="folder of the finished batches; the run resumes")
    parser.add_argument("--realizations", type=int, default=REALIZATIONS)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args()
    data = {}
    for N in SIZES:
        found = ratios(N, args.realizations, seed=args.seed, store=args.store / str(N), workers=args.workers)
        data[str(N)] = found.round(10).tolist()
        print(f"N = {N}: {100 * (found.mean() - 1):.2f}({100 * found.std(ddof=1) / len(found) ** 0.5:.2f}) %", flush=True)
    record = {
        "made_by": f"python -m scenarios.beyond._eta_data --store STORE --realizations {args.realizations} "
        f"--seed {args.seed}",
        "seed": args.seed,
        "ratio": data,
    }
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record, indent=0) + "\n")


if __name__ == "__main__":
    main()
