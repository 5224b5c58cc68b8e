"""Parallel against collective charging: stored energy, and the advantage under different constraints.

(a) n = 6 cells of unit gap driven in groups of k at equal operator norm. (b) Advantage of the collective drive at equal
norm and at equal spread of H. (c) Mixed cells inside the separable ball: the flip keeps the advantage, while the energy
it stores dwindles."""

from __future__ import annotations

import math

import numpy as np
import qutip
import xarray as xr
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.claims import Claim, ordering, value

FIGURE = "Eqs. (14)-(22)"
COST = "1 s"
N, GROUPS = 6, [1, 2, 3, 6]
CELLS = [1, 2, 3, 4, 5, 6]
MIXED_CELLS, EPS = [2, 3, 4], 0.1
PAIRED_CELLS = [2, 4, 6]
FOLLOWING = 10.0  # K of the driven counterexample to Eq. (14)
NEIGHBOURS = [2, 4, 8]  # interactions per cell: chain, von Neumann, Moore (Fig. 6)


def full_time(n: int, k: int) -> float:
    """Time of full charge in groups of k, at equal operator norm."""
    battery = qb.drive(n, k)
    times = np.linspace(0, 1.2 * n / k * np.pi / 2, 61)
    return qb.charging.max_energy(battery, qb.charging.uncharged(battery), times).time


def power(n: int, k: int, constraint: str) -> qb.charging.Peak:
    """Largest average power."""
    battery = qb.drive(n, k, constraint=constraint)
    return qb.charging.max_power(battery, qb.charging.uncharged(battery), np.linspace(0, 2 * n, 161))


def deposited(n: int, flip: bool) -> tuple[float, float]:
    """Energy a collective drive puts into mixed cells in pi/2, and what full inversion would; levels -1, 1."""
    battery, start = qb.drive(n, n, flip=flip), qb.separable.thermal_cells(n, EPS)
    energy = qb.evolve(battery, start, [0, np.pi / 2], "energy").energy.values
    return 2 * float(energy[1] - energy[0]), 2 * n * math.tanh(EPS)


def static_counterexample() -> qb.charging.SpeedLimit:
    """H = |1><1| takes cos(0.1)|0> + sin(0.1)|1> through the angle 0.2 in T = pi."""
    H = qutip.num(2)
    psi = math.cos(0.1) * qutip.fock(2, 0) + math.sin(0.1) * qutip.fock(2, 1)
    return qb.charging.speed_limit(psi, (-1j * np.pi * H).expm() * psi, *qb.charging.mean_and_spread(H, psi))


def driven_counterexample() -> qb.charging.SpeedLimit:
    """A field that follows the state, i(|s'><s| - |s><s'|) - K |s><s|, turns it to the orthogonal one in pi/2."""
    e0, e1 = qutip.fock(2, 0), qutip.fock(2, 1)

    def generator(t: float) -> qutip.Qobj:
        state, slope = math.cos(t) * e0 + math.sin(t) * e1, -math.sin(t) * e0 + math.cos(t) * e1
        return 1j * (slope * state.dag() - state * slope.dag()) - FOLLOWING * state.proj()

    E, dE = qb.charging.mean_and_spread(qutip.QobjEvo(generator), e0, np.linspace(0, math.pi / 2, 41))
    return qb.charging.speed_limit(e0, e1, E, dE, driven=True)


