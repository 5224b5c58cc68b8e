"""What a run certifies about itself: one table for `evolve` and for sweeps, which combine many runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .._checks import CutoffWarning, warn

CUTOFF_POPULATION = 1e-6  # next to a cut-off; above it, truncation shows in the sixth digit


@dataclass(frozen=True)
class Entry:
    """One entry of a certificate.

    Attributes
    ----------
    worse : ufunc
        What two times or two realizations make together: the larger one, the smaller one or the sum.
    long_name, units : str
        For tables and files.
    """

    worse: np.ufunc
    long_name: str
    units: str = "1"


CERTIFICATE = {
    "trace_error": Entry(np.fmax, "largest abs(tr rho - 1), normalisation off"),
    "hermiticity_error": Entry(np.fmax, "largest entry of rho - rho^dagger"),
    "lowest_eigenvalue": Entry(np.fmin, "lowest eigenvalue of a state met"),
    "passive_nodes": Entry(np.add, "states whose passive energy was computed and not interpolated"),
    "passive_error": Entry(np.fmax, "largest error of the interpolated passive energy, estimated", "energy"),
    "ergotropy_bound": Entry(np.fmax, "largest error of a passive energy of which bounds are known", "energy"),
    "population_at_cutoff": Entry(np.fmax, "largest population of the levels next to the cut-off"),
}
"""Name of an entry to how it combines; an entry that a run does not have is None there, and nan in an array."""


def combine(name: str, values: Iterable[float | None]) -> float | None:
    """Entry of many runs from those of each; None if none has it.

    Examples
    --------
    >>> combine("trace_error", [1e-9, 3e-9, None])
    3e-09
    """
    found = [x for x in values if x is not None and not np.isnan(x)]
    return CERTIFICATE[name].worse.reduce(found).item() if found else None


def warn_of_cutoff(population: float | None, where: str = "") -> None:
    """Warn where the levels next to a cut-off hold more than CUTOFF_POPULATION."""
    if population is not None and population > CUTOFF_POPULATION:
        warn(
            f"The levels next to the cut-off hold up to {population:.2g} of the population{where}, so the results "
            "depend on where the space is cut. Raise the cut-off.",
            CutoffWarning,
        )
