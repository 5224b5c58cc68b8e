"""Interchangeable and independent cells beside piqs and QuTiP, on one core.

    python -m benchmarks.large

Energy and ergotropy of all-to-all networks and stars at 21 times in [0, 1], J = 2, gamma = 0.5, dephasing = 0.25,
gamma_bond = 0.25 (a star: at the limit of positivity), from |+> on every cell; the best of two runs. QuTiP solves the
2^N levels, piqs the blocks of total spin, both by `mesolve` (adams) at the loosest tolerance that is within 1e-7 of the
spread of H0; their eigenvalues, and the counting of copies that piqs leaves to its user, are left out of their times.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import qutip
from qutip import piqs

import qbsim as qb

T = np.linspace(0, 1, 21)
J, GAMMA, BOND, DEPHASING = 2.0, 0.5, 0.25, 0.25
ACCURACY = 1e-7


def network(geometry: Callable[[int], Any], N: int) -> qb.Network:
    """Network of the table."""
    bond = GAMMA / np.sqrt(N - 1) if geometry is qb.central else BOND
    return qb.network(geometry(N), N, J=J, gamma=GAMMA, gamma_bond=bond, dephasing=DEPHASING)


def by_qbsim(net: qb.Network, state: str) -> tuple[float, np.ndarray, str]:
    """Seconds, energies, solver."""
    spent = []
    for _ in range(2):
        start = time.perf_counter()
        ds = qb.evolve(net, state, T, progress=False)
        spent.append(time.perf_counter() - start)
    return min(spent), ds.energy.values, ds.solver


def by_mesolve(run: Callable[[dict], np.ndarray], exact: np.ndarray, spread: float) -> float:
    """Seconds of the loosest tolerance that is accurate enough."""
    for digits in range(5, 12):
        options = {"method": "adams", "rtol": 10.0**-digits, "atol": 10.0 ** -(digits + 2), "nsteps": 10**7}
        start = time.perf_counter()
        energies = run(options | {"progress_bar": "", "normalize_output": False})
        spent = time.perf_counter() - start
        if np.abs(energies - exact).max() <= ACCURACY * spread:
            return spent
    return float("nan")


def by_qutip(net: qb.Network) -> Callable[[dict], np.ndarray]:
    """All levels, in matrix form."""
    rho0 = qb.plus(net.N)
    return lambda options: np.array(
        qutip.mesolve(
            net.H, rho0, T, net.c_ops, e_ops=[net.H0], options=options | {"matrix_form": True, "store_states": False}
        ).expect[0]
    )


def by_piqs(N: int) -> Callable[[dict], np.ndarray]:
    """Blocks of total spin; dephasing with sigma_z decays a coherence at half of its rate."""
    number = piqs.jspin(N, "z") + N / 2 * qutip.qeye_like(piqs.jspin(N, "z"))
    exchange = J * (piqs.jspin(N, "+") * piqs.jspin(N, "-") - number)
    model = piqs.Dicke(N, number + exchange, emission=GAMMA - BOND, collective_emission=BOND, dephasing=2 * DEPHASING)
    L, rho0 = model.liouvillian(), piqs.css(N)
    return lambda options: np.array(qutip.mesolve(L, rho0, T, e_ops=[number], options=options).expect[0])


def main() -> None:
    """Table."""
    print("| work | solver | qbsim | QuTiP | piqs |\n| --- | --- | --- | --- | --- |")
    rows = [(qb.all_to_all, N, "plus") for N in (6, 8, 10, 20, 40, 100)]
    rows += [(qb.central, N, "plus") for N in (6, 8, 20, 40)] + [(qb.all_to_all, 100, "classical")]
    for geometry, N, state in rows:
        net = network(geometry, N)
        ours, energy, solver = by_qbsim(net, state)
        others = []
        if N <= 8:
            others.append(by_mesolve(by_qutip(net), energy, N))
        others += [np.nan] * (1 - len(others))
        others.append(by_mesolve(by_piqs(N), energy, N) if geometry is qb.all_to_all and N <= 20 else np.nan)
        shown = ["" if np.isnan(x) else f"{x:.2g} s ({x / ours:.3g}x)" for x in others]
        print(
            f"| {geometry.__name__}, {N} cells, {state} | {solver} | {ours:.2g} s | {' | '.join(shown)} |", flush=True
        )
    w = np.random.default_rng(0).uniform(0.5, 1.5, 400)
    ours, _, solver = by_qbsim(qb.network((), omega=w, gamma=w), "plus")
    print(f"| 400 different cells apart, plus | {solver} | {ours:.2g} s | | |")
    print(f"\npeak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.2g} GiB")


if __name__ == "__main__":
    main()
