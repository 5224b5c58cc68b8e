"""Batteries of any kind against QuTiP at equal error, one core: what solver `sparse` is for.

    python -m benchmarks.any                     table (about five minutes)
    python -m benchmarks.any --cavities          also cavities of many cells, with their memory

QuTiP is the best of superoperator and matrix form with adams, bdf and vern9, each at the loosest tolerance whose energy
is within 1e-7 of the spread of H0; qbsim runs at its default tolerances. Every time is the best of several runs, with
the Liouvillian or the solver built anew.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import itertools
import resource
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import qutip

import qbsim as qb
from benchmarks.solvers import best_of

ACCURACY = 1e-7  # of the spread of H0
Problem = tuple[qb.Battery, qutip.Qobj, np.ndarray]


def on(op: qutip.Qobj, k: int, dims: list[int]) -> qutip.Qobj:
    """An operator on tensor factor k."""
    return qutip.tensor([op if j == k else qutip.qeye(d) for j, d in enumerate(dims)])


def cavity() -> Problem:
    """Three qubits of different frequencies in a lossy, driven cavity of 20 levels."""
    dims, s, a = [2, 2, 2, 20], qutip.destroy(2), qutip.destroy(20)
    A = on(a, 3, dims)
    H = sum(
        0.1 * k * on(s.dag() * s, k, dims) + 0.5 * (on(s, k, dims) * A.dag() + on(s.dag(), k, dims) * A)
        for k in range(3)
    )
    H0 = sum(on(s.dag() * s, k, dims[:3]) for k in range(3))
    c_ops = [np.sqrt(0.5) * A, *(np.sqrt(0.05) * on(s, k, dims) for k in range(3))]
    return (
        qb.Battery(H0, H + 0.7 * (A + A.dag()), c_ops, N=3, cells=[0, 1, 2]),
        qutip.fock(dims, [0, 0, 0, 0]),
        np.linspace(0, 10, 51),
    )


def qutrits() -> Problem:
    """Five qutrits in a chain, each losing its levels one after the other."""
    dims, a = [3] * 5, qutip.destroy(3)
    number = sum(on(a.dag() * a, k, dims) for k in range(5))
    hop = sum(on(a.dag(), k, dims) * on(a, k + 1, dims) for k in range(4))
    H = number + 0.8 * (hop + hop.dag()) - 0.2 * sum(on(a.dag() ** 2 * a**2, k, dims) for k in range(5))
    start = qutip.tensor([qutip.basis(3, k % 3) for k in range(5)])
    return qb.Battery(number, H, [np.sqrt(0.2) * on(a, k, dims) for k in range(5)], N=5), start, np.linspace(0, 5, 26)


def kerr() -> Problem:
    """A driven Kerr oscillator of 60 levels, in the frame of the drive."""
    a = qutip.destroy(60)
    H = -0.5 * a.dag() * a + 0.05 * a.dag() ** 2 * a**2 + 1.2 * (a + a.dag())
    return qb.Battery(a.dag() * a, H, [np.sqrt(0.3) * a], N=1), qutip.basis(60, 0), np.linspace(0, 20, 101)


def central_spin() -> Problem:
    """A spin and six neighbours of different couplings, with flips, flops and losses of every one."""
    dims, s = [2] * 7, qutip.destroy(2)
    z = qutip.Qobj(np.diag([-1.0, 1.0]))
    g = np.linspace(0.6, 1.4, 6)
    H = sum(0.5 * on(s.dag() * s, k, dims) for k in range(7))
    for k in range(1, 7):
        flip = on(s.dag(), 0, dims) * on(s, k, dims)
        H = H + g[k - 1] * (flip + flip.dag() + 0.5 * on(z, 0, dims) * on(z, k, dims))
    H0 = sum(on(s.dag() * s, k, dims) for k in range(7))
    start = qutip.tensor([qutip.basis(2, 0)] + [(qutip.basis(2, 0) + qutip.basis(2, 1)).unit()] * 6)
    return qb.Battery(H0, H, [np.sqrt(0.1) * on(s, k, dims) for k in range(7)], N=7), start, np.linspace(0, 5, 26)


def qutip_best(problem: Problem, exact: np.ndarray, repeat: int) -> tuple[float, str]:
    """Best of QuTiP's forms and methods at equal accuracy."""
    battery, rho0, times = problem
    H0 = (
        battery.H0
        if len(battery.cells) == len(battery.dims)
        else qutip.expand_operator(battery.H0, battery.dims, list(battery.cells))
    )
    spread, best, name = float(np.ptp(battery.H0.eigenenergies())), np.inf, ""

    def run(options: dict[str, Any]) -> np.ndarray:
        return np.array(qutip.mesolve(battery.H, rho0, times, battery.c_ops, e_ops=[H0], options=options).expect[0])

    for form, method in itertools.product((False, True), ("adams", "bdf", "vern9")):
        for digits in range(5, 13):
            options = {"method": method, "rtol": 10.0**-digits, "atol": 10.0 ** (-digits - 2), "nsteps": 10**7}
            options |= {"matrix_form": form, "progress_bar": "", "normalize_output": False}
            start = time.perf_counter()
            energy = run(options)
            once = time.perf_counter() - start
            if np.abs(energy - exact).max() <= ACCURACY * spread:
                spent = min(once, best_of(lambda o=options: run(o), repeat - 1)) if once < 1.5 * best else once
                if spent < best:
                    best, name = spent, f"{'matrix' if form else 'super'} {method} 1e-{digits}"
                break
            if once > 3 * best:
                break
    return best, name


