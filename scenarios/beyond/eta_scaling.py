"""Gain of the coherent state against the number of cells, up to ten.

Relative gain of ergotropy, Eq. (9) of [arjmandi2022], at its strongest disorder, delta = 5, for N = 2 to 10: the paper
stops at N = 7 and asks whether larger batteries gain more. The gain is read at Gamma t = 0.08, where a pilot with
other draws has its maximum, so no maximum of a noisy mean is taken. Chains of different length share the draws of their
common cells; slopes are taken realization by realization, and their errors are those of the mean slope. The ratios of 7
to 10 cells are data (data/eta_scaling.json; `_eta_data` states the plan, the command and the cost); those of smaller
chains are computed here, and so are five stored ones of seven cells, again.
"""

import numpy as np

from qbsim import plotting
from qbsim.ledger.claims import check

from .. import labelled
from ..arjmandi2022 import DELTA
from ._eta_data import SAMPLE, TIME, TOLERANCE, ratios, read

FIGURE = "after Fig. 5(a)"
COST = "2 min"
SMALL, SMALL_QUICK = (2, 3, 4, 5, 6), (2, 3, 4)
QUICK = 64  # realizations of a quick run


def compute(quick=False, workers=None):
    stored, record = read()
    seed = record["seed"]
    count = min(*map(len, stored.values()), QUICK if quick else np.inf)
    small = {
        N: ratios(N, count, seed=seed, workers=None if quick else workers) for N in (SMALL_QUICK if quick else SMALL)
    }
    ratio = small | {N: values[:count] for N, values in stored.items()}
    ds = labelled(
        {
            "ratio": (
                ("N", "realization"),
                np.array(list(ratio.values())),
                "ergotropy at the fixed time over the initial one",
            ),
            "stored": ("sample", stored[7][:SAMPLE], "stored ratios of seven cells"),
            "again": ("sample", ratios(7, SAMPLE, seed=seed), "the same computed again"),
        },
        N=(list(ratio), "number of cells"),
    )
    eta = 100 * (ds.ratio.mean("realization") - 1)
    error = 100 * ds.ratio.std("realization", ddof=1) / np.sqrt(count)
    gains = {
        "eta": ("N", eta.values, "gain at the fixed time", "%"),
        "eta_err": ("N", error.values, "standard error of the gain", "%"),
    }
    return ds.merge(labelled(gains))


def draw(ds):
    fig, ax = plotting.figure(width=4.4, height=3.2)
    ax.errorbar(ds.N, ds.eta, 2 * ds.eta_err, fmt="o", capsize=3, color=plotting.BLUE, label="2 std. errors")
    plotting.label(ax, "number of cells $N$", r"gain $\eta$ (%)").set(
        title=rf"$\delta = {DELTA:g}$, $\Gamma t = {TIME:g}$", xticks=ds.N.values
    )
    ax.legend(loc="lower right")
    return fig


def slope(ds, first, last):
    """Least-squares slope of the gain over the sizes from first to last, percent per cell, and its standard error."""
    part = ds.ratio.sel(N=slice(first, last))
    n = part.N.values - part.N.values.mean()
    slopes = 100 * (n / np.sum(n**2)) @ part.values  # one per realization: the sizes share their draws
    return float(slopes.mean()), float(slopes.std(ddof=1) / np.sqrt(slopes.size))


def claims(ds):
    apart, present = float(abs(ds.stored - ds.again).max()), set(ds.N.values.tolist())
    # a quick run leaves out five and six cells
    ranges = [(a, b) for a, b in ((2, 4), (4, 7), (7, 10)) if set(range(a, b + 1)) <= present]
    slopes = {ends: slope(ds, *ends) for ends in ranges}
    return [
        check(
            f"{SAMPLE} stored realizations of seven cells come out again to {TOLERANCE:g}",
            TOLERANCE - apart,
            found=f"they differ by {apart:.0e}",
        ),
        *(
            check(
                f"the gain grows from {first} to {last} cells",
                value,
                error=error,
                found=f"{value:+.2f}({error:.2f}) % per cell",
            )
            for (first, last), (value, error) in slopes.items()
        ),
    ]
