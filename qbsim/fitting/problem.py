"""A fit as a problem of least squares: free parameters, their bounds, values and derivatives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from .._checks import FloatArray
from .derivatives import Slopes
from .likelihood import Likelihood
from .minimize import Minimum, minimize
from .model import Model, Refused

__all__ = ["Problem"]


class Problem:
    """Data, model and free parameters.

    Parameters
    ----------
    model : Model
        Parameters to values at the points of the data.
    free : sequence of str
        Parameters that are fitted.
    fixed : dict
        Values of all others.
    bounds : dict
        (lowest, highest) of every free parameter, infinite where there is none.
    """

    def __init__(
        self,
        model: Model,
        free: Sequence[str],
        fixed: Mapping[str, float],
        bounds: Mapping[str, tuple[float, float]],
    ) -> None:
        self.model, self.free, self.fixed, self.bounds = model, tuple(free), dict(fixed), dict(bounds)
        self.likelihood = Likelihood(model.curves)
        self.low = np.array([bounds[name][0] for name in free], dtype=float)
        self.high = np.array([bounds[name][1] for name in free], dtype=float)
        last = max(float(curve.t.max()) for curve in model.curves)
        self.least = 1 / last if last > 0 else 1.0  # size of a rate that is zero
        self.slopes = Slopes(self.values, self.low, self.high, self.least)

    def named(self, x: FloatArray) -> dict[str, float]:
        """All values by name."""
        return {**self.fixed, **dict(zip(self.free, map(float, x), strict=True))}

    def values(self, x: FloatArray) -> FloatArray:
        """Model values at all points of the data."""
        return self.model(self.named(x))

    def refusal(self, x: FloatArray) -> str:
        """Why these values make no battery; empty if they do."""
        try:
            self.model.battery(self.named(x))
        except Refused as refused:
            return str(refused)
        return ""

    def minimize(self, x: FloatArray, *, slopes: bool = True) -> Minimum:
        """Best values from x on."""
        return minimize(self, x, slopes=slopes)

    def holding(self, values: Mapping[str, float]) -> Problem:
        """The same problem with some free parameters held at values."""
        rest = [name for name in self.free if name not in values]
        other = Problem(self.model, rest, {**self.fixed, **values}, {name: self.bounds[name] for name in rest})
        if self.slopes.sizes is not None:
            other.slopes.sizes = self.slopes.sizes[[name in rest for name in self.free]]
        return other
