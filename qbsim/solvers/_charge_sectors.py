"""Several classes of interchangeable cells: layout of their common state by coherence order, and its generator.

The state is a tensor product of the bases of the classes. The generator conserves q, the sum over the classes of the
difference between the left and the right number of excitations, so it falls into one sparse matrix per q. The sector -q
is the adjoint of q. In the sector 0 the state is Hermitian, and is kept as one real vector Q = Re + Im: with P the
adjoint, which exchanges groups, a generator A + iB becomes the real matrix A + B P.
"""

from __future__ import annotations

from functools import cache, cached_property, reduce
from itertools import product
from math import prod
from typing import Any

import numpy as np
import scipy.sparse

from .._checks import ComplexArray, FloatArray, IntArray
from ._spin_blocks import Entries, SpinBlocks, joined, spin_blocks
from ._twins import Classes

Groups = tuple[int, ...]
"""Coherence order q_a of every class."""


def outer(parts: list[Any]) -> Any:
    """Kronecker product of vectors."""
    return reduce(lambda x, y: np.multiply.outer(x, y).ravel(), parts)


def convolved(counts: list[FloatArray]) -> FloatArray:
    """From numbers of every q_a of the classes, -n to n, those of every sum q >= 0."""
    total = reduce(lambda x, y: np.convolve(x, y), counts)
    return total[len(total) // 2 :]


def sector_sizes(sizes: list[int]) -> FloatArray:
    """Number of entries of the sectors 0, 1, ..., N; of many classes they are too many for integers."""
    return np.rint(convolved([1.0 * spin_blocks(n).size(np.arange(-n, n + 1)) for n in sizes]))


class SectorLayout:
    """Where every entry of a state stands: sector by sector, group by group, row-major over the classes.

    Parameters
    ----------
    sizes : list of int
        Number of cells of every class.
    sectors : sequence of int
        Coherence orders q >= 0 that are kept.
    """

    def __init__(self, sizes: list[int], sectors: list[int]) -> None:
        self.sizes, self.sectors = sizes, sectors
        self.classes: list[SpinBlocks] = [spin_blocks(n) for n in sizes]
        self.N = sum(sizes)
        self.start = np.full([2 * n + 1 for n in sizes], -1)
        self.slices: dict[int, slice] = {}
        position = 0
        for q in sectors:
            begin = position
            for groups in self.groups(q):
                self.start[self.at(groups)] = position
                position += prod(self.shape(groups))
            self.slices[q] = slice(begin, position)
        self.size = position

    def at(self, groups: Groups) -> Groups:
        """Index of a group in tables by q_a."""
        return tuple(q + n for q, n in zip(groups, self.sizes, strict=True))

    def shape(self, groups: Groups) -> tuple[int, ...]:
        """Number of entries of every class in a group."""
        return tuple(int(c.size(q)) for c, q in zip(self.classes, groups, strict=True))

    def groups(self, q: int) -> list[Groups]:
        """All groups of a sector."""
        *others, last = self.sizes
        orders = (g + (q - sum(g),) for g in product(*(range(-n, n + 1) for n in others)))
        return [g for g in orders if abs(g[-1]) <= last]

    def part(self, groups: Groups) -> slice | None:
        """Place of a group; None if its sector is not kept."""
        start = int(self.start[self.at(groups)])
        return slice(start, start + prod(self.shape(groups))) if start >= 0 else None

    @cached_property
    def adjoint(self) -> IntArray:
        """Where in sector 0 the adjoint of every entry of it stands."""
        origin = self.slices[0].start
        places = [
            np.arange(part.start - origin, part.stop - origin)
            for groups in self.groups(0)
            if (part := self.part(tuple(-q for q in groups))) is not None
        ]
        return np.concatenate(places)

    def product_state(self, states: ComplexArray) -> ComplexArray:
        """Product of the same state on every cell of a class, (C, 2, 2)."""
        blocks = [c.product(rho) for c, rho in zip(self.classes, states, strict=True)]
        parts = []
        for q in self.sectors:
            for groups in self.groups(q):
                picked = [c.pick(b, g) for c, b, g in zip(self.classes, blocks, groups, strict=True)]
                parts.append(outer(picked))
        return np.concatenate(parts)


def _kron(parts: list[Entries], shape: tuple[tuple[int, ...], tuple[int, ...]], factor: complex) -> Entries:
    """Kronecker product of sparse matrices with these numbers of rows and columns."""
    rows, cols, values = np.zeros(1, dtype=np.int64), np.zeros(1, dtype=np.int64), np.array([factor])
    for p, height, width in zip(parts, *shape, strict=True):
        rows = np.add.outer(rows * height, p.rows).ravel()
        cols = np.add.outer(cols * width, p.cols).ravel()
        values = np.multiply.outer(values, p.values).ravel()
    return Entries(rows, cols, values)


class Generator:
    """Generator of a network of classes of interchangeable cells, sector by sector.

    Parameters
    ----------
    classes : Classes
        The network.
    frame : float
        Frequency of the frame, in which the fields are smaller by it.
    """

    def __init__(self, classes: Classes, frame: float) -> None:
        self.classes, self.frame = classes, frame
        self._own = cache(self._compute_own)

    def sector(self, layout: SectorLayout, q: int) -> scipy.sparse.csr_matrix:
        """Sparse matrix of a sector; real in sector 0, complex elsewhere."""
        origin, size = layout.slices[q].start, layout.slices[q].stop - layout.slices[q].start
        found = []
        for groups in layout.groups(q):
            start = layout.start[layout.at(groups)] - origin
            for target, entries in self._leaving(layout, groups):
                first = layout.start[layout.at(target)] - origin
                found.append(Entries(entries.rows + first, entries.cols + start, entries.values))
        rows, cols, values = joined(found)
        if q == 0:
            cross = np.flatnonzero(values.imag)
            rows = np.concatenate([rows, rows[cross]])
            cols = np.concatenate([cols, layout.adjoint[cols[cross]]])
            values = np.concatenate([values.real, values.imag[cross]])
        return scipy.sparse.coo_matrix((values, (rows, cols)), shape=(size, size)).tocsr()

    def _leaving(self, layout: SectorLayout, groups: Groups) -> list[tuple[Groups, Entries]]:
        """What the generator makes of one group: groups reached, and the entries that lead there."""
        shape = layout.shape(groups)
        ones = [Entries(np.arange(n), np.arange(n), np.ones(n)) for n in shape]
        found = []
        for a in range(len(ones)):
            parts = [*ones[:a], self._own(a, groups[a]), *ones[a + 1 :]]
            found.append((groups, _kron(parts, (shape, shape), 1.0)))
            for b in range(a + 1, len(ones)):
                for factor, left, right in self._pair(a, b):
                    parts, target = list(ones), list(groups)
                    for c, (side, step) in ((a, left), (b, right)):
                        parts[c] = getattr(layout.classes[c], side)(groups[c], step)
                        target[c] += step
                    if all(len(p.rows) for p in parts):
                        reached = tuple(target)
                        found.append((reached, _kron(parts, (layout.shape(reached), shape), factor)))
        return found

    def _pair(self, a: int, b: int) -> list[tuple[complex, tuple[str, int], tuple[str, int]]]:
        """Terms between two classes: factor, what acts on a, what acts on b."""
        J, loss, pump = (float(m[a, b]) for m in (self.classes.J, self.classes.loss, self.classes.pump))
        rates = -(loss + pump) / 2
        terms = [
            (factor, (side, step), (side, -step))
            for side, factor in (("left", rates - 1j * J), ("right", rates + 1j * J))
            for step in (-1, 1)
        ]
        # S-_a rho S+_b moves q by -1 + 1, S-_b rho S+_a by 1 - 1
        terms += [(loss, ("left", -1), ("right", 1)), (loss, ("right", 1), ("left", -1))]
        terms += [(pump, ("left", 1), ("right", -1)), (pump, ("right", -1), ("left", 1))]
        return [(complex(factor), x, y) for factor, x, y in terms if factor]

    def _compute_own(self, a: int, q: int) -> Entries:
        """Generator of class a inside its group q."""
        c, blocks = self.classes, spin_blocks(self.classes.sizes[a])
        J, together, gained = float(c.J[a, a]), float(c.loss[a, a]), float(c.pump[a, a])
        alone, alone_up = float(c.decay[a]) - together, float(c.gain[a]) - gained
        n_left, lowered, raised, n_right, lowered_right, raised_right = blocks.levels(q)
        diagonal = -1j * ((c.omega[a] - self.frame) * q + J * (lowered - n_left - lowered_right + n_right))
        diagonal -= (together * (lowered + lowered_right) + alone * (n_left + n_right)) / 2
        diagonal -= (gained * (raised + raised_right) + alone_up * (2 * blocks.n - n_left - n_right)) / 2
        diagonal -= c.dephasing[a] * blocks.n / 2
        entries = [Entries(np.arange(len(diagonal)), np.arange(len(diagonal)), diagonal)]
        for step, x, y in ((-1, alone, together), (1, alone_up, gained), (0, 2 * float(c.dephasing[a]), 0.0)):
            entries += blocks.jumps(q, step, x, y) if x or y else []
        return joined(entries)
