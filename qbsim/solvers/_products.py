"""States that are products of two-level cells at all times: every measure from sums and products over the cells."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cached_property

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import tell
from ..measures.passive_energy import MOST_COUNTED, binomials, counted_passive_energy
from ..measures.series import CellStates, surprise
from ._product_passive import SAME, Sums, different, level_sums, passive_bounds, spectrum_sums

TOGETHER = 2**17  # eigenvalues at all times that are listed at once
PURE = 1e-15  # smaller eigenvalue of a cell that passes for rounding of a pure state


class ProductStates(CellStates):
    """Products of N two-level cells, (T, N, 2, 2)."""

    correlated = False

    def __init__(self, cells: ComplexArray, times: FloatArray) -> None:
        self.cells, self.times, self.N = cells, times, cells.shape[1]
        self.cell_dims = [2] * self.N
        self._levels: dict[bytes, Sums] = {}

    @property
    def spectrum_is_free(self) -> bool:
        """Whether the eigenvalues at all times cost no eigenvalue problem."""
        return True

    def take(self, index: Sequence[int] | IntArray) -> ProductStates:
        return ProductStates(self.cells[index], self.times[index])

    def cell(self, k: int) -> ComplexArray:
        return self.cells[:, k]

    def pair(self, i: int, j: int) -> ComplexArray:
        return np.einsum("tab,tcd->tacbd", self.cells[:, i], self.cells[:, j]).reshape(-1, 4, 4)

    def kinds(self, bonds: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
        curves = [self.cells[:, k].tobytes() for k in range(self.N)]
        found: dict[tuple[bytes, bytes], tuple[tuple[int, int], int]] = {}
        for i, j in bonds:
            bond, count = found.get((curves[i], curves[j]), ((i, j), 0))
            found[curves[i], curves[j]] = bond, count + 1
        return list(found.values())

    @cached_property
    def _populations(self) -> FloatArray:
        """Populations of |g> and |e>, (2, T, N)."""
        return np.ascontiguousarray(np.moveaxis(np.diagonal(self.cells, axis1=2, axis2=3), 2, 0).real)

    @cached_property
    def _coherences(self) -> FloatArray:
        """Absolute values of the coherences, (T, N)."""
        return np.abs(self.cells[:, :, 1, 0])

    @cached_property
    def _traces(self) -> FloatArray:
        return self._populations.sum(axis=0)

    @cached_property
    def _eigenvalues(self) -> FloatArray:
        """Larger and smaller eigenvalue of every cell, (2, T, N)."""
        (g, e), c = self._populations, self._coherences
        larger = 0.5 * (g + e + np.hypot(g - e, 2 * c))
        return np.array([larger, (g * e - c**2) / larger])

    def passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        larger, smaller = self._eigenvalues
        return self._passive_energy(larger, smaller, omega, spectra=1)

    def incoherent_passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        smaller, larger = np.sort(self._populations, axis=0)
        return self._passive_energy(larger, smaller, omega)

    def _passive_energy(
        self, upper: FloatArray, lower: FloatArray, omega: FloatArray, *, spectra: int = 0
    ) -> tuple[FloatArray, float]:
        """Middle of the bounds at all times, and the largest half of their distance; progress counts the spectra."""
        key = np.asarray(omega, dtype=float).tobytes()
        if key not in self._levels:
            self._levels = {key: level_sums(omega)}
        levels, ground = self._levels[key], float(np.minimum(omega, 0).sum())
        lower = np.where(lower > PURE, lower, 0.0)
        chosen, copies = alike(np.concatenate([lower, upper]))
        if self.N <= MOST_COUNTED and levels.is_exact and len(self) * different(copies) <= TOGETHER:
            p, numbers = _listed(upper[:, chosen], lower[:, chosen], copies)
            tell(spectra=spectra * len(self))
            least = counted_passive_energy(p, numbers, levels.above.values, np.exp(levels.above.logs))
            return least + ground * self._traces.prod(axis=1), 0.0
        values, error = np.empty(len(self)), 0.0
        for t, trace in enumerate(self._traces.prod(axis=1).tolist()):
            spectrum = spectrum_sums(upper[t, chosen], lower[t, chosen], copies)
            low, high = passive_bounds(spectrum, levels, trace)
            values[t], error = 0.5 * (low + high) + ground * trace, max(error, 0.5 * (high - low))
            tell(spectra=spectra)
        return values, error

    def l1(self) -> FloatArray:
        # (prod (tr + 2 |c|) - prod tr) / (2^N - 1) in logarithms
        total, cells = np.log1p(2 * self._coherences / self._traces).sum(axis=1), self.N * math.log(2)
        return self._traces.prod(axis=1) * np.exp(total - cells) * np.expm1(-total) / math.expm1(-cells)

    def purity(self) -> FloatArray:
        return ((self._populations**2).sum(axis=0) + 2 * self._coherences**2).prod(axis=1)

    def entropy(self) -> FloatArray:
        own = surprise(self._eigenvalues).sum(axis=0)
        return self._traces.prod(axis=1) * (own / self._traces).sum(axis=1)

    def trace_error(self) -> float:
        return float(np.abs(self._traces.prod(axis=1) - 1).max())

    def lowest(self) -> float:
        larger, smaller = self._eigenvalues
        least = smaller.prod(axis=1) if smaller.min() >= 0 else (smaller / larger).min(axis=1) * larger.prod(axis=1)
        return float(least.min())

    def hermiticity_error(self) -> float:
        return float(np.abs(self.cells - self.cells.conj().swapaxes(2, 3)).max())


def _listed(upper: FloatArray, lower: FloatArray, copies: IntArray) -> tuple[FloatArray, FloatArray]:
    """Products of eigenvalues of kinds of cells, (T, K), and how often each occurs, (K,)."""
    p, numbers = np.ones((len(upper), 1)), np.ones(1)
    for a, b, n in zip(upper.T, lower.T, copies.tolist(), strict=True):
        k = np.arange(n + 1)
        own = a[:, None] ** (n - k) * b[:, None] ** k
        p = (p[:, :, None] * own[:, None]).reshape(len(p), -1)
        numbers = np.multiply.outer(numbers, binomials(n)).ravel()
    return p, numbers


def alike(curves: FloatArray) -> tuple[IntArray, IntArray]:
    """One column of each group of columns that are equal to rounding, and how many there are: (T, N) to (K,), (K,)."""
    left, chosen, copies = np.arange(curves.shape[1]), [], []
    while left.size:
        first = left[0]
        equal = np.abs(curves[0, left] - curves[0, first]) <= SAME  # at one time first: most differ there
        near = left[equal]
        equal[equal] = (np.abs(curves[:, near] - curves[:, [first]]) <= SAME).all(axis=0)
        chosen.append(first)
        copies.append(np.count_nonzero(equal))
        left = left[~equal]
    return np.array(chosen), np.array(copies)
