r"""States under a generator that depends on time, as power series in time of any order.

On a step of length h, with u = (t - a)/h in [0, 1], every drive is a polynomial, :math:`f_d = \sum_j c_{dj} u^j`, and

.. math:: \dot\rho = \Big(L_0 + \sum_d f_d(t)\,L_d\Big)\rho, \qquad \rho = \sum_n u^n r_n, \qquad
          r_{n+1} = \frac{h}{n+1}\Big(L_0 r_n + \sum_d L_d \sum_{j\le n} c_{dj}\,r_{n-j}\Big)

so an order costs one application of the generator and gives the state at all times of the step; there is no order of a
method, and Magnus' commutators never appear. The reach :math:`h(\|L_0\| + \sum_{dj}\|L_d\|\,|c_{dj}|)` of a step is
limited by the number of terms that are kept, and a step whose terms grow beyond exp(11) is halved, for their rounding.

Two errors are bounded, and each is kept below its tolerance over the whole span.

1. The series: the same recurrence with norms in place of operators and states bounds all terms that follow those that
   are computed.
2. The drives: a polynomial that is wrong by at most delta changes the state by at most :math:`\|L_d\|\,\delta\,h`.
   Delta is measured at 33 times in every step and at all times at which the drive was probed before the run, 8192 over
   the span and all samples of an array: a step over a pulse fails there and is halved. Where a drive jumps, a
   step ends, and what happens inside of the jump is negligible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.polynomial import chebyshev

from .._checks import FloatArray, IntArray
from .._machine import tell
from ..networks.drives import Drive
from ._layout import aligned
from ._pulses import PROBES, Probed

Vector = np.ndarray[Any, np.dtype[Any]]  # real or complex

LARGEST_TERM = np.exp(11.0)  # of a series, over the first one: rounding stays near 1e-11
TERMS, LEAST_TERMS = 84, 40  # of a series, the fewer the more memory they take
TERMS_BYTES = 2**30
DEGREE = 16  # of the polynomials for the drives
ROUNDING = 1e-14  # of the largest value of a drive: no polynomial is asked to be better
SHARE = 0.001  # of the error by the drives that one jump may make, inside a step too short to be halved again
NODES = (1 - np.cos(np.pi * np.arange(DEGREE + 1) / DEGREE)) / 2  # in [0, 1]
WHERE = np.concatenate([NODES, (NODES[1:] + NODES[:-1]) / 2])  # what is between two of them tests the polynomial
FIT = np.linalg.inv(chebyshev.chebvander(2 * NODES - 1, DEGREE))


def _monomials() -> FloatArray:
    """Coefficients in powers of u of the Chebyshev polynomials of 2u - 1, row by row."""
    rows = np.zeros((DEGREE + 1, DEGREE + 1))
    rows[0, 0], rows[1, :2] = 1, (-1, 2)
    for k in range(2, DEGREE + 1):  # T_k = 2 (2u - 1) T_{k-1} - T_{k-2}
        rows[k] = -2 * rows[k - 1] - rows[k - 2]
        rows[k, 1:] += 4 * rows[k - 1, :-1]
    return rows


MONOMIALS = _monomials()


def kept(size: int) -> int:
    """Number of terms of a series for states of so many bytes."""
    return int(min(TERMS, max(LEAST_TERMS, TERMS_BYTES // size)))


def reach_with(terms: int) -> float:
    """Largest reach for which so many terms are enough, mostly: the reach times e, and some."""
    return (terms - 16) / 2.8


class Generator(Protocol):
    """L_0 and L_d, and bounds on their norms.

    Attributes
    ----------
    norm : float
        Bound on the norm of L_0.
    """

    norm: float

    def apply(self, v: Vector, numbers: IntArray, moved: Vector, scale: float, out: Vector) -> None:
        """out = scale (L_0 v + sum_d L_d moved_d) over these numbers d."""


class Accuracy(NamedTuple):
    """Bounds on the errors over the whole span: of the series, and by the drives."""

    series: float
    drives: float


class Piece(NamedTuple):
    """States inside one step.

    Attributes
    ----------
    times : slice
        Which of all times.
    powers : ndarray, (times, terms)
        Powers of u.
    terms : ndarray, (terms, size)
        Terms of the series, valid until the next piece is taken.
    """

    times: slice
    powers: FloatArray
    terms: Vector


class _Step(NamedTuple):
    """Length, polynomials of the drives, (drives, degree + 1), and the reach."""

    length: float
    polynomials: FloatArray
    reach: float


class PowerSeries:
    """Steps through a time span.

    Parameters
    ----------
    generator : Generator
        L_0 and L_d.
    drives : sequence of Drive
        The functions of time that multiply L_d.
    tlist : (T,)
        Times.
    accuracy : Accuracy
        Bounds on the errors.
    """

    def __init__(self, generator: Generator, drives: Sequence[Drive], tlist: FloatArray, accuracy: Accuracy) -> None:
        self.generator, self.drives, self.tlist, self.accuracy = generator, drives, tlist, accuracy
        self.norms = np.array([drive.norm for drive in drives])
        self.samplers = [drive.sampler(tlist[0], tlist[-1]) for drive in drives]
        self.probed = [
            Probed(drive.value, drive.bare, PROBES, tlist, sampler)
            for drive, sampler in zip(drives, self.samplers, strict=True)
        ]
        self.span = float(tlist[-1] - tlist[0])
        self.applications, self.reach = 0, 0.0
        self.shortest = 8 * float(np.spacing(np.abs(tlist).max()))  # step; times are rounded

    def pieces(self, v: Vector) -> Iterator[Piece]:
        """States at all times, step after step; a step without any is not told of."""
        terms = aligned(kept(v.nbytes), len(v), dtype=v.dtype)
        self.reach = reach_with(len(terms))
        moved = aligned(len(self.drives), len(v), dtype=v.dtype)
        now, k, longest = float(self.tlist[0]), 0, self.span
        while k < len(self.tlist):
            step = self._step(now, longest)
            used = self._fill(v, step, terms, moved)
            if not used:  # rounding, or a bound that is met too slowly
                longest = step.length / 2
                continue
            end = now + step.length
            last = end >= self.tlist[-1] - self.shortest
            stop = len(self.tlist) if last else int(np.searchsorted(self.tlist, end, side="right"))
            v = terms[:used].sum(axis=0)
            if stop > k:
                u = np.clip((self.tlist[k:stop] - now) / step.length, 0, 1)
                yield Piece(slice(k, stop), u[:, None] ** np.arange(used), terms[:used])
            now, k = end, stop
            longest = 2 * step.length if step.length > 1e-6 * self.span else self.span  # behind a jump all is open
            tell((now - self.tlist[0]) / self.span)

    def _step(self, start: float, longest: float) -> _Step:
        """Longest step that the drives and the rounding allow."""
        left = float(self.tlist[-1]) - start
        length = min(longest, left)
        while True:
            found: list[FloatArray] = []
            for d in range(len(self.drives)):
                fit = self._polynomial(d, start, length)
                if fit is None:
                    length = self._up_to_jump(d, start, length)
                    break
                found.append(fit)
            if len(found) < len(self.drives):
                continue
            polynomials = np.array(found)
            reach = length * (self.generator.norm + float(self.norms @ np.abs(polynomials).sum(axis=1)))
            if reach <= self.reach:
                return _Step(length, polynomials, reach)
            # steps of the same length to the end of what is left, if nothing else stops them
            length *= max(0.1, min(0.9, 0.98 * self.reach / reach))

    def _up_to_jump(self, d: int, start: float, length: float) -> float:
        """Length of a shorter step: to a jump of a drive, over it if it is next, or half of the length."""
        value = self.drives[d].value
        times = start + length * np.sort(WHERE)
        values = self.samplers[d](times)
        k = int(np.abs(np.diff(values)).argmax())
        (before, after), (low, high) = times[k : k + 2], values[k : k + 2]
        size = abs(high - low)
        while after - before > self.shortest / 4:
            t = (before + after) / 2
            middle = value(t)
            if abs(middle - low) > abs(high - middle):
                after, high = t, middle
            else:
                before, low = t, middle
        if abs(high - low) < size / 2:
            return length / 2
        return min(float(before - start if before - start > self.shortest else after - start), length / 2)

    def _polynomial(self, d: int, start: float, length: float) -> FloatArray | None:
        """Coefficients in powers of u of a drive on a step; None if no polynomial is close enough."""
        probed = self.probed[d]
        allowed = max(self.accuracy.drives / (len(self.drives) * self.norms[d] * self.span), ROUNDING * probed.scale)
        nodes, between = np.split(self.samplers[d](start + length * WHERE), [DEGREE + 1])
        low, high = np.searchsorted(probed.times, (start, start + length))
        known = probed.values[low:high].real
        everything = np.concatenate([nodes, between, known])
        if length * np.ptp(everything) <= SHARE * allowed * self.span or length <= self.shortest:
            return np.r_[everything.mean(), np.zeros(DEGREE)]  # it may hold a jump
        allowed = max(allowed, self.shortest * np.ptp(everything) / length)  # times are rounded, too
        coefficients = FIT @ nodes
        tail = np.cumsum(np.abs(coefficients[::-1]))[::-1]
        coefficients[tail <= allowed / 4] = 0
        u = np.concatenate([WHERE, (probed.times[low:high] - start) / length])
        if np.abs(chebyshev.chebval(2 * u - 1, coefficients) - everything).max() > allowed:
            return None
        return np.asarray(coefficients @ MONOMIALS)

    def _fill(self, v: Vector, step: _Step, terms: Vector, moved: Vector) -> int:
        """Terms of the series on a step, as many as the accuracy asks for; 0 if these are too many."""
        # coefficients from the highest on, in one piece, as BLAS wants them
        lengths = [int(np.flatnonzero(p)[-1]) + 1 if p.any() else 0 for p in step.polynomials]
        drives = [(d, p[:m][::-1].copy()) for d, (p, m) in enumerate(zip(step.polynomials, lengths, strict=True)) if m]
        numbers = np.array([d for d, _ in drives], dtype=np.int64)
        tol = self.accuracy.series * step.length / self.span
        terms[0] = v
        sizes = [float(np.linalg.norm(v))]
        for n in range(len(terms) - 1):
            for d, p in drives:
                reached = min(len(p), n + 1)
                np.dot(p[len(p) - reached :], terms[n + 1 - reached : n + 1], out=moved[d])
            self.generator.apply(terms[n], numbers, moved, step.length / (n + 1), terms[n + 1])
            sizes.append(float(np.linalg.norm(terms[n + 1])))
            self.applications += 1
            if sizes[-1] <= tol and self._rest(sizes, step, tol) <= tol:
                return n + 2
            if sizes[-1] > LARGEST_TERM * sizes[0]:
                return 0
        return 0

    def _rest(self, sizes: list[float], step: _Step, tol: float) -> float:
        """Bound on the sum of all terms of a series that follow those of these sizes."""
        weights = step.length * (self.norms @ np.abs(step.polynomials))
        weights[0] += step.length * self.generator.norm
        weights = weights[: int(np.flatnonzero(weights)[-1]) + 1] if weights.any() else weights[:1]
        last = np.zeros(len(weights))  # the newest first
        known = min(len(sizes), len(weights))
        last[:known] = sizes[: -known - 1 : -1]
        n, rest = len(sizes), 0.0
        while rest <= tol:
            new = float(weights @ last) / n
            rest, n = rest + new, n + 1
            last[1:] = last[:-1]
            last[0] = new
            if n > 2 * step.reach and last.max() * len(last) <= 1e-3 * tol:
                return rest + float(last.max()) * len(last)  # every block of so many terms halves from here on
        return rest
