r"""Compiled generator of a qubit network; imported only when a run is large enough to need it.

A Hermitian matrix is kept as one real matrix, :math:`Q = \mathrm{Re}\,\rho + \mathrm{Im}\,\rho`, whose symmetric part
is the real and whose antisymmetric part is the imaginary part of rho. With real K, H = A + iB (A symmetric, B
antisymmetric) and :math:`R = Q^T` the master equation reads

.. math:: \dot Q = [R, A] + [B, Q] - \tfrac12\{G, Q\} + \sum_{ij} K^\downarrow_{ij} s^-_i Q s^+_j
                   + \sum_{ij} K^\uparrow_{ij} s^+_i Q s^-_j - \phi\circ Q, \qquad
          G = \sum_{ij} K^\downarrow_{ij} s^+_j s^-_i + K^\uparrow_{ij} s^-_j s^+_i

so a state takes 8 bytes per entry instead of 16, and stays exactly Hermitian. Products with H and G are sums of whole
rows: :math:`[R,A]+[B,Q]-\tfrac12\{G,Q\} = U^T + V` with :math:`U = AQ - SR`, :math:`V = -AR - SQ` and
:math:`S = \tfrac12 G - B`.
"""

from __future__ import annotations

import numba
import numpy as np

TILE = 8  # edge of the square tiles of a transpose: one cache line
CHECK_EVERY = 4  # Faber vectors between two looks at their size
PAD = 8  # extra columns of the work matrices, so that their rows do not fall into the same cache sets

_jit = numba.njit(cache=True, fastmath={"contract", "nsz"}, nogil=True)
# Copied into the functions that call it. A function of its own would be compiled once alone and once with each caller,
# with other last bits, and a process that compiles takes the one, a process that loads the other.
_inline = numba.njit(inline="always")


@_inline
def _transpose_strip(a, out, r0, m):
    """Rows r0 to r0 + TILE - 1 of the transpose of an (m, m) matrix, in tiles that stay in the cache."""
    for c0 in range(0, m, TILE):
        if r0 + TILE <= m and c0 + TILE <= m:  # loops of a known length are unrolled
            for r in range(r0, r0 + TILE):
                for c in range(TILE):
                    out[r, c0 + c] = a[c0 + c, r]
        else:
            for r in range(r0, min(r0 + TILE, m)):
                for c in range(c0, min(c0 + TILE, m)):
                    out[r, c] = a[c, r]


@_inline
def _transpose(a, out, m):
    """Transpose of an (m, m) matrix."""
    for r0 in range(0, m, TILE):
        _transpose_strip(a, out, r0, m)


@_inline
def _add_jumps(out, source, rates, moves, block, row):
    """Add sum_ij rates_ij source[move_i(row), move_j(c)] to a row; a move is -1 where a cell cannot."""
    N = rates.shape[0]
    target, start, here, there, _ = moves
    first = block * N
    for i in range(N):
        if target[row, i] < 0:
            continue
        source_row = source[target[row, i]]
        for j in range(N):
            rate = rates[i, j]
            if rate != 0.0:
                for p in range(start[first + j], start[first + j + 1]):
                    out[here[p]] += rate * source_row[there[p]]


@_inline
def _matrix(q, tables, b):
    """Block b of a packed state."""
    m = tables.sizes[b]
    return q[tables.offsets[b] : tables.offsets[b] + m * m].reshape(m, m)


@_inline
def _apply_block(b, q, older, out, step, tables, values, work):
    """One block of out = scale (L q - center q) - back older, all flat over the blocks."""
    scale, center, back = step
    _, _, row0, states, (hop_start, hop_target, hop_kind), up, down = tables
    w, g, phi, has_phi, hop_H, hop_S, loss, pump, has_loss, has_pump = values
    source_up, source_down = up.source[b], down.source[b]
    m = tables.sizes[b]
    Q, P, V = _matrix(q, tables, b), _matrix(older, tables, b), _matrix(out, tables, b)
    RT = work[0][: m * (m + PAD)].reshape(m, m + PAD)
    UU = work[1][: m * (m + PAD)].reshape(m, m + PAD)
    _transpose(Q, RT, m)
    base = row0[b]
    w_here, g_here, states_here = w[base : base + m], g[base : base + m], states[base : base + m]
    for r in range(m):
        row = base + r
        wr, gr, sr = w_here[r], g_here[r], states_here[r]
        for c in range(m):
            V[r, c] = RT[r, c] * (w_here[c] - wr) - 0.5 * (gr + g_here[c]) * Q[r, c]
            UU[r, c] = 0.0
        if has_phi:
            for c in range(m):
                V[r, c] -= phi[sr ^ states_here[c]] * Q[r, c]
        for h in range(hop_start[row], hop_start[row + 1]):
            k = hop_target[h]
            a = hop_H[hop_kind[h]]
            s = hop_S[hop_kind[h]]
            if s == 0.0:
                for c in range(m):
                    UU[r, c] += a * Q[k, c]
                    V[r, c] -= a * RT[k, c]
            else:
                for c in range(m):
                    UU[r, c] += a * Q[k, c] - s * RT[k, c]
                    V[r, c] -= a * RT[k, c] + s * Q[k, c]
        if has_loss and source_up >= 0:
            _add_jumps(V[r], _matrix(q, tables, source_up), loss, up, b, row)
        if has_pump and source_down >= 0:
            _add_jumps(V[r], _matrix(q, tables, source_down), pump, down, b, row)
    for r0 in range(0, m, TILE):
        _transpose_strip(UU, RT, r0, m)  # R is not needed any more
        for r in range(r0, min(r0 + TILE, m)):
            for c in range(m):
                V[r, c] = scale * (V[r, c] + RT[r, c] - center * Q[r, c]) - back * P[r, c]


