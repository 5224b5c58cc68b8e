r"""A bounded search over all input kets: the maximum of a convex functional, proven from above.

Kets are real vectors on a sphere, cut into simplices. With vertices :math:`v_i`, every ket of a simplex is
:math:`\sum_i c_i v_i`, :math:`c \ge 0`, so that its projector is a mixture of the operators
:math:`\mathrm{sym}(v_i v_j^\dagger)/(v_i\cdot v_j)`, and a convex functional is at most its largest value on those few.
They leave the sphere only by the square of the size of the simplex: halving it makes the bound four times tighter.
"""

from __future__ import annotations

import numpy as np

from .._checks import FloatArray
from ._functionals import ComplexArray, Convex
from ._search import Cell

MOST_SIMPLICES = 40_000
FEW = 16  # simplices that are halved twice before the next look, whose cost then hardly depends on their number
MOST_DIMENSIONS = 2  # of the set of kets; beyond, the simplices that stay open grow too many


def _simplices(cell: Cell) -> tuple[FloatArray, ComplexArray]:
    """Simplices (n, m, m) that cover the kets up to phases that do not matter, and the kets (m, d) of their axes."""
    d = cell.d
    if cell.is_covariant:  # amplitudes may be taken real and positive
        return np.eye(d)[None], np.eye(d, dtype=complex)
    axes = np.concatenate([np.eye(d, dtype=complex), 1j * np.eye(d)[1:]])  # one amplitude real: the global phase
    signs = np.array(np.meshgrid(*[[1.0]] + [[1.0, -1.0]] * (2 * d - 2), indexing="ij")).reshape(2 * d - 1, -1).T
    return signs[:, :, None] * np.eye(2 * d - 1), axes


def provable(cell: Cell) -> bool:
    """Whether the bounded search has few enough dimensions."""
    return (cell.d - 1 if cell.is_covariant else 2 * cell.d - 2) <= MOST_DIMENSIONS


def proven_bound(cell: Cell, functional: Convex, mu: float, reached: float, tol: float) -> float:
    """Upper bound of f - mu E over all input kets: `reached` + `tol` where the search closes.

    Parameters
    ----------
    cell : Cell
        Channel and levels.
    functional : Convex
        Of the output.
    mu : float
        Multiplier of the input energy.
    reached : float
        Largest value known.
    tol : float
        A simplex whose bound stays within `reached` + `tol` is done.
    """
    open_, axes = _simplices(cell)
    first, second = np.triu_indices(len(axes))
    done, total = reached, len(open_)
    while len(open_):
        kets = open_ @ axes
        overlap = np.einsum("nia,nja->nij", open_, open_)[:, first, second]
        near = overlap.min(axis=1) > 0.1  # wider simplices are halved before they are looked at
        v, w = kets[near][:, first], kets[near][:, second]
        corners = (v[..., :, None] * w[..., None, :].conj() + w[..., :, None] * v[..., None, :].conj()) / 2
        corners /= overlap[near][..., None, None]
        energies = np.einsum("nkaa,a->nk", corners, cell.levels).real
        bounds = functional.bound(cell.output(corners).reshape(corners.shape)) - mu * energies
        all_bounds = np.full(len(open_), np.inf)
        all_bounds[near] = bounds.max(axis=1, initial=-np.inf)
        finished = all_bounds <= reached + tol
        done = max(done, float(all_bounds[finished].max(initial=-np.inf)))
        open_, all_bounds = open_[~finished], all_bounds[~finished]
        total += len(open_)
        if total > MOST_SIMPLICES:
            return max(done, float(all_bounds.max()))
        open_ = _halve(open_)
        if len(open_) < FEW:
            open_ = _halve(open_)
    return done


def _halve(simplices: FloatArray) -> FloatArray:
    """Every simplex cut in two at the middle of its longest edge."""
    n, m, _ = simplices.shape
    longest = np.argmin(np.einsum("nia,nja->nij", simplices, simplices).reshape(n, m * m), axis=1)
    i, j, row = longest // m, longest % m, np.arange(n)
    middle = simplices[row, i] + simplices[row, j]
    middle /= np.linalg.norm(middle, axis=1, keepdims=True)
    one, two = simplices.copy(), simplices.copy()
    one[row, i], two[row, j] = middle, middle
    return np.concatenate([one, two])
