"""Derivatives of curves by central differences, with steps that fit both the accuracy of the solver and the curves.

The error of a solver, over a step, is as large as what a step leaves out where the step is the cube root of the
accuracy, measured by the change of a parameter that changes the curves by as much as they vary.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from .._checks import FloatArray
from .model import Refused

__all__ = ["Slopes", "extent"]

STEP = 5e-4  # cube root of the accuracy of the solver, 1e-10
FLAT = 1e-5  # a parameter whose whole size changes the curves by less than this part of their spread has no effect
TRIES = 12


def extent(f: FloatArray) -> float:
    """Size of the changes that count in a curve: its spread, or a tenth of its values where it is nearly constant."""
    return max(float(np.ptp(f)), 0.1 * float(np.abs(f).max())) or 1.0


class Slopes:
    """Derivatives of a function of the parameters; remembers the size of every parameter.

    Parameters
    ----------
    function : callable
        x -> model values, (n,); raises `Refused` where there are none.
    low, high : (k,)
        Bounds of the parameters.
    least : float
        Size below which the size of a parameter is not limited: the inverse of the last time, for rates.
    """

    def __init__(
        self, function: Callable[[FloatArray], FloatArray], low: FloatArray, high: FloatArray, least: float
    ) -> None:
        self.function, self.low, self.high, self.least = function, low, high, least
        self.sizes: FloatArray | None = None

    def __call__(self, x: FloatArray, f: FloatArray) -> FloatArray:
        """Derivatives at x, where the values are f, (n, k); columns without effect are exactly zero."""
        caps = np.maximum(np.abs(x), self.least)
        sizes = caps.copy() if self.sizes is None else np.minimum(self.sizes, caps)
        spread = extent(f)
        columns = np.zeros((f.size, x.size))
        for j in range(x.size):
            for _ in range(TRIES):
                column = self._column(x, f, j, STEP * sizes[j])
                if column is None:  # no room for a step
                    sizes[j] /= 16
                    continue
                peak = float(np.abs(column).max())
                wanted = min(spread / peak, caps[j]) if peak > 0 else caps[j]
                done = sizes[j] <= 4 * wanted
                if done:
                    columns[:, j] = column if peak * sizes[j] > FLAT * spread * sizes[j] / caps[j] else 0.0
                sizes[j] = wanted
                if done:
                    break
        self.sizes = sizes
        return columns

    def _column(self, x: FloatArray, f: FloatArray, j: int, h: float) -> FloatArray | None:
        """Derivative by one parameter: central, or from one side at a bound or a limit."""
        up, down = self._at(x, j, h), self._at(x, j, -h)
        if up is not None and down is not None:
            return (up - down) / (2 * h)
        side, near = (1, up) if up is not None else (-1, down)
        far = None if near is None else self._at(x, j, 2 * side * h)
        if near is None or far is None:
            return None
        return side * (4 * near - far - 3 * f) / (2 * h)

    def _at(self, x: FloatArray, j: int, step: float) -> FloatArray | None:
        moved = x.copy()
        moved[j] += step
        if not self.low[j] <= moved[j] <= self.high[j]:
            return None
        try:
            return self.function(moved)
        except Refused:
            return None
