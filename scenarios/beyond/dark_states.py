r"""Dark states: energy and ergotropy that collective decay leaves for ever, up to a hundred cells.

Decay matrix at the limit of positivity, no exchange, no dephasing, omega = gamma = 1. All to all, gamma_bond = gamma, a
block of total spin j = N/2 - k falls to its lowest level, with k quanta. From cells of populations p and 1 - p a block
is met with the weight w_k = sum_m p^m (1 - p)^(N - m), m = k, ..., N - k, and has d_k = C(N, k) - C(N, k - 1) copies.
Then sum_k k d_k w_k of the energy stays, and of the ergotropy what sorting leaves: w_k is the eigenvalue at the places
C(N, k - 1) + 1 to C(N, k), level n is that at the places up to C(N, 0) + ... + C(N, n). For many cells, 1/2 < p < 1 and
r = (1 - p)/p, the energy tends to N (1 - p) - r/(1 - r), the ergotropy to a number: r^2/(1 - r)^2 for r < 1/2. In the
star, gamma_bond = gamma/sqrt(N - 1), only one quantum can stay, half of it in the centre. (a) Energy and (b) ergotropy
against N, from the classical state with p = 3/4, |+...+> (star: up to 50 cells), and full cells, of which all to all
keeps nothing of the last two: evolution (markers) and formula (line). (c) Ergotropy against p, and its limit (dotted).
"""

from math import comb

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import labelled

FIGURE = "dark states"
COST = "1 min"
SIZES, SIZES_QUICK = (2, 4, 6, 10, 14, 20, 30, 40, 50, 70, 100), (2, 4, 6, 10)
P = 3 / 4
CURVES = (4, 20, 100)
POPULATIONS = (0.1, 0.25, 0.4, 0.5, 0.6, 0.75, 0.9)  # evolved for MIDDLE cells
MIDDLE = 20
COHERENT = 50  # most cells of a star from |+...+>, which takes all orders of coherence
LATE = {"all_to_all": 12.0, "central": 30.0}  # the slowest block of even N falls at 2 gamma
STATES = ("classical", "plus", "full")
ACCURACY = 1e-7  # of `evolve`, in units of the spread N omega
LOOKS = {"classical": (plotting.VERMILION, "s"), "plus": (plotting.BLUE, "o"), "full": (plotting.GREEN, "^")}


