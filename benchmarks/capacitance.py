"""Speed and accuracy of the capacitances, closed forms as the check: python -m benchmarks.capacitance [--quick]."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the targets are for one core

import numpy as np
import qutip

from qbsim.capacitance import (
    capacitance_curve,
    coherent_redundancy_ratio,
    max_output_ergotropy,
    separable_capacitance,
    single_shot_ratio,
)
from qbsim.channels import (
    amplitude_damping,
    dephasing,
    generalized_amplitude_damping,
    multilevel_amplitude_damping,
    resonant_multilevel_amplitude_damping,
)

QUBIT, QUTRIT = qutip.num(2), qutip.num(3)
RATES = (0.3, 0.2, 0.6)


def gadc_maximum(gamma: float, eta: float) -> float:
    """Best work of one cell after generalized amplitude damping, in closed form."""
    if 4 * gamma * (1 - eta) <= 1:
        return 1 - 2 * gamma * (1 - eta)
    return eta + np.sqrt(1 / (4 * gamma) - eta * (1 - eta)) - 0.5


def dephased_maximum(gamma: float, kappa: float) -> float:
    """Best work of one cell after amplitude damping and dephasing, in closed form."""
    if gamma <= (1 + kappa) / 4:
        return max(0.0, 1 - 2 * gamma)
    s = np.sqrt(gamma * (1 + kappa) - kappa)
    return (1 - kappa) * (1 - s) / (2 * (kappa + s))


def letter_figure(points: int) -> tuple[str, float, float]:
    """Both channels of the Letter's Fig. 2(a), chi and chi_tot: error of MAD's chi, largest gap to the dual."""
    energies = np.linspace(0, 2, points)
    error = gap = 0.0
    for channel in (multilevel_amplitude_damping(*RATES), resonant_multilevel_amplitude_damping(*RATES)):
        for total in (False, True):
            curve = capacitance_curve(channel, QUTRIT, energies, total=total)
            gap = max(gap, *(c.gap for c in curve))
            if not total and channel == multilevel_amplitude_damping(*RATES):
                e = np.minimum(energies, 1 / (2 * np.sqrt(RATES[0])))
                exact = 0.7 * e - 0.5 + 0.5 * np.sqrt(1 - 0.84 * e**2)
                error = float(np.abs([c.value for c in curve] - exact).max())
    return f"Fig. 2(a), MAD and ReMAD, {points} energies", error, gap


def surface(points: int, second: str) -> tuple[str, float, float]:
    """J - E_{1,1} on a grid, by search and proof at every point: error of E_{1,1}."""
    error = gap = 0.0
    stop = 0.5 if second == "eta" else 1.0
    for gamma in np.linspace(0, 1, points):
        for other in np.linspace(0, stop, points):
            if second == "eta":
                channel, exact = generalized_amplitude_damping(gamma, other), gadc_maximum(gamma, other)
            else:
                channel, exact = dephasing(other) @ amplitude_damping(gamma), dephased_maximum(gamma, other)
            coherent_redundancy_ratio(channel, QUBIT)
            found = single_shot_ratio(channel, QUBIT)
            error, gap = max(error, abs(found.value - exact)), max(gap, found.gap)
    return f"poster, surface gamma x {second}, {points} x {points}", error, gap


def random_channel(total: bool) -> tuple[str, float, float]:
    """A random channel with d = 4 at one energy."""
    channel, H = qutip.rand_super_bcsz(4, rank=3, seed=1), qutip.qdiags([0, 1, 1.7, 2], 0)
    found = max_output_ergotropy(channel, H, 0.7, total=total)
    return f"random channel, d = 4, one energy{', total' if total else ''}", np.nan, found.gap


def separable() -> tuple[str, float, float]:
    """C_sep of a dephased cell whose value is known to ten digits."""
    found = separable_capacitance(dephasing(0.9) @ amplitude_damping(0.2), QUBIT, 0.5)
    return "C_sep, damping 0.2 and dephasing 0.9", abs(found.value - 0.3313237758), found.gap


def main(quick: bool) -> None:
    points = 21 if quick else 101
    rows: list[tuple[Callable[[], tuple[str, float, float]], str]] = [
        (lambda: letter_figure(points), "10 s"),
        (lambda: surface(points, "eta"), "60 s"),
        (lambda: surface(points, "kappa"), "60 s"),
        (lambda: random_channel(False), "5 s"),
        (lambda: random_channel(True), "5 s"),
        (separable, ""),
    ]
    print(f"{'what':48s} {'processor':>10s} {'wall':>8s} {'target':>8s} {'error':>9s} {'dual gap':>9s}")
    for run, target in rows:
        wall, cpu = time.perf_counter(), time.process_time()
        what, error, gap = run()
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        print(f"{what:48s} {cpu:8.2f} s {wall:6.2f} s {target:>8s} {error:9.1e} {gap:9.1e}")


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
