"""Solvers against QuTiP and against bare LAPACK, side by side in one run on one core.

    python -m benchmarks.solvers                 table, and docs/images/solvers.png
    python -m benchmarks.solvers --large         also N = 10, 12 and 14 with their memory (about forty minutes)

Work: evolution plus energy and ergotropy on an even grid, Gamma t in [0, 1], exchange element 10 Gamma. QuTiP is the
best of superoperator and matrix form with adams and vern9, each at the loosest tolerance whose energy and ergotropy
are within 1e-7 of the spread of H0 (qbsim, at its default tolerances, is within 1e-10); its eigenvalues come from the
same batched LAPACK call. "LAPACK" is the eigenvalues alone, of the same density matrices, block by block where there
are blocks: no ergotropy takes less. Every time is the best of several runs.
"""

from __future__ import annotations

import os

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"):
    os.environ[_name] = "1"  # before numpy is imported

import argparse
import itertools
import json
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import qutip

import qbsim as qb
from qbsim.evolution import series
from qbsim.measures.table import read_measures
from qbsim.solvers import Settings, choose
from qbsim.states import read_state

MEASURES = read_measures(("energy", "ergotropy"))
ACCURACY = 1e-7  # of the spread of H0, for QuTiP
IMAGE = Path(__file__).parent.parent / "docs" / "images" / "solvers.png"


@dataclass
class Row:
    """One line of the table; times in seconds, nan where not measured."""

    N: int
    state: str
    model: str
    times: int
    solver: str
    qbsim: float
    passive: float
    qutip: float
    qutip_form: str
    lapack: float


def best_of(action: Callable[[], object], repeat: int) -> float:
    """Shortest of several runs."""
    spent = []
    for _ in range(repeat):
        start = time.perf_counter()
        action()
        spent.append(time.perf_counter() - start)
    return min(spent)


def disordered_chain(N: int) -> qb.Network:
    """delta = 5, omega0 = 10 Gamma, exchange element 10 Gamma."""
    return qb.disordered_chain(N, 5.0, B0=10.0, exchange=10.0, gamma=1.0, rng=np.random.default_rng(1))


def collective_line(N: int) -> qb.Network:
    """Linear network with bath bonds."""
    return qb.network(qb.linear(N), omega=10.0, J=10.0, gamma=1.0, gamma_bond=0.4)


def lapack_seconds(battery: qb.Network, rho0: qutip.Qobj, tlist: np.ndarray, repeat: int) -> float:
    """Eigenvalues alone, of the density matrices qbsim diagonalises."""
    from qbsim.solvers import _kernels as kernels

    start = read_state(rho0, battery.dims)
    module = choose(battery, start, tlist).module
    total = 0.0
    for segment in module.run(battery, start, tlist, Settings()):
        if not hasattr(segment, "layout"):
            return float("nan")  # closed form: no eigenvalue problem at all
        start = 0
        for m in map(len, segment.layout.blocks):
            batch = 1 if m > 512 else len(segment)  # large matrices one at a time, as memory allows
            for t in range(0, len(segment) if m > 1 else 0, batch):
                rho = np.zeros((batch, m, m), dtype=complex)
                kernels.unpack_lower(segment.packed[t : t + batch], start, rho)
                total += best_of(lambda r=rho: np.linalg.eigvalsh(r), 1 if m > 512 else repeat)
            start += m * m
    return total


def qutip_run(battery: qb.Network, rho0: qutip.Qobj, tlist: np.ndarray, options: dict) -> tuple[np.ndarray, np.ndarray]:
    """Energy and ergotropy with QuTiP's states and one batch of eigenvalue problems."""
    states = qutip.mesolve(battery.H, rho0, tlist, battery.c_ops, options=options).states
    rho = np.array([(s.proj() if s.isket else s).full() for s in states])
    levels = battery.levels
    energy = np.einsum("tii->ti", rho).real @ levels
    return energy, energy - np.linalg.eigvalsh(rho)[:, ::-1] @ np.sort(levels)


