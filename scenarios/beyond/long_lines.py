r"""Self-discharge of a line of 5, 20 and 40 cells.

The line of Fig. 3 of [santos2021], collective decay between neighbours and equal fields, by quantum trajectories. (a)
Energy per cell from |+...+> (solid) and from the classical state, p = 3/4 (dashed); the bars are four standard errors
to both sides. (b) Efficiency, ergotropy over energy, of |+...+>: exact for five cells (line), and the 95 % bounds of
the ergotropy over the mean energy (bars), as long as these are closer than a fifth of the initial ergotropy. (c)
Half-lives of the energy: exact up to eight cells (circles), from trajectories beyond (squares, two standard errors).
The dashed line continues the exact curves: every further cell adds the energy that the eighth did, because what the two
ends of a line change is the same for every length.

Later efficiencies of 20 and 40 cells are left out. A narrow bracket takes many times :math:`e^S` trajectories, S being
the entropy of the state, which is proportional to N: for 20 cells at Gamma t = 1 that is out of reach.
"""

import warnings

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check

from .. import labelled
from ..santos2021 import cells
from ..santos2021.fig3 import GAMMA_D, STOP, J, P

FIGURE = "after Fig. 3"
COST = "2 min"
EXACT, EXACT_QUICK = 8, 6  # most cells of exact curves
FIVE = 5  # cells of which the exact curves are compared with trajectories
LINES, LINES_QUICK = (FIVE, 20, 40), (FIVE, 8)
NTRAJ, NTRAJ_QUICK = 300, 64
TIMES = (0, 0.3, 0.6, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5, 2.0, 2.5, STOP)  # dense where the energy halves
EARLY = {5: (0.1, 0.2, 0.3, 0.4, 0.5), 8: (0.1, 0.3), 20: (0.2, 0.4, 0.5), 40: (0.1, 0.2, 0.4)}
STATES = {"plus": "plus", "classical": qb.classical(1, P)}
SEED = 2021
NARROW = 0.2  # of the initial ergotropy
ERRORS = 4  # standard errors within which means have to agree


def line(N):
    """Line of N cells with the parameters of Fig. 3."""
    return cells(qb.linear(N), N, J=J, gamma_d=GAMMA_D)


def half(t, energy):
    """Half-life of curves (..., T) that fall nearly exponentially, from few times."""
    logs = np.log(energy / energy[..., :1]).reshape(-1, len(t))
    return np.array([np.interp(np.log(2), -row, t) for row in logs]).reshape(energy.shape[:-1])


def trajectories(N, state, times, measures, ntraj):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", qb.SamplingWarning)  # brackets that are wide are left out
        return qb.trajectories(line(N), STATES[state], times, measures, ntraj=ntraj, seed=SEED, executor="serial")


def compute(quick=False, workers=None):
    most, lines, ntraj = (EXACT_QUICK, LINES_QUICK, NTRAJ_QUICK) if quick else (EXACT, LINES, NTRAJ)
    t, fine = np.array(TIMES), np.linspace(0, STOP, 301)
    runs = [
        [qb.evolve(line(N), rho, fine, ("energy", "ergotropy"), progress=False) for N in range(1, most + 1)]
        for rho in STATES.values()
    ]
    at = np.rint(t / STOP * 300).astype(int)
    exact = {name: np.array([[run[name].values for run in row] for row in runs]) for name in ("energy", "ergotropy")}
    found = [[trajectories(N, state, t, "energy", ntraj) for N in lines] for state in STATES]
    early = sorted({x for N in lines for x in EARLY[N]})
    brackets = np.full((3, len(lines), len(early)), np.nan)
    for row, N in zip(np.moveaxis(brackets, 1, 0), lines, strict=True):
        ds = trajectories(N, "plus", [0, *EARLY[N]], ("energy", "ergotropy"), ntraj).isel(time=slice(1, None))
        here = np.searchsorted(early, EARLY[N])
        row[:, here] = [ds.ergotropy_lower, ds.ergotropy_upper, ds.energy]
    energy, sem = (np.array([[ds[name].values for ds in row] for row in found]) for name in ("energy", "energy_sem"))
    tau = half(t, energy)
    both, few = ("state", "N", "time"), ("state", "cells")
    return labelled(
        {
            "energy": (both, energy, "energy, trajectories", "omega"),
            "energy_sem": (both, sem, "standard error of the energy", "omega"),
            "half_life": (("state", "N"), tau, "half-life of the energy, trajectories", "1/Gamma"),
            "half_life_sem": (("state", "N"), _error(t, energy, sem, tau), "its standard error", "1/Gamma"),
            "energy_exact": (("state", "cells", "time"), exact["energy"][..., at], "energy, exact", "omega"),
            "half_life_exact": (few, _halves(fine, exact["energy"]), "half-life of the energy, exact", "1/Gamma"),
            "half_life_coarse": (few, half(t, exact["energy"][..., at]), "the same from few times", "1/Gamma"),
            "half_life_ergotropy": (few, _halves(fine, exact["ergotropy"]), "half-life of the ergotropy", "1/Gamma"),
            "lower": (("N", "early"), brackets[0], "lower bound of the ergotropy of |+...+>", "omega"),
            "upper": (("N", "early"), brackets[1], "upper bound of the ergotropy of |+...+>", "omega"),
            "stored": (("N", "early"), brackets[2], "energy at the same times", "omega"),
            "ergotropy": (
                ("cells", "early"),
                [np.interp(early, fine, row) for row in exact["ergotropy"][0]],
                "ergotropy of |+...+>, exact",
                "omega",
            ),
            "efficiency": ("fine", exact["ergotropy"][0, FIVE - 1] / exact["energy"][0, FIVE - 1], "efficiency, exact"),
        },
        state=(list(STATES), "initial state"),
        N=(list(lines), "number of cells"),
        cells=(list(range(1, most + 1)), "number of cells, exact"),
        time=(t, "time", "1/Gamma"),
        early=(early, "time of the brackets", "1/Gamma"),
        fine=(fine, "time of exact curves", "1/Gamma"),
    )


