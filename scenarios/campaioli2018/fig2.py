"""Worked example of an ergotropy: five levels, their passive state, and many copies.

Left: populations of the printed state and of its passive state. Right: work per copy that n copies give; the printed
1.8 is the limit of many copies, the ergotropy of one is 1.7."""

import numpy as np
import qutip

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Fig. 2"
COST = "1 s"
LEVELS = [-2.0, -1.0, 0.0, 1.0, 2.0]  # (l - 3) L_z, in units of L_z
POPULATIONS = [0.1, 0.2, 0.0, 0.3, 0.4]
PRINTED_PASSIVE = [0.4, 0.3, 0.2, 0.1, 0.0]
PRINTED_UNITARY = [(1, 5), (2, 4), (5, 3), (3, 2), (4, 1)]  # |i><j|
COPIES = 10


def compute(quick=False, workers=None):
    """Populations, work per copy, bound."""
    H, rho = qutip.qdiags(LEVELS, 0), qutip.qdiags(POPULATIONS, 0)
    copies = np.arange(1, (4 if quick else COPIES) + 1)
    U = sum(qutip.projection(5, i - 1, j - 1) for i, j in PRINTED_UNITARY)
    work = [qb.ergotropy_per_copy(rho, H, int(n)) for n in copies]
    return labelled(
        {
            "populations": ("level", POPULATIONS, "population"),
            "passive": ("level", qb.passive_state(rho, H).diag(), "passive population"),
            "rotated": ("level", (U * rho * U.dag()).diag(), "after the printed unitary"),
            "work": ("copies", work, "work per copy", "L_z"),
            "ergotropy": ((), qb.ergotropy(rho, H), "ergotropy", "L_z"),
            "bound": ((), qb.total_ergotropy(rho, H), "Gibbs bound", "L_z"),
        },
        level=(LEVELS, "energy", "L_z"),
        copies=(copies, "number of copies"),
    )


def draw(ds):
    """Populations and work per copy."""
    fig, (left, right) = plotting.figure(1, 2)
    left.bar(ds.level - 0.2, ds.populations, 0.4, label="state")
    left.bar(ds.level + 0.2, ds.passive, 0.4, label="passive state")
    plotting.label(left, "energy / $L_z$", "population", "a").legend()
    right.plot(ds.copies, ds.work, "o-", markersize=3, label="$w_{max}(n)$")
    right.axhline(float(ds.bound), color="k", linestyle="--", label="Gibbs bound, Eq. (8)")
    right.set_ylim(1.69, 1.815)
    plotting.label(right, "number of copies $n$", "work per copy / $L_z$", "b").legend(loc="center right")
    return fig


def claims(ds):
    """The printed number, the printed unitary, the direction of Eq. (8)."""
    caption, ergotropy, bound = "caption of Fig. 2", float(ds.ergotropy), float(ds.bound)
    return [
        statement(
            "passive state of the five levels",
            1e-12 - float(abs(ds.passive - PRINTED_PASSIVE).max()),
            quote="an associated passive state 0.4|1><1| + 0.3|2><2| + 0.2|3><3| + 0.1|4><4|",
            place=caption,
            found=", ".join(f"{p:.3g}" for p in ds.passive.values),
        ),
        statement(
            "ergotropy 1.8 L_z, to the printed digit",
            0.05 - abs(ergotropy - 1.8),
            holds=False,
            why="the printed populations have the energy 0.7 L_z and the printed passive state -1.0 L_z: 1.7 L_z; what "
            "rounds to 1.8 is the Gibbs bound of the same state, Eq. (8), 1.806 L_z",
            quote="one can extract the ergotropy W_max = 1.8 L_z",
            place=caption,
            found=f"{ergotropy:.6g} L_z; Gibbs bound {bound:.6g} L_z",
        ),
        statement(
            "the printed unitary gives the passive state",
            1e-12 - float(abs(ds.rotated - ds.passive).max()),
            quote="by means of some unitary operation, such as U = |1><5| + |2><4| + |5><3| + |3><2| + |4><1|",
            place=caption,
            found="yes",
        ),
        statement(
            "the Gibbs state of the same entropy gives a lower bound of the ergotropy",
            ergotropy - bound,
            holds=False,
            why="the inequality itself is an upper bound, and it holds; the sentence before it misprints",
            quote="a lower bound to the ergotropy for some state rho is given by",
            place="above Eq. (8)",
            found=f"no: it gives {bound:.4g}, the ergotropy is {ergotropy:.4g} L_z",
        ),
        statement(
            "the ergotropy is at most what the Gibbs state of the same entropy leaves",
            bound - ergotropy,
            quote="W_max <= tr[rho H_0] - tr[omega_beta H_0]",
            place="Eq. (8)",
        ),
        equal("ergotropy / L_z, by hand", 1.7, ergotropy, tol=1e-12),
        equal("Gibbs bound / L_z, by an independent solver", 1.80590013163323, bound, tol=1e-9),
        check("many copies stay below the bound", float((ds.bound - ds.work).min())),
    ]
