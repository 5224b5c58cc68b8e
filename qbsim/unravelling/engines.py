"""What an engine hands to the bounds: an ensemble of pure states with equal weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from .levels import Levels

# build(train, test, rng): energy of each test state after a unitary that was built from the train rows only
Builder = Callable[[IntArray, IntArray, np.random.Generator], FloatArray]


class Ensemble(Protocol):
    """Normalised pure states with equal weights; an attribute `kets` (R, d), if there is one, helps the bounds."""

    energies: FloatArray  # (R,)
    cells: ComplexArray  # (R, N, 2, 2) one-cell states, basis (g, e)
    levels: Levels  # of H0

    def __len__(self) -> int: ...

    def squared_overlaps(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """|<psi_r|psi_s>|^2, (rows, columns)."""
        ...

    def overlaps(self, rows: IntArray, columns: IntArray) -> ComplexArray:
        """<psi_r|psi_s> up to one phase per state, the same in all calls."""
        ...

    def overlap_seconds(self) -> float:
        """Cost of one complex overlap: a function of the sizes, not of a clock."""
        ...

    def unitaries(self) -> dict[str, Builder]:
        """Further candidates for the lower bound."""
        ...