def _halves(t, curves):
    return np.array([[qb.half_life(t, curve) for curve in row] for row in curves])


def _error(t, energy, sem, tau):
    """Standard errors of half-lives: the relative error of the energy there over its rate of decay."""
    logs = np.log(energy)
    return np.array(
        [
            [np.interp(x, t, s / e) / -np.interp(x, t, np.gradient(row, t)) for e, s, row, x in zip(*rows, strict=True)]
            for rows in zip(energy, sem, logs, tau, strict=True)
        ]
    )


def continued(ds, N):
    """Exact energies with what the last cell added, added for every further cell up to N, (state, time)."""
    last = ds.energy_exact.isel(cells=-1) + (N - int(ds.cells[-1])) * ds.energy_exact.diff("cells").isel(cells=-1)
    return last.transpose("state", "time")


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.2)
    looks = list(plotting.sequence(ds.N.size))
    for state, ls in zip(STATES, ("-", "--"), strict=True):
        for N, look in zip(ds.N.values, looks, strict=True):
            run = ds.sel(state=state, N=N)
            label = f"$N = {N}$" if state == "plus" else None
            a.errorbar(
                ds.time, run.energy / N, ERRORS * run.energy_sem / N, label=label, color=look["color"], ls=ls, capsize=2
            )
    plotting.label(a, r"$\Gamma t$", r"energy per cell $U/N\omega$", "a").legend()
    a.set_ylim(0, None)
    b.plot(ds.fine, ds.efficiency, color=looks[0]["color"], label=f"$N = {FIVE}$, exact")
    shown = narrow(ds)
    for k, (N, look) in enumerate(zip(ds.N.values, looks, strict=True)):
        middle, bar = ((f(ds.upper, ds.lower) / ds.stored).where(shown).sel(N=N) for f in (_middle, _half))
        moved = ds.early + 0.008 * (k - 1)  # side by side
        b.errorbar(moved, middle, bar, ls="none", lw=3, alpha=0.7, color=look["color"], label=f"$N = {N}$, bounds")
    plotting.label(b, r"$\Gamma t$", r"efficiency $\mathcal{E}/U$", "b").legend(loc="lower left")
    b.set_xlim(0, 0.6)
    b.set_ylim(0.4, 1.02)
    dense = np.unique(np.geomspace(ds.cells[-1], ds.N[-1], 20).astype(int))
    long = ds.N.values[ds.N.values > int(ds.cells[-1])]
    onward = np.array([half(ds.time.values, continued(ds, N).values) for N in dense])
    for k, (state, color) in enumerate(zip(STATES, (plotting.BLUE, plotting.VERMILION), strict=True)):
        run, more = ds.sel(state=state), ds.sel(state=state, N=long)
        c.plot(ds.cells, run.half_life_exact, "o", color=color, markersize=4, label=plotting.LABELS[state])
        c.plot(dense, onward[:, k], "--", lw=1, color=color)
        c.errorbar(more.N, more.half_life, 2 * more.half_life_sem, fmt="s", markersize=4, capsize=3, color=color)
    c.set_xscale("log")
    ticks = [1, 2, 5, 10, 20, 40]
    c.set_xticks(ticks, [str(n) for n in ticks])
    c.minorticks_off()
    plotting.label(c, "number of cells $N$", r"half-life of the energy $\Gamma\tau$", "c").legend()
    return fig


def _middle(upper, lower):
    return (upper + lower) / 2


def _half(upper, lower):
    return (upper - lower) / 2


