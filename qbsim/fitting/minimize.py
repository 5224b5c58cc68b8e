"""Least squares with bounds and with limits that are known only by being refused.

Levenberg-Marquardt. Every step solves the linearised problem under linear inequalities exactly ([lawson1974], chapter
23): the bounds, and one plane for every limit that was met. A step into values that are refused, such as a decay matrix
that is not positive, is not taken: the limit on the way is located, its tangent plane becomes an inequality, and the
step is found anew. So a fit slides along a limit to the best point on it.
"""

from __future__ import annotations

import re
from typing import NamedTuple, Protocol

import numpy as np

from .._checks import FloatArray
from .likelihood import Likelihood
from .model import Refused

__all__ = ["Limit", "Minimum", "minimize"]

TOLERANCE = 1e-8  # change of chi squared, far below the 1 that is one standard error
NULL = 1e-5  # singular values of normalised columns below this are errors of the derivatives
DAMPING, LEAST_DAMPING, MOST_DAMPING = 1e-3, 1e-10, 1e10
FAR = 3.0  # sizes of a parameter that a step may have
BISECTIONS = 45
MARGIN = 1e-9  # of the size of the parameters, that a plane lies before its limit


def kind(reason: str) -> str:
    """What a reason for a refusal says before its first number."""
    return re.split(r"[-+]?\d", reason)[0]


class Limit(NamedTuple):
    """A plane normal . x <= offset that touches values which are refused, and why they are."""

    normal: FloatArray
    offset: float
    reason: str


class Minimum(NamedTuple):
    """End of a minimisation.

    Attributes
    ----------
    x, f, r : ndarray
        Parameters, model values, residuals.
    slopes : ndarray, (n, k)
        Derivatives of the model values.
    limits : tuple of Limit
        Limits that hold the minimum.
    success : bool
        Whether it converged.
    """

    x: FloatArray
    f: FloatArray
    r: FloatArray
    slopes: FloatArray
    limits: tuple[Limit, ...]
    success: bool

    @property
    def cost(self) -> float:
        """Sum of squares."""
        return float(self.r @ self.r)


class Fittable(Protocol):
    """What can be minimised: `Problem`."""

    likelihood: Likelihood
    low: FloatArray
    high: FloatArray
    least: float

    def values(self, x: FloatArray) -> FloatArray:
        """Model values; raises `Refused`."""

    def refusal(self, x: FloatArray) -> str:
        """Why x makes no battery, empty if it does: cheaper than its curves."""

    def slopes(self, x: FloatArray, f: FloatArray) -> FloatArray:
        """Derivatives of the model values, (n, k)."""


def minimize(problem: Fittable, x: FloatArray, iterations: int = 60, *, slopes: bool = True) -> Minimum:
    """Smallest sum of squares from x on, which is inside of the bounds and not refused; at most so many steps.

    Without `slopes` the derivatives at the end are those of the last step but one, for who needs the minimum only.
    """
    x = np.clip(x, problem.low, problem.high)
    search = _Search(problem, x)
    f = problem.values(x)
    r = problem.likelihood.residuals(f)
    if not len(x):
        return Minimum(x, f, r, np.zeros((len(f), 0)), (), True)
    damping, success = DAMPING, False
    D = np.zeros(len(x))
    df = problem.slopes(x, f)
    for _ in range(iterations):
        J = problem.likelihood.slopes(f, r)[:, None] * df
        D = np.maximum(np.linalg.norm(J, axis=0), D / 4)
        found, least = None, TOLERANCE + 1e-12 * float(r @ r)
        predicted = hoped = np.inf
        while found is None and predicted > least and damping < MOST_DAMPING:
            found, predicted, gain = search.step(x, r, J, D, damping)
            if np.isinf(hoped):  # of the first try, without what more damping takes away
                hoped = predicted * max(1.0, damping)
            damping = max(damping / 10, LEAST_DAMPING) if gain > 0.25 else damping * 8
        if found is None:
            success = hoped <= 1e4 * least
            break
        done = predicted <= 1e3 * least and gain > 0.9  # the next step is smaller by far
        x, f, r = found
        if slopes or not done:
            df = problem.slopes(x, f)
        if done:
            success = True
            break
    return Minimum(x, f, r, df, search.active(x), success)


