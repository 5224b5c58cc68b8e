"""Elements of a network's Hamiltonian for the compiled kernels: its diagonal, and what every move of a row costs.

Every term of H off the diagonal moves the rows of a density matrix by flipping one or two bits: an excitation hops over
a bond, two cells of a bond are excited or emptied together, or one cell turns. Hops and turns may have a phase, i dm
and i y/2, whose sign depends on the direction; their numbers come in pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, NamedTuple

import numpy as np
import scipy.sparse

from .._checks import ComplexArray, FloatArray
from ..networks import Network
from ..networks.drives import Drive
from ..operators import occupations
from ..states import InitialState
from ._layout import Hops, Layout, layout_of
from ._packed import has_blocks

Symmetry = Literal["number", "parity", "none"]
DENSE_BLOCK = 1000  # states up to which a block is written out
TURNS = frozenset({"x", "y"})  # terms that break both symmetries

Pairs = tuple[tuple[int, int], ...]


class Elements(NamedTuple):
    """Part of H off the diagonal, or of a drive: where its moves lead, and what they cost.

    Attributes
    ----------
    hops : Hops
        Rows reached from every row.
    real, imaginary : ndarray
        For every kind of move.
    """

    hops: Hops
    real: FloatArray
    imaginary: FloatArray


def _bonds(mask: FloatArray) -> Pairs:
    return tuple((int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(mask, 1)), strict=True))


def _cells(mask: FloatArray) -> tuple[int, ...]:
    return tuple(int(k) for k in np.flatnonzero(mask))


def symmetry_of(net: Network) -> Symmetry:
    """What the whole generator conserves or changes by one: the excitation number, or its parity alone, or nothing."""
    if net.terms & TURNS:
        return "none"
    return "parity" if "pair" in net.terms else "number"


def blocks_for(net: Network, rho0: InitialState) -> Symmetry:
    """Blocks to which a state stays confined."""
    symmetry = symmetry_of(net)
    if symmetry == "none" or not has_blocks(rho0, parity=symmetry == "parity"):
        return "none"
    return symmetry


def layout_for(net: Network, blocks: Symmetry) -> Layout:
    """Layout of a network's states in blocks of equal excitation number, of equal parity, or in one.

    Its moves are those of the constant terms of H and of the common bath.
    """
    hops = _bonds((net.J != 0) | (net.dm != 0) | (net.decay_matrix != 0))
    turns = _cells((net.x != 0) | (net.y != 0))
    return layout_of(net.N, blocks == "number", hops, _bonds(net.pair != 0), turns, parity=blocks == "parity")


def energies(net: Network, frame: float = 0.0) -> FloatArray:
    """Diagonal of H, (2^N,), without a uniform frequency."""
    n = occupations(net.N)
    if not net.zz.any():
        return n @ (net.omega - frame)
    z = 2.0 * n - 1
    return n @ (net.omega - frame) + ((z @ net.zz) * z).sum(axis=1) / 8  # zz_ij / 4, each bond once


def elements(net: Network, layout: Layout) -> tuple[FloatArray, FloatArray, FloatArray]:
    """For every kind of move: real and imaginary part of H without drives, and G, in the order of the layout."""
    bath = net.loss_matrix + net.pump_matrix
    hops = [(net.J[b], sign * net.dm[b], bath[b]) for b in layout.bonds for sign in (1, -1)]
    pairs = [(net.pair[b], 0.0, 0.0) for b in layout.pairs]
    turns = [(*turn, 0.0) for turn in _turns(net.x, net.y, layout)]
    real, imaginary, rates = np.array([*hops, *pairs, *turns, (0.0, 0.0, 0.0)]).T.copy()
    return real, imaginary, rates


def _turns(x: FloatArray, y: FloatArray, layout: Layout) -> list[tuple[float, float]]:
    """Elements of H that turn cells; sigma_y = i (s- - s+): up costs -i y/2, and down i y/2."""
    return [(x[k] / 2, -sign * y[k] / 2) for k in layout.turns for sign in (1, -1)]


def driven_elements(drive: Drive, like: Layout) -> Elements:
    """What a drive multiplies, for states of this layout."""
    parity, weights = len(like.blocks) > 1, drive.array
    if drive.name == "pair":
        layout = layout_of(like.N, False, (), _bonds(weights), parity=parity)
        real = np.array([weights[bond] for bond in layout.pairs])
        return Elements(layout.tables.hops, real, 0 * real)
    layout = layout_of(like.N, False, (), (), _cells(weights), parity=parity)
    x, y = (weights if drive.name == name else 0 * weights for name in ("x", "y"))
    real, imaginary = np.array(_turns(x, y, layout)).T.copy()
    return Elements(layout.tables.hops, real, imaginary)


def blocks_of(
    layout: Layout, diagonal: FloatArray, real: FloatArray, imaginary: FloatArray
) -> Iterator[FloatArray | ComplexArray | scipy.sparse.csr_matrix]:
    """A Hermitian matrix from its diagonal and its elements for every kind of move, block by block; sparse if large."""
    start, target, kind = layout.tables.hops
    numbers: FloatArray | ComplexArray = real + 1j * imaginary if imaginary.any() else real
    first = 0
    for block in layout.blocks:
        m = len(block)
        part = slice(start[first], start[first + m])
        counts = np.diff(start[first : first + m + 1])
        rows = np.repeat(np.arange(m), counts)
        if m <= DENSE_BLOCK:
            matrix = np.diag(diagonal[block]).astype(numbers.dtype)
            matrix[rows, target[part]] = numbers[kind[part]]
            yield matrix
        else:
            off = scipy.sparse.csr_matrix((numbers[kind[part]], (rows, target[part])), shape=(m, m))
            yield (off + scipy.sparse.diags(diagonal[block])).tocsr()
        first += m


def hamiltonian(
    net: Network, blocks: Symmetry, frame: float
) -> Iterator[FloatArray | ComplexArray | scipy.sparse.csr_matrix]:
    """H block by block, large ones sparse."""
    layout = layout_for(net, blocks)
    real, imaginary, _ = elements(net, layout)
    return blocks_of(layout, energies(net, frame), real, imaginary)
