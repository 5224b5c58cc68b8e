"""What data cannot fix: flat directions of the likelihood, and the covariance of what they do fix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from .._checks import FloatArray
from .minimize import NULL, Limit

__all__ = ["Uncertainty", "flat_words", "uncertainty"]

PART = 1e-3  # of the largest component of a direction: parameters below it do not take part


class Uncertainty(NamedTuple):
    """Second-order picture of a minimum.

    Attributes
    ----------
    covariance : ndarray, (k, k)
        Of the estimates, with parameters on a bound held there and a limit as an equation.
    curvature : ndarray, (k, k)
        Inverse of the information as if there were no bounds and limits.
    flat : ndarray, (m, k)
        Directions, as rows, along which nothing changes in the data.
    on_bound : tuple of bool
        Parameters on a bound that pushes back.
    """

    covariance: FloatArray
    curvature: FloatArray
    flat: FloatArray
    on_bound: tuple[bool, ...]


def uncertainty(
    S: FloatArray, gradient: FloatArray, x: FloatArray, bounds: tuple[FloatArray, FloatArray], limits: Sequence[Limit]
) -> Uncertainty:
    """Covariance and flat directions at a minimum.

    Parameters
    ----------
    S : (n, k)
        Sensitivities: derivatives of the model values over their standard errors.
    gradient : (k,)
        Of half of the sum of squares.
    x, bounds
        Minimum, and bounds.
    limits : sequence of Limit
        Limits that hold the minimum.
    """
    size = np.linalg.norm(S, axis=0)
    on_bound = ((x == bounds[0]) & (gradient >= 0)) | ((x == bounds[1]) & (gradient <= 0))
    on_bound &= size > 0
    flat = _flat(S, size)
    equations = [*np.eye(len(x))[on_bound], *(limit.normal for limit in limits)]
    return Uncertainty(
        _inverse(S, size, np.array(equations).reshape(-1, len(x))),
        _inverse(S, size, np.zeros((0, len(x)))),
        flat,
        tuple(bool(b) for b in on_bound),
    )


def _flat(S: FloatArray, size: FloatArray) -> FloatArray:
    """Flat directions in the units of the parameters, one parameter to a row where that is possible."""
    norm = np.where(size > 0, size, 1.0)
    _, s, V = np.linalg.svd(S / norm, full_matrices=True)
    null = V[np.concatenate([s < NULL, np.ones(V.shape[0] - len(s), bool)])]
    return _echelon(null) / norm


def _echelon(rows: FloatArray) -> FloatArray:
    """Reduced row echelon form, with the largest pivots."""
    rows = rows.copy()
    free = list(range(len(rows)))
    for _ in range(len(rows)):
        i, j = max(((i, j) for i in free for j in range(rows.shape[1])), key=lambda at: abs(rows[at]))
        rows[i] /= rows[i, j]
        for other in range(len(rows)):
            if other != i:
                rows[other] -= rows[other, j] * rows[i]
        free.remove(i)
    return np.where(np.abs(rows) < PART, 0.0, rows)


def _inverse(S: FloatArray, size: FloatArray, equations: FloatArray) -> FloatArray:
    """Inverse of S^T S in the directions that keep the equations and are not flat, zero in all others."""
    norm = np.where(size > 0, size, 1.0)
    k = S.shape[1]
    tangent = np.eye(k)
    if len(equations):
        scaled = equations / norm
        scaled /= np.linalg.norm(scaled, axis=1)[:, None]
        _, s, V = np.linalg.svd(scaled, full_matrices=True)
        tangent = V[np.concatenate([s < 1e-9, np.ones(k - len(s), bool)])].T
    _, s, V = np.linalg.svd(S / norm @ tangent, full_matrices=False)
    keep = s >= NULL
    directions = tangent @ (V[keep].T / s[keep]) / norm[:, None]
    return directions @ directions.T


def flat_words(flat: FloatArray, names: Sequence[str]) -> str:
    """Sentences on what the data do not fix; empty if they fix all."""
    parts = [[name for name, a in zip(names, row / np.abs(row).max(), strict=True) if a] for row in flat]
    single = sorted((part[0] for part in parts if len(part) == 1), key=list(names).index)
    sentences = []
    if len(single) == 1:
        sentences.append(f"The data do not fix {single[0]}.")
    elif single:
        either = "neither" if len(single) == 2 else "none of"
        sentences.append(f"The data fix {either} {_listed(single, 'nor' if len(single) == 2 else 'and')}.")
    sentences += [f"The data fix {_listed(part, 'and')} only together." for part in parts if len(part) > 1]
    return " ".join(sentences)


def _listed(words: Sequence[str], last: str) -> str:
    return f"{', '.join(words[:-1])} {last} {words[-1]}" if len(words) > 1 else words[0]