def narrow(ds):
    """Where the bracket is narrower than a fifth of the initial ergotropy, N/2."""
    return (ds.upper - ds.lower) / (ds.N / 2) < NARROW


def claims(ds):
    last, later = int(ds.cells[-1]), ds.isel(time=slice(1, None))
    long = [int(N) for N in ds.N.values if last < N]
    five = later.energy.sel(N=FIVE) - later.energy_exact.sel(cells=FIVE)
    worst = float(abs(five / later.energy_sem.sel(N=FIVE)).max())
    moved = float(abs(ds.half_life_coarse / ds.half_life_exact - 1).max())
    return [
        check("half-lives from few times: within 0.2 %", 2e-3 - moved, found=f"within {100 * moved:.1g} %"),
        check(
            f"{FIVE} cells: energies from trajectories are exact within {ERRORS} standard errors",
            ERRORS - worst,
            found=f"within {worst:.2g}",
        ),
        *(_added(later, N) for N in long),
        *(row for state in STATES for row in _half_lives(ds, state, long)),
        *_ergotropy(ds, long),
    ]


def _added(later, N):
    """The energy of a long line against exact ones of short lines."""
    off = float(abs((later.energy.sel(N=N) - continued(later, N)) / later.energy_sem.sel(N=N)).max())
    return check(
        f"{N} cells: every further cell adds the energy that the last exact one did, within {ERRORS} standard errors",
        ERRORS - off,
        found=f"within {off:.2g}",
    )


def _half_lives(ds, state, long):
    """How half-lives change with the number of cells."""
    run, end = ds.sel(state=state), int(ds.cells[-1])
    name, exact, work = plotting.LABELS[state], run.half_life_exact, run.half_life_ergotropy
    rows = [
        check(
            f"{name}: up to {end} cells the energy halves earlier the more there are",
            float(-exact.diff("cells").max()),
            found=f"half-life {float(exact[0]):.3f} of one cell, {float(exact[-1]):.3f} of {end}",
        )
    ]
    for N in long:
        tau, error = (float(run[key].sel(N=N)) for key in ("half_life", "half_life_sem"))
        further = float(half(ds.time.values, continued(ds, N).sel(state=state).values))
        rows.append(
            check(
                f"{name}: half-life of the energy of {N} cells as short lines give it, within {ERRORS} standard errors",
                ERRORS - abs(tau - further) / error,
                found=f"{tau:.3f} +- {error:.3f}, short lines {further:.3f}",
            )
        )
        if state == "plus" and max(LINES) == N:
            rows.append(
                check(
                    f"{name}: {N} cells lose half of their energy earlier than {end}",
                    float(exact[-1]) - tau,
                    error=error,
                    found=f"half-life shorter by {float(exact[-1]) - tau:.3f} +- {error:.3f}",
                )
            )
    if state == "plus":
        slower = float(-work.diff("cells").max())
        shown = f"half-life {float(work[0]):.3f} of one cell, {float(work[-1]):.3f} of {end}"
        rows.append(
            check(f"{name}: up to {end} cells the ergotropy halves earlier the more there are", slower, found=shown)
        )
    elif end == EXACT:
        rows.append(
            check(
                f"{name}: from five cells on the ergotropy halves later again the more there are",
                min(
                    float(-work.sel(cells=slice(1, 5)).diff("cells").max()),
                    float(work.sel(cells=slice(5, None)).diff("cells").min()),
                ),
                found=", ".join(f"{x:.5f}" for x in work.values),
            )
        )
    return rows


def _ergotropy(ds, long):
    """What the brackets tell."""
    five, shown = ds.sel(N=FIVE), narrow(ds)
    exact = ds.ergotropy.sel(cells=FIVE)
    rows = [
        check(
            f"{FIVE} cells: the exact ergotropy lies between the bounds, which hold with 95 %, at every time",
            float(np.fmin(exact - five.lower, five.upper - exact).min()),
        )
    ]
    for N in long:
        run = ds.sel(N=N).isel(early=shown.sel(N=N).values)
        width = 100 * (run.upper - run.lower) / (N / 2)
        each = ", ".join(f"{w:.1f} % at {t:g}" for w, t in zip(width.values, run.early.values, strict=True))
        rows.append(
            check(
                f"{N} cells: bracket of the ergotropy narrower than 20 % of the initial one, at what Gamma t",
                float(run.early.size) - 0.5,
                found=each or "never",
            )
        )
        if N in LINES:
            first, two = run.isel(early=0), float(run.ergotropy.sel(cells=2)[0]) / 2
            rows.append(
                check(
                    f"{N} cells lose more ergotropy per cell than two do until Gamma t = {float(first.early):g}",
                    two - float(first.upper) / N,
                    found=f"{float(first.lower) / N:.4f} to {float(first.upper) / N:.4f} are left, {two:.4f} of two",
                )
            )
    return rows
