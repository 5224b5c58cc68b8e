"""Gain of the coherent state against the number of cells and against disorder.

Relative gain of ergotropy, Eq. (9): (a) for disorder delta = 5 and N = 3, 4, 5, 6, 7 with 5000, 3000, 1000, 500, 100
realizations; (b) for N = 7 and various strengths of disorder, 100 realizations.
"""

import numpy as np
import xarray as xr

from qbsim import plotting
from qbsim.ledger.claims import number, statement

from . import DELTA, DELTAS, average, difference, positive, shown

FIGURE = "Fig. 5"
COST = "80 s"
REALIZATIONS = {3: 5000, 4: 3000, 5: 1000, 6: 500, 7: 100}
N = 7
PLACE = "Sec. III, on Fig. 5(b)"


def compute(quick=False, workers=None):
    settings = {"quick": quick, "workers": workers, "states": ["plus"]}
    smaller = average([n for n in REALIZATIONS if n != N], (DELTA,), REALIZATIONS, **settings)
    largest = average((N,), DELTAS, REALIZATIONS[N], **settings)
    return panels(smaller, largest)


def panels(smaller, largest):
    """Gains against disorder, and those at delta = 5 against the number of cells as variables `gain_of_size`."""
    names = ["gain", "gain_err"]
    by_size = xr.concat([smaller.sel(delta=DELTA)[names], largest.sel(delta=DELTA)[names]], "N").drop_vars("delta")
    ds = largest.sel(N=N).drop_vars("N")
    for name in names:
        ds[f"{name}_of_size"] = by_size[name].assign_attrs(long_name=f"{by_size[name].attrs['long_name']}, delta = 5")
    return ds


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2, sharey=True)
    run, look = ds.sel(state="plus"), plotting.line("plus")
    plotting.points(a, ds.N, run.gain_of_size, run.gain_err_of_size, **look)
    plotting.points(b, ds.delta, run.gain, run.gain_err, **look)
    plotting.label(a, "number of cells $N$", r"gain $\eta$ (%)", "a").set(
        title=rf"$\delta = {DELTA:g}$", xticks=list(REALIZATIONS), ylim=(-0.3, None)
    )
    plotting.label(b, r"disorder $\delta$", "", "b").set_title(f"$N = {N}$")
    return fig


def claims(ds):
    run = ds.sel(state="plus")
    gain = {float(d): (float(run.gain.sel(delta=d)), float(run.gain_err.sel(delta=d))) for d in ds.delta.values}
    grows = "raising the degree of disorder (delta > 1) results in a growth of the maximum amount of ergotropy"
    return [
        *_sizes(ds),
        positive("it grows from delta = 1 to 3", difference(gain[3.0], gain[1.0]), "{shown}", quote=grows, place=PLACE),
        positive(
            "it grows from delta = 3 to 5",
            difference(gain[DELTA], gain[3.0]),
            "{shown}",
            quote="(approximately) scaling with disorder",
            place=PLACE,
        ),
        statement(
            "seven cells gain at least 5 percent at delta = 5",
            gain[DELTA][0] - 5,
            error=gain[DELTA][1],
            quote="it is possible to achieve an incoherent production of ergotropy of, at least, 5%",
            place="Sec. III, on Fig. 5",
            found=shown(*gain[DELTA]),
        ),
    ]


def _sizes(ds):
    run = ds.sel(state="plus")
    gain = {float(d): (float(run.gain.sel(delta=d)), float(run.gain_err.sel(delta=d))) for d in ds.delta.values}
    # least-squares slope of the gain in N, with its error from those of the points
    n = ds.N.values - ds.N.values.mean()
    weights = n / np.sum(n**2)
    error = float(np.sqrt(np.sum((weights * run.gain_err_of_size.values) ** 2)))
    return [
        positive(
            "the gain grows with the number of cells, slope over N = 3 to 7",
            (float(weights @ run.gain_of_size.values), error),
            "{value:.2f}({error:.2f}) % per cell",
            quote="by increasing the number of intracell interactions (N) the relative gain is enhanced",
            place="Sec. III, on Fig. 5(a)",
        ),
        number(
            "gain of seven cells without disorder, percent",
            "0",
            gain[0.0][0],
            quote="without disorder (delta = 0) [...] leading to eta = 0",
            place=PLACE,
        ),
        statement(
            "gain of seven cells at delta = 1: below 0.5 percent",
            0.5 - gain[1.0][0],
            error=gain[1.0][1],
            quote="with a slight amount of disorder (delta = 1), the maximal ergotropy is just equal to the initial "
            "value",
            place=PLACE,
            found=shown(*gain[1.0]),
        ),
    ]