class _Search:
    """Steps, and the limits that were met."""

    def __init__(self, problem: Fittable, start: FloatArray) -> None:
        self.problem, self.low, self.high, self.anchor = problem, problem.low, problem.high, start
        self.limits: list[Limit] = []
        self.late = False  # whether values were refused after a battery was made of them

    def step(self, x: FloatArray, r: FloatArray, J: FloatArray, D: FloatArray, damping: float) -> tuple:
        """(new x, values and residuals, or None), decrease of the sum of squares as predicted, and their ratio."""

        def decrease(new: FloatArray) -> float:
            return float(r @ r - np.sum((r + J @ (new - x)) ** 2))

        for attempt in range(len(x) + 1):
            p = constrained_step(J, r, D, damping, *self._inequalities(x))
            new = self._snapped(x + p)
            if (np.abs(p) > FAR * np.maximum(np.abs(x), self.problem.least)).any():
                return None, np.inf, 0.0  # too far for derivatives at x
            predicted = decrease(new)
            if predicted <= TOLERANCE:
                return None, predicted, 1.0
            try:
                f = self.problem.values(new)
                break
            except Refused as refused:
                self.late = not self.problem.refusal(new)
                inside = self.anchor + self._reach(self.anchor, new - self.anchor) * (new - self.anchor)
                if attempt < len(x) and self._meet(x, inside, new, str(refused)):
                    continue
                ends = (inside, x + self._reach(x, new - x) * (new - x))
                new = max(ends, key=decrease)
                if decrease(new) <= TOLERANCE:
                    return None, predicted, 0.0
                f = self.problem.values(new)
                break
        r_new = self.problem.likelihood.residuals(f)
        gain = float(r @ r - r_new @ r_new) / decrease(new)
        return ((new, f, r_new) if gain > 1e-4 else None), predicted, gain

    def active(self, x: FloatArray) -> tuple[Limit, ...]:
        """Limits that x lies on, the newest of those that are nearly parallel."""
        size = np.maximum(np.abs(x), self.problem.least)
        kept: list[Limit] = []
        for a in reversed(self.limits):
            scaled = a.normal * size
            parallel = any(
                abs(scaled @ (b.normal * size)) > 0.99 * np.linalg.norm(scaled) * np.linalg.norm(b.normal * size)
                for b in kept
            )
            if not parallel and a.offset - a.normal @ x <= 1e-5 * np.abs(scaled).sum():
                kept.append(a)
        return tuple(kept)

    def _snapped(self, x: FloatArray) -> FloatArray:
        """On a bound where x differs from it by rounding."""
        x = np.clip(x, self.low, self.high)
        for bound in (self.low, self.high):
            with np.errstate(invalid="ignore"):
                close = np.isfinite(bound) & (np.abs(x - bound) <= 1e-12 * np.maximum(np.abs(bound), 1e-3))
            x = np.where(close, bound, x)
        return x

    def _inequalities(self, x: FloatArray) -> tuple[FloatArray, FloatArray]:
        """A p <= b of a step p from x."""
        eye = np.eye(len(x))
        A = [*(-eye[np.isfinite(self.low)]), *eye[np.isfinite(self.high)], *(a.normal for a in self.limits)]
        b = [*(x - self.low)[np.isfinite(self.low)], *(self.high - x)[np.isfinite(self.high)]]
        size = np.maximum(np.abs(x), self.problem.least)
        # x may lie between a plane and its limit, and has to leave from there
        b += [max(a.offset - a.normal @ x, -2 * MARGIN * float(np.abs(a.normal) @ size)) for a in self.limits]
        return np.array(A).reshape(-1, len(x)), np.array(b)

    def _refusal(self, x: FloatArray) -> str:
        """Why x is refused, without its numbers; empty if it is not."""
        reason = ""
        if not self.late:
            reason = self.problem.refusal(x)
        else:
            try:
                self.problem.values(x)
            except Refused as refused:
                reason = str(refused)
        return kind(reason)

    def _reach(self, x: FloatArray, p: FloatArray) -> float:
        """How much of p can be added to x, which is not refused, while x + p is."""
        low, high = 0.0, 1.0
        for _ in range(BISECTIONS):
            middle = (low + high) / 2
            low, high = (middle, high) if not self._refusal(x + middle * p) else (low, middle)
        return low

    def _meet(self, x: FloatArray, inside: FloatArray, new: FloatArray, reason: str) -> bool:
        """Add the plane of the limit between two points; False if a known plane is what was met.

        Seen from a point close to a plane, its normal has the inverse distances along the axes as components; the sum
        over both directions of an axis makes that true of a curved limit, too.
        """
        if any(a.normal @ inside >= a.offset - 1e-6 * abs(a.normal @ (new - x)) for a in self.limits):
            return False
        size = np.maximum(np.abs(x), self.problem.least)
        steps = [self.anchor - new, *np.diag(size), *np.diag(-size)]
        for step in steps:  # back to where it came from, or, from a start on the limit, along some axis
            close = np.clip(inside + 1e-3 * step, self.low, self.high)
            reach = np.maximum(np.abs(new - self.anchor), size)
            normal = self._normal(close, reach, kind(reason)) if not self._refusal(close) else np.zeros(len(x))
            if normal.any():
                break
        else:
            return False
        if (np.abs(inside - self.anchor) <= 1e-6 * size).all():
            self.anchor = close  # the start lies on the limit
        margin = MARGIN * float(np.abs(normal) @ np.maximum(np.abs(inside), self.problem.least))
        self.limits.append(Limit(normal, float(1 + normal @ close) - margin, reason))
        return True

    def _normal(self, x: FloatArray, reach: FloatArray, wanted: str) -> FloatArray:
        """Normal of the limit seen from a point inside, of length one over the distance; zero if it is not met."""
        axes = range(len(x))
        return np.array([sum(1 / self._distance(x, j, side * reach[j], wanted) for side in (1.0, -1.0)) for j in axes])

    def _distance(self, x: FloatArray, j: int, reach: float, wanted: str) -> float:
        """How far along an axis the same limit is, with its sign; infinite if it is not met."""
        end = x.copy()
        for _ in range(BISECTIONS):
            end[j] = np.clip(x[j] + reach, self.low[j], self.high[j])
            found = self._refusal(end)
            if found in ("", wanted):
                break
            reach /= 2  # something else is refused before
        return self._reach(x, end - x) * (end - x)[j] or np.inf if found == wanted else np.inf


