"""Long Faber steps with a sparse generator, for solvers that write theirs out on the entries that a state can reach."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse.linalg

from .._checks import FloatArray
from .._machine import tell
from ._faber import Plan, coefficients, plan_steps, remainders

Vector = np.ndarray[Any, np.dtype[Any]]  # real or complex

KEPT = 32  # Faber vectors that are added to the states at a time
SMALL = 300  # rows up to which all eigenvalues are computed
MARGIN = 1e-3  # of the spread, added to Lanczos' extreme eigenvalues, which approach from inside
CHECK_EVERY = 4  # Faber vectors between two looks at their size


class Range(NamedTuple):
    """Rectangle around the numerical range of a generator.

    Attributes
    ----------
    left, right : float
        Ends of its real part.
    height : float
        Half of the length of its imaginary part.
    shift : float
        Middle of its imaginary part.
    """

    left: float
    right: float
    height: float
    shift: float


def numerical_range(L: Any) -> Range:
    """Rectangle around the numerical range of a sparse matrix, by its Hermitian and anti-Hermitian parts."""
    adjoint = L.conj().T.tocsr()
    left, right = _extremes(((L + adjoint) / 2).tocsr())
    if np.iscomplexobj(L.data):
        low, high = _extremes(((L - adjoint) / 2j).tocsr())
    else:  # the eigenvalues of a real antisymmetric matrix come in pairs
        high = _extremes((1j * (L - adjoint) / 2).tocsr())[1]
        low = -high
    return Range(left, right, (high - low) / 2, (high + low) / 2)


def _extremes(matrix: Any) -> tuple[float, float]:
    """Bounds on the eigenvalues of a Hermitian matrix: Gershgorin's, or Lanczos' where they are tighter."""
    diagonal = matrix.diagonal().real
    radius = np.asarray(abs(matrix).sum(axis=1)).ravel() - np.abs(diagonal)
    low, high = float((diagonal - radius).min()), float((diagonal + radius).max())
    n = matrix.shape[0]
    if high - low <= MARGIN * max(abs(low), abs(high)) or not radius.any():
        return low, high
    if n <= SMALL:
        energies = np.linalg.eigvalsh(matrix.toarray())
        return float(energies[0]), float(energies[-1])
    guess = np.ones(n) + 0.1 * np.cos(np.arange(n))  # fixed, so that runs repeat to the bit
    try:
        found = [
            float(scipy.sparse.linalg.eigsh(matrix, 1, which=end, v0=guess, return_eigenvectors=False, tol=MARGIN)[0])
            for end in ("SA", "LA")
        ]
    except scipy.sparse.linalg.ArpackNoConvergence:
        return low, high
    room = MARGIN * (high - low)
    return max(low, found[0] - room), min(high, found[1] + room)


def propagate(
    L: Any,
    x: Vector,
    tlist: FloatArray,
    tol: float,
    *,
    rows: int | None = None,
    share: tuple[float, float] = (0.0, 1.0),
) -> Iterator[tuple[FloatArray, Vector]]:
    r"""States :math:`e^{L(t - t_0)}x` at all times, in segments.

    Parameters
    ----------
    L : sparse (n, n)
        Generator. Real with a real x, and then all is real.
    x : ndarray, (n,)
        State at ``tlist[0]``, of a norm of about 1.
    tlist : ndarray, (T,)
        Times.
    tol : float
        Bound on the truncation error in the Euclidean norm.
    rows : int, optional
        Largest number of times of a segment.
    share : (float, float)
        Where this run begins and how much it is of a larger one, for the progress.

    Yields
    ------
    times, states : ndarray, (k,) and (k, n)
    """
    if len(tlist) == 1 or L.nnz == 0:
        yield tlist, np.repeat(x[None], len(tlist), axis=0)
        return
    if np.iscomplexobj(x) or np.iscomplexobj(L.data):
        L, x = L.astype(complex), x.astype(complex)
    bounds, n = numerical_range(L), len(x)
    if bounds.shift:
        L = L - 1j * bounds.shift * scipy.sparse.identity(n, format="csr")
    span, rows = float(tlist[-1] - tlist[0]), rows or len(tlist)
    outputs = len(tlist) * n / (4.0 * max(1, L.nnz))
    slack = float(np.diff(tlist).max())
    plan = plan_steps(bounds.left, bounds.right, bounds.height, span, tol, slack=slack, outputs=outputs)
    stepper = _Stepper(plan, L, min(rows, len(tlist)))
    now, k = float(tlist[0]), 0
    while k < len(tlist):
        reach = int(np.searchsorted(tlist, now + plan.step * (1 + 1e-12), side="right"))
        end = min(reach, k + rows)
        offsets = tlist[k:end] - now if end > k else np.array([plan.step])
        passed = (now - tlist[0]) / span
        states = stepper.states(x, offsets, (share[0] + share[1] * passed, share[1] * offsets[-1] / span))
        if bounds.shift:
            states *= np.exp(1j * bounds.shift * offsets)[:, None]
        x, now = states[-1].copy(), now + float(offsets[-1])
        if end > k:
            yield tlist[k:end], states
        k = end


class _Stepper:
    """Makes steps of at most `plan.step`."""

    def __init__(self, plan: Plan, L: Any, rows: int) -> None:
        self.plan, x = plan, plan.ellipse
        n = L.shape[0]
        self.scaled = ((L - x.center * scipy.sparse.identity(n, format="csr")) / x.d).tocsr()
        self.vectors = np.empty((KEPT, n), dtype=L.dtype)

    def states(self, x: Vector, offsets: FloatArray, share: tuple[float, float]) -> Vector:
        """States (k, n) at `offsets` after the state x."""
        ellipse, v = self.plan.ellipse, self.vectors
        coeffs = coefficients(ellipse, offsets, self.plan.terms)
        rest, back = remainders(ellipse, coeffs), ellipse.e / ellipse.d
        states = np.zeros((len(offsets), len(x)), dtype=v.dtype)
        old = older = x
        first, terms = 0, coeffs.shape[1]
        for k in range(terms):
            row = v[k - first]
            row[:] = x if k == 0 else self.scaled @ old
            if k >= 2:
                row -= (2 * back if k == 2 else back) * older
            older, old = old, row
            done = k == terms - 1
            if k >= 2 and k % CHECK_EVERY == 0 and not done:
                bound = rest[0, k] * np.linalg.norm(old) + rest[1, k] * np.linalg.norm(older)
                done = bool(bound < self.plan.tol)
            if done or k - first == KEPT - 1:
                used = k - first + 1
                # real coefficients times pairs of real numbers: half the work of a complex product
                flat = v[:used].view(float)
                states.view(float)[...] += coeffs[:, first : k + 1] @ flat
                older, old = older.copy(), old.copy()
                first = k + 1
                tell(share[0] + share[1] * (k + 1) / terms)
            if done:
                break
        return states