def copies(N):
    """How often every block occurs, k = 0, ..., N/2."""
    return [comb(N, k) - (comb(N, k - 1) if k else 0) for k in range(N // 2 + 1)]


def weights(N, p):
    """Eigenvalue of every block in the end, (N/2 + 1,)."""
    m = np.arange(N + 1)
    terms = p**m * (1 - p) ** (N - m)
    return np.array([terms[k : N - k + 1].sum() for k in range(N // 2 + 1)])


def kept(N, p):
    """Energy and ergotropy that stay all to all, by counting."""
    w = weights(N, p)
    energy = sum(k * d * x for k, (d, x) in enumerate(zip(copies(N), w, strict=True)))
    gained, levels = 0.0, 0
    for n in range(N // 2):  # what lies above level n in the end and not after sorting gains a quantum
        levels += comb(N, n)
        k = n + 1
        while k <= N // 2 and (first := comb(N, k - 1)) < levels:
            gained += w[k] * (min(levels, comb(N, k)) - first)
            k += 1
    return float(energy), float(gained)


def limit(p):
    """Ergotropy that stays of very many cells: places grow by 1/r from block to block, levels reach 1/(1 - r)."""
    r = min(p, 1 - p) / max(p, 1 - p)
    if r == 0 or r == 1:
        return 0.0 if r == 0 else np.inf
    s = np.arange(1, 2 + int(np.log(1 - r) / np.log(r)))
    return float(np.clip((1 / (1 - r) - r ** (1.0 - s)) / (r**-s * (1 - r)), 0, 1).sum())


def settled(geometry, N, state):
    """Energy, ergotropy and purity in the end, the initial ergotropy, and how far the last quarter moves the energy."""
    edges = qb.GEOMETRIES[geometry](N)
    most = qb.network(edges, N, gamma=1.0).report().largest_gamma_bond
    battery = qb.network(edges, N, gamma=1.0, gamma_bond=most)
    ds = qb.evolve(battery, state, LATE[geometry] * np.array([0, 0.75, 1]), ("energy", "ergotropy", "purity"))
    energy, ergotropy, purity = (ds[name].values for name in ("energy", "ergotropy", "purity"))
    return [energy[-1], ergotropy[-1], purity[-1], ergotropy[0], abs(energy[-1] - energy[-2])]


def tilted(p):
    """One cell with the populations p and 1 - p of |+> and |->."""
    return (2 * p - 1) * qb.plus(1).proj() + 2 * (1 - p) * qb.classical(1, 0.5)


def compute(quick=False, workers=None):
    sizes, grid = SIZES_QUICK if quick else SIZES, np.linspace(0, 1, 101)
    whole = np.array([settled("all_to_all", N, qb.classical(1, P)) for N in sizes])
    missing = [np.nan] * whole.shape[1]
    star = np.array(
        [[missing if s == "plus" and N > COHERENT else settled("central", N, s) for N in sizes] for s in STATES]
    )
    lost = np.array([settled("all_to_all", MIDDLE, s) for s in ("plus", "full", tilted(P))])
    some = np.array([settled("all_to_all", MIDDLE, qb.classical(1, p)) for p in POPULATIONS])
    names = {"energy": "energy that stays", "ergotropy": "ergotropy that stays"}
    formulas = np.array([[kept(n, p) for p in grid] for n in CURVES])
    variables = {}
    for k, (name, text) in enumerate(names.items()):
        variables |= {
            name: ("N", whole[:, k], f"{text}, all to all", "omega"),
            f"{name}_formula": ("N", [kept(N, P)[k] for N in sizes], f"{text}, formula", "omega"),
            f"{name}_star": (("state", "N"), star[..., k], f"{text}, star", "omega"),
            f"{name}_start": ("start", lost[:, k], f"{text}, all to all, of other states", "omega"),
            f"{name}_some": ("some", some[:, k], f"{text}, evolved", "omega"),
            f"{name}_curve": (("cells", "p"), formulas[..., k], f"{text}, formula", "omega"),
        }
    variables |= {
        "purity_star": (("state", "N"), star[..., 2], "purity in the end, star"),
        "ergotropy_before": ("some", some[:, 3], "initial ergotropy", "omega"),
        "moved": ("N", np.fmax(whole[:, -1], np.nanmax(star[..., -1], axis=0)), "change at the end", "omega"),
        "limit": ("p", [limit(p) for p in grid], "ergotropy that stays of very many cells", "omega"),
    }
    return labelled(
        variables,
        N=(list(sizes), "number of cells"),
        state=(list(STATES), "initial state"),
        start=(["plus", "full", "tilted"], "initial state"),
        some=(list(POPULATIONS), "population"),
        cells=(list(CURVES), "number of cells"),
        p=(grid, "population"),
    )


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    for ax, name, least in ((a, "energy", 1e-3), (b, "ergotropy", -1.0)):
        ax.plot(ds.N, ds[f"{name}_formula"], "k-", lw=1)
        ax.plot(ds.N, ds[name], "kD", markersize=4, label="all-to-all, classical")
        for state, (color, mark) in LOOKS.items():
            label, stays = f"star, {plotting.LABELS[state]}", ds[f"{name}_star"].sel(state=state)
            ax.plot(ds.N, stays.where(stays > least), f"{mark}--", color=color, markersize=4, label=label)
        ax.set_xscale("log")
    a.set_yscale("log")
    a.set_ylim(0.05, 50)
    b.axhline(limit(P), color="k", ls=":", lw=1)
    plotting.label(a, "number of cells $N$", r"energy that stays $/\,\omega$", "a").legend(fontsize=7)
    plotting.label(b, "number of cells $N$", r"ergotropy that stays $/\,\omega$", "b")
    for n, look in zip(ds.cells.values, plotting.sequence(len(ds.cells)), strict=True):
        c.plot(ds.p, ds.ergotropy_curve.sel(cells=n), label=f"$N = {n}$", **look)
    c.plot(ds.some, ds.ergotropy_some, "kD", markersize=4)
    c.plot(ds.p, ds.limit, "k:", lw=1, label=r"$N \to \infty$")
    c.set_ylim(-0.1, 3.2)
    plotting.label(c, "population $p$", r"ergotropy that stays $/\,\omega$", "c").legend()
    return fig


def claims(ds):
    some = ds.some.values
    formula = {"energy": 0, "ergotropy": 1}
    apart = {
        name: max(
            float((abs(ds[name] - ds[f"{name}_formula"]) / ds.N).max()),
            float(abs(ds[f"{name}_some"] - [kept(MIDDLE, p)[k] for p in some]).max()) / MIDDLE,
        )
        for name, k in formula.items()
    }
    turned = max(abs(float(ds[f"{name}_start"][2]) - kept(MIDDLE, P)[k]) for name, k in formula.items())
    moved = float(ds.moved.max())
    return [
        check("the last quarter of the time moves no energy by 1e-4", 1e-4 - moved, found=f"by up to {moved:.1g}"),
        *(
            equal(f"{name} that stays, evolution and formula: largest difference per cell", 0.0, x, tol=ACCURACY)
            for name, x in apart.items()
        ),
        equal(
            "nothing stays all to all of |+...+> and of full cells: largest energy",
            0.0,
            float(abs(ds.energy_start[:2]).max()),
            tol=1e-9,
        ),
        equal(
            "what stays depends on the eigenvalues of a cell alone, tilted towards |+>: largest difference",
            0.0,
            turned,
            tol=ACCURACY * MIDDLE,
        ),
        *_few(ds),
        *_many(ds),
        *_star(ds),
    ]


def _many(ds):
    """Large batteries, and states before the decay that have no ergotropy."""
    some, last = ds.some.values, int(ds.N[-1])
    low = some < 0.5
    return [
        check(
            "energy that stays all to all tends to N (1 - p) - r/(1 - r)",
            float(-abs(ds.energy - (1 - P) * ds.N + 0.5).diff("N").max()),
            found=f"{float(ds.energy[-1]) / last:.6g} per cell at N = {last}",
        ),
        check(
            "ergotropy that stays all to all grows to 1/4 in all, so that none stays per cell",
            min(float(ds.ergotropy.diff("N").min()), limit(P) - float(ds.ergotropy[-1])),
            found=f"{float(ds.ergotropy[-1]):.4f} in all at N = {last}",
        ),
        check(
            "cells without ergotropy, p < 1/2, end with some: collective decay alone makes it",
            min(float(ds.ergotropy_some[low].min()), 1e-9 - float(abs(ds.ergotropy_before[low]).max())),
            found=f"up to {float(ds.ergotropy_some[low].max()):.3g} for {MIDDLE} cells",
        ),
        check(
            "most of the ergotropy stays at p = 1/2",
            0.005 - float(abs(ds.p[ds.ergotropy_curve.argmax("p")] - 0.5).max()),
            found=f"{float(ds.ergotropy_curve.max()):.3g} for {CURVES[-1]} cells",
        ),
    ]


def _few(ds):
    """The smallest batteries that keep energy and ergotropy."""
    product = P * (1 - P)
    if not {2, 4} <= set(ds.N.values):
        return []
    two, four = float(ds.energy.sel(N=2)), float(ds.ergotropy.sel(N=4))
    return [
        equal("two cells, singlet: energy p (1 - p)", product, two, tol=2 * ACCURACY),
        equal("four cells: ergotropy (p (1 - p))^2", product**2, four, tol=4 * ACCURACY),
    ]


def _star(ds):
    """At most one quantum, in a superposition of centre and leaves."""
    energy, work, pure = (ds[f"{name}_star"] for name in ("energy", "ergotropy", "purity"))
    two_levels = energy - (1 - np.sqrt(2 * pure - 1)) / 2  # the ground state and the dark state, mixed
    plus, whole = work.sel(state="plus").dropna("N"), ds.ergotropy
    best, last = plus.N.values[plus.argmax("N")], plus.N.values[-1]
    return [
        check("star: at most one quantum stays", 1 - float(energy.max()), found=f"up to {float(energy.max()):.3g}"),
        equal(
            "star: only the ground state and one dark state are left, so that purity and energy give the ergotropy",
            0.0,
            float(abs(two_levels - work).max()),
            tol=1e-7,
        ),
        equal(
            "star: no ergotropy stays of classical and of full cells",
            0.0,
            float(abs(work.sel(state=["classical", "full"])).max()),
            tol=1e-7,
        ),
        check(
            "star: from |+...+> up to twenty cells more stays than all to all from classical ones",
            float((plus - whole).sel(N=slice(4, 20)).min()),
            found=f"most at N = {best}, {float(plus.max()):.3f}; {float(plus[-1]):.3f} at N = {last}",
        ),
    ]