def constrained_step(
    J: FloatArray, r: FloatArray, D: FloatArray, damping: float, A: FloatArray, b: FloatArray
) -> FloatArray:
    """Step p of the smallest |J p + r|^2 + damping |D p|^2 with A p <= b, and none along flat directions.

    By least distance programming: in coordinates z in which the sum of squares is |z|^2, the nearest point to the
    origin that keeps G z >= h is a non-negative least squares problem.
    """
    from scipy.optimize import nnls

    k = J.shape[1]
    D = np.where(D > 0, D, 1.0)
    scaled = J / D
    _, s, V = np.linalg.svd(scaled, full_matrices=True)
    null = np.concatenate([s < NULL, np.ones(k - len(s), bool)])
    E = np.vstack([scaled, np.sqrt(damping) * np.eye(k), 1e3 * V[null]])
    Q, R = np.linalg.qr(E)
    y = -Q[: len(r)].T @ r
    if not len(A):
        return np.linalg.solve(R, y) / D
    G = -np.linalg.solve(R.T, (A / D).T).T
    h = -(b + G @ y)
    size = np.linalg.norm(G, axis=1)
    G, h = G / size[:, None], h / size
    if (h <= 0).all():  # the free minimum keeps them all
        return np.linalg.solve(R, y) / D
    target = np.zeros(k + 1)
    target[-1] = 1.0
    M = np.vstack([G.T, h])
    u, _ = nnls(M, target, maxiter=100 * len(h))
    rest = M @ u - target
    return np.linalg.solve(R, y - rest[:k] / rest[k]) / D
