r"""Closed form: the same diagonal state on every cell, the same gamma and nbar, no bond decay.

The state stays the same diagonal product, whatever the fields, zz, the exchange, dm, the dephasing and the graph:

.. math:: p(t) = p_\infty + (p_0 - p_\infty)\,e^{-\gamma(2\bar n+1)t}, \qquad p_\infty = \frac{\bar n}{2\bar n+1}

because the exchange, also with a phase, moves excitations between equally filled cells and sees no coherence, and
ZZ couplings are diagonal.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import scipy.sparse

from .._checks import ComplexArray, FloatArray, IntArray
from ..measures.series import StateSeries
from ..networks import NETWORK_TERMS, Network
from ..operators import occupations
from ..states import InitialState
from . import Settings

TERMS = NETWORK_TERMS | {"zz", "dm"}
MATRICES = True
TOLERANCES = ()  # exact to rounding
SEGMENT_BYTES = 2**28  # populations returned at a time


def _excited_population(rho0: InitialState) -> float | None:
    """p if `rho0` is the diagonal product state with excited population p on every cell, else None."""
    cells = rho0.cells
    if cells is None or cells[:, 0, 1].any() or np.ptp(cells[:, 1, 1].real) > 1e-14:
        return None
    return float(cells[:, 1, 1].real.mean())


def why_not(battery: Network, rho0: InitialState, tlist: FloatArray) -> str:
    """Everything but equal diagonal cells that decay alike and alone."""
    K = battery.decay_matrix
    if np.any(K - np.diag(np.diag(K))) or np.ptp(np.diag(K)) > 0 or np.ptp(battery.nbar) > 0:
        return "its cells must decay alike and alone"
    if _excited_population(rho0) is None:
        return "its state must be the same diagonal state on every cell"
    return ""


def seconds(battery: Network, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """A few passes over the populations."""
    return 1e-4 + 1e-8 * len(tlist) * 2**battery.N


def forecast(battery: Network, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: a few arrays of populations."""
    return 5 * min(8 * len(tlist) * 2**battery.N, max(SEGMENT_BYTES, 8 * 2**battery.N))


def run(battery: Network, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """Product states, exact to rounding."""
    p0 = _excited_population(rho0)
    assert p0 is not None
    gamma, nbar = float(battery.decay_matrix[0, 0]), float(battery.nbar[0])
    rest = nbar / (2 * nbar + 1)
    p = rest + (p0 - rest) * np.exp(-gamma * (2 * nbar + 1) * (tlist - tlist[0]))
    step = max(1, SEGMENT_BYTES // (8 * 2**battery.N))
    for start in range(0, len(tlist), step):
        yield ProductStates(p[start : start + step], tlist[start : start + step], battery.N)


class ProductStates(StateSeries):
    """The same diagonal state with excited population p on each of N cells, (T,)."""

    spectrum_is_free = True

    def __init__(self, p: FloatArray, times: FloatArray, N: int) -> None:
        self.p, self.times, self.N = p, times, N
        self.cell_dims = [2] * N

    def take(self, index: Sequence[int] | IntArray) -> ProductStates:
        return ProductStates(self.p[index], self.times[index], self.N)

    @cached_property
    def _by_number(self) -> FloatArray:
        """Population of one basis state with n excitations, (T, N + 1)."""
        n = np.arange(self.N + 1)
        return self.p[:, None] ** n * (1 - self.p[:, None]) ** (self.N - n)

    @cached_property
    def populations(self) -> FloatArray:
        return self._by_number[:, occupations(self.N).sum(axis=1)]

    @cached_property
    def eigenvalues(self) -> FloatArray:
        # one population per excitation number, monotonic in it: ascending for p > 1/2, descending below
        ordered = np.repeat(np.arange(self.N + 1), np.bincount(occupations(self.N).sum(axis=1)))
        up = self._by_number[:, ordered]
        return np.where((self.p > 0.5)[:, None], up, up[:, ::-1])

    @cached_property
    def dense(self) -> ComplexArray:
        return _diagonal(self.populations)

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        return self.populations @ op.diagonal().real

    def absolute_sum(self) -> FloatArray:
        return np.abs(self.populations).sum(axis=1)

    def purity(self) -> FloatArray:
        return (self.p**2 + (1 - self.p) ** 2) ** self.N

    def hermiticity_error(self) -> float:
        return 0.0

    def cell(self, k: int) -> ComplexArray:
        return _diagonal(np.stack([1 - self.p, self.p], axis=1))

    def pair(self, i: int, j: int) -> ComplexArray:
        one = np.stack([1 - self.p, self.p], axis=1)
        return _diagonal(np.einsum("ti,tj->tij", one, one).reshape(-1, 4))


def _diagonal(populations: FloatArray) -> ComplexArray:
    """Density matrices with these diagonals, (T, d, d)."""
    return np.einsum("ti,ij->tij", populations, np.eye(populations.shape[1], dtype=complex))
