"""What sweeps cost beyond their solver, as ratios taken in one run: ``python benchmarks/sweeps.py [--quick]``.

Wall-clock times of a machine that does nothing else; every pair of times is taken in turns.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import qbsim as qb
from qbsim._machine import one_thread
from qbsim.evolution import series
from qbsim.measures.table import read_measures
from qbsim.solvers import Settings
from qbsim.states import read_state
from qbsim.sweeps.tasks import Curve

TIMES = np.linspace(0, 1, 101)
STATES = ["plus", "classical", "full"]


def chain(N, delta, *, rng):
    """Disordered chain, exchange element 10, in units of the decay rate."""
    return qb.disordered_chain(N, delta, B0=10.0, exchange=10.0, gamma=1.0, rng=rng)


def wall(function: Callable[[], object]) -> float:
    """Seconds a call takes."""
    began = time.perf_counter()
    function()
    return time.perf_counter() - began


def swept(N: int, realizations: int, states: list[str], folder: Path | None = None, **kwargs) -> None:
    """A sweep at one strength of disorder."""
    qb.sweep(
        chain,
        {"N": [N], "delta": [2.0]},
        states=states,
        tlist=TIMES,
        realizations=realizations,
        store=folder,
        progress=False,
        **kwargs,
    )


def bare(N: int, realizations: int, states: list[str]) -> None:
    """The same numbers by a plain loop over the solver, nothing stored, nothing averaged."""
    table = read_measures(["energy", "ergotropy"])
    with one_thread():
        for state in states:
            rho0 = read_state(state, [2] * N)
            for k in range(realizations):
                rng = np.random.default_rng(np.random.SeedSequence([0, k]))
                series(chain(N, 2.0, rng=rng), rho0, TIMES, table)


def two_workers(N: int, realizations: int) -> float:
    """Throughput of two workers over that of one; workers are up before the clock starts."""
    swept(N, 8, ["plus"], workers=2)
    ratios = []
    for seed in range(3):
        one, two = (wall(lambda w=w, s=seed: swept(N, realizations, ["plus"], workers=w, seed=s)) for w in (1, 2))
        ratios.append(one / two)
    return float(np.median(ratios))


def over_solver(N: int, realizations: int, states: list[str], repeats: int = 3) -> float:
    """Time of a stored sweep in this process over that of the plain loop."""
    swept(N, 2, states, executor="serial")  # imports and compiles
    ratios = []
    for _ in range(repeats):
        with tempfile.TemporaryDirectory() as folder:
            stored = wall(lambda folder=folder: swept(N, realizations, states, Path(folder), executor="serial"))
        ratios.append(stored / wall(lambda: bare(N, realizations, states)))
    return float(np.median(ratios))


def per_batch(realizations: int) -> float:
    """Seconds per batch that store, manifest and averages add to the same curves computed in memory, single cells."""
    swept(1, 2, STATES, executor="serial")  # imports and compiles
    with tempfile.TemporaryDirectory() as folder:
        stored = wall(lambda: swept(1, realizations, STATES, Path(folder), executor="serial"))
        batches = len(list(Path(folder).glob("batches/*/*.npz")))
    rows = {"energy": "energy", "ergotropy": "ergotropy"}
    curves = [
        Curve(chain, {"N": 1, "delta": 2.0}, name, getattr(qb, name)(1), TIMES, rows, Settings(), 0) for name in STATES
    ]
    return (stored - wall(lambda: [curve.compute(0, realizations) for curve in curves])) / batches


def peak_memory(realizations: int) -> int:
    """Peak resident bytes of a process that sweeps serially, and so computes, stores and averages."""
    code = (
        "import resource, sys, tempfile; sys.path.insert(0, sys.argv[1]); import sweeps\n"
        "from pathlib import Path\n"
        "with tempfile.TemporaryDirectory() as folder:\n"
        "    sweeps.swept(4, int(sys.argv[2]), sweeps.STATES, Path(folder), executor='serial')\n"
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", code, here, str(realizations)], capture_output=True, text=True, check=True
    )
    return int(done.stdout)


def main() -> None:
    """Print every ratio with what it must reach, and all of them as JSON on the last line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the realizations: noisy")
    share = 10 if parser.parse_args().quick else 1
    rows = {
        "two workers over one, N = 6": (two_workers(6, 1000 // share), ">=", 1.8),
        "two workers over one, N = 7": (two_workers(7, 200 // share), ">=", 1.8),
        "stored sweep over the solver, N = 7": (over_solver(7, 100 // share, ["plus"]), "<=", 1.03),
        "milliseconds per batch, N = 1": (1e3 * per_batch(20000 // share), "<=", 20.0),
        "peak memory, 2000 realizations over 200": (peak_memory(2000) / peak_memory(200), "<=", 1.1),
        "10,000 realizations of N = 3, three states, over the solver": (
            over_solver(3, 10000 // share, STATES, repeats=1),
            "<=",
            1.3,
        ),
    }
    for name, (value, sign, limit) in rows.items():
        reached = value >= limit if sign == ">=" else value <= limit
        print(f"{name:62s} {value:8.3f}   must be {sign} {limit:g}   {'reached' if reached else 'MISSED'}", flush=True)
    print(json.dumps({name: value for name, (value, _, _) in rows.items()}))


if __name__ == "__main__":
    main()
