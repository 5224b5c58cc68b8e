"""Compiled recurrence of the Faber polynomials of a sparse matrix; imported only when steps are made."""

from __future__ import annotations

from typing import Any, NamedTuple

import numba
import numpy as np
import scipy.sparse

from .._checks import FloatArray, IntArray

CHECK_EVERY = 4  # Faber vectors between two looks at their size

_jit = numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)
# copied into the functions that call it, so that a process that compiles and one that loads take the same code
_inline = numba.njit(inline="always")


@_inline
def _norm(x):
    """Euclidean norm of the numbers in x."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i]
    return np.sqrt(total)


class Matrix(NamedTuple):
    """Sparse matrix by rows, real or complex.

    Attributes
    ----------
    start, cols : ndarray
        Where the entries of every row begin, and their columns.
    values : ndarray
        Real parts of the entries off the diagonal.
    imaginary : ndarray
        Their imaginary parts; empty if they vanish.
    diagonal : ndarray
        Numbers, or pairs of real and imaginary parts of a complex matrix.
    """

    start: IntArray
    cols: IntArray
    values: FloatArray
    imaginary: FloatArray
    diagonal: FloatArray

    @classmethod
    def of(cls, matrix: Any) -> Matrix:
        """The same matrix, with its diagonal apart."""
        diagonal = np.ascontiguousarray(matrix.diagonal())
        rest = (matrix - scipy.sparse.diags(diagonal)).tocsr()
        rest.eliminate_zeros()
        imaginary = rest.data.imag.copy() if np.iscomplexobj(rest.data) and rest.data.imag.any() else np.empty(0)
        values = np.ascontiguousarray(rest.data.real)
        return cls(rest.indptr.astype(np.int64), rest.indices.astype(np.int32), values, imaginary, diagonal.view(float))


@_jit
def faber_rows(vectors, first, last, k, back, rest, tol, matrix):
    """Fill rows first to last - 1 of `vectors` with the Faber vectors k, k + 1, ... of a matrix, k >= 1.

    Parameters
    ----------
    vectors : ndarray, (rows, width n)
        Real numbers, or pairs of them. The two rows before `first` hold the two vectors before k; one row, if k = 1.
    back : float
        e / d of the ellipse.
    rest : ndarray, (2, terms)
        From `remainders`; once the bound that it gives is below `tol`, what follows is left out.
    matrix : Matrix
        (L - c) / d.

    Returns
    -------
    int
        The row after the last one filled, minus that row if the rest is negligible.
    """
    start, cols, values, imaginary, diagonal = matrix
    n, is_complex, is_mixed = len(start) - 1, len(diagonal) > len(start) - 1, len(imaginary) > 0
    for row in range(first, last):
        old, new = vectors[row - 1], vectors[row]
        older = vectors[row - 1 if k == 1 else row - 2]
        f = 0.0 if k == 1 else (2 * back if k == 2 else back)
        for i in range(n):
            if not is_complex:
                total = diagonal[i] * old[i] - f * older[i]
                for p in range(start[i], start[i + 1]):
                    total += values[p] * old[cols[p]]
                new[i] = total
                continue
            x, y, re, im = old[2 * i], old[2 * i + 1], diagonal[2 * i], diagonal[2 * i + 1]
            s, t = re * x - im * y - f * older[2 * i], re * y + im * x - f * older[2 * i + 1]
            if is_mixed:
                for p in range(start[i], start[i + 1]):
                    x, y = old[2 * cols[p]], old[2 * cols[p] + 1]
                    s += values[p] * x - imaginary[p] * y
                    t += values[p] * y + imaginary[p] * x
            else:
                for p in range(start[i], start[i + 1]):
                    s += values[p] * old[2 * cols[p]]
                    t += values[p] * old[2 * cols[p] + 1]
            new[2 * i], new[2 * i + 1] = s, t
        if k >= 2 and k % CHECK_EVERY == 0 and rest[0, k] * _norm(new) + rest[1, k] * _norm(old) < tol:
            return -(row + 1)
        k += 1
    return last


@_jit
def next_vector(matrix, old, older, back, weight, out, total):
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
