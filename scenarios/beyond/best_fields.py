"""Are random fields the best fields? Chains in fields chosen for the gain, or for the half-life, against random ones.

Chains of [arjmandi2022] from |+...+>. Its strongest disorder, delta = 5, draws frequencies from 0 to 35 Gamma in the
adopted reading; `qbsim.optimize` may choose every frequency between the same bounds. (a) Relative gain of ergotropy,
Eq. (9), of single chains: random ones as points, their mean, and the best fields. (b) Half-life of the ergotropy. (c)
The best fields. Two to five cells: the searches of seven would take hours. The optima are data (data/best.json;
`_best_data` has the command and the cost); their values are computed again here, and so is the search for two cells.
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import arjmandi2022, labelled
from ._best_data import FIELD_TIMES, GOALS, OBJECTIVES, SIZES, best_fields, chain, field_bounds, read

FIGURE = "after Fig. 5"
COST = "1 min"
REALIZATIONS, QUICK = 200, 12
AGREES = 1e-6  # relative difference of stored values from those computed again
TEXTS = {"gain": ("relative gain of the ergotropy", "%"), "half_life": ("half-life of the ergotropy", "1/Gamma")}


def random_values(N, count):
    """Gain and half-life of random chains, (goals, count)."""
    ds = qb.sweep(
        arjmandi2022.chain,
        {"N": [N], "delta": [arjmandi2022.DELTA]},
        states="plus",
        tlist=FIELD_TIMES,
        measures="ergotropy",
        realizations=count,
        seed=arjmandi2022.SEED,
        keep="all",
        executor="serial",
    )
    curves = ds.ergotropy.squeeze(["N", "delta", "state"]).transpose("realization", "time").values
    return [
        [qb.relative_gain(curve) for curve in curves],
        [qb.half_life(FIELD_TIMES, curve) for curve in curves],
    ]


def value(omega, goal):
    """Gain or half-life in given fields."""
    return OBJECTIVES[goal](qb.evolve(chain(np.asarray(omega)), "plus", FIELD_TIMES, "ergotropy"))


def compute(quick=False, workers=None):
    stored = read()["fields"]
    count = QUICK if quick else REALIZATIONS
    shape = (len(GOALS), len(SIZES))
    best, again, starts, equal_fields = (np.empty(shape) for _ in range(4))
    fields = np.full((*shape, max(SIZES)), np.nan)
    for g, goal in enumerate(GOALS):
        for k, N in enumerate(SIZES):
            row = stored[goal][str(N)]
            omega = row["parameters"]["omega"]
            fields[g, k, :N], best[g, k], again[g, k] = omega, row["value"], value(omega, goal)
            starts[g, k] = sum(abs(v - row["value"]) <= 1e-3 * row["value"] for v in row["starts"])
            equal_fields[g, k] = value(np.full(N, arjmandi2022.READING.B0), goal)
    drawn = np.array([random_values(N, count) for N in SIZES]).transpose(1, 0, 2)
    search = best_fields(2, "gain", starts=2 if quick else 5)
    dims = ("goal", "N")
    return labelled(
        {
            "best": (dims, best, "best value: gain in %, half-life in 1/Gamma"),
            "again": (dims, again, "the same, computed again at the stored fields"),
            "starts": (dims, starts, "starts within a thousandth of the best value"),
            "equal": (dims, equal_fields, "value in equal fields B0"),
            "random": ((*dims, "realization"), drawn, "value in random fields"),
            "fields": ((*dims, "cell"), fields, "best fields", "Gamma"),
            "search": ((), search.value, "largest gain of two cells, searched for again", "%"),
            "bound": ("side", list(field_bounds()), "bounds of the fields", "Gamma"),
        },
        goal=(list(GOALS), "objective"),
        N=(list(SIZES), "number of cells"),
        cell=(np.arange(max(SIZES)), "cell"),
        side=(["lower", "upper"], "bound"),
    )


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.0)
    for ax, goal, panel in ((a, "gain", "a"), (b, "half_life", "b")):
        run = ds.sel(goal=goal)
        spread = np.linspace(-0.15, 0.15, ds.sizes["realization"])
        for N in ds.N.values:
            ax.plot(N + spread, run.random.sel(N=N), ".", markersize=1.5, color="0.6")
        ax.plot(ds.N, run.random.mean("realization"), "o", color=plotting.BLUE, markersize=4, label="random, mean")
        ax.plot(ds.N, run.equal, "_", color="k", markersize=12, label="equal fields")
        ax.plot(ds.N, run.best, "*", color=plotting.VERMILION, markersize=9, label="best fields")
        text = r"gain $\eta$ (%)" if goal == "gain" else r"half-life $\Gamma\tau$"
        plotting.label(ax, "number of cells $N$", text, panel).set_xticks(ds.N.values)
    b.legend()
    for goal, mark, color in (("gain", "o-", plotting.VERMILION), ("half_life", "s--", plotting.GREEN)):
        for N in ds.N.values:
            omega = ds.fields.sel(goal=goal, N=N).values[:N]
            shift = 6 * list(ds.N.values).index(N)
            text = TEXTS[goal][0].split(" of ")[0] if N == min(SIZES) else None
            c.plot(shift + np.arange(N), omega, mark, color=color, markersize=4, lw=1, label=text)
    c.set_xticks([6 * k + (N - 1) / 2 for k, N in enumerate(ds.N.values)], [f"N = {N}" for N in ds.N.values])
    plotting.label(c, "cells along the chain", r"field $\omega_k/\Gamma$", "c").legend()
    return fig


def claims(ds):
    off = float(abs(ds.again / ds.best - 1).max())
    gain, life = (ds.sel(goal=goal) for goal in GOALS)
    ahead = {goal: ds.best.sel(goal=goal) - ds.random.sel(goal=goal).max("realization") for goal in GOALS}
    few = int(ds.starts.min())
    at_bound = np.minimum(abs(ds.fields - ds.bound.sel(side="lower")), abs(ds.fields - ds.bound.sel(side="upper")))
    bound = [int((at_bound.sel(goal="gain", N=N) < 0.01).sum()) for N in ds.N.values]
    return [
        check("stored optima have the stored values", AGREES - off, found=f"to {off:.1g} of themselves"),
        equal("the search for two cells finds the stored gain", float(gain.best.sel(N=2)), float(ds.search), tol=1e-3),
        check(
            "no random fields gain as much as the best ones",
            float(ahead["gain"].min()),
            found=f"best {_shown(gain.best)} %, random ones on average {_shown(gain.random.mean('realization'))} %",
        ),
        check(
            "no random fields live as long as the best ones",
            float(ahead["half_life"].min()),
            found=f"best {_shown(life.best)}, random ones on average {_shown(life.random.mean('realization'))} / Gamma",
        ),
        check(
            "equal fields gain nothing",
            1e-6 - float(gain.equal.max()),
            found=f"{float(gain.equal.max()):.1g} %",
        ),
        check(
            "fields with the largest gain stand at the bounds of the disorder",
            float(min(bound)) - 0.5,
            found=f"{', '.join(map(str, bound))} of {_shown(ds.N)} fields",
        ),
        check("the best value is found by one start at least", few - 0.5, found=f"by {few} or more"),
    ]


def _shown(values):
    return ", ".join(f"{x:.3g}" for x in np.ravel(values))