def compute(quick: bool = False, workers: int | None = None) -> xr.Dataset:
    """Energy curves, times, advantages, mixed cells, speed limits."""
    t = np.linspace(0, N * np.pi / 2, 121)
    drives = [qb.drive(N, k) for k in GROUPS]
    energy = [qb.evolve(b, qb.charging.uncharged(b), t, "energy").energy.values for b in drives]
    full = [full_time(N, k) for k in GROUPS]
    cells = CELLS[:4] if quick else CELLS
    advantage = [
        [qb.charging.quantum_advantage(power(n, n, constraint), power(n, 1, constraint)) for n in cells]
        for constraint in ("norm", "spread")
    ]
    slowest = [full_time(n, 1) for n in cells]
    pair_gain = [full_time(n, 1) / full_time(n, 2) for n in PAIRED_CELLS]
    mixed = np.array([[deposited(n, flip)[0] for n in MIXED_CELLS] for flip in (False, True)])
    inverted = [deposited(n, True)[1] for n in MIXED_CELLS]
    ball_cells = np.arange(2, 13)
    balls = [qb.charging.separable_ball(int(n)) for n in ball_cells]
    path = []
    for n in MIXED_CELLS:
        start = qb.separable.thermal_cells(n, qb.charging.separable_ball(n).eps_ball)
        U = (-1j * np.pi / 8 * qb.drive(n, n, flip=True).H).expm()  # a quarter of the way
        states = [start, U * start * U.dag(), U * U * start * U.dag() * U.dag()]
        path.append(max(qb.separable.largest_negativity(rho) for rho in states))
    static, driven = static_counterexample(), driven_counterexample()
    skew = -qutip.fock(2, 1).proj()  # a spectrum that is not symmetric
    one = {"units": "1"}
    return xr.Dataset(
        {
            "energy": (("group", "time"), energy, {"long_name": "stored energy", **one}),
            "full_time": ("group", full, {"long_name": "time of full charge", "units": "1/Emax"}),
            "advantage": (("constraint", "cells"), advantage, {"long_name": "quantum advantage", **one}),
            "parallel_time": ("cells", slowest, {"long_name": "parallel charging time", "units": "1/Emax"}),
            "pair_gain": ("paired_cells", pair_gain, {"long_name": "advantage of pairs", **one}),
            "mixed_energy": (("drive", "mixed_cells"), mixed, {"long_name": "energy deposited in mixed cells", **one}),
            "mixed_target": ("mixed_cells", inverted, {"long_name": "energy of full inversion", **one}),
            "path_negativity": ("mixed_cells", path, {"long_name": "largest negativity inside the ball", **one}),
            "ball_energy": (
                "ball_cells",
                [b.energy for b in balls],
                {"long_name": "energy stored inside the ball", **one},
            ),
            "eps_ball": ("ball_cells", [b.eps_ball for b in balls], {"long_name": "eps at the ball's edge", **one}),
            "printed_bound": (
                "neighbours",
                [qb.charging.participation_bound(2, m) for m in NEIGHBOURS],
                {"long_name": "Eq. (22) at gamma = 1, k = 2", **one},
            ),
            "limit_printed": ((), static.printed, {"long_name": "Eq. (14), static counterexample", **one}),
            "limit_corrected": ((), static.bound, {"long_name": "corrected bound, static counterexample", **one}),
            "driven_printed": ((), driven.printed, {"long_name": "Eq. (14), driven counterexample", **one}),
            "driven_corrected": ((), driven.bound, {"long_name": "corrected bound, driven counterexample", **one}),
            "largest_eigenvalue": (
                (),
                skew.eigenenergies().max(),
                {"long_name": "largest eigenvalue of -|e><e|", **one},
            ),
            "operator_norm": ((), float(np.abs(skew.eigenenergies()).max()), {"long_name": "its operator norm", **one}),
        },
        {
            "time": ("time", t, {"long_name": "time", "units": "1/Emax"}),
            "group": ("group", GROUPS, {"long_name": "cells in a group", **one}),
            "cells": ("cells", cells, {"long_name": "number of cells", **one}),
            "constraint": ("constraint", ["norm", "spread"], {"long_name": "what is equal", **one}),
            "drive": ("drive", ["collective", "flip"], {"long_name": "drive", **one}),
            "paired_cells": ("paired_cells", PAIRED_CELLS, {"long_name": "number of cells", **one}),
            "mixed_cells": ("mixed_cells", MIXED_CELLS, {"long_name": "number of cells", **one}),
            "ball_cells": ("ball_cells", ball_cells, {"long_name": "number of cells", **one}),
            "neighbours": ("neighbours", NEIGHBOURS, {"long_name": "interactions of a cell", **one}),
        },
    )


