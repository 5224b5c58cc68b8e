"""How large a run can be: forecast and measured time and memory of one run of every kind, in a process of its own.

    python -m benchmarks.sizes

prints the table of docs/sizes.md: 51 times, energy and ergotropy, processor time on one core. A chain has exchange 10,
different fields and the decay rate 1; with collective decay gamma_bond = 0.3.
"""

from __future__ import annotations

import json
import subprocess
import sys

import numpy as np

import qbsim as qb
from qbsim.charging import uncharged
from qbsim.evolution import needs_of, series
from qbsim.measures.table import read_measures
from qbsim.models.dicke import dicke_start
from qbsim.solvers import choose
from qbsim.states import read_state

TIMES = 51


def chain(N, gamma_bond=0.0):
    return qb.network(qb.linear(N), omega=np.linspace(8, 12, N), J=10.0, gamma=1.0, gamma_bond=gamma_bond)


def clique(N, geometry=qb.all_to_all, gamma_bond=0.25):
    return qb.network(geometry(N), J=2.0, gamma=0.5, gamma_bond=gamma_bond, dephasing=0.25)


def apart(N):
    return qb.network((), N, omega=np.linspace(8, 12, N), gamma=np.linspace(0.8, 1.2, N))


KINDS = {  # what it is, solver, and sizes to a battery and a state
    "closed form: full, no bonds": ("product", [12, 16], lambda N: (qb.network((), N, gamma=1.0), qb.full(N))),
    "chain, full, collective decay": ("network", [8, 10], lambda N: (chain(N, 0.3), qb.full(N))),
    "chain, plus": ("network", [6, 8, 9], lambda N: (chain(N), qb.plus(N))),
    "chain, plus, small": ("dense", [3, 5], lambda N: (chain(N), qb.plus(N))),
    "chain, plus, any model": ("qutip", [5, 6], lambda N: (chain(N), qb.plus(N))),
    "drive of all cells, no losses": ("closed", [8, 12], lambda N: ((b := qb.drive(N, N)), uncharged(b))),
    "all to all, plus": ("symmetric", [20, 40, 100], lambda N: (clique(N), "plus")),
    "all to all, classical": ("symmetric", [100], lambda N: (clique(N), "classical")),
    "star, plus": ("symmetric", [20, 40], lambda N: (clique(N, qb.central, 0.5 / np.sqrt(N - 1)), "plus")),
    "uncoupled cells, all different, plus": ("independent", [100, 400], lambda N: (apart(N), "plus")),
    "Dicke, no losses": ("closed", [20, 50], lambda n: ((b := qb.dicke(n, lam=0.5)), dicke_start(b))),
}

CHILD = """
import json, resource, sys, time
from benchmarks import sizes
kind, N = sys.argv[1], int(sys.argv[2])
solver, _, make = sizes.KINDS[kind]
sizes.measure(kind, sizes.KINDS[kind][1][0])  # imports and compiles
peak = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
base, began = peak(), time.process_time()
sizes.measure(kind, N)
print(json.dumps([*sizes.forecast(kind, N), time.process_time() - began, peak() - base]))
"""


def _request(kind, N):
    solver, _, make = KINDS[kind]
    battery, state = make(N)
    start = read_state(state, battery.dims)
    return battery, start, np.linspace(0, 1, TIMES), read_measures(("energy", "ergotropy")), solver


def forecast(kind, N):
    """Seconds and bytes, by the solver."""
    battery, rho0, times, measures, solver = _request(kind, N)
    module = choose(battery, rho0, times, solver).module
    seconds = module.seconds(battery, rho0, times, spectrum=needs_of(measures).spectrum)
    return seconds, module.forecast(battery, rho0, times)


def measure(kind, N):
    """The run itself."""
    battery, rho0, times, measures, solver = _request(kind, N)
    series(battery, rho0, times, measures, qb.solvers.Settings(solver))


def _size(number):
    return f"{number / 2**20:.0f} MiB" if number < 2**30 else f"{number / 2**30:.1f} GiB"


def main():
    print("| run | solver | cells | time | its forecast | memory | its forecast |")
    print("| --- | --- | --- | --- | --- | --- | --- |")
    for kind, (solver, sizes, _) in KINDS.items():
        for N in sizes:
            out = subprocess.run(
                [sys.executable, "-c", CHILD, kind, str(N)], capture_output=True, text=True, check=True
            )
            predicted, memory, seconds, used = json.loads(out.stdout)
            row = [kind, solver, N, f"{seconds:.2g} s", f"{predicted:.2g} s", _size(used), _size(memory)]
            print("|", " | ".join(map(str, row)), "|", flush=True)


if __name__ == "__main__":
    main()
