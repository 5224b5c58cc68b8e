"""Gain of the coherent state against the number of cells and against disorder.

Relative gain of ergotropy, Eq. (9): (a) for disorder delta = 5 and N = 3, 4, 5, 6, 7 with 5000, 3000, 1000, 500, 100
realizations; (b) for N = 7 and various strengths of disorder, 100 realizations.
"""

import numpy as np
import xarray as xr

from qbsim import plotting
from qbsim.claims import ordering, value

from . import DELTAS, DELTAS_QUICK, average, quadrature

FIGURE = "Fig. 5"
COST = "4 min"
REALIZATIONS = {3: 5000, 4: 3000, 5: 1000, 6: 500, 7: 100}
DELTA = 5.0
N = 7


def compute(quick=False, workers=None):
    settings = {"quick": quick, "workers": workers, "states": ("plus",)}
    smaller = average([n for n in REALIZATIONS if n != N], (DELTA,), REALIZATIONS, **settings)
    largest = average((N,), DELTAS_QUICK if quick else DELTAS, REALIZATIONS[N], **settings)
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
    plotting.label(a, "number of cells $N$", r"gain $\eta$ (%)", "a").set_title(rf"$\delta = {DELTA:g}$")
    plotting.label(b, r"disorder $\delta$", "", "b").set_title(f"$N = {N}$")
    a.set_xticks(list(REALIZATIONS))
    a.set_ylim(bottom=-0.3)
    return fig


def claims(ds):
    run = ds.sel(state="plus")
    size, size_err = run.gain_of_size, run.gain_err_of_size
    gain, error = run.gain, run.gain_err
    # least-squares slope of the gain in N, with its error from those of the points
    n = ds.N.values - ds.N.values.mean()
    weights = n / np.sum(n**2)
    strong = ds.delta.values >= 6
    middle = (ds.delta.values >= 2) & (ds.delta.values <= 5)
    late, early = float(gain[strong].mean()), float(gain[middle].mean())
    # the same draws at every delta: the points share their errors, so the error of a mean is that of one point
    mean_err = quadrature(error[strong].mean(), error[middle].mean())
    top = int(gain.values.argmax())
    return [
        ordering(
            "the gain grows with the number of cells (slope per cell)",
            float(weights @ size.values),
            error=float(np.sqrt(np.sum((weights * size_err.values) ** 2))),
        ),
        ordering(
            "seven cells gain more than three",
            float(size.sel(N=7) - size.sel(N=3)),
            error=quadrature(size_err.sel(N=7), size_err.sel(N=3)),
        ),
        ordering(
            "disordered batteries gain at least 5 percent (largest of the sizes)",
            float(size.max()) - 5,
            error=float(size_err[int(size.values.argmax())]),
            found=f"{float(size.max()):.1f}({float(size_err[int(size.values.argmax())]):.1f}) %",
        ),
        value(
            "the smallest of these gains, N = 3, percent",
            5.0,
            float(size.sel(N=3)),
            tol=0.2,
            error=float(size_err.sel(N=3)),
        ),
        value("gain without disorder, percent", 0.0, float(gain.sel(delta=0)), tol=1e-6),
        value("gain at delta = 1, percent", 0.0, float(gain.sel(delta=1)), tol=0.5, error=float(error.sel(delta=1))),
        ordering(
            "beyond delta = 1 the gain grows with disorder",
            float(gain.sel(delta=DELTA) - gain.sel(delta=1)),
            error=quadrature(error.sel(delta=DELTA), error.sel(delta=1)),
        ),
        ordering(
            "the gain keeps growing up to delta = 10: mean over delta > 5 above that over 2 to 5 by a half",
            late - 1.5 * early,
            error=1.5 * mean_err,
            holds=False,
            found=f"no: {late:.1f} % after {early:.1f} %",
            why="for delta >> 1 the distribution of omega_k / B0 only rescales, and the gain saturates near delta = 2",
        ),
        ordering(
            "disorder can give at least 5 percent at N = 7",
            float(gain[top]) - 5,
            error=float(error[top]),
            found=f"{float(gain[top]):.1f}({float(error[top]):.1f}) % at delta = {float(ds.delta[top]):g}",
        ),
    ]
