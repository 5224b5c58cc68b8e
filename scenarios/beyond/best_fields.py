"""Fields chosen for the gain, or for the half-life, against random ones: whether disorder is the best choice.

Chains of [arjmandi2022] from |+...+>. In the adopted reading its strongest disorder, delta = 5, draws frequencies from
0 to 35 Gamma, and a weak one, delta = 1, from 5 to 15 Gamma; `qbsim.optimize` may choose every frequency between the
same bounds. (a) Relative gain of ergotropy, Eq. (9), of single chains: random ones as points, their mean, equal fields,
and the best fields. (b) Half-life of the ergotropy. (c) The best fields. Two to five cells: the searches of seven would
take hours. The optima are data (data/best.json; `_best_data` has the command and the cost); their values are computed
again here, and so is the search for two cells.
"""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal

from .. import arjmandi2022, labelled
from ._best_data import CASES, FIELD_TIMES, OBJECTIVES, SIZES, chain, dense, field_bounds, read, search_fields

FIGURE = "after Fig. 5"
COST = "1 min"
REALIZATIONS, QUICK = 200, 12
AGREES = 1e-6  # difference of stored values from those computed again
AT_BOUND = 0.01  # distance from a bound, in units of Gamma
COLORS = {"gain": plotting.VERMILION, "half-life": plotting.GREEN, "half-life, weak": plotting.PURPLE}


def random_values(N, case, count):
    """Gain or half-life of random chains, (count,)."""
    goal, delta = CASES[case]
    ds = qb.sweep(
        arjmandi2022.chain,
        {"N": [N], "delta": [delta]},
        states="plus",
        tlist=FIELD_TIMES,
        measures="ergotropy",
        realizations=count,
        seed=arjmandi2022.SEED,
        keep="all",
        executor="serial",
    )
    curves = ds.ergotropy.squeeze(["N", "delta", "state"]).transpose("realization", "time").values
    return [number(goal, FIELD_TIMES, curve) for curve in curves]


def number(goal, times, curve):
    """Gain or half-life of a curve."""
    return qb.relative_gain(curve) if goal == "gain" else qb.half_life(*dense(times, curve))


def run(omega, times=FIELD_TIMES):
    """Ergotropy in given fields."""
    return qb.evolve(chain(np.asarray(omega)), "plus", times, "ergotropy")


def value(omega, case, times=FIELD_TIMES):
    """Gain or half-life in given fields."""
    return number(CASES[case][0], times, run(omega, times).ergotropy.values)


def compute(quick=False, workers=None):
    stored = read()["fields"]
    shape = (len(CASES), len(SIZES))
    best, off, fine, starts, even = (np.empty(shape) for _ in range(5))
    fields = np.full((*shape, max(SIZES)), np.nan)
    denser = np.union1d(FIELD_TIMES, (FIELD_TIMES[1:] + FIELD_TIMES[:-1]) / 2)
    for c, case in enumerate(CASES):
        for k, N in enumerate(SIZES):
            row = stored[case][str(N)]
            omega = row["parameters"]["omega"]
            fields[c, k, :N] = omega
            off[c, k] = OBJECTIVES[CASES[case][0]](run(omega)) - row["value"]
            best[c, k], fine[c, k] = value(omega, case), value(omega, case, denser)
            starts[c, k] = sum(abs(v - row["value"]) <= 1e-3 * row["value"] for v in row["starts"])
            even[c, k] = value(np.full(N, arjmandi2022.READING.B0), case)
    count = QUICK if quick else REALIZATIONS
    drawn = [[random_values(N, case, count) for N in SIZES] for case in CASES]
    dims = ("case", "N")
    return labelled(
        {
            "best": (dims, best, "best value: gain in %, half-life in 1/Gamma"),
            "off": (dims, off, "objective at the stored fields less the stored value"),
            "fine": (dims, fine, "the same, with half of the steps in time"),
            "starts": (dims, starts, "starts within a thousandth of the best value"),
            "even": (dims, even, "value in equal fields B0"),
            "random": ((*dims, "realization"), drawn, "value in random fields"),
            "fields": ((*dims, "cell"), fields, "best fields", "Gamma"),
            "search": ((), search_fields(2, "gain", starts=2).value, "largest gain of two cells, searched again", "%"),
            "bound": (("case", "side"), [field_bounds(d) for _, d in CASES.values()], "bounds of the fields", "Gamma"),
        },
        case=(list(CASES), "objective and disorder"),
        N=(list(SIZES), "number of cells"),
        cell=(np.arange(max(SIZES)), "cell"),
        side=(["lower", "upper"], "bound"),
    )


