"""The readings of the rates against every printed number and sentence of the paper: which one reproduces most.

Run ``python -m scenarios.santos2021._readings``; it takes about a minute, with ``--quick`` a few seconds.
"""

import sys
import warnings
from unittest import mock

import qbsim as qb
from qbsim.ledger.claims import REPRODUCED, readings_table

from . import GEOMETRIES, READINGS, cells, fig2, fig3, fig4, fig5

paper = sys.modules[__package__]
UNPHYSICAL = {"action": "ignore", "category": qb.UnphysicalWarning}  # "literal" is not positive


def rows(reading, quick=False):
    """Rows of all figures in one reading."""
    with mock.patch.object(paper, "READING", reading), warnings.catch_warnings(**UNPHYSICAL):
        return [row for fig in (fig2, fig3, fig4, fig5) for row in fig.claims(fig.compute(quick=quick))]


def positive(reading):
    """Geometries of Figs. 4 and 5 whose decay matrix is positive semidefinite in a reading."""
    with mock.patch.object(paper, "READING", reading), warnings.catch_warnings(**UNPHYSICAL):
        batteries = {g: cells(edges(fig4.N), fig4.N, gamma_d=fig4.GAMMA_D) for g, edges in GEOMETRIES.items()}
    return [name for name, battery in batteries.items() if battery.is_physical]


def reproduced(claims):
    """Number of the paper's statements that come out."""
    return sum(c.verdict == REPRODUCED for c in claims)


def main(quick=False):
    """Print the table."""
    columns = {reading: rows(reading, quick) for reading in READINGS}
    print(readings_table(columns))
    for reading, factors in READINGS.items():
        rates = ", ".join(f"{name} {factor:g}" for name, factor in factors.items())
        physical = ", ".join(positive(reading)) or "none"
        print(f"{reading}: {rates} (times Gamma, Gamma_d); positive decay matrix: {physical}")
    best = max(columns, key=lambda reading: reproduced(columns[reading]))
    print(f"Most statements come out in {best!r}; adopted is {paper.READING!r}.")


if __name__ == "__main__":
    main("--quick" in sys.argv[1:])
