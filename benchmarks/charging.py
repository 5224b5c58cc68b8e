"""Times and accuracy of charging and extraction, as one table: python benchmarks/charging.py

Each row runs in a process of its own, so that its peak memory is its own. Times include
building the model, but no imports.
"""

from __future__ import annotations

import math
import multiprocessing
import resource
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import numpy as np

import qbsim as qb


def dicke() -> str:
    """Fifty cells at lambda = 0.5, power refined, with the cut-off doubled once."""
    n, lam = 50, 0.5
    t = np.linspace(0, 2.2 / (lam * math.sqrt(n)), 201)

    def power(photons: int) -> float:
        battery = qb.dicke(n, lam=lam, photons=photons)
        return qb.charging.max_power(battery, qb.dicke_start(battery), t).value

    value, cutoff, change = qb.charging.converged(power, 4 * n)
    return f"P_max = {value:.8f}, {cutoff} photon levels, doubling changes {change:.0e}"


def chain() -> str:
    """Twelve cells, nearest neighbours, closed evolution in the full tensor space."""
    battery, omega = qb.spin_chain(12, omega=200.0, alpha=-1.0), 200.0
    t = np.linspace(0, 1.05 * math.pi / omega, 81)
    single = 2 * omega * 0.724611353776708  # of one free spin
    peak = qb.charging.max_power(battery, qb.charging.uncharged(battery), t)
    return f"advantage {peak.value / (12 * single):.6f}"


def uniform() -> str:
    """A hundred uniformly coupled cells in the symmetric subspace."""
    n, omega = 100, 2000.0
    battery = qb.spin_chain(n, omega=omega, alpha=-1.0, coupling="uni")
    t = np.linspace(0, 1.05 * math.pi / omega, 81)
    peak = qb.charging.max_power(battery, qb.charging.uncharged(battery), t)
    return f"advantage {peak.value / (n * 2 * omega * 0.724611353776708):.4f} (99.674)"


def copies() -> str:
    """Two hundred copies of a qutrit."""
    work = qb.extraction.extra_work([538, 237, 224], [0, 0.579, 1], 200, normalize=True)
    return f"extra work {work:.15f}, off by {abs(work - 0.008281716096608):.0e}"


def path() -> str:
    """Negativity along the path of four copies, all cuts."""
    route = qb.extraction.direct_path([538, 237, 224], [0, 0.579, 1], 4, normalize=True)
    ds = qb.extraction.follow(route, 9)
    return f"{len(route.steps)} rotations, largest negativity {float(ds.negativity.max()):.0e}"


def lossy() -> str:
    """Four cells with relaxation, in the blocks of total spin."""
    battery = qb.dicke(4, lam=0.5, photons=28, gamma=0.1)
    ds = qb.charging.charge(battery, qb.dicke_start(battery), np.linspace(0, 0.95, 21), "ergotropy")
    return f"ergotropy {float(ds.ergotropy[-1]):.7f}"


ROWS: list[tuple[str, Callable[[], str], str]] = [
    ("Dicke battery, n = 50", dicke, "60 s, 2 GB"),
    ("spin chain, n = 12, nearest neighbours", chain, "60 s"),
    ("spin chain, n = 100, uniform", uniform, "5 s"),
    ("work from n = 200 copies, d = 3", copies, "1 s"),
    ("path of n = 4 copies, d = 3", path, ""),
    ("Dicke battery with losses, n = 4", lossy, ""),
]


def measure(row: int) -> tuple[float, float, str]:
    """Time, peak memory and result of one row."""
    start = time.perf_counter()
    result = ROWS[row][1]()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return time.perf_counter() - start, memory, result


def main() -> None:
    """Print the table."""
    context = multiprocessing.get_context("spawn")
    print(f"{'what':<40} {'time / s':>9} {'GB':>5}  {'aim':<11} result")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=1) as pool:
        for row, (name, _, aim) in enumerate(ROWS):
            seconds, memory, result = pool.submit(measure, row).result()
            print(f"{name:<40} {seconds:>9.2f} {memory:>5.2f}  {aim:<11} {result}")


if __name__ == "__main__":
    main()
