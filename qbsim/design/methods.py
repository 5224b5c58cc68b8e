"""How one start searches: gradients by finite differences, then a simplex; in the unit cube, to the smallest value.

Rule of "auto". L-BFGS-B, or SLSQP where there are constraints, goes downhill as long as the objective is smooth; it
stops at kinks, where levels or eigenvalues cross, and at the edge of what can be built. A simplex (Nelder and Mead)
goes on from there, since it compares values only and takes what has none for the worst. The two take turns until the
simplex gains less than `GAIN`. A simplex cannot keep to an equality, so there SLSQP begins again instead.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .._checks import FloatArray

__all__ = ["METHODS", "OK", "REFUSED", "UNDEFINED", "VIOLATED", "Meter", "Spent", "search"]

METHODS = ("auto", "gradient", "simplex")
OK, UNDEFINED, REFUSED, VIOLATED = 0, 1, 2, 3  # outcome of an evaluation: a value, nan, no battery, misses a constraint
STEP = 1e-4  # of finite differences, in widths of the ranges
SIMPLEX = 0.05  # size of a new simplex, in the same unit
XTOL, FTOL = 1e-6, 1e-8  # of the simplex at its end: its size, and the spread of its values as a part of them
GAIN = 1e-6  # of the value: a last stage of a round that gains less ends the search
ROUNDS = 5


class Spent(Exception):
    """All evaluations that a start may make are made."""


class Meter:
    """Values of the objective, to be made small, with a record of all evaluations; no place is evaluated twice.

    Parameters
    ----------
    value : callable
        ``value(x) -> (value, outcome)``; the value is nan where there is none.
    limit : int
        Most evaluations.
    """

    def __init__(self, value: Callable[[FloatArray], tuple[float, int]], limit: int) -> None:
        self._value, self._limit = value, limit
        self._known: dict[bytes, int] = {}
        self.places: list[FloatArray] = []
        self.values: list[float] = []
        self.outcomes: list[int] = []

    def at(self, x: FloatArray) -> tuple[float, int]:
        """Value and outcome at a place."""
        x = np.clip(np.asarray(x, dtype=float), 0.0, 1.0) + 0.0  # no -0.0
        key = x.tobytes()
        if key not in self._known:
            if len(self.values) >= self._limit:
                raise Spent
            value, outcome = self._value(x)
            self._known[key] = len(self.values)
            self.places.append(x)
            self.values.append(value)
            self.outcomes.append(outcome)
        k = self._known[key]
        return self.values[k], self.outcomes[k]

    def strict(self, x: FloatArray) -> float:
        """Value; infinite where it does not count."""
        value, outcome = self.at(x)
        return value if outcome == OK else np.inf

    def smooth(self, x: FloatArray) -> float:
        """Value, of a place that misses a constraint too; large, but finite, where there is none."""
        value, _ = self.at(x)
        if np.isfinite(value):
            return value
        known = np.array([v for v in self.values if np.isfinite(v)])
        return float(known.max() + np.ptp(known) + abs(known.max()) + 1e-3) if known.size else 1.0

    def gradient(self, x: FloatArray) -> FloatArray:
        """Differences in the direction that leads into the cube, or into what has a value."""
        here, slope = self.smooth(x), np.zeros(len(x))
        for k in range(len(x)):
            for step in (STEP, -STEP) if x[k] + STEP <= 1 else (-STEP, STEP):
                beside = x.copy()
                beside[k] = min(max(x[k] + step, 0.0), 1.0)
                there = self.at(beside)[0]
                if np.isfinite(there) and beside[k] != x[k]:
                    slope[k] = (there - here) / (beside[k] - x[k])
                    break
        return slope

    @property
    def best(self) -> int | None:
        """Number of the best evaluation; None if none counts."""
        good = [k for k, (v, o) in enumerate(zip(self.values, self.outcomes, strict=True)) if o == OK and v < np.inf]
        return min(good, key=lambda k: self.values[k]) if good else None


def search(meter: Meter, x: FloatArray, method: str, limits: Sequence[dict[str, Any]]) -> bool:
    """Search from a place; `limits` are the constraints as SLSQP takes them.

    Returns
    -------
    bool
        Whether the search came to its end before the evaluations were spent.
    """
    stages = [_descend] * (method != "simplex")
    if method != "gradient" and not any(limit["type"] == "eq" for limit in limits):
        stages.append(_contract)
    try:
        meter.at(x)
        for _ in range(ROUNDS):
            for stage in stages:
                before = _least(meter)
                stage(meter, x, limits)
                x = x if meter.best is None else meter.places[meter.best]
            if np.isfinite(before) and before - _least(meter) <= GAIN * abs(before):
                break
    except Spent:
        return False
    return True


def _least(meter: Meter) -> float:
    return np.inf if meter.best is None else meter.values[meter.best]


def _descend(meter: Meter, x: FloatArray, limits: Sequence[dict[str, Any]]) -> None:
    """Along gradients, with values scaled to the first one."""
    from scipy.optimize import minimize

    scale = abs(meter.smooth(x)) or 1.0
    options: dict[str, Any] = {"maxiter": 1000, "ftol": 1e-10}
    minimize(
        lambda y: meter.smooth(y) / scale,
        x,
        jac=lambda y: meter.gradient(y) / scale,
        method="SLSQP" if limits else "L-BFGS-B",
        bounds=[(0.0, 1.0)] * len(x),
        constraints=limits,
        options=options if limits else options | {"gtol": 1e-7, "maxfun": 10**6, "maxls": 10},
    )


def _contract(meter: Meter, x: FloatArray, limits: Sequence[dict[str, Any]]) -> None:
    """By a simplex, from `x` and its neighbours inside of the cube."""
    from scipy.optimize import minimize

    if not np.isfinite(meter.strict(x)):
        return
    corners = np.tile(x, (len(x) + 1, 1))
    for k in range(len(x)):
        corners[k + 1, k] += SIMPLEX if x[k] < 0.5 else -SIMPLEX
    options = {"initial_simplex": corners, "xatol": XTOL, "fatol": FTOL * abs(meter.strict(x)), "maxfev": 10**6}
    minimize(meter.strict, x, method="Nelder-Mead", bounds=[(0.0, 1.0)] * len(x), options=options | {"maxiter": 10**6})
