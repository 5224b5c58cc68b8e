"""Extra work per copy that entangling operations extract from n copies of a passive state.

Levels 0, 0.579, 1 and populations 0.538, 0.237, 0.224, divided by their sum 0.999. Dashed: the limit of many copies.
Crosses: a Gibbs state of the same levels, from which no number of copies gives anything."""

import numpy as np

import qbsim as qb
from qbsim import plotting
from qbsim.ledger.claims import check, equal, statement

from .. import labelled

FIGURE = "Fig. 3"
COST = "1 s"
LEVELS = [0.0, 0.579, 1.0]
PRINTED = [0.538, 0.237, 0.224]
COPIES = 20
FAR = [50, 100, 200]  # copies, on the way to the limit
QUBITS = [0.5, 0.6, 0.7, 0.8, 0.9, 1.0]  # ground populations of the passive qubits
BETA = 1.3  # of the Gibbs state that is compared


def compute(quick=False, workers=None):
    """Extra work of the printed state and of a Gibbs state, for every number of copies, and the limit."""
    copies, many = np.arange(1, COPIES + 1), FAR[:2] if quick else FAR
    gibbs, unit = np.exp(-BETA * np.array(LEVELS)), "E_3 - E_1"

    def extra(populations, numbers):
        return [qb.extraction.extra_work(populations, LEVELS, n, normalize=True) for n in numbers]

    limit = qb.extraction.extra_work_limit(PRINTED, LEVELS, normalize=True)
    qubit = [qb.extraction.extra_work_limit([p, 1 - p], LEVELS[::2]) for p in QUBITS]
    return labelled(
        {
            "extra_work": ("copies", extra(PRINTED, copies), "extra work per copy", unit),
            "extra_work_gibbs": ("copies", extra(gibbs, copies), "extra work per copy of a Gibbs state", unit),
            "qubit_limit": ("qubit", qubit, "limit of the extra work of a passive qubit", unit),
            "far_work": ("far_copies", extra(PRINTED, many), "extra work per copy", unit),
            "limit": ((), limit, "limit of many copies", unit),
        },
        copies=(copies, "number of copies"),
        far_copies=(many, "number of copies"),
        qubit=(QUBITS, "ground population"),
    )


def draw(ds):
    """Extra work against the number of copies."""
    _, ax = plotting.figure()
    ax.plot(ds.copies, 1e3 * ds.extra_work, "o-", markersize=3, label="passive state $\\sigma$")
    ax.plot(ds.copies, 1e3 * ds.extra_work_gibbs, "x", markersize=4, label="Gibbs state")
    ax.axhline(1e3 * float(ds.limit), color="k", linestyle="--", label="$n \\to \\infty$")
    ax.legend(loc="center right")
    return plotting.label(ax, "number of copies $n$", "$10^3\\,\\Delta w_{max}(n)$").figure


def claims(ds):
    """What the caption and the text around it state."""
    work, limit = ds.extra_work.values, float(ds.limit)
    return [
        *_statements(ds),
        check("extra work grows with n, from n = 2 on", float(np.diff(work[1:]).min())),
        check("two copies give nothing, three do", min(float(work[2]) - 1e-3, 1e-12 - abs(float(work[1])))),
        equal("extra work per copy at n = 20, exact arithmetic", 0.007556964512, float(work[-1]), tol=1e-12),
        equal("extra work per copy at n = 50, exact arithmetic", 0.008131238679221, float(ds.far_work[0]), tol=1e-12),
        equal("limit, exact arithmetic", 0.008287656756473, limit, tol=1e-12),
    ]


def _statements(ds):
    work, limit, far = ds.extra_work.values, float(ds.limit), ds.far_copies.values
    missing, caption = 1 - ds.far_work.values / limit, "caption of Fig. 3"
    return [
        statement(
            "copies of a passive state give work",
            float(work[-1]) - 1e-6,
            quote="there is a non-trivial amount of work per copy that we can extract from such an ensemble",
            place=caption,
            found=f"{work[-1]:.6f} per copy at n = {COPIES}",
        ),
        statement(
            "the limit of many copies is the most that they give",
            limit - float(max(work.max(), ds.far_work.max())),
            quote="the maximal amount of extractable energy is obtained in the limit of n -> infinity",
            place=caption,
        ),
        statement(
            "and it is reached: what is missing falls faster than the number of copies grows",
            float((-np.diff(far * missing)).min()),
            quote="In the limit of large n, the maximal amount of available work per copy [...] is tightly bounded as "
            "in eq. (8)",
            place="above Eq. (10)",
            found=", ".join(f"{100 * x:.2g} % at {n}" for n, x in zip(far, missing, strict=True)),
        ),
        statement(
            "copies of a Gibbs state give nothing",
            1e-14 - float(abs(ds.extra_work_gibbs).max()),
            quote="a state is completely passive if and only if it is a thermal state",
            place="below Eq. (8)",
            found=f"yes, up to {COPIES} copies",
        ),
        statement(
            "passive two-level states have the energy of a Gibbs state of their entropy",
            1e-12 - float(abs(ds.qubit_limit).max()),
            quote="for the case of two-level systems, all passive states are thermal",
            place="below Eq. (8)",
            found="yes, for populations " + ", ".join(f"{p:g}" for p in QUBITS),
        ),
        statement(
            "three levels: the passive state lies above the Gibbs state of its entropy",
            limit - 1e-6,
            quote="for systems with dimension greater than two, the Gibbs state is in general different from the "
            "passive state",
            place="below Eq. (8)",
            found=f"by {limit:.6f}",
        ),
    ]
