"""Second derivatives of an objective at its optimum: how far parameters may be off, and what it does not depend on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .._checks import FloatArray

__all__ = ["Curvature", "curvature_at"]

STEP = 0.01  # of the ranges: of the differences; kinks within it are averaged over
LOSS = 0.01  # of the value: the loss that `tolerances` are for
FLAT = 1e-5  # of the value: a direction in which the objective bends less, over a whole range, is flat
NAMED = 0.3  # of the largest share: parameters that a direction is named by


@dataclass(frozen=True)
class Curvature:
    """Second derivatives at an optimum, in units of the ranges of the parameters.

    Attributes
    ----------
    labels : tuple of str
        Parameters that can move both ways: neither at a bound nor at an edge.
    matrix : ndarray, (n, n)
        Second derivatives of the objective, for parameters counted in widths of their ranges.
    widths : ndarray, (n,)
        Those widths.
    value : float
        Objective at the optimum.
    reason : str
        Why there is none; empty if there is.
    """

    labels: tuple[str, ...]
    matrix: FloatArray
    widths: FloatArray
    value: float
    reason: str = ""

    @property
    def eigen(self) -> tuple[FloatArray, FloatArray]:
        """Curvatures along the principal directions, by size, and these directions as columns."""
        values, vectors = np.linalg.eigh(self.matrix) if len(self.labels) else (np.zeros(0), np.zeros((0, 0)))
        order = np.argsort(np.abs(values))
        return values[order], vectors[:, order]

    @property
    def flat(self) -> list[str]:
        """Directions in which the objective does not change, by the parameters that move."""
        values, vectors = self.eigen
        return [_named(self.labels, vectors[:, k]) for k in np.flatnonzero(np.abs(values) < FLAT * abs(self.value))]

    @property
    def tolerances(self) -> dict[str, float]:
        """By how much each parameter alone may be off for a loss of 1 % of the objective."""
        bend = np.abs(np.diag(self.matrix))
        with np.errstate(divide="ignore"):
            off = np.sqrt(2 * LOSS * abs(self.value) / bend) * self.widths
        return dict(zip(self.labels, off.tolist(), strict=True))

    def lines(self) -> list[tuple[str, str]]:
        """Rows of a report."""
        if self.reason:
            return [("curvature", self.reason)]
        bent = {name: off for name, off in self.tolerances.items() if np.isfinite(off)}
        rows = [("loses 1 % at", f"{name} off by {off:.2g}") for name, off in bent.items()]
        return rows + [("flat direction", text) for text in self.flat]


def _named(labels: tuple[str, ...], vector: FloatArray) -> str:
    large = np.flatnonzero(np.abs(vector) >= NAMED * np.abs(vector).max())
    sign = np.sign(vector[large[0]])
    return " ".join(f"{sign * vector[k]:+.2f} {labels[k]}" for k in large)


def curvature_at(
    value: Callable[[FloatArray], float], x: FloatArray, labels: list[str], widths: FloatArray, reason: str = ""
) -> Curvature:
    """Second differences around a place in the unit cube; `value` is nan where there is none."""
    here = value(x)
    free = [] if reason else [k for k in range(len(x)) if STEP <= x[k] <= 1 - STEP]
    steps = np.eye(len(x))[free] * STEP
    pairs = np.array([[value(x + step), value(x - step)] for step in steps]).reshape(-1, 2)
    kept = np.flatnonzero(np.isfinite(pairs).all(axis=1))
    free, steps, pairs = [free[k] for k in kept], steps[kept], pairs[kept]
    matrix = np.diag((pairs.sum(axis=1) - 2 * here) / STEP**2) if free else np.zeros((0, 0))
    for i in range(len(free)):
        for j in range(i):
            corners = value(x + steps[i] + steps[j]) + value(x - steps[i] - steps[j])
            matrix[i, j] = matrix[j, i] = (corners - pairs[i].sum() - pairs[j].sum() + 2 * here) / (2 * STEP**2)
    if not reason and not np.isfinite(matrix).all():
        reason = "none: points next to the optimum have no value"
    if not reason and not free:
        reason = "none: every parameter is at a bound or at an edge"
    if reason:
        return Curvature((), np.zeros((0, 0)), np.zeros(0), here, reason)
    return Curvature(tuple(labels[k] for k in free), matrix, widths[free], here)
