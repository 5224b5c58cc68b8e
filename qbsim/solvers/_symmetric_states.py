"""States of classes of interchangeable cells: what the measures ask of them, with the copies of every block counted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from itertools import product
from typing import Any

import numpy as np
import scipy.sparse

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import interruptible, tell
from ..measures.passive_energy import binomials, counted_passive_energy, levels_of
from ..measures.series import CellStates, surprise
from ._charge_sectors import Groups, SectorLayout, outer
from ._spin_blocks import SpinBlocks

Functional = tuple[int, FloatArray]
"""Group of a class and weights of its entries: a sum over it is the expectation value of an operator of the class."""


class SymmetricStates(CellStates):
    """States of a network of classes of interchangeable cells at T times.

    Parameters
    ----------
    entries : ndarray, (T, size)
        Entries of the states, in the order of `layout`.
    times : ndarray, (T,)
        Times.
    layout : SectorLayout
        Where the entries stand.
    members : list of ndarray
        Cells of every class.
    """

    def __init__(self, entries: ComplexArray, times: FloatArray, layout: SectorLayout, members: list[IntArray]) -> None:
        self.entries, self.times, self.layout, self.members = entries, times, layout, members
        self.N = layout.N
        self.cell_dims = [2] * self.N
        self.class_of = np.empty(self.N, dtype=int)
        for a, cells in enumerate(members):
            self.class_of[cells] = a
        self._one, self._two = cache(self._cell_of), cache(self._pair_of)

    def take(self, index: Sequence[int] | IntArray) -> SymmetricStates:
        return SymmetricStates(self.entries[index], self.times[index], self.layout, self.members)

    # --- one and two cells ------------------------------------------------------------------------------------------

    def cell(self, k: int) -> ComplexArray:
        return self._one(int(self.class_of[k]))

    def pair(self, i: int, j: int) -> ComplexArray:
        return self._two(int(self.class_of[i]), int(self.class_of[j]))

    def kinds(self, bonds: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
        found: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for i, j in bonds:
            found.setdefault((int(self.class_of[i]), int(self.class_of[j])), []).append((i, j))
        return [(group[0], len(group)) for group in found.values()]

    def _cell_of(self, a: int) -> ComplexArray:
        """Reduced state of a cell of class a."""
        rho = np.zeros((len(self), 2, 2), dtype=complex)
        blocks = self.layout.classes[a]
        for x, y in ((0, 0), (1, 1), (1, 0)):
            rho[:, x, y] = self._moment({a: _one_cell(blocks, x, y)})
        rho[:, 0, 1] = rho[:, 1, 0].conj()
        return rho

    def _pair_of(self, a: int, b: int) -> ComplexArray:
        """Reduced state of a cell of class a and another one of class b, in this order."""
        rho = np.zeros((len(self), 2, 2, 2, 2), dtype=complex)
        blocks = self.layout.classes
        for x, y, s, t in product(range(2), repeat=4):
            if x + y < s + t:
                continue
            if a == b:
                parts = {a: _two_cells(blocks[a], (x, y), (s, t))}
            else:
                parts = {a: _one_cell(blocks[a], x, s), b: _one_cell(blocks[b], y, t)}
            rho[:, x, y, s, t] = self._moment(parts)
            if x + y > s + t:
                rho[:, s, t, x, y] = rho[:, x, y, s, t].conj()
        return rho.reshape(-1, 4, 4)

    def _moment(self, parts: dict[int, Functional]) -> ComplexArray:
        """Expectation value of a product of operators of classes, of total order q >= 0, (T,)."""
        layout = self.layout
        traces = [(0, np.ones(int(c.size(0)))) for c in layout.classes]
        chosen = [parts.get(a, trace) for a, trace in enumerate(traces)]
        place = layout.part(tuple(q for q, _ in chosen))
        if place is None:
            return np.zeros(len(self), dtype=complex)
        return self.entries[:, place] @ outer([weights for _, weights in chosen])

    # --- the whole state --------------------------------------------------------------------------------------------

    @cached_property
    def populations_by_count(self) -> tuple[FloatArray, FloatArray]:
        """Population of one product state with (k_1, ..., k_C) excited cells in the classes, and how many there are."""
        layout = self.layout
        place = layout.part((0,) * len(layout.sizes))
        assert place is not None
        found = self.entries[:, place].real.reshape(len(self), *layout.shape((0,) * len(layout.sizes)))
        for axis, blocks in enumerate(layout.classes, start=1):
            k, u, _ = blocks.group(0)
            total = scipy.sparse.csr_matrix((np.ones(len(k)), (k + u, np.arange(len(k)))))
            found = _along(total, found, axis)
        numbers = outer([binomials(n) for n in layout.sizes])
        return found.reshape(len(self), -1) / numbers, numbers

    @cached_property
    def spectrum(self) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues, (T, K), and how often each occurs, (K,)."""
        found, numbers = [], []
        for ks in product(*(range(n // 2 + 1) for n in self.layout.sizes)):
            copies = float(np.prod([c.copies[k] for c, k in zip(self.layout.classes, ks, strict=True)]))
            for blocks in self._blocks(ks):
                p = blocks[..., 0].real if blocks.shape[-1] == 1 else interruptible(np.linalg.eigvalsh, blocks)
                found.append(p.reshape(len(self), -1) / copies)
                numbers.append(np.full(found[-1].shape[1], copies))
        tell(spectra=len(self))
        return np.concatenate(found, axis=1), np.concatenate(numbers)

    def _blocks(self, ks: tuple[int, ...]) -> Iterator[ComplexArray]:
        """Matrices (T, B, m, m) that make up the block of spins n_a / 2 - k_a; by their charges if all q = 0."""
        layout = self.layout
        levels = np.indices([n - 2 * k + 1 for n, k in zip(layout.sizes, ks, strict=True)]).reshape(len(ks), -1)
        if layout.sectors == [0]:
            charges = levels.sum(axis=0)
            order, counts = np.argsort(charges, kind="stable"), np.bincount(charges)
            ends = np.cumsum(counts)
            parts = [np.array([order[end - m : end] for end in ends[counts == m]]) for m in range(1, counts.max() + 1)]
        else:
            parts = [np.arange(levels.shape[1])[None]]
        for part in parts:
            if part.size:
                u = levels[:, part]
                places = self._places(ks, u[..., :, None], u[..., None, :])
                block = np.where(places >= 0, self.entries[:, places], 0.0)
                upper = (places < 0) & (places.swapaxes(1, 2) >= 0)
                yield np.where(upper, block.conj().swapaxes(2, 3), block)

    def _places(self, ks: tuple[int, ...], u: IntArray, v: IntArray) -> IntArray:
        """Places of the entries with left levels u and right levels v; -1 where they are not kept."""
        layout = self.layout
        inner: IntArray | int = 0
        for a, (blocks, k) in enumerate(zip(layout.classes, ks, strict=True)):
            inner = inner * blocks.size(u[a] - v[a]) + blocks.index(k, u[a], v[a])
        start = layout.start[tuple(u[a] - v[a] + n for a, n in enumerate(layout.sizes))]
        return np.where(start >= 0, start + inner, -1)

    def entropy(self) -> FloatArray:
        p, copies = self.spectrum
        return surprise(p) @ copies

    def purity(self) -> FloatArray:
        p, copies = self.spectrum
        return p**2 @ copies

    def passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        return counted_passive_energy(*self.spectrum, *levels_of(omega)), 0.0

    def incoherent_passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        return counted_passive_energy(*self.populations_by_count, *levels_of(omega)), 0.0

    def l1(self) -> FloatArray:
        layout, total = self.layout, np.zeros(len(self))
        for q in layout.sectors:
            for groups in layout.groups(q):
                total += (2 if q else 1) * self._absolute_sum(groups)
        # sums of absolute values are in units of 2^N; those of the diagonal are populations
        p, numbers = self.populations_by_count
        return (total - np.abs(p) @ numbers * 0.5**self.N) / (1 - 0.5**self.N)

    def _absolute_sum(self, groups: Groups) -> FloatArray:
        """Sum over the absolute values of the entries in the product basis of a group, in units of 2^N."""
        place = self.layout.part(groups)
        assert place is not None
        found = self.entries[:, place].reshape(len(self), *self.layout.shape(groups))
        for axis, (blocks, q) in enumerate(zip(self.layout.classes, groups, strict=True), start=1):
            found = _along(blocks.product_basis(q), found, axis)
        return np.abs(found).reshape(len(self), -1).sum(axis=1)

    # --- certificate ------------------------------------------------------------------------------------------------

    def trace_error(self) -> float:
        p, numbers = self.populations_by_count
        return float(np.abs(p @ numbers - 1).max())

    def lowest(self) -> float:
        """Lowest eigenvalue if the eigenvalues are known, else the lowest population."""
        return float((self.spectrum if "spectrum" in self.__dict__ else self.populations_by_count)[0].min())

    def hermiticity_error(self) -> float:
        return 0.0  # a sector and its adjoint are kept as one


def _along(matrix: scipy.sparse.csr_matrix, array: Any, axis: int) -> Any:
    """Matrix times an array along one of its axes."""
    moved = np.moveaxis(array, axis, 0)
    return np.moveaxis((matrix @ moved.reshape(len(moved), -1)).reshape(-1, *moved.shape[1:]), 0, axis)


def _one_cell(blocks: SpinBlocks, x: int, s: int) -> Functional:
    """Element <x| . |s> of the reduced state of a cell: the mean of |s><x| over the cells."""
    n, q = blocks.n, x - s
    excited, lowered, raised = blocks.levels(q)[:3]
    if q == 0:
        return 0, (excited if x else n - excited) / n
    return q, np.sqrt(lowered if q > 0 else raised) / n


def _two_cells(blocks: SpinBlocks, left: tuple[int, int], right: tuple[int, int]) -> Functional:
    """Element <x y| . |s t>, q >= 0, of the reduced state of two cells: the mean of |s><x| |t><y| over pairs."""
    n, q = blocks.n, sum(left) - sum(right)
    excited, lowered, _ = blocks.levels(q)[:3]
    if q == 2:
        k, u, _ = blocks.group(q)
        weights = np.sqrt(lowered * (u - 1) * (n - 2 * k - u + 2))
    elif q == 1:  # S- with the other cell excited or not
        weights = np.sqrt(lowered) * (excited - 1 if sum(left) == 2 else n - excited)
    elif left != right:
        weights = lowered - excited
    else:
        weights = [(n - excited) * (n - excited - 1), excited * (n - excited), excited * (excited - 1)][sum(left)]
    return q, weights / (n * (n - 1))
