"""Profile-likelihood intervals: values of a parameter that the data do not contradict, whatever the others are."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from .._checks import FitWarning, warn
from .minimize import Minimum
from .model import Refused
from .problem import Problem

__all__ = ["excess", "interval", "profile", "threshold"]

WIDER = 1.6
EXPANSIONS = 30
ACCURACY = 1e-3  # of a standard error
REFUSED = 10.0  # standard errors that stand for values which no fit takes


def threshold(level: float, distance: float = math.inf) -> float:
    r"""Rise of chi squared up to which a value belongs to an interval.

    Parameters
    ----------
    level : float
        Probability that the interval holds the true value.
    distance : float
        From the value to the nearest bound, in standard errors.

    Returns
    -------
    float
        Quantile of the likelihood ratio if the value is the true one: of chi squared with one degree of freedom far
        from a bound; on a bound, where half of all estimates lie on it too, the quantile of
        :math:`\tfrac12\chi^2_0 + \tfrac12\chi^2_1`.

    References
    ----------
    Sec. IV of [feldman1998].

    Examples
    --------
    >>> round(threshold(0.95), 3), round(threshold(0.95, 0.0), 3)
    (3.841, 2.706)
    """
    from scipy.optimize import brentq
    from scipy.stats import norm

    far = float(norm.ppf((1 + level) / 2)) ** 2
    if distance <= 0:
        return float(norm.ppf(level)) ** 2
    if distance >= math.sqrt(far):
        return far

    # z > sqrt(c), or an estimate so far beyond the bound that the bound is better than the value by c
    def outside(c: float) -> float:
        below = (c + distance**2) / (2 * distance) if c > distance**2 else math.sqrt(c)
        return float(norm.sf(math.sqrt(c)) + norm.sf(below)) - (1 - level)

    return float(brentq(outside, 1e-12, far))


def profile(problem: Problem, best: Minimum, curvature: np.ndarray, name: str) -> Callable[[float], float]:
    """Rise of chi squared above its minimum as a function of one parameter, all others being fitted anew."""
    j = problem.free.index(name)
    rest = np.array([k for k in range(len(problem.free)) if k != j], dtype=int)
    slope = curvature[rest, j] / curvature[j, j]

    def rise(value: float) -> float:
        other = problem.holding({name: value})
        guess = best.x[rest] + slope * (value - best.x[j])
        for start in (np.clip(guess, other.low, other.high), best.x[rest]):
            try:
                return other.minimize(start, slopes=False).cost - best.cost
            except Refused:
                continue
        return math.inf  # beyond a limit for these values of the others

    return rise


def excess(
    problem: Problem, best: Minimum, curvature: np.ndarray, name: str, level: float, side: str = "both"
) -> Callable[[float], float]:
    """Function of a parameter that is at most 0 inside of its interval, and nearly linear."""
    j = problem.free.index(name)
    low, high = problem.bounds[name]
    sigma = math.sqrt(curvature[j, j])
    rise = profile(problem, best, curvature, name)

    def beyond(value: float) -> float:
        distance = min(value - low, high - value) / sigma
        allowed = threshold(level, distance) if side == "both" else threshold(2 * level - 1)
        found = rise(value)
        if found < -0.01:
            warn(
                f"With {name} = {value:.6g} the fit is better than at its minimum, by {-found:.3g} of chi squared: "
                "start again from there.",
                FitWarning,
            )
        return min(math.sqrt(max(found, 0.0)), REFUSED) - math.sqrt(allowed)

    return beyond


def interval(
    problem: Problem, best: Minimum, curvature: np.ndarray, name: str, level: float, side: str
) -> tuple[float, float]:
    """Lower and upper end; a bound is an end where the likelihood does not fall far enough before it."""
    j = problem.free.index(name)
    low, high = problem.bounds[name]
    at, sigma = float(best.x[j]), math.sqrt(curvature[j, j])
    beyond = excess(problem, best, curvature, name, level, side)
    lower = low if side == "upper" else _end(beyond, at, -sigma, low)
    upper = high if side == "lower" else _end(beyond, at, sigma, high)
    return lower, upper


def _end(beyond: Callable[[float], float], at: float, sigma: float, bound: float) -> float:
    """Where the excess changes its sign between the best value and a bound; sigma has the sign of the direction.

    By the secant through two values that enclose the end, the older one halved when it stays (Illinois): the excess is
    nearly linear, so three or four fits are enough.
    """
    if at == bound:
        return bound
    inside, below = at, -1.96
    outside, above = bound, math.nan
    value, last = at + 1.96 * sigma, 0
    for _ in range(EXPANSIONS):
        if abs(value - at) >= abs(bound - at):
            value = bound
        found = beyond(value)
        if found <= 0 and value == bound:
            return bound
        if abs(found) <= ACCURACY or abs(outside - inside) <= ACCURACY * abs(sigma):
            return value
        if found > 0:
            below = below / 2 if last == 1 else below
            outside, above, last = value, found, 1
        else:
            above = above / 2 if last == -1 else above
            inside, below, last = value, found, -1
        if not above > 0:
            value = at + WIDER * (value - at)
        else:
            value = inside + (outside - inside) * (-below / (above - below))
    return value if above > 0 else math.copysign(math.inf, sigma)
