"""Averaged ergotropy of two cells without and with disorder.

Ergotropy in units of its initial value, averaged over 100 realizations, Eq. (6), for the coherent state |++>, the
classical mixture and the fully excited state: (a) delta = 0, (b) delta = 5. Bands are standard errors.
"""

import numpy as np

from qbsim.ledger.claims import check, statement

from . import DELTA, GAMMA, PEAK, average, difference, excess, lead, lifetime, positive, shown
from ._panels import dynamics_figure

FIGURE = "Fig. 1"
COST = "3 s"
N = 2
DELTAS = (0.0, DELTA)
REALIZATIONS = 100
PLACE = "Sec. II B, on Fig. 1"


def compute(quick=False, workers=None):
    return average((N,), DELTAS, REALIZATIONS, quick=quick, workers=workers)


def draw(ds):
    return dynamics_figure(ds, N, DELTAS)


def claims(ds):
    disordered = ds.sel(N=N, delta=DELTA)
    plus, error = (disordered[x].sel(state="plus") for x in ("ergotropy_ratio", "ergotropy_ratio_sem"))
    early = np.flatnonzero((ds.time.values > 0) & (ds.time.values <= PEAK[0]))
    dip = early[plus.values[early].argmin()]
    top, top_err = excess(ds, N, DELTA)
    full = float(abs(disordered.ergotropy_ratio.sel(state="full") - (2 * np.exp(-GAMMA * ds.time) - 1).clip(0)).max())
    return [
        *_states(ds),
        statement(
            "with disorder the ergotropy first falls a little",
            float(1 - plus[dip]),
            error=float(error[dip]),
            quote="after a small negative variation",
            place=PLACE,
            found=f"by {shown(100 * float(1 - plus[dip]), 100 * float(error[dip]))}",
        ),
        statement(
            "then it rises",
            top - 100 * float(plus[dip] - 1),
            error=float(np.hypot(top_err, 100 * error[dip])),
            quote="presents a slight positive variation in the presence of disorder",
            place=PLACE,
        ),
        statement(
            "and falls monotonically after that",
            -float(plus.where(ds.time > PEAK[1], drop=True).diff("time").max()),
            quote="before its monotonic decreasing (expected) behavior",
            place=PLACE,
        ),
        statement(
            "it rises above the initial one",
            top,
            error=top_err,
            quote="the instantaneous (average) ergotropy becomes bigger than the initial stored ergotropy",
            place="Sec. II B, below Eq. (8)",
            found=f"by {shown(top, top_err)}",
        ),
        check("the full one falls as 2 exp(-Gamma t) - 1", 1e-5 - full, found=f"curves differ by {full:.0e}"),
    ]


def _states(ds):
    ordered, disordered = (ds.sel(N=N, delta=delta) for delta in DELTAS)
    moved = float(abs(disordered.ergotropy_ratio - ordered.ergotropy_ratio).sel(state=["classical", "full"]).max())
    initial = ds.sel(N=N).ergotropy.isel(time=0)
    unequal = float(abs(initial.sel(state="classical") / initial.sel(state="plus") - 1).max())
    best = "the coherent initial state represents the best performance in terms of self-discharging"
    return [
        statement(
            "the classical state starts with the ergotropy of the coherent one",
            1e-5 - unequal,
            quote="the same amount of stored ergotropy as its classical counterpart",
            place="Sec. II B",
            found=f"they differ by {unequal:.0e}",
        ),
        statement(
            "without disorder the coherent state is best at all times", lead(ordered)[0], quote=best, place=PLACE
        ),
        positive("with disorder the coherent state is best at all times", lead(disordered), quote=best, place=PLACE),
        positive(
            "disorder increases its advantage: longer half-life, those of the others stay",
            difference(lifetime(ds, N, DELTA), lifetime(ds, N, 0.0)),
            "longer by {value:.2f}({error:.2f})/J",
            quote="This advantage [...] is even increased in the presence of disorder",
            place=PLACE,
        ),
        statement(
            "the curves of the classical and the full state do not move",
            1e-5 - moved,
            quote="the classical and full excited states are not sensitive to disorder",
            place=PLACE,
            found=f"they move by {moved:.0e}",
        ),
    ]
