r"""One class of n interchangeable cells, in blocks of total spin.

A state that no exchange of cells changes is :math:`\rho = \sum x_{jmm'}\,|j,m\rangle\langle j,m'|`, averaged over the
:math:`d_j = \binom nk - \binom n{k-1}` copies of spin j = n/2 - k, and normalised so that
:math:`\mathrm{tr}\,\rho = \sum x_{jmm}`: every number is a probability of a block or a coherence in one. (Numbers
normalised in the Hilbert-Schmidt norm would have to be multiplied by :math:`\sqrt{d_j}` to become probabilities, and
their rounding too: by 1e14 for n = 100.)

A level is counted from below, u = j + m, v = j + m'. Entries of equal q = u - v form a group; inside it they are
ordered by k, then by u.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache, cached_property, lru_cache
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse
from scipy.linalg import eigh_tridiagonal

from .._checks import ComplexArray, FloatArray, IntArray

# Maps of single cells, sum_k s_k rho s_k^+ with s = s-, s+, sigma_z / 2: for every step of m the elements that lead to
# j, j - 1 and j + 1, by u = j + m and w = j - m; Chase and Geremia, Phys. Rev. A 78, 052101 (2008).
_Elements = tuple[Callable[[Any, Any], Any], ...]
_ELEMENTS: dict[int, _Elements] = {
    -1: (lambda u, w: np.sqrt(u * (w + 1)), lambda u, w: np.sqrt(u * (u - 1)), lambda u, w: np.sqrt((w + 1) * (w + 2))),
    1: (lambda u, w: np.sqrt(w * (u + 1)), lambda u, w: np.sqrt(w * (w - 1)), lambda u, w: np.sqrt((u + 1) * (u + 2))),
    0: (lambda u, w: (u - w) / 2, lambda u, w: np.sqrt(u * w), lambda u, w: np.sqrt((u + 1) * (w + 1))),
}


class Entries(NamedTuple):
    """Entries of a sparse matrix; those at equal places add up."""

    rows: IntArray
    cols: IntArray
    values: Any


def joined(parts: list[Entries]) -> Entries:
    """Sum of sparse matrices."""
    return Entries(*(np.concatenate(column) for column in zip(*parts, strict=True)))


@lru_cache(maxsize=64)
def spin_blocks(n: int) -> SpinBlocks:
    """Blocks of n cells, shared by all runs."""
    return SpinBlocks(n)


class SpinBlocks:
    """Basis of the symmetric states of n cells, and the maps between its groups."""

    def __init__(self, n: int) -> None:
        self.n = n
        self.group = cache(self._group)
        self._product_basis = cache(self._compute_product_basis)

    @cached_property
    def copies(self) -> FloatArray:
        """Copies d_j of every block, (n // 2 + 1,)."""
        return np.array([float(c) for c in self._exact_copies])

    @cached_property
    def _exact_copies(self) -> list[int]:
        return [math.comb(self.n, k) * (self.n - 2 * k + 1) // (self.n - k + 1) for k in range(self.n // 2 + 1)]

    def size(self, q: Any) -> Any:
        """Number of entries of a group."""
        blocks = (self.n - abs(q)) // 2 + 1
        return blocks * (self.n + 2 - abs(q) - blocks)

    def index(self, k: IntArray | int, u: IntArray, v: IntArray) -> IntArray:
        """Where an entry stands in its group."""
        return k * (self.n + 2 - np.abs(u - v) - k) + np.minimum(u, v)

    def _group(self, q: int) -> tuple[IntArray, IntArray, IntArray]:
        """k, u and v of all entries of a group."""
        lengths = self.n + 1 - abs(q) - 2 * np.arange((self.n - abs(q)) // 2 + 1)
        k = np.repeat(np.arange(len(lengths)), lengths)
        least = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return k, least + max(q, 0), least + max(-q, 0)

    def levels(self, q: int) -> tuple[FloatArray, ...]:
        """n_e, S+S- and S-S+ of the left and of the right level, for all entries of a group."""
        k, u, v = self.group(q)
        top = self.n - 2 * k
        return tuple(f.astype(float) for x in (u, v) for f in (k + x, x * (top - x + 1), (top - x) * (x + 1)))

    def _map(self, q: int, move: tuple[int, int, int], values: FloatArray) -> Entries:
        """Map that moves k, u and v, with these values; entries that would leave the basis must have value 0."""
        k, u, v = self.group(q)
        dk, du, dv = move
        cols = np.flatnonzero(values)
        return Entries(self.index(k[cols] + dk, u[cols] + du, v[cols] + dv), cols, values[cols])

    def left(self, q: int, step: int) -> Entries:
        """S- rho (step -1) or S+ rho (step 1), from group q to q + step."""
        _, lowered, raised = self.levels(q)[:3]
        return self._map(q, (0, step, 0), np.sqrt(lowered if step < 0 else raised))

    def right(self, q: int, step: int) -> Entries:
        """Rho S- (step -1) or rho S+ (step 1), from group q to q + step."""
        _, lowered, raised = self.levels(q)[3:]
        return self._map(q, (0, 0, -step), np.sqrt(lowered if step > 0 else raised))

    def jumps(self, q: int, step: int, alone: float, together: float) -> list[Entries]:
        """alone sum_k s_k rho s_k^+ + together S rho S^+ inside group q; step -1, 1, 0: s = s-, s+, sigma_z / 2."""
        n, (k, u, v) = self.n, self.group(q)
        j, w, x = n / 2 - k, n - 2 * k - u, n - 2 * k - v
        inside, lower, higher = (f(u, w) * f(v, x) for f in _ELEMENTS[step])
        safe = np.maximum(j, 0.5)  # a spin 0 has neither of the first two
        same = alone * (n / 2 + 1) / (2 * safe * (safe + 1)) + together
        down = alone * (n / 2 + j + 1) / (2 * safe * (2 * safe + 1)) * np.where(j >= 1, lower, 0.0)
        up = alone * (n / 2 - j) / (2 * (j + 1) * (2 * j + 1)) * np.where(k >= 1, higher, 0.0)
        return [
            self._map(q, (0, step, step), same * np.where(j > 0, inside, 0.0)),
            self._map(q, (1, step - 1, step - 1), down),
            self._map(q, (-1, step + 1, step + 1), up),
        ]

    # --- states -----------------------------------------------------------------------------------------------------

    def product(self, rho: ComplexArray) -> list[ComplexArray]:
        r"""Blocks of :math:`\rho^{\otimes n}`, :math:`x_j = d_j\det(\rho)^{n/2-j}\,\mathrm{Sym}^{2j}(\rho)`.

        The eigenvectors of rho turn every spin by the same angle; the eigenvalues a, b give the probabilities
        :math:`d_j\,a^{k+w}\,b^{k+u}` of its levels there.
        """
        z, c = float((rho[0, 0] - rho[1, 1]).real), complex(rho[1, 0])
        radius = math.hypot(z, 2 * abs(c))
        total = float(np.trace(rho).real)
        large, small = (total + radius) / 2, max(0.0, (total - radius) / 2)
        half_angle = math.atan2(2 * abs(c), z) / 2
        phase = c / abs(c) if c else 1.0
        blocks = []
        for k, count in enumerate(self._exact_copies):
            u = np.arange(self.n - 2 * k + 1)
            with np.errstate(divide="ignore"):
                logs = math.log(count) + _power(large, k + u[::-1]) + _power(small, k + u)
            weights = np.exp(logs)
            if c == 0:
                blocks.append(np.diag(weights if z >= 0 else weights[::-1]).astype(complex))
            elif weights.any():
                turn = _rotation(len(u), half_angle)
                turns = phase ** (u[:, None] - u)
                blocks.append(turns * ((turn * weights) @ turn.T))
            else:
                blocks.append(np.zeros((len(u), len(u)), dtype=complex))
        return blocks

    def pick(self, blocks: list[ComplexArray], q: int) -> ComplexArray:
        """Group q of a state given by its blocks."""
        return np.concatenate([np.diagonal(b, -q) for b in blocks[: (self.n - abs(q)) // 2 + 1]])

    # --- product basis ----------------------------------------------------------------------------------------------

    def product_basis(self, q: int) -> scipy.sparse.csr_matrix:
        r"""Map from a group to sums of entries in the product basis, in units of 2^n.

        Entries of equal numbers of cells (n_gg, n_ge, n_eg, n_ee), left and right, are equal. At fixed
        n_L = n_eg + n_ee and n_R = n_ge + n_ee they are reached by an orthogonal matrix, that of the eigenvectors of
        S+S-, which hops between n_ee and n_ee + 1; its eigenvalues belong to the blocks. Row i of them is
        n_ee = min(n_L, n_R) - i; there the component i = 0 is positive in every block, which fixes the sign.
        """
        return self._product_basis(abs(q))

    def _compute_product_basis(self, q: int) -> scipy.sparse.csr_matrix:
        n, size = self.n, int(self.size(q))
        right = np.arange(n - q + 1)  # n_R; n_L is larger by q
        widths = np.minimum(right, n - q - right) + 1
        logs = np.cumsum(np.log(np.maximum(np.arange(n + 1), 1)))  # of factorials
        rows, cols, values = [], [], []
        for d in range(1, widths.max() + 1):
            v = right[widths == d]
            i = np.arange(d)
            ee = v[:, None] - i
            ge, eg, gg = np.broadcast_to(i, ee.shape), ee * 0 + q + i, n - q - v[:, None] - i
            vectors = _signed_eigenvectors(
                eg * (gg + 1.0) + ee * (ge + 1.0), np.sqrt(1.0 * (eg * (gg + 1) * ge * (ee + 1))[:, 1:])
            )
            numbers = np.exp((logs[n] - logs[ee] - logs[ge] - logs[eg] - logs[gg]) / 2 - n * np.log(2.0))
            places = self.index(i, v[:, None] + q - i, v[:, None] - i)
            rows.append(np.broadcast_to(places[:, :, None], vectors.shape).ravel())
            cols.append(np.broadcast_to(places[:, None, :], vectors.shape).ravel())
            values.append((numbers[:, :, None] * vectors / np.sqrt(self.copies[:d])).ravel())
        triples = np.concatenate(values), (np.concatenate(rows), np.concatenate(cols))
        return scipy.sparse.csr_matrix(triples, shape=(size, size))


def _signed_eigenvectors(diagonal: FloatArray, hops: FloatArray) -> FloatArray:
    """Eigenvectors (B, d, d) of tridiagonal matrices, eigenvalues descending, the first components positive.

    The first component may be smaller than its rounding. Its sign follows from the largest component by the recurrence
    from the first on, which is stable as far as the components grow.
    """
    B, d = diagonal.shape
    matrices = np.zeros((B, d, d))
    i = np.arange(d)
    matrices[:, i, i] = diagonal
    matrices[:, i[1:], i[:-1]] = hops
    values, vectors = np.linalg.eigh(matrices)
    values, vectors = values[:, ::-1], vectors[:, :, ::-1]
    largest = np.abs(vectors).argmax(axis=1)  # (B, d)
    older, old = np.zeros((B, d)), np.ones((B, d))
    sign = np.ones((B, d))
    for row in range(1, d):
        back = hops[:, row - 2, None] * older if row > 1 else 0.0
        older, old = old, ((values - diagonal[:, row - 1, None]) * old - back) / hops[:, row - 1, None]
        sign = np.where(largest == row, np.sign(old), sign)
        scale = np.maximum(np.abs(old), np.abs(older))
        older, old = older / scale, old / scale
    found = np.take_along_axis(vectors, largest[:, None, :], axis=1)[:, 0]
    return np.asarray(vectors * (sign * np.sign(found))[:, None, :])


def _power(p: float, exponents: IntArray) -> FloatArray:
    """Logarithms of p^k."""
    if p > 0:
        return np.asarray(exponents * math.log(p), dtype=float)
    return np.where(exponents == 0, 0.0, -np.inf)


def _rotation(d: int, angle: float) -> FloatArray:
    """exp(angle (S+ - S-)) of a spin with d levels, from the eigenvectors of S+ + S-."""
    u = np.arange(d)
    _, vectors = eigh_tridiagonal(np.zeros(d), np.sqrt(u[1:] * (d - u[1:])))
    phases = 1j**u
    turned = (vectors * np.exp(1j * angle * (2 * u - d + 1))) @ vectors.T
    return (phases.conj()[:, None] * turned * phases).real