def measure(build: Callable[[], Problem], repeat: int = 3) -> str:
    """One line of the table."""
    battery, rho0, times = build()
    exact = qb.evolve(battery, rho0, times, "energy", solver="qutip", rtol=1e-12, atol=1e-13).energy.values
    first = qb.evolve(battery, rho0, times, "energy", progress=False)
    error = np.abs(first.energy.values - exact).max() / np.ptp(battery.H0.eigenenergies())

    def fresh() -> None:
        battery, rho0, times = build()
        began = time.perf_counter()
        qb.evolve(battery, rho0, times, "energy", progress=False)
        spent.append(time.perf_counter() - began)

    spent: list[float] = []
    for _ in range(repeat):
        fresh()
    theirs, form = qutip_best((battery, rho0, times), exact, 2)
    ours, title = min(spent), (build.__doc__ or "").splitlines()[0]
    return f"{title:85} {first.solver:8} {ours:8.3f} s {theirs:8.3f} s {form:20} {theirs / ours:6.1f} {error:8.1e}"


def cavities() -> None:
    """Dicke and Tavis-Cummings batteries of many cells."""
    losses = {"kappa": 0.1, "gamma": 0.1, "dephasing": 0.1}
    tavis = {"lam": 0.2, "rotating_wave": True}
    runs = [
        ("n = 20 Tavis-Cummings, all losses, t to 20", 20, {**tavis, **losses}, np.linspace(0, 20, 101)),
        (
            "n = 10 Dicke, kappa and gamma, t to 1.4",
            10,
            {"lam": 0.5, "kappa": 0.1, "gamma": 0.1, "photons": 80},
            np.linspace(0, 1.4, 161),
        ),
        ("n = 100 Tavis-Cummings, closed, t to 2", 100, tavis, np.linspace(0, 2, 21)),
    ]
    for title, n, given, times in runs:
        began = time.perf_counter()
        battery = qb.dicke(n, **given)
        ds = qb.evolve(battery, qb.dicke_start(battery), times, progress=False)
        spent, memory = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{title:45} {ds.solver:8} {spent:7.2f} s, at most {memory:.2f} GiB", flush=True)
    times = np.linspace(0, 2.2 / (0.5 * 6**0.5), 161)

    def answer(photons: int) -> Any:
        battery = qb.dicke(6, lam=0.5, kappa=0.1, photons=photons)
        return qb.evolve(battery, qb.dicke_start(battery), times, progress=False)

    began = time.perf_counter()
    _, cutoff, change = qb.charging.converged(answer, 36, tol=1e-5)
    spent = time.perf_counter() - began
    print(f"n = 6 Dicke, kappa, {cutoff} photon levels and twice that: {spent:.2f} s, change {change:.1e}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cavities", action="store_true", help="also cavities of many cells")
    arguments = parser.parse_args()
    warnings.simplefilter("ignore", qb.CutoffWarning)
    qb.evolve(*cavity()[:2], [0, 0.01], solver="sparse")  # compiles
    print(f"{'':85} {'solver':8} {'qbsim':>10} {'QuTiP':>10} {'':20} {'ratio':>6} {'error':>8}")
    for build in (cavity, qutrits, kerr, central_spin):
        print(measure(build), flush=True)
    if arguments.cavities:
        cavities()


if __name__ == "__main__":
    main()
