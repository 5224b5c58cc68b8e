r"""Eigenvalues of many small Hermitian matrices in packed form; compiled, imported only when it is needed.

Householder reflections :math:`1 - u u^\dagger`, :math:`|u|^2 = 2`, make a matrix tridiagonal, one column after the
other; LAPACK's `dsterf` has the eigenvalues of that. A reflection takes :math:`A` to
:math:`A - u p^\dagger - p u^\dagger`, :math:`p = A u - \tfrac12 (u^\dagger A u) u`. It is made while the next one
is prepared, in one pass over the lower triangle, two rows at a time. So this is about twice as fast as LAPACK, as long
as a matrix fits the cache of a core.

Matrix and vectors live in arrays of a fixed row length, real parts before imaginary ones: the compiler makes vector
instructions of a loop only if it can tell that what is written and what is read are apart.
"""

from __future__ import annotations

import numba
import numpy as np

from .._checks import FloatArray
from ._packed import COMPILED

ROW = COMPILED[-1] + 8  # numbers per row, and a row of zeros below the last one
IMAGINARY = ROW * ROW  # where the imaginary parts of a matrix begin
U_IM, P_RE, P_IM, NEXT = ROW, 2 * ROW, 3 * ROW, 4 * ROW  # parts of the vectors; then the same of the next reflection
V_RE, V_IM, Q_RE, Q_IM = NEXT, NEXT + U_IM, NEXT + P_RE, NEXT + P_IM
NEGLIGIBLE = 1e-140  # norm of a column; its square is still a normal number

_jit = numba.njit(cache=True, fastmath={"contract", "nsz", "reassoc"}, nogil=True)
_inline = numba.njit(inline="always")


@_inline
def _unpack(packed, matrix, m):
    """Lower triangle of a packed matrix."""
    q = packed.reshape(m, m)
    for r in range(m):
        for c in range(r + 1):
            matrix[r * ROW + c] = 0.5 * (q[r, c] + q[c, r])
            matrix[IMAGINARY + r * ROW + c] = 0.5 * (q[r, c] - q[c, r])


@_inline
def _next_reflection(matrix, x, before, n):
    """Carry out the last reflection in the first column, of n entries, find the next one; norm of the column."""
    u_re, u_im, p_re, p_im = before
    total = 0.0
    for i in range(n):
        a = matrix[i * ROW] - (x[i] * p_re + x[U_IM + i] * p_im + x[P_RE + i] * u_re + x[P_IM + i] * u_im)
        b = matrix[IMAGINARY + i * ROW] - (x[U_IM + i] * p_re - x[i] * p_im + x[P_IM + i] * u_re - x[P_RE + i] * u_im)
        x[V_RE + i], x[V_IM + i], x[Q_RE + i], x[Q_IM + i] = a, b, 0.0, 0.0
        total += a * a + b * b
    norm = np.sqrt(total)
    first = np.sqrt(x[V_RE] * x[V_RE] + x[V_IM] * x[V_IM])
    if norm < NEGLIGIBLE:
        norm = scale = 0.0
    else:
        scale = 1 / np.sqrt(norm * (norm + first))
    if first > 0.0:
        x[V_RE] *= 1 + norm / first
        x[V_IM] *= 1 + norm / first
    else:
        x[V_RE] = norm
    for i in range(n):
        x[V_RE + i] *= scale
        x[V_IM + i] *= scale
    return norm


