"""Long Faber steps with a sparse real generator, of which only some entries of the states are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numba
import numpy as np
import scipy.sparse

from .._checks import FloatArray, IntArray
from .._machine import tell
from ._faber import Plan, coefficients, plan_steps, remainders

KEPT = 32  # Faber vectors that are added to the states at a time
CHECK_EVERY = 4  # Faber vectors between two looks at their size


class Range(NamedTuple):
    """The numerical range of a generator lies in [left, right] x [-height, height]."""

    left: float
    right: float
    height: float


def gershgorin(L: Any) -> Range:
    """Rectangle around the numerical range of a real sparse matrix, by the discs of its two parts."""
    adjoint = L.T.tocsr()
    low, high = _discs(L + adjoint)
    return Range(low / 2, high / 2, _discs(L - adjoint)[1] / 2)


def _discs(matrix: Any) -> tuple[float, float]:
    if not matrix.nnz:
        return 0.0, 0.0
    diagonal = matrix.diagonal()
    radius = np.asarray(abs(matrix).sum(axis=1)).ravel() - np.abs(diagonal)
    return float((diagonal - radius).min()), float((diagonal + radius).max())


class Segment(NamedTuple):
    """States at some times.

    Attributes
    ----------
    times : ndarray, (k,)
        When.
    states : ndarray, (k, number of entries kept)
        What is kept of them.
    start, offsets : ndarray
        The whole state that this segment begins with, and the times counted from there.
    last : ndarray, (n,)
        The whole state at the last time.
    """

    times: FloatArray
    states: FloatArray
    start: FloatArray
    offsets: FloatArray
    last: FloatArray


@numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)
def _next_vector(matrix, old, older, back, weight, out, total):
    """out = A old - back older; total += weight out; returns the squared norm of out."""
    start, column, value = matrix
    square, end = 0.0, start[0]
    for i in range(len(out)):
        x, y = -back * older[i], 0.0
        p, end = end, start[i + 1]
        while p + 1 < end:  # two sums that the processor adds up at once
            x += value[p] * old[column[p]]
            y += value[p + 1] * old[column[p + 1]]
            p += 2
        if p < end:
            x += value[p] * old[column[p]]
        x += y
        out[i] = x
        total[i] += weight * x
        square += x * x
    return square


class Stepper:
    """Makes steps of at most `plan.step`.

    Parameters
    ----------
    L : csr_matrix (n, n)
        Real generator.
    plan : Plan
        How to step.
    """

    def __init__(self, L: Any, plan: Plan) -> None:
        self.plan, x = plan, plan.ellipse
        scaled = ((L - x.center * scipy.sparse.identity(L.shape[0], format="csr")) / x.d).tocsr()
        index = np.uint32 if scaled.nnz < 2**32 else np.uint64  # without a sign there is no test for one
        self.matrix = scaled.indptr.astype(index), scaled.indices.astype(index), scaled.data

    def states(
        self, x: FloatArray, offsets: FloatArray, kept: IntArray | slice, share: tuple[float, float]
    ) -> tuple[FloatArray, FloatArray]:
        """Kept entries of the states at `offsets` after the state x, and the last state."""
        ellipse = self.plan.ellipse
        coeffs = coefficients(ellipse, offsets, self.plan.terms)
        rest, back, terms = remainders(ellipse, coeffs), ellipse.e / ellipse.d, coeffs.shape[1]
        older, old, new = np.zeros_like(x), x.copy(), np.empty_like(x)
        last = coeffs[-1, 0] * x
        before, size, first = 0.0, float(np.linalg.norm(x)), 0
        rows = np.empty((KEPT, len(x[kept])))
        rows[0] = x[kept]
        states = np.zeros((len(offsets), rows.shape[1]))
        for k in range(1, terms + 1):
            small = k > 2 and (k - 1) % CHECK_EVERY == 0
            done = k == terms or (small and rest[0, k - 1] * size + rest[1, k - 1] * before < self.plan.tol)
            if done or k - first == KEPT:
                states += coeffs[:, first:k] @ rows[: k - first]
                first = k
                tell(share[0] + share[1] * k / terms)
            if done:
                break
            factor = 0.0 if k == 1 else (2 * back if k == 2 else back)
            square = _next_vector(self.matrix, old, older, factor, coeffs[-1, k], new, last)
            older, old, new = old, new, older
            before, size = size, float(np.sqrt(square))
            rows[k - first] = old[kept]
        return states, last


def segments(
    L: Any,
    x: FloatArray,
    times: FloatArray,
    tol: float,
    kept: IntArray | slice,
    bounds: Range,
    rows: int,
    *,
    longest: float = np.inf,
    share: tuple[float, float] = (0.0, 1.0),
) -> Iterator[tuple[Segment, Stepper]]:
    r"""States :math:`e^{L(t - t_0)}x` at all times, of at most `rows` times together.

    Parameters
    ----------
    L : csr_matrix, (n, n)
        Real generator, not zero.
    x : ndarray, (n,)
        State at ``times[0]``.
    times : ndarray, (T,)
        Times, at least two.
    tol : float
        Bound on the truncation error in the Euclidean norm.
    kept : ndarray of int or slice
        Entries of the states that are kept.
    bounds : Range
        Around the numerical range of L.
    rows : int
        Largest number of times of a segment.
    longest : float
        Length of a step, at most.
    share : (float, float)
        Where this run begins and how much it is of a larger one, for the progress.

    Yields
    ------
    segment, stepper
        The states, and what can make the same step again and keep other entries.
    """
    span = float(times[-1] - times[0])
    outputs = len(times) * len(x[kept]) / (8.0 * L.nnz)
    part = span / np.ceil(span / longest) if longest < span else span
    plan = plan_steps(
        *bounds, part, tol * part / span, slack=float(np.diff(times).max()), outputs=outputs * part / span
    )
    stepper = Stepper(L, plan)
    now, k = float(times[0]), 0
    while k < len(times):
        reach = int(np.searchsorted(times, now + plan.step * (1 + 1e-12), side="right"))
        end = min(reach, k + rows)
        offsets = times[k:end] - now if end > k else np.array([plan.step])
        passed = (now - times[0]) / span
        part = share[0] + share[1] * passed, share[1] * offsets[-1] / span
        states, last = stepper.states(x, offsets, kept, part)
        if end == k:
            states = states[:0]
        yield Segment(times[k:end], states, x, offsets, last), stepper
        x, now, k = last, now + float(offsets[-1]), end