def qutip_seconds(battery: qb.Network, rho0: qutip.Qobj, tlist: np.ndarray, repeat: int) -> tuple[float, str]:
    """Best of QuTiP's forms and methods at equal accuracy."""
    exact = series(battery, read_state(rho0, battery.dims), tlist, MEASURES).values
    spread = float(np.abs(battery.omega).sum())
    best, name = np.inf, ""
    for form, method in itertools.product((False, True), ("adams", "vern9")):
        for digits in range(5, 13):
            options = {
                "method": method,
                "rtol": 10.0**-digits,
                "atol": 10.0 ** (-digits - 2),
                "nsteps": 10**7,
                "matrix_form": form,
                "progress_bar": "",
                "store_states": True,
                "normalize_output": False,
            }
            start = time.perf_counter()
            energy, ergotropy = qutip_run(battery, rho0, tlist, options)
            once = time.perf_counter() - start
            error = max(np.abs(energy - exact["energy"]).max(), np.abs(ergotropy - exact["ergotropy"]).max())
            if error <= ACCURACY * spread:
                spent = min(once, best_of(lambda o=options: qutip_run(battery, rho0, tlist, o), repeat - 1))
                if spent < best:
                    best, name = spent, f"{'matrix' if form else 'super'} {method} 1e-{digits}"
                break
            if once > 3 * best:
                break  # a tighter tolerance only takes longer
    return best, name


def measure(model: Callable[[int], qb.Network], N: int, state: str, times: int, repeat: int, compare: bool) -> Row:
    """One line of the table."""
    battery, rho0 = model(N), getattr(qb, state)(N)
    tlist = np.linspace(0, 1, times)
    start = read_state(rho0, battery.dims)
    run = series(battery, start, tlist, MEASURES)  # compiles and warms up
    ours = best_of(lambda: series(model(N), start, tlist, MEASURES), repeat)
    passive = float("nan")
    if run.choice.name == "network" and state == "plus":
        passive = best_of(lambda: series(model(N), start, tlist, MEASURES, Settings(passive_tol=1e-4)), repeat)
    theirs, form = qutip_seconds(battery, rho0, tlist, 2) if compare else (float("nan"), "")
    lapack = lapack_seconds(battery, rho0, tlist, repeat)
    name = "disordered chain" if model is disordered_chain else "collective decay"
    return Row(N, state, name, times, run.choice.name, ours, passive, theirs, form, lapack)


def application_nanoseconds(N: int) -> float:
    """One application of the generator of the disordered chain to a dense state, divided by N 4^N."""
    from qbsim.solvers import _kernels as kernels
    from qbsim.solvers._couplings import layout_for
    from qbsim.solvers.network import generator_of

    battery = disordered_chain(N)
    layout = layout_for(battery, "none")
    generator = generator_of(battery, layout, 0.0)
    q, out = np.random.default_rng(0).normal(size=layout.size), np.empty(layout.size)
    kernels.apply_generator(q, out, generator)
    count = max(3, int(1e8 / (N * 4**N)))

    def apply() -> None:
        for _ in range(count):
            kernels.apply_generator(q, out, generator)

    return best_of(apply, 5) / count / (N * 4**N) * 1e9


