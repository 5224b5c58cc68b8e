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


def numerical_range(L: Any, lanczos: bool = True) -> Range:
    """Rectangle around the numerical range of a sparse matrix, by its Hermitian and anti-Hermitian parts."""
    adjoint = L.conj().T.tocsr()
    left, right = _extremes(((L + adjoint) / 2).tocsr(), lanczos)
    if np.iscomplexobj(L.data):
        low, high = _extremes(((L - adjoint) / 2j).tocsr(), lanczos)
    else:  # the eigenvalues of a real antisymmetric matrix come in pairs
        high = _extremes((1j * (L - adjoint) / 2).tocsr(), lanczos)[1]
        low = -high
    return Range(left, right, (high - low) / 2, (high + low) / 2)


def _extremes(matrix: Any, lanczos: bool) -> tuple[float, float]:
    """Bounds on the eigenvalues of a Hermitian matrix: Gershgorin's, or tighter ones by Lanczos' method."""
    diagonal = matrix.diagonal().real
    radius = np.asarray(abs(matrix).sum(axis=1)).ravel() - np.abs(diagonal)
    low, high = float((diagonal - radius).min()), float((diagonal + radius).max())
    n = matrix.shape[0]
    if not lanczos or high - low <= MARGIN * max(abs(low), abs(high)) or not radius.any():
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
    lanczos: bool = True,
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
    lanczos : bool
        Whether to look for bounds tighter than Gershgorin's, which are good for elements that vary slowly.

    Yields
    ------
    times, states : ndarray, (k,) and (k, n)
    """
    if len(tlist) == 1 or L.nnz == 0:
        yield tlist, np.repeat(x[None], len(tlist), axis=0)
        return
    if np.iscomplexobj(x) or np.iscomplexobj(L.data):
        L, x = L.astype(complex), x.astype(complex)
    if np.count_nonzero(L.data) == np.count_nonzero(L.diagonal()):
        yield tlist, np.exp(np.multiply.outer(tlist - tlist[0], L.diagonal())) * x
        return
    bounds, n = numerical_range(L, lanczos), len(x)
    # steps are planned for their ends: what decays meanwhile would have too few terms at the times before, so the decay
    # common to all is taken out
    shift = 1j * bounds.shift + min(bounds.right, 0.0) if np.iscomplexobj(L.data) else min(bounds.right, 0.0)
    if shift:
        L = L - shift * scipy.sparse.identity(n, format="csr")
    span, rows = float(tlist[-1] - tlist[0]), rows or len(tlist)
    outputs = len(tlist) * n / (4.0 * max(1, L.nnz))
    slack = float(np.diff(tlist).max())
    left, right = bounds.left - np.real(shift), max(bounds.right, 0.0)
    plan = plan_steps(left, right, bounds.height, span, tol, slack=slack, outputs=outputs)
    stepper = _Stepper(plan, L, min(rows, len(tlist)))
    now, k = float(tlist[0]), 0
    while k < len(tlist):
        reach = int(np.searchsorted(tlist, now + plan.step * (1 + 1e-12), side="right"))
        end = min(reach, k + rows)
        offsets = tlist[k:end] - now if end > k else np.array([plan.step])
        passed = (now - tlist[0]) / span
        states = stepper.states(x, offsets, (share[0] + share[1] * passed, share[1] * offsets[-1] / span))
        if shift:
            states *= np.exp(shift * offsets)[:, None]
        x, now = states[-1].copy(), now + float(offsets[-1])
        if end > k:
            yield tlist[k:end], states
        k = end


class _Stepper:
    """Makes steps of at most `plan.step`."""

    def __init__(self, plan: Plan, L: Any, rows: int) -> None:
        from ._sparse_kernels import Matrix

        self.plan, x = plan, plan.ellipse
        n = L.shape[0]
        self.scaled = Matrix.of((L - x.center * scipy.sparse.identity(n, format="csr")) / x.d)
        self.vectors = np.empty((KEPT + 2, n), dtype=L.dtype)

    def states(self, x: Vector, offsets: FloatArray, share: tuple[float, float]) -> Vector:
        """States (k, n) at `offsets` after the state x."""
        from ._sparse_kernels import faber_rows

        ellipse, v = self.plan.ellipse, self.vectors.view(float)  # pairs of real numbers, if they are complex
        coeffs = coefficients(ellipse, offsets, self.plan.terms)
        rest, back, terms = remainders(ellipse, coeffs), ellipse.e / ellipse.d, coeffs.shape[1]
        states = np.multiply.outer(coeffs[:, 0], x)
        self.vectors[1] = x
        k, filled = 1, 0
        while k < terms and filled >= 0:
            last = 2 + min(KEPT, terms - k)
            filled = int(faber_rows(v, 2, last, k, back, rest, self.plan.tol, self.scaled))
            used = abs(filled) - 2
            states.view(float)[...] += coeffs[:, k : k + used] @ v[2 : 2 + used]
            v[:2] = v[used : used + 2].copy()
            k += used
            tell(share[0] + share[1] * k / terms)
        return states
