"""Averaged ergotropy of three to six cells without and with disorder.

Ergotropy in units of its initial value for the coherent, the classical and the fully excited state and N = 3, 4, 5, 6
with 5000, 3000, 1000, 500 realizations: without disorder (left) and with delta = 5 (right).
"""

import numpy as np

from qbsim import plotting
from qbsim.claims import ordering

from . import average, lead, quadrature
from ._panels import dynamics

FIGURE = "Fig. 7"
COST = "1 min"
REALIZATIONS = {3: 5000, 4: 3000, 5: 1000, 6: 500}
DELTA = (0.0, 5.0)


def compute(quick=False, workers=None):
    return average(tuple(REALIZATIONS), DELTA, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    fig, axes = plotting.figure(len(ds.N), 2, height=2.3, sharex=True, sharey=True)
    panels = iter("abcdefgh")
    for row, n in zip(axes, ds.N.values, strict=True):
        for ax, delta in zip(row, DELTA, strict=True):
            dynamics(ax, ds.sel(N=n, delta=delta), next(panels), rf"$N = {n}$, $\delta = {delta:g}$")
            ax.label_outer()
    axes[0, 0].legend()
    return fig


def claims(ds):
    rows = []
    for n in ds.N.values:
        ordered, disordered = (ds.sel(N=n, delta=delta) for delta in DELTA)
        gain, error = disordered.gain.sel(state="plus"), disordered.gain_err.sel(state="plus")
        margin, margin_err = lead(disordered)
        rows += [
            ordering(f"N = {n}: without disorder the coherent state is best", lead(ordered)[0]),
            ordering(f"N = {n}: with disorder the coherent state is best", margin, error=margin_err),
            ordering(
                f"N = {n}: disorder enhances it: longer half-life",
                float((disordered.half_life - ordered.half_life).sel(state="plus")),
                error=float(disordered.half_life_err.sel(state="plus")),
            ),
            ordering(
                f"N = {n}: temporary growth of ergotropy with disorder",
                float(gain),
                error=float(error),
                found=f"{float(gain):.1f}({float(error):.1f}) %",
            ),
            ordering(f"N = {n}: none without", 1e-6 - float(ordered.gain.sel(state="plus"))),
        ]
    gain, error = (ds[x].sel(delta=DELTA[1], state="plus") for x in ("gain", "gain_err"))
    rows.append(
        ordering(
            "the enhancement scales with the size: six cells above three",
            float(gain[-1] - gain[0]),
            error=quadrature(error[-1], error[0]),
        )
    )
    long = ds.ergotropy_ratio.sel(delta=DELTA[1]).isel(time=-1)
    rows.append(
        ordering(
            "with disorder the coherent battery is long-lived: at Gamma t = 1 above the others for every N",
            float(np.min(long.sel(state="plus") - long.sel(state=["classical", "full"]).max("state"))),
            error=float(ds.ergotropy_ratio_sem.sel(delta=DELTA[1], state="plus").isel(time=-1).max()),
        )
    )
    return rows