def memory_of(N: int, state: str, model: str, times: int) -> dict:
    """Forecast and measured peak memory of one run, in a process of its own."""
    code = (
        "import json, re, sys, time, numpy as np, qbsim as qb\n"
        "from benchmarks.solvers import MEASURES, collective_line, disordered_chain\n"
        "from qbsim.solvers import network\n"
        "from qbsim.evolution import series\n"
        "from qbsim.states import read_state\n"
        "peak = lambda: 1024 * int(re.search(r'VmHWM:\\s+(\\d+)', open('/proc/self/status').read())[1])\n"
        "small = collective_line(4)\n"
        "series(small, read_state(qb.plus(4), small.dims), np.linspace(0, 1, 3), MEASURES)\n"
        f"battery, t = {model}({N}), np.linspace(0, 1, {times})\n"
        f"rho0 = read_state(qb.{state}({N}), battery.dims)\n"
        "base, forecast, start = peak(), network.forecast(battery, rho0, t), time.perf_counter()\n"
        "series(battery, rho0, t, MEASURES)\n"
        "print(json.dumps([forecast, peak() - base, peak(), time.perf_counter() - start]))\n"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    forecast, used, total, seconds = json.loads(out)
    return {"N": N, "state": state, "forecast": forecast, "used": used, "total": total, "seconds": seconds}


def print_rows(rows: list[Row]) -> None:
    """Table on the terminal."""
    print(
        f"{'N':>2} {'state':9} {'model':16} {'times':>5} {'solver':7} {'qbsim s':>9} {'passive s':>9} {'QuTiP s':>9} "
        f"{'LAPACK s':>9} {'QuTiP/qbsim':>11} {'QuTiP/passive':>13} {'qbsim/LAPACK':>12}  QuTiP's best"
    )
    for r in rows:
        ratios = f"{r.qutip / r.qbsim:11.1f} {r.qutip / r.passive:13.1f} {r.qbsim / r.lapack:12.2f}"
        print(
            f"{r.N:2d} {r.state:9} {r.model:16} {r.times:5d} {r.solver:7} {r.qbsim:9.4f} {r.passive:9.4f} "
            f"{r.qutip:9.4f} {r.lapack:9.4f} {ratios}  {r.qutip_form}"
        )


def draw(rows: list[Row]) -> None:
    """Bar chart of the same numbers."""
    from qbsim import plotting

    rows = [r for r in rows if np.isfinite(r.qutip)]
    with plotting.offscreen(), plotting.style():
        fig, ax = plotting.figure(width=6.4, height=3.6)
        x = np.arange(len(rows))
        bars = {
            "QuTiP, best": ([r.qutip for r in rows], plotting.VERMILION),
            "qbsim": ([r.qbsim for r in rows], plotting.BLUE),
            "qbsim, passive_tol = 1e-4": ([r.passive for r in rows], plotting.SKY),
            "LAPACK eigenvalues alone": ([r.lapack for r in rows], plotting.BLACK),
        }
        for k, (name, (heights, color)) in enumerate(bars.items()):
            ax.bar(x + 0.2 * (k - 1.5), heights, 0.2, label=name, color=color)
        ax.set_yscale("log")
        ax.set_xticks(x, ["\n".join([f"N = {r.N}", r.state, *r.model.split()]) for r in rows], fontsize=7)
        ax.set_ylabel("seconds, one core")
        ax.set_title("201 times: evolution, energy, ergotropy", loc="left")
        ax.set_ylim(top=30 * max(r.qutip for r in rows))
        ax.legend(ncols=2, loc="upper center")
        IMAGE.parent.mkdir(parents=True, exist_ok=True)
        fig.savefig(IMAGE)


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--large", action="store_true", help="also N = 10, 12 and 14 (about forty minutes)")
    parser.add_argument("--repeat", type=int, default=5, help="runs of which the best counts (default 5)")
    args = parser.parse_args()
    cases = [
        (disordered_chain, 5, "plus"),
        (disordered_chain, 6, "plus"),
        (disordered_chain, 7, "plus"),
        (disordered_chain, 7, "full"),
        (disordered_chain, 7, "classical"),
        (collective_line, 7, "plus"),
        (collective_line, 7, "full"),
        (collective_line, 7, "classical"),
    ]
    rows = [measure(model, N, state, 201, args.repeat, True) for model, N, state in cases]
    if args.large:
        rows.append(measure(disordered_chain, 10, "plus", 51, 1, False))
    print_rows(rows)
    draw(rows)
    print("\none application of the generator / (N 4^N):")
    per = {N: application_nanoseconds(N) for N in range(6, 11)}
    print("  " + "  ".join(f"N = {N}: {ns:.2f} ns" for N, ns in per.items()))
    print(f"  largest over smallest: {max(per.values()) / min(per.values()):.2f}")
    print("\npeak memory, beyond the interpreter with its libraries:")
    runs = [(8, "plus", "disordered_chain", 201), (9, "plus", "disordered_chain", 51)]
    if args.large:
        runs += [
            (10, "plus", "disordered_chain", 51),
            (12, "plus", "disordered_chain", 5),
            (14, "full", "collective_line", 5),
        ]
    for run in runs:
        m = memory_of(*run)
        print(
            f"  N = {m['N']}, {m['state']}: forecast {m['forecast'] / 1e9:.2f} GB, measured {m['used'] / 1e9:.2f} GB "
            f"({m['used'] / m['forecast'] - 1:+.0%}), process {m['total'] / 1e9:.2f} GB, {m['seconds']:.1f} s"
        )


if __name__ == "__main__":
    main()