def draw(ds: xr.Dataset) -> Figure:
    """Energy, advantage, separable ball."""
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    for k, curve, mark in zip(ds.group.values, ds.energy.values, ("-", "--", "-.", ":"), strict=True):
        upto = int(np.argmax(curve)) + 1
        a.plot(ds.time[:upto], curve[:upto], mark, label=f"$k = {k}$")
    a.legend()
    plotting.label(a, "time $\\times\\,E_{max}$", "stored energy", "a")
    for name, mark in (("norm", "o-"), ("spread", "s--")):
        b.plot(ds.cells, ds.advantage.sel(constraint=name), mark, markersize=4, label=f"equal {name}")
    b.legend()
    plotting.label(b, "number of cells $n$", "quantum advantage $\\Gamma$", "b")
    c.semilogy(ds.ball_cells, ds.ball_energy, "o-", markersize=3, label="stored energy")
    c.semilogy(ds.ball_cells, ds.eps_ball, "s--", markersize=3, label="$\\epsilon$ at the edge")
    c.legend()
    plotting.label(c, "number of cells $n$", "inside the separable ball", "c")
    return fig


def claims(ds: xr.Dataset) -> list[Claim]:
    """Eqs. (14), (20)-(22), footnote 4, and the separable ball."""
    n = ds.cells.values.astype(float)
    norm, spread = (ds.advantage.sel(constraint=c).values for c in ("norm", "spread"))
    target, collective, flip = (x.values for x in (ds.mixed_target, ds.mixed_energy[0], ds.mixed_energy[1]))
    return [
        value("Eq. (20): collective time x Emax", np.pi / 2, float(ds.full_time[-1]), tol=1e-6),
        value("Eq. (20): parallel time x Emax / n", np.pi / 2, float((ds.parallel_time / ds.cells)[-1]), tol=1e-6),
        ordering("Eq. (21): advantage n at equal operator norm", 1e-6 - float(np.abs(norm / n - 1).max())),
        ordering("advantage sqrt(n) at equal spread of H", 1e-6 - float(np.abs(spread / np.sqrt(n) - 1).max())),
        ordering(
            "k-body drives are k times faster",
            1e-6 - float(np.abs(ds.full_time[0] / ds.full_time / ds.group - 1).max()),
        ),
        ordering(
            "Eq. (14): no evolution is faster (angle 0.2 in T = pi)",
            math.pi - float(ds.limit_printed),
            holds=False,
            why="between states that are not orthogonal the angle over the mean energy is no bound",
        ),
        ordering(
            "Eq. (14): no driven evolution is faster (orthogonal states in T = pi/2)",
            math.pi / 2 - float(ds.driven_printed),
            holds=False,
            why="the mean energy bounds no driven evolution: it can be lowered at will without slowing the state",
        ),
        ordering(
            "Eq. (14), corrected: neither evolution is faster",
            min(math.pi - float(ds.limit_corrected), math.pi / 2 + 1e-6 - float(ds.driven_corrected)),
        ),
        value(
            "footnote 4: the operator norm of a Hermitian H is its largest eigenvalue (H = -|e><e|)",
            float(ds.operator_norm),
            float(ds.largest_eigenvalue),
            tol=1e-9,
            expected=0.0,
            why="it is the largest modulus of an eigenvalue",
        ),
        ordering(
            "Hamiltonian (19) inverts highly mixed cells (n = 3, 4)",
            1e-6 - float((target - collective)[1:].max()),
            holds=False,
            why="it swaps the populations of |G> and |E> alone; the product of all sigma_x inverts every string",
        ),
        ordering(
            "the flip of all cells inverts them, in the time of Eq. (20)", 1e-6 - float(np.abs(target - flip).max())
        ),
        ordering(
            "inside the separable ball the advantage n needs no entanglement", 1e-12 - float(ds.path_negativity.max())
        ),
        ordering(
            "Eq. (22) for k = 2: constant for a finite range, m = 2, 4, 8",
            1e-9 - float(np.abs(ds.printed_bound - (4 * (ds.neighbours - 1) + 2)).max()),
            found="6, 14, 30 at gamma = 1",
        ),
        ordering(
            '"gamma is a constant factor that does scale with n" (pairs, m = 1, n = 2, 4, 6)',
            float(np.ptp(ds.pair_gain.values)) - 1e-6,
            holds=False,
            why='the text has lost the "not": groups of k reach k [k (m - 1) + 1] with gamma = 1 for every n',
        ),
    ]
