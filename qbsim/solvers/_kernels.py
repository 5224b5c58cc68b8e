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
def _add_jumps_whole(out, source, rates, row, up):
    """The same where all states are one block, of which an index is a basis state.

    `up`: the source has one excitation more, otherwise one less.
    """
    N, m = rates.shape[0], len(out)
    for i in range(N):
        one = m >> (i + 1)
        if (row & one == 0) != up:
            continue
        source_row = source[row ^ one]
        for j in range(N):
            rate, other = rates[i, j], m >> (j + 1)
            if rate == 0.0:
                continue
            low, high = (rate, 0.0) if up else (0.0, rate)
            if other == 1:  # adding zeros, too, is what vector instructions can do
                for c in range(m // 2):
                    out[2 * c] += low * source_row[2 * c + 1]
                    out[2 * c + 1] += high * source_row[2 * c]
            elif other == 2:
                for c in range(m // 4):
                    out[4 * c] += low * source_row[4 * c + 2]
                    out[4 * c + 1] += low * source_row[4 * c + 3]
                    out[4 * c + 2] += high * source_row[4 * c]
                    out[4 * c + 3] += high * source_row[4 * c + 1]
            else:
                for first in range(0, m, 2 * other):
                    here = out[first : first + other] if up else out[first + other : first + 2 * other]
                    there = source_row[first + other : first + 2 * other] if up else source_row[first : first + other]
                    for c in range(other):
                        here[c] += rate * there[c]


@_inline
def _matrix(q, tables, b):
    """Block b of a packed state."""
    m = tables.sizes[b]
    return q[tables.offsets[b] : tables.offsets[b] + m * m].reshape(m, m)


@_inline
def _add_moves(U, V, Q, RT, r, row, hops, elements):
    """Row r of U += A Q - S R and V -= A R + S Q, two moves of H at a time."""
    start, target, kind = hops
    H, S = elements
    m = Q.shape[0]
    end = start[row + 1]
    for h in range(start[row], end, 2):
        i, a, s = target[h], H[kind[h]], S[kind[h]]
        j, b, t = (target[h + 1], H[kind[h + 1]], S[kind[h + 1]]) if h + 1 < end else (i, 0.0, 0.0)
        if a != 0.0 or b != 0.0:
            for c in range(m):
                U[r, c] = (U[r, c] + a * Q[i, c]) + b * Q[j, c]
                V[r, c] = (V[r, c] - a * RT[i, c]) - b * RT[j, c]
        if s != 0.0 or t != 0.0:
            for c in range(m):
                U[r, c] = (U[r, c] - s * RT[i, c]) - t * RT[j, c]
                V[r, c] = (V[r, c] - s * Q[i, c]) - t * Q[j, c]


@_inline
def _apply_block(b, q, driven, older, out, step, generator):
    """One block of out = scale (L q + sum_d L_d v_d - center q) - back older, all flat over the blocks."""
    scale, center, back = step
    numbers, vectors = driven
    tables, values, (moves, drive_H, drive_S), work = generator
    _, _, row0, states, hops, up, down = tables
    w, g, phi, has_phi, hop_H, hop_S, loss, pump, has_loss, has_pump = values
    source_up, source_down = up.source[b], down.source[b]
    m, base = tables.sizes[b], row0[b]
    Q, P, V = _matrix(q, tables, b), _matrix(older, tables, b), _matrix(out, tables, b)
    RT = work[0][: m * (m + PAD)].reshape(m, m + PAD)
    UU = work[1][: m * (m + PAD)].reshape(m, m + PAD)
    _transpose(Q, RT, m)
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
        _add_moves(UU, V, Q, RT, r, row, hops, (hop_H, hop_S))
        if has_loss and source_up >= 0:
            if m == len(states):
                _add_jumps_whole(V[r], Q, loss, row, True)
            else:
                _add_jumps(V[r], _matrix(q, tables, source_up), loss, up, b, row)
        if has_pump and source_down >= 0:
            if m == len(states):
                _add_jumps_whole(V[r], Q, pump, row, False)
            else:
                _add_jumps(V[r], _matrix(q, tables, source_down), pump, down, b, row)
    for d in numbers:
        Q_d = _matrix(vectors[d], tables, b)
        _transpose(Q_d, RT, m)
        for r in range(m):
            _add_moves(UU, V, Q_d, RT, r, d * len(states) + base + r, moves, (drive_H, drive_S))
    for r0 in range(0, m, TILE):
        _transpose_strip(UU, RT, r0, m)  # R is not needed any more
        for r in range(r0, min(r0 + TILE, m)):
            for c in range(m):
                V[r, c] = scale * (V[r, c] + RT[r, c] - center * Q[r, c]) - back * P[r, c]


@_inline
def _apply(q, driven, older, out, step, generator):
    """out = scale (L q + sum_d L_d v_d - center q) - back older for packed states.

    `step` holds scale, center and back; `driven` the numbers of drives, and a vector for every drive.
    """
    for b in range(len(generator.tables.sizes)):
        _apply_block(b, q, driven, older, out, step, generator)


@_jit
def apply_generator(q, out, generator):
    """out = L q for a packed state, without drives."""
    _apply(q, (np.empty(0, np.int64), q.reshape(1, -1)), q, out, (1.0, 0.0, 0.0), generator)


@_jit
def apply_driven(q, driven, out, scale, generator):
    """out = scale (L q + sum_d L_d v_d) for packed states; `driven`: the numbers d, and a vector for every drive."""
    _apply(q, driven, q, out, (scale, 0.0, 0.0), generator)


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
    nothing = np.empty(0, np.int64), vectors
    for row in range(first, last):
        old = vectors[row - 1]
        older = vectors[row - 1 if k == 1 else row - 2]
        back = 0.0 if k == 1 else (2 * e / d if k == 2 else e / d)
        _apply(old, nothing, older, vectors[row], (1 / d, center, back), generator)
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
