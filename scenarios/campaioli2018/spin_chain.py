"""Spin-chain battery: advantage against the number of cells, for three ranges and three anisotropies.

Weak coupling, B = g = 1 and omega = 200. Points: exact evolution. Lines: the closed form of free rotation,
Gamma = max_x [(1 - cos x) + r sin(x)^2]/x / 0.7246. (b) Uniform coupling and many cells: linear only if the field grows
with n."""

from __future__ import annotations

import math

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

import qbsim as qb
from qbsim import plotting
from qbsim.claims import Claim, ordering, value

FIGURE = "Fig. 8, Eqs. (27)-(28)"
COST = "2 s"
B, G, OMEGA = 1.0, 1.0, 200.0
ANISOTROPY, RANGES, CELLS = [-1.0, 0.0, 1.0], ["nn", "lr", "uni"], [2, 3, 4, 5, 6, 7, 8]
NAMES = {"nn": "nearest neighbours", "lr": "$1/|i-j|$", "uni": "uniform"}
MANY, FIXED = [4, 8, 16, 32, 64, 100], 20.0  # uniform coupling at omega = 20 and at omega = 20 n
FAR = [8, 16, 32, 64, 128, 256, 512, 1024]  # closed form alone
STRONG, STRONG_CELLS = 5.0, [2, 3, 4, 5]  # g / omega of complete charging through the doublet


def advantage(n: int, omega: float, **chain: object) -> float:
    """Largest average power over that of n independent spins."""
    battery, cell = qb.spin_chain(n, B=B, g=G, omega=omega, **chain), qb.spin_chain(1, B=B, omega=omega)
    t = np.linspace(0, 1.05 * math.pi / omega, 81)
    peak, single = (qb.charging.max_power(b, qb.charging.uncharged(b), t) for b in (battery, cell))
    return qb.charging.quantum_advantage(peak, single, n)


def strength(n: int, profile: str, alpha: float) -> float:
    """r = (1 - alpha) sum g_ij / (n B), on which everything depends at weak coupling."""
    return (1 - alpha) * qb.coupling_profile(n, G, profile).sum() / 2 / (n * B)


def weak(r: float) -> float:
    """Closed form at weak coupling."""
    x = np.linspace(1e-3, math.pi, 20001)
    gain = ((1 - np.cos(x)) + r * np.sin(x) ** 2) / x
    return float(gain.max() / ((1 - np.cos(x)) / x).max())


def doublet(n: int, profile: str) -> float:
    """Advantage of complete charging at strong coupling: splitting of the two lowest levels over 2 omega."""
    energies = qb.spin_chain(n, B=B, g=STRONG, omega=1.0, coupling=profile, space="tensor").H.eigenenergies()
    return float(energies[1] - energies[0]) / 2


def compute(quick: bool = False, workers: int | None = None) -> xr.Dataset:
    """Advantages of the table, of many uniformly coupled cells, and of strong coupling."""
    cells, many = (CELLS[:3], MANY[:4]) if quick else (CELLS, MANY)
    grid = [(a, r, n) for a in ANISOTROPY for r in RANGES for n in cells]
    shape = (len(ANISOTROPY), len(RANGES), len(cells))
    exact = [advantage(n, OMEGA, alpha=a, coupling=r) for a, r, n in grid]
    closed = [weak(strength(n, r, a)) for a, r, n in grid]
    uniform = [
        [advantage(n, FIXED * (n if grows else 1), alpha=-1.0, coupling="uni") for n in many] for grows in (False, True)
    ]
    battery = qb.spin_chain(cells[-1], B=B, g=G, omega=OMEGA, alpha=-1.0, coupling="uni", space="tensor")
    start, t = qb.charging.uncharged(battery), np.linspace(0, 1.05 * math.pi / OMEGA, 81)
    at = qb.charging.max_power(battery, start, t).time
    purity = qb.evolve(battery, start, [0, at], {"purity": lambda rho, b: qb.purity(rho.ptrace(0))}).purity[-1]
    dims, one = ("anisotropy", "range", "cells"), {"units": "1"}
    return xr.Dataset(
        {
            "advantage": (dims, np.reshape(exact, shape), {"long_name": "quantum advantage", **one}),
            "weak": (dims, np.reshape(closed, shape), {"long_name": "advantage at weak coupling, closed form", **one}),
            "far": (
                ("far_range", "far_cells"),
                [[weak(strength(n, r, -1.0)) for n in FAR] for r in ("nn", "lr")],
                {"long_name": "advantage of many cells, closed form, alpha = -1", **one},
            ),
            "uniform": (("field", "many"), uniform, {"long_name": "advantage at uniform coupling", **one}),
            "strong": (
                ("strong_range", "strong_cells"),
                [[doublet(n, r) for n in STRONG_CELLS] for r in ("nn", "uni")],
                {"long_name": "advantage of complete charging at strong coupling", **one},
            ),
            "early": (
                (),
                early_advantage(),
                {"long_name": "advantage by max W/t, strong coupling, n = 4", **one},
            ),
            "spin_purity": ((), float(purity), {"long_name": "purity of one spin at the largest power", **one}),
        },
        {
            "anisotropy": ("anisotropy", ANISOTROPY, {"long_name": "anisotropy alpha", **one}),
            "range": ("range", RANGES, {"long_name": "range of the coupling", **one}),
            "cells": ("cells", cells, {"long_name": "number of cells", **one}),
            "field": ("field", ["fixed", "growing"], {"long_name": "charging field", **one}),
            "many": ("many", many, {"long_name": "number of cells", **one}),
            "far_range": ("far_range", ["nn", "lr"], {"long_name": "range of the coupling", **one}),
            "far_cells": ("far_cells", FAR, {"long_name": "number of cells", **one}),
            "strong_range": ("strong_range", ["nn", "uni"], {"long_name": "range of the coupling", **one}),
            "strong_cells": ("strong_cells", STRONG_CELLS, {"long_name": "number of cells", **one}),
        },
    )


