"""Long Faber steps with a sparse real generator, of which only some entries of the states are kept."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse

from .._checks import FloatArray, IntArray
from .._machine import tell
from ._faber import Plan, coefficients, plan_steps, remainders
from ._sparse_steps import KEPT, Range

CHECK_EVERY = 4  # Faber vectors between two looks at their size


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


class How(NamedTuple):
    """How to make steps.

    Attributes
    ----------
    tol : float
        Bound on the truncation error in the Euclidean norm.
    rows : int
        Largest number of times of a segment.
    longest : float
        Length of a step, at most.
    share : (float, float)
        Where this run begins and how much it is of a larger one, for the progress.
    """

    tol: float
    rows: int
    longest: float = np.inf
    share: tuple[float, float] = (0.0, 1.0)


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
        from ._sparse_kernels import next_vector

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
            square = next_vector(self.matrix, old, older, factor, coeffs[-1, k], new, last)
            older, old, new = old, new, older
            before, size = size, float(np.sqrt(square))
            rows[k - first] = old[kept]
        return states, last


def segments(
    L: Any,
    x: FloatArray,
    times: FloatArray,
    kept: IntArray | slice,
    bounds: Range,
    how: How,
) -> Iterator[tuple[Segment, Stepper]]:
    r"""States :math:`e^{L(t - t_0)}x` at all times, some times together.

    Parameters
    ----------
    L : csr_matrix, (n, n)
        Real generator, not zero.
    x : ndarray, (n,)
        State at ``times[0]``.
    times : ndarray, (T,)
        Times, at least two.
    kept : ndarray of int or slice
        Entries of the states that are kept.
    bounds : Range
        Around the numerical range of L.
    how : How
        Tolerance and lengths.

    Yields
    ------
    segment, stepper
        The states, and what can make the same step again and keep other entries.
    """
    (tol, rows, longest, share), span = how, float(times[-1] - times[0])
    outputs = len(times) * len(x[kept]) / (8.0 * L.nnz)
    part = span / np.ceil(span / longest) if longest < span else span
    plan = plan_steps(
        *bounds[:3], part, tol * part / span, slack=float(np.diff(times).max()), outputs=outputs * part / span
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