def draw(ds):
    fig, (a, b, c) = plotting.figure(1, 3, width=3.0)
    spread = np.linspace(-0.12, 0.12, ds.sizes["realization"])
    for case, color in COLORS.items():
        ax, run = a if case == "gain" else b, ds.sel(case=case)
        shift = {"gain": 0.0, "half-life": -0.17, "half-life, weak": 0.17}[case]
        for N in ds.N.values:
            ax.plot(N + shift + spread, run.random.sel(N=N), ".", markersize=1.2, color="0.65")
        x = ds.N + shift
        ax.plot(x, run.random.mean("realization"), "o", color=color, markersize=4)
        ax.plot(x, run.even, "_", color="k", markersize=10)
        ax.plot(x, run.best, "*", color=color, markersize=9, label=rf"$\delta = {CASES[case][1]:g}$")
    for ax, text, panel in ((a, r"gain $\eta$ (%)", "a"), (b, r"half-life $\Gamma\tau$", "b")):
        plotting.label(ax, "number of cells $N$", text, panel).set_xticks(ds.N.values)
        ax.set_title("* best, o random, _ equal", fontsize=8)
        ax.legend(loc="upper left")
    starts = np.cumsum([0, *(N + 1 for N in SIZES[:-1])])
    for case, color in COLORS.items():
        for start, N in zip(starts, SIZES, strict=True):
            text = case if start == 0 else None
            c.plot(start + np.arange(N), ds.fields.sel(case=case, N=N)[:N], "o-", color=color, markersize=3, label=text)
    c.set_xticks([start + (N - 1) / 2 for start, N in zip(starts, SIZES, strict=True)], [f"N={N}" for N in SIZES])
    plotting.label(c, "cells along the chain", r"best fields $\omega_k/\Gamma$", "c").legend(fontsize=6)
    c.set_ylim(-1, 47)
    return fig


def claims(ds):
    gain, strong, weak = (ds.sel(case=case) for case in CASES)
    off, moved = float(abs(ds.off).max()), float(abs(ds.fine / ds.best - 1).max())
    ahead = ds.best - ds.random.max("realization")
    full = [int((gain.fields.sel(N=N) > AT_BOUND).sum()) for N in ds.N.values]
    away = abs(weak.fields - weak.bound).min("side")
    held = [int((away.sel(N=N) < AT_BOUND).sum()) for N in ds.N.values]
    return [
        check("stored optima have the stored values", AGREES - off, found=f"to {off:.1g}"),
        check("halving the steps in time moves no optimum by 1 %", 0.01 - moved, found=f"by up to {100 * moved:.2g} %"),
        equal("the search for two cells finds the stored gain", float(gain.best.sel(N=2)), float(ds.search), tol=1e-3),
        *(
            check(
                f"no random fields do as well as the best ones: {case}",
                float(ahead.sel(case=case).min()),
                found=f"best {_shown(ds.best.sel(case=case))}, random ones on average "
                f"{_shown(ds.random.sel(case=case).mean('realization'))}, equal ones {_shown(ds.even.sel(case=case))}",
            )
            for case in CASES
        ),
        check("equal fields gain nothing", 1e-6 - float(gain.even.max()), found=f"{float(gain.even.max()):.1g} %"),
        check(
            "fields with the largest gain vanish but in one cell, which the others feed",
            1.5 - max(full),
            found=f"{_shown(full)} cells have a field, for N = {_shown(ds.N)}",
        ),
        check(
            "with weak disorder the longest half-lives have fields at the bounds",
            min(held) - 0.5,
            found=f"{_shown(held)} of {_shown(ds.N)} fields",
        ),
        check(
            "strong disorder allows longer half-lives than weak disorder",
            float((strong.best - weak.best).min()),
            found=f"found again by {_shown(strong.starts)} and {_shown(weak.starts)} starts",
        ),
    ]


def _shown(values):
    return ", ".join(f"{x:.3g}" for x in np.ravel(values))
