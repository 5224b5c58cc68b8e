"""Averaged ergotropy of three to six cells without and with disorder.

Ergotropy in units of its initial value for the coherent, the classical and the fully excited state and N = 3, 4, 5, 6
with 5000, 3000, 1000, 500 realizations: without disorder (left) and with delta = 5 (right).
"""

from qbsim import plotting
from qbsim.ledger.claims import check

from . import DELTA, RATIO, average, difference, excess, lead, lifetime, lines, positive
from ._panels import dynamics

FIGURE = "Fig. 7"
COST = "20 s"
REALIZATIONS = {3: 5000, 4: 3000, 5: 1000, 6: 500}
DELTAS = (0.0, DELTA)
PLACE = "Appendix A, on Fig. 7"


def compute(quick=False, workers=None):
    return average(tuple(REALIZATIONS), DELTAS, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    fig, axes = plotting.figure(len(ds.N), 2, height=2.3, sharex=True, sharey=True)
    ds, panels = lines(ds, RATIO), iter("abcdefgh")
    for row, n in zip(axes, ds.N.values, strict=True):
        for ax, delta in zip(row, DELTAS, strict=True):
            dynamics(ax, ds.sel(N=n, delta=delta), next(panels), rf"$N = {n}$, $\delta = {delta:g}$")
            ax.label_outer()
    axes[0, 0].legend()
    return fig


def claims(ds):
    rows = []
    for n in ds.N.values:
        rows += [
            positive(
                f"N = {n}: with disorder the coherent state is best at all times",
                lead(ds.sel(N=n, delta=DELTA)),
                quote="its ergotropy tends to be more robust against self-discharging, storing a long-lived amount of "
                "energy in comparison to classical and fully excited cases",
                place=PLACE,
            ),
            positive(
                f"N = {n}: disorder lengthens the coherent half-life",
                difference(lifetime(ds, n, DELTA), lifetime(ds, n, 0.0)),
                "by {value:.2f}({error:.2f})/J",
                quote="The performance of the coherent battery is enhanced in the presence of disorder",
                place=PLACE,
            ),
            positive(
                f"N = {n}: with disorder the coherent ergotropy rises above its initial value",
                excess(ds, n, DELTA),
                "by {shown}",
                quote="the temporary growth of ergotropy is evident again in the disordered coherent quantum battery "
                "for all numbers of quantum cells",
                place=PLACE,
            ),
            check(f"N = {n}: without disorder the coherent state is best", lead(ds.sel(N=n, delta=0))[0]),
            check(f"N = {n}: without disorder it gains nothing", 1e-6 - float(ds.gain.sel(N=n, delta=0, state="plus"))),
        ]
    first, last = int(ds.N[0]), int(ds.N[-1])
    return [
        *rows,
        positive(
            f"{last} cells gain more than {first}",
            difference(excess(ds, last, DELTA), excess(ds, first, DELTA)),
            "by {shown}",
            quote="the amount of such enhancement scales with the size of the quantum battery (at least up to seven "
            "cells)",
            place=PLACE,
        ),
    ]
