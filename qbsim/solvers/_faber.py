r"""Faber expansion of exp(t L) on an ellipse around the numerical range of L.

The ellipse with centre c and semi-axes a (real), b (imaginary) is the image of the unit circle under
:math:`\psi(w) = c + d\,w + e/w`, d = (a + b)/2, e = (a - b)/2. With its Faber polynomials F_k,

.. math:: e^{tL} = \sum_k c_k(t)\,F_k(L), \qquad
          c_k(t) = \frac{1}{2\pi}\int_0^{2\pi} e^{t\psi(e^{i\theta})}\,e^{-ik\theta}\,d\theta

Chebyshev's expansion is the limit a = 0 (oscillation) or b = 0 (decay); the ellipse covers everything between, strong
damping included. If the ellipse contains the numerical range of L then :math:`\|F_k(L)\| \le 2` (Beckermann 2005), so
the truncation error is at most :math:`2\sum_{k\ge M}|c_k|\,\|\rho\|`: a bound, not an estimate.

The series can be cut earlier where the state changes little. With :math:`v_k = F_k(L)\rho`, the recurrence
gives all that follows from two successive vectors, :math:`v_{k+j} = A_j v_k - (e/d) A_{j-1} v_{k-1}` for k >= 2, where
:math:`A_j = \sum_{i=0}^{j} w^{j-i}((e/d)/w)^i` at :math:`z = \psi(w)`. On the ellipse
:math:`|A_j| \le S_j = \sum_{i\le j}|e/d|^i`, so :math:`\|A_j(L)\| \le (1+\sqrt2)\,S_j` (Crouzeix and Palencia 2017).
One vector alone would not do, since it may vanish while its neighbour does not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from .._checks import ComplexArray, FloatArray

MAX_TERMS = 400
CROUZEIX_PALENCIA = 1 + np.sqrt(2)  # norm of a polynomial of L over its maximum on the numerical range
# Coefficients are at most exp(t (c + a)) = exp(MAX_GROWTH), so that their rounding stays near 1e-11.
MAX_GROWTH = 11.0
WORTHWHILE = 0.95  # one more step has to save more than this, for what it costs beside the applications


@dataclass(frozen=True)
class Ellipse:
    """Ellipse in the complex plane, symmetric about the real axis."""

    center: float
    a: float
    b: float

    @property
    def d(self) -> float:
        """Capacity, (a + b)/2."""
        return (self.a + self.b) / 2

    @property
    def e(self) -> float:
        """(a - b)/2."""
        return (self.a - self.b) / 2

    def on_circle(self, n: int) -> ComplexArray:
        """psi at n points of the upper half of the unit circle, from 1 to -1, (n/2 + 1,)."""
        w = _half_circle(n)
        return self.center + self.a * w.real + 1j * self.b * w.imag


@lru_cache(maxsize=8)
def _half_circle(n: int) -> ComplexArray:
    theta = np.linspace(0, np.pi, n // 2 + 1)
    return np.cos(theta) + 1j * np.sin(theta)


@dataclass(frozen=True)
class Plan:
    """How to make one step: ellipse, length, number of terms, the tolerance."""

    ellipse: Ellipse
    step: float
    terms: int
    tol: float


def coefficients(ellipse: Ellipse, times: FloatArray, terms: int) -> FloatArray:
    """Coefficients c_k(t), (T, terms), by the trapezoidal rule on the circle, which converges geometrically."""
    n = _circle(terms)
    return _expand(np.multiply.outer(times, ellipse.on_circle(n)), n)[:, :terms]


def _circle(terms: int) -> int:
    """Number of points on the circle that give this many coefficients."""
    return max(64, 1 << (2 * terms + 31).bit_length())


def _expand(exponents: ComplexArray, n: int) -> FloatArray:
    """Fourier coefficients of exp(exponents) on the circle, row by row."""
    # the function is real on the real axis, so half of the circle carries all of it
    return np.fft.irfft(np.exp(exponents).conj(), n=n, axis=1)


def remainders(ellipse: Ellipse, coeffs: FloatArray) -> FloatArray:
    r"""Factors r, (2, terms), that bound what a series adds after term k, for all times at once.

    .. math:: \Big\|\sum_{m>k} c_m(t)\,v_m\Big\| \le r_{0k}\,\|v_k\| + r_{1k}\,\|v_{k-1}\|, \qquad k \ge 2

    Parameters
    ----------
    ellipse : Ellipse
        Contains the numerical range of L.
    coeffs : ndarray, (T, terms)
        Coefficients at all times.
    """
    largest = np.abs(coeffs).max(axis=0)
    terms = len(largest)
    q = abs(ellipse.e) / ellipse.d
    sums = np.cumsum(q ** np.arange(terms))  # S_0, S_1, ...
    # sum_{j >= 1} |c_{k+j}| S_{j-1}, and the same with S_j = S_{j-1} + q^j
    older = np.append(np.correlate(largest, sums, "full")[terms:], 0.0)
    newer = np.append(np.correlate(largest, np.append(sums[1:], 0.0), "full")[terms:], 0.0)
    return CROUZEIX_PALENCIA * np.stack([newer, q * older])


def _ellipses(left: float, right: float, height: float) -> list[Ellipse]:
    """Ellipses that contain the rectangle [left, right] x [-height, height], from upright to flat."""
    center, p = (left + right) / 2, (right - left) / 2
    if p == 0:
        return [Ellipse(center, p, height)]
    # (p/a)^2 + (height/b)^2 = 1 with p/a = sin x, height/b = cos x
    angles = np.pi / 2 * np.array([0.12, 0.2, 0.28, 0.42, 0.65, 0.92])
    return [Ellipse(center, float(p / np.sin(x)), float(height / np.cos(x))) for x in angles]


def _plans(ellipses: list[Ellipse], step: float, tol: float) -> list[Plan]:
    """Plans for one step, without those that MAX_TERMS terms or the rounding of the coefficients do not allow."""
    fit = [x for x in ellipses if step * (x.center + x.a) <= MAX_GROWTH and step * max(x.a, x.b) <= MAX_TERMS]
    if not fit:
        return []
    counts = [int(min(1.5 * step * max(x.a, x.b) + 60, 2 * MAX_TERMS)) for x in fit]
    n = _circle(max(counts))
    plans = []
    coeffs = np.abs(_expand(step * np.stack([x.on_circle(n) for x in fit]), n))
    for x, count, c in zip(fit, counts, coeffs, strict=True):
        tail = 2 * np.cumsum(c[:count][::-1])[::-1]
        rounding = 4e-16 * count * np.exp(max(0.0, step * (x.center + x.a)))
        enough = np.flatnonzero(tail <= max(tol, rounding))
        if enough.size and enough[0] <= MAX_TERMS:
            plans.append(Plan(x, step, max(2, int(enough[0])), tol))
    return plans


def rough_work(left: float, right: float, height: float, span: float) -> tuple[float, float]:
    """Applications of L and steps that a plan for this rectangle will need, roughly and without making one."""
    ellipse = _ellipses(left, right, max(height, 1e-3 / span))[2 if right > left else 0]
    reach = span * max(ellipse.a, ellipse.b)
    steps = max(1.0, reach / MAX_TERMS, span * right / MAX_GROWTH)
    return reach + 40 * steps, steps


def plan_steps(
    left: float, right: float, height: float, span: float, tol: float, *, slack: float = 0.0, outputs: float = 0.0
) -> Plan:
    """Cheapest way to cover `span` in equal steps.

    Parameters
    ----------
    left, right, height : float
        Rectangle [left, right] x [-height, height] that contains the numerical range of L.
    span : float
        Time to cover.
    tol : float
        Bound on the truncation error over the whole span, relative to the Frobenius norm of the state.
    slack : float
        Length by which steps should overlap: each starts at the last output time of the one before.
    outputs : float
        Cost of adding one Faber vector to the states at all output times of the span, in applications of L. Shorter
        steps need more applications in all, but each vector goes to fewer times.

    Returns
    -------
    Plan
        Its step is a whole fraction of `span`, plus the slack.
    """
    ellipses = _ellipses(left, right, max(height, 1e-3 / span))  # a generator of zero needs an ellipse, too
    n = max(1, int(span * max(height / MAX_TERMS, (right - left) / 20 / MAX_TERMS, right / MAX_GROWTH)))
    best: Plan | None = None
    cost = np.inf
    while True:
        step = span / n + (min(slack, span / n / 10) if n > 1 else 0.0)
        if plans := _plans(ellipses, step, tol / n):
            plan = min(plans, key=lambda plan: plan.terms)
            if best is not None and plan.terms * (n + outputs) >= WORTHWHILE * cost:
                return best
            best, cost = plan, plan.terms * (n + outputs)
        n = n + 1 if n < 5 else int(np.ceil(1.2 * n))
