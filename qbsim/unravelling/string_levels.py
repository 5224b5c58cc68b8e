r"""A one-to-one map of occupation strings to the levels of a sum of fields: likely strings to low levels.

The strings of N bits are ordered by a Markov chain, :math:`p(x) = \prod_e p_e(x_e | x_{e-1})`. The K most likely ones
get the K lowest levels. All others follow a permutation of the bits, rare bits to large fields, and where it leads to
one of the K lowest levels, another level takes its place. Every string and every level occurs once.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, IntArray
from .occupations import Bits

__all__ = ["Assignment", "LowLevels", "cheapest", "pack", "unpack"]

Words = NDArray[np.uint64]

_jit = numba.njit(cache=True, nogil=True)


def pack(bits: Bits) -> Words:
    """Bits (n, N) as words (n, ceil(N / 64)) of 64 bits."""
    n, N = bits.shape
    whole = np.zeros((n, 64 * -(-N // 64)), dtype=np.uint8)
    whole[:, :N] = bits
    return np.packbits(whole, axis=1, bitorder="little").view(np.uint64)


def unpack(words: Words, N: int) -> Bits:
    """Bits (n, N) of the words that `pack` made."""
    return np.unpackbits(np.ascontiguousarray(words).view(np.uint8), axis=1, bitorder="little")[:, :N]


@_jit
def _merge(sums, words, bit, size, costs, limit):
    """Least costs, up to `limit`, of strings with one more bit of a given value, from the lists for either last bit."""
    (sums0, sums1), (words0, words1) = sums, words
    place, value = bit
    n, width = min(size, sums0.size + sums1.size), words0.shape[1]
    out, strings = np.empty(n), np.empty((n, width), dtype=np.uint64)
    mark = np.uint64(value) << np.uint64(place % 64)
    i = j = 0
    for k in range(n):
        a = sums0[i] + costs[0] if i < sums0.size else np.inf
        b = sums1[j] + costs[1] if j < sums1.size else np.inf
        if min(a, b) > limit:
            return out[:k], strings[:k]
        if a <= b:
            out[k] = a
            for w in range(width):
                strings[k, w] = words0[i, w]
            i += 1
        else:
            out[k] = b
            for w in range(width):
                strings[k, w] = words1[j, w]
            j += 1
        strings[k, place // 64] |= mark
    return out, strings


def cheapest(costs: FloatArray, size: int) -> tuple[FloatArray, Words]:
    """The `size` strings of least cost sum_e costs[e, x_{e-1}, x_e], ascending, with x_{-1} = 0; costs (N, 2, 2)."""
    N = costs.shape[0]
    to_come = np.zeros((N + 1, 2))  # least cost of the bits that follow, for either value of the last bit
    for e in reversed(range(N)):
        to_come[e] = np.min(costs[e] + to_come[e + 1], axis=1)
    empty = np.zeros((1, -(-N // 64)), dtype=np.uint64)
    sums, words, bound = (np.zeros(1), np.empty(0)), (empty, empty[:0]), np.inf
    for e in range(N):
        lists = []
        for bit in (0, 1):
            lists.append(_merge(sums, words, (e, bit), size, costs[e, :, bit].copy(), bound - to_come[e + 1, bit]))
            if len(lists[bit][0]) >= size:  # so many strings end at no more than this
                bound = min(bound, (lists[bit][0][size - 1] + to_come[e + 1, bit]) * (1 + 1e-12))
        sums, words = (lists[0][0], lists[1][0]), (lists[0][1], lists[1][1])
    return _merge(sums, words, (0, 0), size, np.zeros(2), np.inf)


@_jit
def _permuted(words, target, out):
    """Bit m of every word to bit target[m]."""
    one = np.uint64(1)
    for i in range(words.shape[0]):
        for m in range(target.size):
            if (words[i, m // 64] >> np.uint64(m % 64)) & one:
                out[i, target[m] // 64] |= one << np.uint64(target[m] % 64)


@_jit
def _costs(words, costs, out):
    """Cost of every string, as in `cheapest`."""
    for i in range(words.shape[0]):
        last, total = 0, 0.0
        for e in range(costs.shape[0]):
            bit = (words[i, e // 64] >> np.uint64(e % 64)) & np.uint64(1)
            now = 1 if bit else 0
            total += costs[e, last, now]
            last = now
        out[i] = total


@_jit
def _find(rows, queries, out):
    """Place of every query among sorted rows, or -1."""
    for q in range(queries.shape[0]):
        low, high = 0, rows.shape[0]
        while low < high:
            middle = (low + high) // 2
            less = False
            for w in range(rows.shape[1]):
                if rows[middle, w] != queries[q, w]:
                    less = rows[middle, w] < queries[q, w]
                    break
            if less:
                low = middle + 1
            else:
                high = middle
        same = low < rows.shape[0]
        if same:
            for w in range(rows.shape[1]):
                same = same and rows[low, w] == queries[q, w]
        out[q] = low if same else -1


class _Index:
    """Where strings stand in a list of strings."""

    def __init__(self, words: Words) -> None:
        self.order = np.lexsort(words.T[::-1])
        self.rows = words[self.order]

    def find(self, words: Words) -> IntArray:
        out = np.empty(words.shape[0], dtype=np.int64)
        _find(self.rows, words, out)
        return np.where(out < 0, -1, self.order[out] if self.order.size else -1)


class LowLevels:
    """The lowest levels of a sum of N fields, at most `size` of them: kept, since many assignments share them.

    Attributes
    ----------
    values : ndarray, (K,)
        The levels, ascending; K is at most 2^N.
    """

    def __init__(self, fields: FloatArray, size: int) -> None:
        self.fields = np.abs(fields)
        self.ground = float(np.minimum(fields, 0).sum())
        self._costs = np.zeros((fields.size, 2, 2))
        self._costs[:, :, 1] = self.fields[:, None]
        above, self.words = cheapest(self._costs, min(size, 2**fields.size))
        self.values = above + self.ground
        self.index = _Index(self.words)

    def energies(self, words: Words) -> FloatArray:
        """Energies of strings of turned cells: those that are not in their lower state."""
        out = np.empty(words.shape[0])
        _costs(words, self._costs, out)
        return out + self.ground


class Assignment:
    """One-to-one map of the 2^N strings to the levels of a sum of N fields.

    Parameters
    ----------
    costs : ndarray, (N, 2, 2)
        -ln p_e(x_e | x_{e-1}) of the Markov chain; entry [0, 0] is used for the first bit.
    rarity : ndarray, (N,)
        Which bits go to which fields outside the list: the rarest to the largest.
    low : LowLevels
        The K lowest levels of the fields.

    Attributes
    ----------
    strings : ndarray, (K, words)
        Packed strings, the most likely first.
    chances : ndarray, (K,)
        Their probabilities in the Markov chain.
    """

    def __init__(self, costs: FloatArray, rarity: FloatArray, low: LowLevels) -> None:
        self.low = low
        sums, self.strings = cheapest(costs, len(low.values))
        self.chances = np.exp(-sums)
        self._target = np.empty(rarity.size, dtype=np.int64)
        self._target[np.argsort(rarity, kind="stable")] = np.argsort(low.fields, kind="stable")
        self._listed = _Index(self.strings)
        self._exchange(costs)

    def _exchange(self, costs: FloatArray) -> None:
        """Levels for strings outside the list whose permuted bits are one of the lowest levels."""
        images = self._permute(self.strings, self._target)
        free = images[self.low.index.find(images) < 0]  # levels that the strings of the list leave
        origins = self._permute(self.low.words, np.argsort(self._target))
        seeking = origins[self._listed.find(origins) < 0]
        price = np.empty(seeking.shape[0])
        _costs(seeking, costs, price)
        self._seeking = _Index(seeking[np.argsort(price, kind="stable")])
        self._given = np.sort(self.low.energies(free))

    def _permute(self, words: Words, target: IntArray) -> Words:
        out = np.zeros_like(words)
        _permuted(words, target, out)
        return out

    def place(self, bits: Bits) -> tuple[IntArray, FloatArray]:
        """Rank in the list, or -1, and level of strings, (n, N)."""
        words = pack(bits)
        rank, energy = self._listed.find(words), self.low.energies(self._permute(words, self._target))
        if self._given.size:
            moved = self._seeking.find(words)
            energy = np.where(moved < 0, energy, self._given[moved])
        return rank, np.where(rank < 0, energy, self.low.values[rank])