def early_advantage() -> float:
    """Uniform coupling g = 100 omega: the figure of merit max W/t sees the fast oscillation of the interaction."""
    battery, cell = (qb.spin_chain(n, B=B, g=100.0, omega=1.0, coupling="uni") for n in (4, 1))
    peak = qb.charging.max_power(battery, qb.charging.uncharged(battery), np.linspace(0, 0.02, 101))
    single = qb.charging.max_power(cell, qb.charging.uncharged(cell), np.linspace(0, 3.3, 101))
    return qb.charging.quantum_advantage(peak, single, 4)


def draw(ds: xr.Dataset) -> Figure:
    """Advantage against n, for three ranges and for many cells."""
    fig, (a, b) = plotting.figure(1, 2)
    for profile, mark in zip(RANGES, "os^", strict=True):
        line = a.plot(ds.cells, ds.advantage.sel(anisotropy=-1.0, range=profile), mark, label=NAMES[profile])[0]
        a.plot(ds.cells, ds.weak.sel(anisotropy=-1.0, range=profile), "-", color=line.get_color())
        a.plot(ds.cells, ds.weak.sel(anisotropy=0.0, range=profile), ":", color=line.get_color())
        a.plot(
            ds.cells, ds.advantage.sel(anisotropy=0.0, range=profile), mark, color=line.get_color(), fillstyle="none"
        )
    a.plot(ds.cells, ds.advantage.sel(anisotropy=1.0, range="uni"), "k--", label="$\\alpha = 1$, any range")
    a.set_title("full: $\\alpha = -1$, open: $\\alpha = 0$", fontsize=8, loc="right")
    a.legend()
    plotting.label(a, "number of cells $n$", "advantage $\\Gamma$", "a")
    for field, text, mark in (("fixed", "$\\omega = 20$", "s--"), ("growing", "$\\omega = 20\\,n$", "o-")):
        b.loglog(ds.many, ds.uniform.sel(field=field), mark, markersize=4, label=text)
    b.legend()
    plotting.label(b, "number of cells $n$", "advantage, uniform coupling", "b")
    return fig


def claims(ds: xr.Dataset) -> list[Claim]:
    """What the chapter says about range, anisotropy and strength of the coupling."""
    n, full = ds.cells.values, ds.advantage.sel(anisotropy=-1.0)
    nn, lr, uni = (full.sel(range=r).values for r in RANGES)
    growing = ds.uniform.sel(field="growing").values
    doubling = np.diff(ds.far.values, axis=1)[:, -1] / [1, 2 * G / B * math.log(2)]
    rows = [
        ordering(
            "XXX coupling, alpha = 1, gives no advantage", 1e-9 - float(abs(ds.advantage.sel(anisotropy=1.0) - 1).max())
        ),
        ordering("alpha = -1 gives much more power than independent charging", float((full / 1.7).min()) - 1),
        ordering("nearest neighbours: advantage below a constant in n", 2.748838110800 - float(nn.max())),
        value(
            "nearest neighbours: advantage constant in n (growth per doubling at n = 1024)", 0.0, doubling[0], tol=0.01
        ),
        value("1/|i-j|: advantage grows as log n (per doubling, over 2 g/B ln 2)", 1.0, doubling[1], tol=0.01),
        ordering(
            "1/|i-j|: above nearest neighbours, below uniform", float(min((lr - nn)[1:].min(), (uni - lr)[1:].min()))
        ),
        ordering(
            "uniform coupling: linear in n, Gamma = n - 0.28", 0.03 - float(np.abs(uni[2:] - (n[2:] - 0.275)).max())
        ),
        ordering(
            "uniform coupling: linear while the field stays the same",
            float((ds.uniform.sel(field="fixed") / ds.many)[-1]) - 0.8,
            holds=False,
            why="sum g_ij << n omega needs omega to grow with n; at fixed omega the advantage saturates at omega / B",
        ),
        ordering(
            "uniform coupling, omega = 20 n: linear up to the largest n",
            growing[-1] / (ds.many.values[-1] - 0.28) - 0.99,
        ),
        ordering("points follow the closed form of weak coupling", 1e-3 - float(abs(ds.advantage / ds.weak - 1).max())),
        ordering("correlations are unnecessary: each spin stays pure to 1e-3", float(ds.spin_purity) - 0.999),
        ordering("strong coupling, complete charging: worse than independent", 1 - float(ds.strong.max())),
        ordering("strong coupling, complete charging: vanishes with n", float((-ds.strong.diff("strong_cells")).min())),
        ordering(
            "strong coupling: the largest average power is worse than independent (uniform, n = 4)",
            1 - float(ds.early),
            holds=False,
            why="max W/t sees the fast oscillation of the interaction energy, which gives omega / B for any n",
        ),
    ]
    if n[-1] == 8:
        printed = {"nn": 2.502853, "lr": 4.171576, "uni": 7.724302}
        rows += [
            value(f"advantage, n = 8, alpha = -1, {r} (not printed)", x, float(full.sel(range=r)[-1]), tol=2e-6)
            for r, x in printed.items()
        ]
    return rows
