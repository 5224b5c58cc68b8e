"""Averaged ergotropy of two cells without and with disorder.

Ergotropy in units of its initial value, averaged over 100 realizations, Eq. (6), for the coherent state |++>, the
classical mixture and the fully excited state: (a) delta = 0, (b) delta = 5. Bands are standard errors.
"""

import numpy as np

from qbsim.claims import ordering, value

from . import GAMMA, average, lead, quadrature
from ._panels import dynamics_figure

FIGURE = "Fig. 1"
COST = "3 s"
N = 2
DELTA = (0.0, 5.0)
REALIZATIONS = 100


def compute(quick=False, workers=None):
    return average((N,), DELTA, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    return dynamics_figure(ds, N, DELTA)


def claims(ds):
    ordered, disordered = (ds.sel(N=N, delta=delta) for delta in DELTA)
    plus, error = disordered.ergotropy_ratio.sel(state="plus"), disordered.ergotropy_ratio_sem.sel(state="plus")
    dip, peak = int(plus.values[: plus.values.argmax() + 1].argmin()), int(plus.values.argmax())
    longer = disordered.half_life.sel(state="plus") - ordered.half_life.sel(state="plus")
    moved = float(abs(disordered.ergotropy_ratio - ordered.ergotropy_ratio).sel(state=["classical", "full"]).max())
    z = np.exp(-GAMMA * ds.time)
    full = float(abs(disordered.ergotropy_ratio.sel(state="full") - (2 * z - 1).clip(0)).max())
    return [
        value("normalised ergotropy at t = 0", 1.0, float(ds.ergotropy_ratio.isel(time=0).min()), tol=1e-9),
        ordering("without disorder the coherent state is best at all times", lead(ordered)[0]),
        ordering(
            "with disorder the coherent state is best at all times", lead(disordered)[0], error=lead(disordered)[1]
        ),
        ordering(
            "disorder increases its advantage: longer half-life",
            float(longer),
            error=float(disordered.half_life_err.sel(state="plus")),
        ),
        ordering(
            "the classical and the full state are not sensitive to disorder",
            1e-5 - moved,
            found=f"curves differ by {moved:.0e}",
        ),
        ordering("the full one falls as 2 exp(-Gamma t) - 1", 1e-5 - full, found=f"curves differ by {full:.0e}"),
        ordering("with disorder the ergotropy first falls a little", float(1 - plus[dip]), error=float(error[dip])),
        ordering(
            "then it exceeds the initial one: incoherent gain",
            float(plus[peak] - 1),
            error=float(error[peak]),
            found=f"{float(plus[peak]):.3f}({1000 * float(error[peak]):.0f}) at Gamma t = {float(ds.time[peak]):.3f}",
        ),
        ordering(
            "the gain comes after the fall", float(plus[peak] - plus[dip]), error=quadrature(error[peak], error[dip])
        ),
        value("gain without disorder, percent", 0.0, float(abs(ordered.gain).max()), tol=1e-6),
    ]
