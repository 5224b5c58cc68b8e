r"""Compiled Pfaffians, and the strings of a chain from one elimination.

The Pfaffian of a skew-symmetric matrix obeys :math:`\mathrm{pf}(A)^2 = \det A`. One pair of rows p < q at a time is
eliminated,

.. math:: \mathrm{pf}(A) = \pm a_{pq}\,\mathrm{pf}(A'), \qquad a'_{xy} = a_{xy} + (a_{xp}a_{qy} - a_{xq}a_{py})/a_{pq}
"""

from __future__ import annotations

import numba
import numpy as np

SMALL = 1e-3  # pairs of Majorana operators with a smaller correlation are not eliminated yet
NOTHING = 1e-15  # strings that are bounded by this are 0

_jit = numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)
_inline = numba.njit(inline="always")


@_inline
def _swap(a, p, q):
    """Exchange rows and columns p < q of a skew-symmetric matrix, above its diagonal and from row p - 1 on."""
    n = a.shape[0]
    a[p - 1, p], a[p - 1, q] = a[p - 1, q], a[p - 1, p]
    for j in range(q + 1, n):
        a[p, j], a[q, j] = a[q, j], a[p, j]
    for i in range(p + 1, q):
        a[p, i], a[i, q] = -a[i, q], -a[p, i]
    a[p, q] = -a[p, q]


@_inline
def _update(re, im, factors, tr, ti, br, bi):
    """One row of the matrix that is left. Slices of its length let the compiler take several columns at a time."""
    tr_i, ti_i, br_i, bi_i = factors[0], factors[1], factors[2], factors[3]
    for j in range(len(re)):
        x = br_i * tr[j] - bi_i * ti[j] - tr_i * br[j] + ti_i * bi[j]
        y = br_i * ti[j] + bi_i * tr[j] - tr_i * bi[j] - ti_i * br[j]
        re[j] += x
        im[j] += y


@_jit
def _pfaffian(re, im, f):
    """Pfaffian of re + i im of even size, from the parts above the diagonal, which are overwritten.

    Rows are exchanged so that every pivot is the largest entry of its row. `f`, (4, n), is room for two complex rows.
    """
    n = re.shape[0]
    value = 1.0 + 0.0j
    for k in range(0, n - 1, 2):
        best, top = k + 1, 0.0
        for j in range(k + 1, n):
            size = re[k, j] * re[k, j] + im[k, j] * im[k, j]
            if size > top:
                best, top = j, size
        if top == 0.0:
            return 0.0j
        if best != k + 1:
            _swap(re, k + 1, best)
            _swap(im, k + 1, best)
            value = -value
        pivot = re[k, k + 1] + 1j * im[k, k + 1]
        value *= pivot
        inverse = 1 / pivot
        c, d = inverse.real, inverse.imag
        for j in range(k + 2, n):
            f[0, j], f[1, j] = c * re[k, j] - d * im[k, j], c * im[k, j] + d * re[k, j]
            f[2, j], f[3, j] = re[k + 1, j], im[k + 1, j]
        for i in range(k + 2, n - 1):
            _update(re[i, i + 1 :], im[i, i + 1 :], f[:, i], f[0, i + 1 :], f[1, i + 1 :], f[2, i + 1 :], f[3, i + 1 :])
    return value


@_jit
def pfaffian(a):
    """Pfaffian of one complex skew-symmetric matrix, (n, n); 0 for odd n, 1 for n = 0."""
    n = a.shape[0]
    if n % 2:
        return 0.0j
    return _pfaffian(a.real.copy(), a.imag.copy(), np.empty((4, n)))


@_jit
def pfaffians_of_sums(left, right, upper, out):
    """out_rs = pf(left_r + right_s) for real and imaginary parts of skew-symmetric matrices, (R, 2, n, n).

    Where `upper` is true only for s >= r.
    """
    n = left.shape[2]
    re, im, f = np.empty((n, n)), np.empty((n, n)), np.empty((4, n))
    for r in range(left.shape[0]):
        for s in range(r if upper else 0, right.shape[0]):
            for i in range(n):
                for j in range(i + 1, n):
                    re[i, j] = left[r, 0, i, j] + right[s, 0, i, j]
                    im[i, j] = left[r, 1, i, j] + right[s, 1, i, j]
            out[r, s] = _pfaffian(re, im, f)


@_jit
def _eliminate(s, p, q, active):
    """Schur complement of a real skew-symmetric matrix without the rows p and q, in the rows of `active`."""
    pivot = s[p, q]
    for x in active:
        a, b = s[x, p] / pivot, s[x, q] / pivot
        for y in active:
            s[x, y] += a * s[q, y] - b * s[p, y]


@_jit
def _minor(s, rows):
    """Pfaffian of the rows and columns `rows` of a real skew-symmetric matrix, 0 where it is bounded by NOTHING."""
    n = len(rows)
    if n == 2:
        return s[rows[0], rows[1]]
    part, bound = np.empty((n, n)), 1.0
    for i in range(n):
        square = 0.0
        for j in range(n):
            part[i, j] = s[rows[i], rows[j]]
            square += part[i, j] ** 2
        bound *= square**0.25
    if bound < NOTHING:
        return 0.0
    return _pfaffian(part, np.zeros((n, n)), np.empty((4, n))).real


@_jit
def _next_pair(s, waiting, count):
    """Places of the two waiting rows with the largest entry between them."""
    first, second, top = -1, -1, SMALL
    for i in range(count):
        for j in range(i + 1, count):
            if abs(s[waiting[i], waiting[j]]) > top:
                first, second, top = i, j, abs(s[waiting[i], waiting[j]])
    return first, second


@_jit
def strings(covariance, out):
    """Pfaffians of all strings of a chain with one operator, or three, at their end.

    `covariance`, (2N + 1, 2N + 1), real and skew-symmetric, is ordered as one Majorana operator a of the ancilla and
    two of every cell. Row k of `out`, (N, 8), are the Pfaffians of the rows a, 1, ..., 2k together with one of the next
    four rows, then with all of the next four but one. Where fewer rows follow, the rest of `out` is 0. Rows are
    eliminated as the string grows. Where no pair of them has a good pivot they wait: a string with the expectation
    value 0 does no harm to longer ones.
    """
    s = covariance.copy()
    size, N = s.shape[0], out.shape[0]
    waiting, count, scale = np.empty(size, dtype=np.int64), 1, 1.0
    waiting[0] = 0
    out[:] = 0.0
    for k in range(N):
        while count > 1:
            first, second = _next_pair(s, waiting, count)
            if first < 0:
                break
            p, q = waiting[first], waiting[second]
            scale *= s[p, q] if (second - first) % 2 else -s[p, q]
            for i in range(first, count - 1):
                waiting[i] = waiting[i + 1] if i < second - 1 else waiting[min(i + 2, count - 1)]
            count -= 2
            active = np.concatenate((waiting[:count], np.arange(2 * k + 1, size)))
            _eliminate(s, p, q, active)
        here = min(4, size - 2 * k - 1)
        rows = np.empty(count + 3, dtype=np.int64)
        rows[:count] = waiting[:count]
        for x in range(here):
            rows[count] = 2 * k + 1 + x
            out[k, x] = scale * _minor(s, rows[: count + 1])
        if here == 4:
            for x in range(4):
                for y in range(3):
                    rows[count + y] = 2 * k + 1 + (y if y < x else y + 1)
                out[k, 4 + x] = scale * _minor(s, rows)
        waiting[count], waiting[count + 1] = 2 * k + 1, 2 * k + 2
        count += 2