@_inline
def _apply(q, older, out, step, generator):
    """out = scale (L q - center q) - back older for a packed state; `step` holds scale, center and back."""
    for b in range(len(generator.tables.sizes)):
        _apply_block(b, q, older, out, step, generator.tables, generator.values, generator.work)


@_jit
def apply_generator(q, out, generator):
    """out = L q for a packed state."""
    _apply(q, q, out, (1.0, 0.0, 0.0), generator)


@_jit
def apply_with(q, add, out, scale, generator):
    """out = scale (L q + add) for packed states."""
    _apply(q, add, out, (scale, 0.0, -scale), generator)


@_jit
def apply_turns(q, add, out, x, y, work):
    """out = -i [sum_k x_k sigma_x,k + y_k sigma_y,k, q] + add, for packed states in one block.

    Every cell turns every row, two cells at a time.
    """
    N = len(x)
    m = 1 << N
    Q, P, V = q.reshape(m, m), add.reshape(m, m), out.reshape(m, m)
    RT = work[0][: m * (m + PAD)].reshape(m, m + PAD)
    UU = work[1][: m * (m + PAD)].reshape(m, m + PAD)
    has_x, has_y = x.any(), y.any()
    _transpose(Q, RT, m)
    for r in range(m):
        for c in range(m):
            V[r, c] = P[r, c]
            UU[r, c] = 0.0
        for k in range(0, N, 2):
            one = 1 << (N - 1 - k)
            other = one >> 1  # 0 for the last of an odd number: the row itself, with the factor 0
            i, j = r ^ one, r ^ other
            x_j, y_j = (x[k + 1], y[k + 1]) if other else (0.0, 0.0)
            if has_x:
                for c in range(m):
                    UU[r, c] += x[k] * Q[i, c] + x_j * Q[j, c]
                    V[r, c] -= x[k] * RT[i, c] + x_j * RT[j, c]
            if has_y:
                b, d = (-y[k] if r & one else y[k]), (-y_j if r & other else y_j)
                for c in range(m):
                    UU[r, c] += b * RT[i, c] + d * RT[j, c]
                    V[r, c] += b * Q[i, c] + d * Q[j, c]
    for r0 in range(0, m, TILE):
        _transpose_strip(UU, RT, r0, m)
        for r in range(r0, min(r0 + TILE, m)):
            for c in range(m):
                V[r, c] += RT[r, c]


@_inline
def _norm(q):
    """Euclidean norm, in four sums that the processor adds up at once."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    end = len(q) - len(q) % 4
    for x in range(0, end, 4):
        a += q[x] * q[x]
        b += q[x + 1] * q[x + 1]
        c += q[x + 2] * q[x + 2]
        d += q[x + 3] * q[x + 3]
    for x in range(end, len(q)):
        a += q[x] * q[x]
    return np.sqrt(a + b + c + d)


@_jit
def faber_vectors(vectors, first, last, k, ellipse, rest, tol, generator):
    """Fill rows first to last - 1 of `vectors` with the Faber polynomials k, k + 1, ... of the generator, k >= 1.

    The two rows before `first` hold the two polynomials before k (one row, if k = 1): F_0 = 1, F_1 = (z - c)/d,
    F_2 = (z - c)/d F_1 - 2 e/d, F_{k+1} = (z - c)/d F_k - e/d F_{k-1}, with c, d, e of the `ellipse`. `rest`, from
    `remainders`, bounds what follows by the sizes of the last two vectors; once the bound is below `tol` the rest is
    left out. Both are needed: around the centre of the ellipse every other polynomial vanishes. Returns the row after
    the last one filled.
    """
    center, d, e = ellipse
    for row in range(first, last):
        old = vectors[row - 1]
        older = vectors[row - 1 if k == 1 else row - 2]
        back = 0.0 if k == 1 else (2 * e / d if k == 2 else e / d)
        _apply(old, older, vectors[row], (1 / d, center, back), generator)
        if k >= 2 and k % CHECK_EVERY == 0:
            bound = rest[0, k] * _norm(vectors[row]) + rest[1, k] * _norm(old)
            if bound < tol:
                return row + 1
        k += 1
    return last


@_jit
def _unpack_lower(packed, start, rho):
    """Lower triangles of (T, m, m) density matrices as pairs of real numbers, (T, m, m, 2)."""
    m = rho.shape[1]
    tile = m if m <= 64 else TILE
    for t in range(rho.shape[0]):
        q = packed[t, start : start + m * m].reshape(m, m)
        for r0 in range(0, m, tile):
            r1 = min(r0 + tile, m)
            for c0 in range(0, r1, tile):
                for r in range(r0, r1):
                    for c in range(c0, min(c0 + tile, r + 1)):
                        rho[t, r, c, 0] = 0.5 * (q[r, c] + q[c, r])
                        rho[t, r, c, 1] = 0.5 * (q[r, c] - q[c, r])


def unpack_lower(packed, start, rho):
    """Lower triangles of the blocks (T, m, m), complex, that begin at `start` of packed states: all LAPACK reads."""
    _unpack_lower(packed, start, rho.view(np.float64).reshape(*rho.shape, 2))
