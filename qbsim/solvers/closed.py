"""Kets under a constant Hamiltonian: exact to rounding, inside the blocks of H that the initial state reaches.

Small blocks by their eigenvectors; large sparse ones by the action of the matrix exponential, step after step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import scipy.sparse.linalg

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import interruptible, tell
from ..battery import GENERAL_OPERATORS, Battery
from ..measures.series import KetStates, StateSeries
from ..networks import MORE_ARRAYS
from ..states import InitialState
from . import Settings
from ._cost import FLOP

TERMS = frozenset({"fields", "exchange", *MORE_ARRAYS, GENERAL_OPERATORS})
MATRICES = True
LEAST = 1e-3
TOLERANCES = ()  # exact to rounding
CHUNK_BYTES = 128 * 2**20  # amplitudes returned at a time
PIECE = 300.0  # norm of the Hamiltonian times the duration of a step
MOST_AMPLITUDES = 2**36  # of a ket; no machine holds a few of a larger one
DENSE_BYTES = 2**30  # eigenvectors of a larger block are not formed


def why_not(battery: Battery, rho0: InitialState, tlist: FloatArray) -> str:
    """A mixed initial state, or more levels than a ket can have."""
    if not rho0.isket:
        return "its initial state is mixed"
    return "" if math.prod(battery.dims) <= MOST_AMPLITUDES else "its ket has too many amplitudes"


class _Blocks(NamedTuple):
    """The part of H that the initial state reaches.

    Attributes
    ----------
    H : sparse (d, d)
        Real where it can be.
    psi : ndarray, (d,)
        Initial amplitudes.
    keep : ndarray, (d,)
        Basis states.
    blocks : list of ndarray
        Positions, in those, of the states of every invariant block.
    """

    H: Any
    psi: ComplexArray
    keep: IntArray
    blocks: list[IntArray]


def _reachable(battery: Battery, rho0: InitialState) -> _Blocks:
    """Invariant blocks of H that hold a part of `rho0`."""
    from scipy.sparse.csgraph import connected_components

    H = battery.H.to("CSR").data.as_scipy().tocsr()
    psi = rho0.whole.full()[:, 0]
    pattern = scipy.sparse.csr_matrix((H.data != 0, H.indices, H.indptr), shape=H.shape)
    label = connected_components(pattern, directed=False)[1]
    keep = np.flatnonzero(np.isin(label, label[psi != 0]))
    order = np.argsort(label[keep], kind="stable")
    blocks = np.split(order, np.flatnonzero(np.diff(label[keep][order])) + 1)
    H = H[keep][:, keep]
    return _Blocks((H.real if not H.imag.count_nonzero() else H), psi[keep], keep, blocks)


def _costs(part: _Blocks, tlist: FloatArray) -> tuple[float, float]:
    """Seconds with eigenvectors, block by block, and by steps; the smaller one, or the first, decides."""
    sizes = np.array([float(len(block)) for block in part.blocks])
    times = len(tlist)
    vectors = 1e-4 * len(sizes) + float((4e-10 * sizes**3 + times * (2e-6 + 16 * FLOP * sizes**2)).sum())
    products = 2 * scipy.sparse.linalg.norm(part.H, 1) * (tlist[-1] - tlist[0]) + 20 * times
    too_large = 24 * (sizes**2).sum() > DENSE_BYTES
    return np.inf if too_large else vectors, times * 1e-3 + 4e-9 * float(products) * (part.H.nnz + len(part.psi))


def seconds(battery: Battery, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """Eigenvectors of the reachable blocks, or steps; the spectrum of a ket costs nothing without a charger."""
    return LEAST + min(_costs(_reachable(battery, rho0), tlist)) + 1e-9 * len(tlist) * math.prod(battery.dims)


def forecast(battery: Battery, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: eigenvectors or a few work vectors, and one chunk of amplitudes with its measures."""
    part = _reachable(battery, rho0)
    squares = sum(len(block) ** 2 for block in part.blocks)
    work = 3 * part.H.dtype.itemsize * squares if np.argmin(_costs(part, tlist)) == 0 else 50 * 16 * part.psi.size
    D = math.prod(battery.dims)
    return work + 4 * max(16 * D, min(CHUNK_BYTES, 16 * D * len(tlist)))


def run(battery: Battery, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """Kets at all times; the tolerances are always met."""
    part = _reachable(battery, rho0)
    D = math.prod(battery.dims)
    kets = _by_eigenvectors(part, tlist) if np.argmin(_costs(part, tlist)) == 0 else _by_steps(part, tlist)
    size = max(1, CHUNK_BYTES // (16 * D))
    for start in range(0, len(tlist), size):
        times = tlist[start : start + size]
        amplitudes = np.zeros((len(times), D), dtype=complex)
        for row in range(len(times)):
            amplitudes[row, part.keep] = next(kets)
        yield KetStates(amplitudes, times, battery.dims, battery.cells)


def _by_eigenvectors(part: _Blocks, tlist: FloatArray) -> Iterator[ComplexArray]:
    solved: list[Any] = []
    sizes = np.array([float(len(block)) for block in part.blocks])
    cost = np.r_[4e-10 * sizes**3, np.full(len(tlist), 16 * FLOP * (sizes**2).sum())].cumsum()  # blocks, then times
    for block in part.blocks:
        energies, vectors = interruptible(np.linalg.eigh, part.H[block][:, block].toarray())
        solved.append((block, energies, vectors, vectors.conj().T @ part.psi[block]))
        tell(cost[len(solved) - 1] / cost[-1])
    yield part.psi
    for k, t in enumerate(tlist[1:] - tlist[0], start=len(solved) + 1):
        psi = np.empty_like(part.psi)
        for block, energies, vectors, overlaps in solved:
            psi[block] = vectors @ (np.exp(-1j * energies * t) * overlaps)
        tell(cost[k] / cost[-1])
        yield psi


def _by_steps(part: _Blocks, tlist: FloatArray) -> Iterator[ComplexArray]:
    psi, norm, span = part.psi, scipy.sparse.linalg.norm(part.H, 1), float(tlist[-1] - tlist[0])
    yield psi
    for start, dt in zip(tlist[:-1] - tlist[0], np.diff(tlist), strict=True):
        pieces = int(np.ceil(norm * dt / PIECE)) or 1
        for k in range(pieces):
            psi = scipy.sparse.linalg.expm_multiply(-1j * dt / pieces * part.H, psi)
            tell((start + dt * (k + 1) / pieces) / span)
        yield psi
