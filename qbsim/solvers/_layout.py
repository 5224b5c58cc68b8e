"""Where the entries of a network's density matrix live: one dense block, or one per excitation number or parity."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._checks import IntArray

LINE = 64  # bytes of a cache line


def aligned(*shape: int, dtype: Any = float) -> NDArray[Any]:
    """Empty array that begins at a cache line, as vector instructions want it."""
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    memory = np.empty(size + LINE, dtype=np.uint8)
    first = -memory.ctypes.data % LINE
    return memory[first : first + size].view(dtype).reshape(shape)


class Hops(NamedTuple):
    """Rows reached from every row by one move of H, row by row.

    Attributes
    ----------
    start : ndarray, (2^N + 1,)
        Where the list of every row begins.
    target : ndarray
        Index of the row reached, inside its block.
    kind : ndarray
        Number of the element of H: two for every bond over which excitations hop, i excited or j, one for every bond
        that is excited together, two for every cell that turns, excited or not.
    """

    start: IntArray
    target: IntArray
    kind: IntArray


class Moves(NamedTuple):
    """Where a jump of one cell, up or down, takes every basis state.

    Attributes
    ----------
    target : ndarray, (2^N, N)
        Index inside its block of what a row becomes when a cell moves; -1 where it cannot.
    start : ndarray
        For every block and cell, where the list of the columns that the cell can move begins.
    here, there : ndarray
        These columns, and where they go.
    source : ndarray
        For every block, the block that these moves lead to, which the jumps come from; -1 where there is none.
    """

    target: IntArray
    start: IntArray
    here: IntArray
    there: IntArray
    source: IntArray


class Tables(NamedTuple):
    """Index tables for the compiled kernels.

    Attributes
    ----------
    sizes, offsets, row0 : ndarray
        Of every block: its size, its position in a packed state, and its first row among all rows.
    states : ndarray, (2^N,)
        Basis state of every row, block by block.
    hops : Hops
        Where the terms of H lead.
    up, down : Moves
        What one excitation more or less makes of a basis state.
    """

    sizes: IntArray
    offsets: IntArray
    row0: IntArray
    states: IntArray
    hops: Hops
    up: Moves
    down: Moves


@dataclass(frozen=True)
class Layout:
    """Index tables of a network of N cells, shared by every run on the same graph.

    Attributes
    ----------
    N : int
        Number of cells.
    sectors : bool
        One block per excitation number instead of one dense block.
    blocks : tuple of ndarray
        Basis states of every block, ascending.
    size : int
        Number of real numbers of a packed state, the sum of the squared block sizes.
    diagonal : ndarray, (2^N,)
        Position of the population of every basis state in a packed state.
    bonds : tuple of (int, int)
        Pairs of cells between which an excitation can hop.
    pairs : tuple of (int, int)
        Pairs of cells that are excited and emptied together.
    turns : tuple of int
        Cells that turn.
    tables : Tables
        Arrays for the compiled kernels.
    block_of, index_of : ndarray, (2^N,)
        Block of every basis state, and its index inside it.
    """

    N: int
    sectors: bool
    blocks: tuple[IntArray, ...]
    size: int
    diagonal: IntArray
    bonds: tuple[tuple[int, int], ...]
    pairs: tuple[tuple[int, int], ...]
    turns: tuple[int, ...]
    tables: Tables
    block_of: IntArray
    index_of: IntArray

    def positions(self, rows: IntArray, cols: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
        """Positions of entries (row, col) in a packed state, and which of them the layout has."""
        b, index_of = self.block_of[rows], self.index_of
        kept = b == self.block_of[cols]
        return np.where(kept, self.tables.offsets[b] + index_of[rows] * self.tables.sizes[b] + index_of[cols], 0), kept


@lru_cache(maxsize=256)
def layout_of(
    N: int,
    sectors: bool,
    bonds: tuple[tuple[int, int], ...],
    pairs: tuple[tuple[int, int], ...] = (),
    turns: tuple[int, ...] = (),
    *,
    parity: bool = False,
) -> Layout:
    """Layout for N cells, the pairs between which excitations hop, and the other moves of H.

    `pairs` do not fit into sectors of equal excitation number; `turns` fit into one block only.
    """
    everything = np.arange(1 << N)
    n = np.bitwise_count(everything)
    blocks: tuple[IntArray, ...] = (everything,)
    if sectors or parity:
        key = n if sectors else n % 2
        blocks = tuple(np.flatnonzero(key == k) for k in range(int(key.max()) + 1))
    states = np.concatenate(blocks)
    sizes = np.array([len(b) for b in blocks])
    offsets = np.concatenate([[0], np.cumsum(sizes**2)[:-1]])
    block_of, index_of = np.empty((2, 1 << N), dtype=np.int64)
    for k, block in enumerate(blocks):
        block_of[block], index_of[block] = k, np.arange(len(block))
    row0 = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    bits = 1 << np.arange(N - 1, -1, -1)  # cell 0 is the most significant bit

    hops = _hops(states, _masks(bits, bonds, pairs, turns), index_of)
    up = np.where(states[:, None] & bits == 0, index_of[np.minimum(states[:, None] | bits, (1 << N) - 1)], -1)
    down = np.where(states[:, None] & bits != 0, index_of[states[:, None] & ~bits], -1)
    number = np.arange(len(blocks))
    if sectors:
        source_up, source_down = np.where(number + 1 < len(blocks), number + 1, -1), number - 1
    else:
        source_up = source_down = number[::-1].copy()  # the other parity, or the one block there is
    diagonal = np.empty(1 << N, dtype=np.int64)
    diagonal[states] = offsets[block_of[states]] + index_of[states] * (sizes[block_of[states]] + 1)
    tables = Tables(
        sizes,
        offsets,
        row0,
        states,
        hops,
        up=Moves(up, *_columns(up, sizes, row0), source_up),
        down=Moves(down, *_columns(down, sizes, row0), source_down),
    )
    size = int((sizes**2).sum())
    return Layout(N, sectors, blocks, size, diagonal, bonds, pairs, turns, tables, block_of, index_of)


def _masks(
    bits: IntArray, bonds: tuple[tuple[int, int], ...], pairs: tuple[tuple[int, int], ...], turns: tuple[int, ...]
) -> list[tuple[int, int]]:
    """For every kind of move: the bits that it flips, and what they have to be before."""
    a = [int(bit) for bit in bits]
    masks = [(a[i] | a[j], a[k]) for i, j in bonds for k in (i, j)]
    masks += [(a[i] | a[j], -1) for i, j in pairs]  # both or neither
    return masks + [(a[k], on) for k in turns for on in (a[k], 0)]


def _hops(states: IntArray, masks: list[tuple[int, int]], index_of: IntArray) -> Hops:
    """Rows reached by moves, each given by the bits that it flips and what they have to be before."""
    if not masks:
        return Hops(*(np.zeros(size, dtype=np.int64) for size in (len(states) + 1, 0, 0)))
    allowed = np.stack(
        [np.isin(states & flip, (0, flip)) if on < 0 else states & flip == on for flip, on in masks], axis=1
    )
    target = np.stack([index_of[states ^ flip] for flip, _ in masks], axis=1)
    kind = np.broadcast_to(np.arange(len(masks)), allowed.shape)
    start = np.concatenate([[0], np.cumsum(allowed.sum(axis=1))])
    return Hops(start, target[allowed], kind[allowed].copy())


def _columns(moves: IntArray, sizes: IntArray, row0: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """For every block and cell, the columns that cell can move and where they go."""
    columns = [column for first, m in zip(row0, sizes, strict=True) for column in moves[first : first + m].T]
    here = [np.flatnonzero(column >= 0) for column in columns]
    there = [column[can] for column, can in zip(columns, here, strict=True)]
    return np.cumsum([0, *map(len, here)]), np.concatenate(here), np.concatenate(there)