@_inline
def _two_rows(y, x, i):
    """Carry out the last reflection in rows i and i + 1, and add what they are in A times the next vector."""
    z = x[i:]
    a_re, a_im, f_re, f_im, v_re, v_im = z[0], z[U_IM], z[P_RE], z[P_IM], z[V_RE], z[V_IM]
    b_re, b_im, g_re, g_im, w_re, w_im = (
        z[1], z[U_IM + 1], z[P_RE + 1], z[P_IM + 1], z[V_RE + 1], z[V_IM + 1],
    )  # fmt: skip
    s_re, s_im, t_re, t_im = 0.0, 0.0, 0.0, 0.0
    for j in range(i):
        u, w, p, q = x[j], x[U_IM + j], x[P_RE + j], x[P_IM + j]
        a = y[j] - (a_re * p + a_im * q + f_re * u + f_im * w)
        b = y[IMAGINARY + j] - (a_im * p - a_re * q + f_im * u - f_re * w)
        c = y[ROW + j] - (b_re * p + b_im * q + g_re * u + g_im * w)
        d = y[IMAGINARY + ROW + j] - (b_im * p - b_re * q + g_im * u - g_re * w)
        y[j], y[IMAGINARY + j], y[ROW + j], y[IMAGINARY + ROW + j] = a, b, c, d
        s_re += a * x[V_RE + j] - b * x[V_IM + j]
        s_im += a * x[V_IM + j] + b * x[V_RE + j]
        t_re += c * x[V_RE + j] - d * x[V_IM + j]
        t_im += c * x[V_IM + j] + d * x[V_RE + j]
        x[Q_RE + j] += a * v_re + b * v_im + c * w_re + d * w_im
        x[Q_IM + j] += a * v_im - b * v_re + c * w_im - d * w_re
    y = y[i:]  # the diagonal, and what is between the two rows
    a = y[0] - 2 * (a_re * f_re + a_im * f_im)
    c = y[ROW] - (b_re * f_re + b_im * f_im + g_re * a_re + g_im * a_im)
    d = y[IMAGINARY + ROW] - (b_im * f_re - b_re * f_im + g_im * a_re - g_re * a_im)
    b = y[ROW + 1] - 2 * (b_re * g_re + b_im * g_im)
    y[0], y[ROW], y[IMAGINARY + ROW], y[ROW + 1] = a, c, d, b
    z[Q_RE] += s_re + a * v_re + c * w_re + d * w_im
    z[Q_IM] += s_im + a * v_im + c * w_im - d * w_re
    z[Q_RE + 1] += t_re + c * v_re - d * v_im + b * w_re
    z[Q_IM + 1] += t_im + c * v_im + d * v_re + b * w_im


@_jit
def tridiagonal(packed, start, diagonal, beside):
    """Diagonals (T, m), and absolute values beside them, (T, m), of tridiagonal matrices with the same eigenvalues."""
    m = diagonal.shape[1]
    matrix, work = np.zeros(2 * IMAGINARY), np.zeros(8 * ROW)
    for t in range(len(packed)):
        _unpack(packed[t, start : start + m * m], matrix, m)
        work[:NEXT] = 0.0
        for k in range(m - 1):
            before = work[k], work[U_IM + k], work[P_RE + k], work[P_IM + k]
            diagonal[t, k] = matrix[k * ROW + k] - 2 * (before[0] * before[2] + before[1] * before[3])
            x, n = work[k + 1 :], m - k - 1
            beside[t, k] = _next_reflection(matrix[(k + 1) * ROW + k :], x, before, n)
            for i in range(0, n, 2):
                _two_rows(matrix[(k + 1 + i) * ROW + k + 1 :], x, i)
            half = 0.0
            for i in range(n):
                half += 0.5 * (x[V_RE + i] * x[Q_RE + i] + x[V_IM + i] * x[Q_IM + i])
            for i in range(n):
                x[i], x[U_IM + i] = x[V_RE + i], x[V_IM + i]
                x[P_RE + i] = x[Q_RE + i] - half * x[V_RE + i]
                x[P_IM + i] = x[Q_IM + i] - half * x[V_IM + i]
        k = m - 1
        diagonal[t, k] = matrix[k * ROW + k] - 2 * (work[k] * work[P_RE + k] + work[U_IM + k] * work[P_IM + k])


def eigenvalues(packed: FloatArray, start: int, out: FloatArray) -> None:
    """Ascending eigenvalues (T, m) of the blocks that begin at `start` of packed states; m is in COMPILED.

    Raises
    ------
    numpy.linalg.LinAlgError
        If they do not converge.
    """
    from scipy.linalg.lapack import dsterf

    diagonal, beside = np.empty((2, *out.shape))
    tridiagonal(packed, start, diagonal, beside)
    for t, (d, e) in enumerate(zip(diagonal, beside[:, :-1], strict=True)):
        out[t], info = dsterf(d, e, overwrite_d=True, overwrite_e=True)
        if info:
            raise np.linalg.LinAlgError("Eigenvalues did not converge")
