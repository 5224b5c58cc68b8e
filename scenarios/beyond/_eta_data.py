"""Compute the data of `eta_scaling`: ratio of ergotropies at one fixed time, for every realization.

    OMP_NUM_THREADS=1 python -m scenarios.beyond._eta_data --store runs/eta_scaling

Plan, made before the run from a pilot with another seed, 160, 160, 64 and 32 realizations of N = 7, 8, 9 and 10: the
mean gain peaks at Gamma t = 0.080 for all of these N (parabola through 0.07, 0.08, 0.10), and a time off by 0.001 costs
0.004 %. Chains of different length share the draws of their common cells, which correlates their gains (0.79 between
7 and 10 cells), so that the slope of one realization over N = 7 to 10 scatters by 1.7 % per cell only: `REALIZATIONS`
fixes its mean to 0.05 % per cell. One realization of all four sizes takes 3.4 s of one core, ten cells most of it: the
run takes 75 minutes, and resumes from its store. The passive energies are exact.
"""

import argparse
import hashlib
import json
from importlib.resources import files
from pathlib import Path

import numpy as np

import qbsim as qb

from .. import arjmandi2022
from ..arjmandi2022 import DELTA, SEED, chain

TIME = 0.08  # 1/Gamma
SIZES = (7, 8, 9, 10)
REALIZATIONS = 1280
SAMPLE, TOLERANCE = 5, 1e-7  # realizations of seven cells that are computed again, and how well they have to agree
FILE = Path(__file__).parent / "data" / "eta_scaling.json"


def ratios(N, realizations, *, time=TIME, seed=SEED, store=None, workers=None):
    """Ergotropy at a time over the initial one, (realizations,)."""
    ds = qb.sweep(
        chain,
        {"N": [N], "delta": [DELTA]},
        states="plus",
        tlist=[0.0, time],
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


def read(file=FILE):
    """Stored ratios, {N: (realizations,)}, and the record of how they were made."""
    record = json.loads(file.read_text(encoding="utf-8"))
    ratio = {int(N): np.asarray(values, dtype=float) for N, values in record.pop("ratio").items()}
    other = [name for name, value in model().items() if record["model"][name] != value]
    if other:
        raise ValueError(
            f"{other[0]} = {model()[other[0]]} is not that of the stored ratios, {record['model'][other[0]]}: compute "
            "them again with scenarios.beyond._eta_data (75 minutes)."
        )
    return ratio, record


def model(time=TIME):
    """Constants that decide the ratios at a time."""
    reading = list(arjmandi2022.READING[:3])  # the last entry is which delta are plotted
    return {
        "SEED": SEED,
        "TIME": time,
        "DELTA": DELTA,
        "GAMMA": arjmandi2022.GAMMA,
        "READING": reading,
        "DISTRIBUTION": arjmandi2022.DISTRIBUTION,
    }


def code(file=__file__):
    """SHA-256 of the sources of qbsim, of the model and of a file, and the versions the numbers depend on."""
    package = Path(str(files("qbsim")))
    sources = sorted(package.rglob("*.py"), key=lambda path: path.relative_to(package).as_posix())
    sha = hashlib.sha256()
    for path in (*sources, Path(arjmandi2022.__file__), Path(file)):
        sha.update(path.name.encode() + b"\0" + path.read_bytes())
    versions = qb.evolve(qb.single_cell(gamma=1.0), qb.plus(1), [0.0, 1.0]).attrs
    return {"code_sha256": sha.hexdigest()} | {k: v for k, v in versions.items() if k.endswith("_version")}


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--store", type=Path, required=True, help="folder of the finished batches; the run resumes")
    parser.add_argument("--realizations", type=int, default=REALIZATIONS, help="the plan's number by default")
    parser.add_argument("--sizes", type=int, nargs="+", default=list(SIZES), help="numbers of cells")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--workers", type=int, default=None)
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args(argv)
    ratio = {}
    for N in args.sizes:
        found = ratios(N, args.realizations, seed=args.seed, store=args.store / str(N), workers=args.workers)
        ratio[N] = found.round(10).tolist()
        mean, error = 100 * (found.mean() - 1), 100 * found.std(ddof=1) / len(found) ** 0.5
        print(f"N = {N}: {mean:.2f}({error:.2f}) %", flush=True)
    # stored batches may be older than the code: what is named has to give the same numbers
    again = ratios(args.sizes[0], SAMPLE, seed=args.seed)
    apart = float(np.abs(again - ratio[args.sizes[0]][:SAMPLE]).max())
    if apart > TOLERANCE:
        raise SystemExit(f"The store does not belong to this code: numbers differ by {apart:.1e}. Use an empty store.")
    command = f"python -m scenarios.beyond._eta_data --realizations {args.realizations} --seed {args.seed}"
    record = {"command": command, "seed": args.seed, "model": model() | {"SEED": args.seed}, **code(), "ratio": ratio}
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(record, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
