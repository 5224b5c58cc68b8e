"""Interacting and driven chains against QuTiP, side by side in one run on one core.

    python -m benchmarks.spins                   table
    python -m benchmarks.spins --large           also the driven chain of ten cells and its memory (some minutes)

Work: evolution plus the energy, or energy and ergotropy, on an even grid. The chain: disordered fields of 10 Gamma,
delta = 0.5, J = 10 Gamma (exchange element 5 Gamma), Delta = 1, gamma = Gamma, Gamma t in [0, 1], from |+>; the drive:
x(t) = 10 Gamma cos(10 Gamma t) on every cell. The pair-driven chain: detunings around 0, pair = 1, no losses, from the
ground state. QuTiP is the best of superoperator and matrix form with adams and vern9, each at the loosest tolerance
whose energies are within 1e-7 of the spread of H0; its eigenvalues come from one batched call of LAPACK. Every time is
the best of several runs, in processor time.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import itertools
import resource
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import qutip

import qbsim as qb

ACCURACY = 1e-7  # of the spread of H0, for QuTiP


@dataclass
class Work:
    """A model, its start and its times."""

    name: str
    net: qb.Network
    rho0: qutip.Qobj
    tlist: np.ndarray
    measures: tuple[str, ...] = ("energy",)


def seconds(action: Callable[[], object]) -> float:
    """Processor time of one run."""
    start = time.process_time()
    action()
    return time.process_time() - start


def fields(N: int, B0: float = 10.0) -> np.ndarray:
    """Disordered fields."""
    return qb.random_fields(N, 0.5, B0=B0, rng=np.random.default_rng(1))


def drive(t: float) -> float:
    """Amplitude of the transverse field."""
    return 10 * np.cos(10 * t)


def driven(N: int) -> qb.Network:
    """Driven lossy XXZ chain."""
    return qb.network(qb.linear(N), omega=fields(N), J=5.0, zz=10.0, gamma=1.0, x=drive)


def pair_driven(N: int) -> qb.Network:
    """Transmon chain from its ground state, with detunings."""
    return qb.transmon_chain(fields(N, 1.0), pair=1.0)


def qutip_values(work: Work, options: dict) -> dict[str, np.ndarray]:
    """Energy, and ergotropy if asked for, from QuTiP's states and one batch of eigenvalue problems."""
    net = work.net
    if work.rho0.isket and not net.c_ops:
        states = qutip.sesolve(net.H, work.rho0, work.tlist, options=options).states
        return {"energy": (np.abs([s.full()[:, 0] for s in states]) ** 2) @ net.levels}
    states = qutip.mesolve(net.H, work.rho0, work.tlist, net.c_ops, options=options).states
    rho = np.array([(s.proj() if s.isket else s).full() for s in states])
    found = {"energy": np.einsum("tii->ti", rho).real @ net.levels}
    if "ergotropy" in work.measures:
        found["ergotropy"] = found["energy"] - np.linalg.eigvalsh(rho)[:, ::-1] @ np.sort(net.levels)
    return found


def settings(closed: bool) -> Iterator[tuple[str, dict]]:
    """QuTiP's forms and methods."""
    common = {"nsteps": 10**7, "progress_bar": "", "store_states": True, "normalize_output": False}
    for form, method in itertools.product((False,) if closed else (False, True), ("adams", "vern9")):
        more = {} if closed else {"matrix_form": form}
        yield f"{'matrix' if form else 'ket' if closed else 'super'} {method}", {**common, "method": method, **more}


def qutip_seconds(work: Work, exact: dict[str, np.ndarray], repeat: int) -> tuple[float, str]:
    """Best of QuTiP's forms and methods at equal accuracy."""
    spread, best, name = float(np.ptp(work.net.levels)), np.inf, ""
    for words, options in settings(not work.net.c_ops):
        for digits in range(5, 13):
            options = options | {"rtol": 10.0**-digits, "atol": 10.0 ** (-digits - 2)}
            start = time.process_time()
            found = qutip_values(work, options)
            once = time.process_time() - start
            if max(np.abs(found[key] - exact[key]).max() for key in found) <= ACCURACY * spread:
                spent = min([once, *(seconds(lambda o=options: qutip_values(work, o)) for _ in range(repeat - 1))])
                if spent < best:
                    best, name = spent, f"{words} 1e-{digits}"
                break
            if once > 3 * best:
                break  # a tighter tolerance only takes longer
    return best, name


def measure(work: Work, repeat: int, compare: bool) -> None:
    """One line of the table."""
    ds = qb.evolve(work.net, work.rho0, work.tlist, work.measures)  # compiles and warms up
    ours = min(seconds(lambda: qb.evolve(work.net, work.rho0, work.tlist, work.measures)) for _ in range(repeat))
    theirs, form = np.nan, ""
    if compare:
        theirs, form = qutip_seconds(work, {name: ds[name].values for name in work.measures}, 2)
    print(
        f"{work.name:24} {work.net.N:2d} {len(work.tlist):5d} {'+'.join(work.measures):17} {ds.attrs['solver']:8} "
        f"{ours:8.3f} {theirs:8.3f} {theirs / ours:6.1f}  {form}",
        flush=True,
    )


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="also the driven chain of ten cells (some minutes)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of which the best counts (default 5)")
    args = parser.parse_args()
    t = np.linspace(0, 1, 201)
    xxz = qb.xxz_chain(fields(7), J=10.0, Delta=1.0, gamma=1.0)
    both = ("energy", "ergotropy")
    print(f"{'model':24} {'N':>2} {'times':>5} {'measures':17} {'solver':8} {'qbsim s':>8} {'QuTiP s':>8}  ratio")
    for measures in (("energy",), both):
        measure(Work("XXZ, losses", xxz, qb.plus(7), t, measures), args.repeat, True)
        measure(Work("driven XXZ, losses", driven(7), qb.plus(7), t, measures), args.repeat, True)
    ramp = np.linspace(0, 5, 51)
    measure(Work("pair-driven, no losses", pair_driven(12), qb.empty(12), ramp), args.repeat, True)
    if args.large:
        measure(Work("driven XXZ, losses", driven(10), qb.plus(10), np.linspace(0, 1, 51), both), 1, False)
        print(f"peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20:.1f} GiB")


if __name__ == "__main__":
    main()
