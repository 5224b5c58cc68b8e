"""How many cells are enough: redundancy at finite n, from the state of Eq. (6).

(a) Output ergotropy over input energy of one quantum spread coherently over n cells; crosses at the right edge: the
limit of infinitely many. (b) What is missing to the limit; it falls as 1/n.
"""

import numpy as np

from qbsim import capacitance, channels, plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled
from . import H
from .fig2 import noise

FIGURE = "Eq. (6)"
COST = "1 s"
ENERGY = 1.0  # quanta in total
CASES = {
    "GADC, gamma = 0.3, eta = 0.2": channels.generalized_amplitude_damping(0.3, 0.2),
    "GADC, gamma = 0.7, eta = 0.4": channels.generalized_amplitude_damping(0.7, 0.4),
    "ADC + dephasing, 0.3, 0.2": noise(0.3, 0.2),
    "ADC + dephasing, 0.2, 0.9": noise(0.2, 0.9),
    "depolarizing, lambda = 0.4": channels.depolarizing(0.4),
}


def compute(quick=False, workers=None):
    cells = 2 ** np.arange(0, 15, 2 if quick else 1)
    ratio = [capacitance.redundancy_curve(channel, H, cells, ENERGY) for channel in CASES.values()]
    limit = [capacitance.coherent_redundancy_ratio(channel, H).value for channel in CASES.values()]
    return labelled(
        {
            "ratio": (("case", "cells"), ratio, "work / energy"),
            "limit": ("case", limit, "work / energy, infinitely many cells"),
        },
        case=(list(CASES), "noise"),
        cells=(cells, "number of cells"),
    )


def draw(ds):
    fig, (a, b) = plotting.figure(1, 2, width=4.0, height=3.2)
    for k, case in enumerate(ds.case.values):
        run = ds.sel(case=case)
        style = {"color": f"C{k}", "marker": "os^Dv"[k], "markersize": 3}
        a.semilogx(ds.cells, run.ratio, base=2, label=str(case), **style)
        a.plot(2.0**15, run.limit, "x", color=f"C{k}")
        missing = np.abs(run.limit - run.ratio)
        if float(missing.max()) > 1e-9:
            b.loglog(ds.cells, missing, base=2, **style)
    b.plot(ds.cells, 0.5 / ds.cells, "k:", lw=1, label=r"$1/2n$")
    b.set_yscale("log", base=10)
    plotting.label(a, "number of cells $n$", r"$\mathcal{E}/E$", "a").legend(
        fontsize=7, loc="lower right", bbox_to_anchor=(1, 0.1)
    )
    plotting.label(b, "number of cells $n$", "distance to the limit", "b").legend()
    return fig


def _enough(run, part=0.99):
    """Least number of cells on the grid that reaches this part of the limit."""
    reached = run.ratio.values >= part * float(run.limit)
    return int(run.cells.values[np.argmax(reached)]) if reached.any() else None


def claims(ds):
    thermal, dephased, convex, flat = (ds.isel(case=k) for k in (0, 2, 3, 4))
    missing = (ds.cells * (thermal.limit - thermal.ratio)).values
    return [
        statement(
            "thermal relaxation: every doubling of the cells helps",
            float(np.diff(thermal.ratio.values).min()),
            quote="In the limit in which the number of quantum batteries is very large compared to the total energy to "
            "store (that is, E/n -> 0), it is reasonable to expect some advantage in the ratio",
            place="Redundancy protocol, above Eq. (5)",
        ),
        check("strong dephasing (0.2, 0.9): every doubling harms", -float(np.diff(convex.ratio.values).max())),
        equal("depolarizing: the number of cells does not matter", 0.0, float(np.ptp(flat.ratio.values)), tol=1e-12),
        equal("GADC(0.3, 0.2), one cell", 0.52, float(thermal.ratio[0]), tol=1e-9),
        equal("GADC(0.3, 0.2), limit (1 - gamma)/(1 - 2 gamma eta)", 0.7 / 0.88, float(thermal.limit), tol=1e-12),
        equal("distance to the limit at the largest n", 0.0, float(thermal.limit - thermal.ratio[-1]), tol=2e-5),
        equal("it falls as 1/n: n times the distance, at the last two n", 1.0, missing[-2] / missing[-1], tol=0.01),
        check(
            "a finite number of cells is enough for 99 % of the limit",
            float(ds.cells[-1] - (_enough(thermal) or np.inf)),
            found=f"n = {_enough(thermal)} for GADC(0.3, 0.2), {_enough(dephased)} for ADC + dephasing (0.3, 0.2)",
        ),
    ]
