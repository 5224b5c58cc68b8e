"""Compute the data of `eta_hundred`: brackets of the ratio of ergotropies at one fixed time, for every realization.

    OMP_NUM_THREADS=1 python -m scenarios.beyond._hundred_data

Chains of eight and ten cells are solved exactly; for longer ones `trajectories` gives a bracket of the ergotropy, which
is divided by the initial ergotropy. Realizations of different length share the draws of their common cells. One core
needs about a quarter of an hour, a third of it for a hundred cells. A run of some of the sizes keeps the others in the
file, if the same code made them.
"""

import argparse
import json
from pathlib import Path

import numpy as np

import qbsim as qb

from ..arjmandi2022 import DELTA, SEED, chain
from ._eta_data import code, model, ratios

TIME = 0.05  # 1/Gamma
EXACT = {8: 160, 10: 80}  # cells to realizations
SAMPLED = {14: 8, 20: 8, 40: 6, 100: 3}
NTRAJ = 400
CONFIDENCE = 0.95  # of every bracket
AGAIN, TOLERANCE = 14, 1e-7  # cells of the realization that is computed again, and how well it has to agree
FILE = Path(__file__).parent / "data" / "eta_hundred.json"


def bracket(N, k, *, seed=SEED):
    """Lower and upper bound of the ergotropy at `TIME` over the initial one, for realization k."""
    battery = chain(N, DELTA, np.random.default_rng(np.random.SeedSequence([seed, k])))
    ds = qb.trajectories(
        battery,
        "plus",
        [0.0, TIME],
        "ergotropy",
        ntraj=NTRAJ,
        seed=k,
        confidence=CONFIDENCE,
        executor="serial",
    )
    start = battery.omega.sum() / 2  # all of the energy: |+...+> is pure
    return [float(bound[1]) / start for bound in (ds.ergotropy_lower, ds.ergotropy_upper)]


def read(file=FILE):
    """Stored brackets, {N: (realizations, 2)}, and the record of how they were made."""
    record = json.loads(file.read_text(encoding="utf-8"))
    brackets = {int(N): np.asarray(values, dtype=float) for N, values in record.pop("bracket").items()}
    other = [name for name, value in model(TIME).items() if record["model"][name] != value]
    if other:
        raise ValueError(
            f"{other[0]} = {model(TIME)[other[0]]} is not that of the stored brackets, {record['model'][other[0]]}: "
            "compute them again with scenarios.beyond._hundred_data."
        )
    return brackets, record


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[*EXACT, *SAMPLED], help="numbers of cells")
    parser.add_argument("--out", type=Path, default=FILE)
    args = parser.parse_args(argv)
    record = {
        "command": "python -m scenarios.beyond._hundred_data",
        "seed": SEED,
        "model": model(TIME),
        **code(__file__),
    }
    for N in args.sizes:
        if N in EXACT:
            found = np.repeat(ratios(N, EXACT[N], time=TIME)[:, None], 2, axis=1).round(10).tolist()
        else:
            found = [bracket(N, k) for k in range(SAMPLED[N])]
        lower, upper = 100 * (np.mean(found, axis=0) - 1)
        print(f"N = {N}: {lower:.2f} to {upper:.2f} %", flush=True)
        others = json.loads(args.out.read_text(encoding="utf-8")) if args.out.exists() else {}
        kept = others.get("bracket", {}) if others.get("code_sha256") == record["code_sha256"] else {}
        brackets = dict(sorted(({int(n): values for n, values in kept.items()} | {N: found}).items()))
        args.out.parent.mkdir(parents=True, exist_ok=True)
        args.out.write_text(json.dumps(record | {"bracket": brackets}, indent=0) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
