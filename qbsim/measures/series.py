"""States at many times, as the solvers deliver them and the measures read them.

A solver returns one `StateSeries` per segment of time. Measures take populations, eigenvalues, reduced states or
expectation values from it, so a solver that knows more (blocks, products, polynomials in time) answers without ever
forming the dense matrices.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from itertools import pairwise
from typing import Any

import numpy as np
import scipy.sparse

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import interruptible, tell

__all__ = ["CellStates", "DenseStates", "KetStates", "StateSeries", "entries", "surprise"]

GATHERED = 2**21  # matrix elements that an expectation value copies at a time
PIECE = 2e9  # multiply-adds between two looks at the clock, half a second


class StateSeries(ABC):
    """States of a battery at T times; the cells' part has dimension d.

    A subclass provides `times`, `cell_dims`, `dense` and `expect`, and overrides what it can do faster.
    """

    has_matrices = True
    """Whether the states can be written out; if not, they are `CellStates`."""

    times: FloatArray
    cell_dims: list[int]

    @property
    def spectrum_is_free(self) -> bool:
        """Whether the eigenvalues at all times cost no eigenvalue problem."""
        return False

    def __len__(self) -> int:
        return len(self.times)

    @property
    @abstractmethod
    def dense(self) -> ComplexArray:
        """Density matrices of the cells, (T, d, d)."""

    @abstractmethod
    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        """Expectation values, (T,), of a Hermitian operator on all tensor factors."""

    def take(self, index: Sequence[int] | IntArray) -> StateSeries:
        """The same states at some of the times only."""
        return DenseStates(self.dense[index], self.times[index], self.cell_dims)

    @cached_property
    def populations(self) -> FloatArray:
        """Diagonal of the cells' density matrices in the product basis, (T, d)."""
        return np.diagonal(self.dense, axis1=1, axis2=2).real.copy()

    @cached_property
    def eigenvalues(self) -> FloatArray:
        """Eigenvalues of the cells' density matrices, ascending, (T, d), from one batch of eigenvalue problems."""
        return _piecewise(np.linalg.eigvalsh, self.dense)

    def absolute_sum(self) -> FloatArray:
        """Sum of the absolute values of all entries, (T,)."""
        return np.abs(self.dense).sum(axis=(1, 2))

    def l1(self) -> FloatArray:
        """Sum of the absolute values of all entries beside the diagonal over its largest value d - 1, (T,)."""
        return (self.absolute_sum() - np.abs(self.populations).sum(axis=1)) / (self.populations.shape[1] - 1)

    def purity(self) -> FloatArray:
        """tr rho^2, (T,)."""
        return (np.abs(self.dense) ** 2).sum(axis=(1, 2))

    def entropy(self) -> FloatArray:
        """-tr rho ln rho, (T,)."""
        return surprise(self.eigenvalues).sum(axis=1)

    def trace_error(self) -> float:
        """Largest difference of a trace from 1."""
        return float(np.abs(self.populations.sum(axis=1) - 1).max())

    def lowest(self) -> float:
        """Lowest population."""
        return float(self.populations.min())

    def hermiticity_error(self) -> float:
        """Largest entry of rho - rho^dagger over all times."""
        return float(np.abs(self.dense - self.dense.conj().transpose(0, 2, 1)).max())

    def cell(self, k: int) -> ComplexArray:
        """Reduced states of cell k, (T, d_k, d_k)."""
        a, m, b = _split(self.cell_dims, [k])
        rho = self.dense.reshape(-1, a, m, b, a, m, b)
        return np.einsum("taibajb->tij", rho)

    def pair(self, i: int, j: int) -> ComplexArray:
        """Reduced states of cells i < j, (T, d_i d_j, d_i d_j)."""
        a, m, b, n, c = _split(self.cell_dims, [i, j])
        rho = self.dense.reshape(-1, a, m, b, n, c, a, m, b, n, c)
        return np.einsum("taibjcakblc->tijkl", rho).reshape(-1, m * n, m * n)

    def kinds(self, bonds: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
        """Bonds i < j whose reduced states are not known to be equal, each with how many it stands for."""
        return [(bond, 1) for bond in bonds]


class CellStates(StateSeries):
    """States of N two-level cells that are never written out, for any N.

    A subclass provides what is abstract here, `cell`, `pair` and `purity`; `passive_energy` counts every level of the
    cells, also those that it does not tell apart.
    """

    has_matrices = False
    correlated = True
    """Whether the cells may be correlated; if not, every state is the product of those of the cells."""

    @property
    def dense(self) -> ComplexArray:
        raise NotImplementedError("These states are not written out.")

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        raise NotImplementedError("These states are not written out.")

    @abstractmethod
    def cell(self, k: int) -> ComplexArray:
        """Reduced states of cell k, (T, 2, 2)."""

    @abstractmethod
    def pair(self, i: int, j: int) -> ComplexArray:
        """Reduced states of cells i < j, (T, 4, 4)."""

    @abstractmethod
    def passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        """Least energy with the same spectrum for H0 = sum_k omega_k s+_k s-_k, (T,), and its largest error.

        The error is 0 unless only bounds are known, whose middle the energy then is.
        """

    @abstractmethod
    def incoherent_passive_energy(self, omega: FloatArray) -> tuple[FloatArray, float]:
        """The same of the states dephased in the product basis."""

    @abstractmethod
    def l1(self) -> FloatArray:
        """Normalised l1-coherence, (T,)."""

    @abstractmethod
    def purity(self) -> FloatArray:
        """tr rho^2, (T,)."""

    @abstractmethod
    def entropy(self) -> FloatArray:
        """-tr rho ln rho, (T,)."""

    @abstractmethod
    def trace_error(self) -> float:
        """Largest difference of a trace from 1."""

    @abstractmethod
    def lowest(self) -> float:
        """Lowest eigenvalue or population met."""

    @abstractmethod
    def hermiticity_error(self) -> float:
        """Largest entry of rho - rho^dagger that is known."""


def surprise(p: FloatArray) -> FloatArray:
    """-p ln p of every probability; those below zero by rounding count as zero."""
    from scipy.special import entr

    return np.asarray(entr(np.maximum(p, 0.0)))


def _singular_values(matrices: ComplexArray) -> FloatArray:
    return np.asarray(np.linalg.svd(matrices, compute_uv=False), dtype=float)


def _piecewise(function: Callable[[ComplexArray], Any], matrices: ComplexArray) -> FloatArray:
    """Spectra of a stack of matrices, (T, m, n), a few at a time."""
    T, m, n = matrices.shape
    step = max(1, int(PIECE // (m * n * min(m, n))))
    parts = []
    for start in range(0, T, step):
        parts.append(interruptible(function, matrices[start : start + step]))
        tell(spectra=len(parts[-1]))
    return np.concatenate(parts)


def _split(dims: list[int], cells: list[int]) -> list[int]:
    """Dimensions of [before, cell, between, cell, ..., after]."""
    cuts = [0, *(cut for k in cells for cut in (k, k + 1)), len(dims)]
    return [math.prod(dims[a:b]) for a, b in pairwise(cuts)]


def entries(op: scipy.sparse.csr_matrix, times: int) -> Iterator[tuple[IntArray, IntArray, ComplexArray]]:
    """Rows, columns and values of an operator, so many at a time that their copies at all times stay small."""
    coo = op.tocoo()
    step = max(1, GATHERED // max(1, times))
    for start in range(0, coo.nnz, step):
        part = slice(start, start + step)
        yield coo.row[part].astype(np.int64), coo.col[part].astype(np.int64), coo.data[part]


class DenseStates(StateSeries):
    """Density matrices, (T, D, D), on all tensor factors `dims`, of which `cells` store the energy."""

    def __init__(
        self, states: ComplexArray, times: FloatArray, dims: list[int], cells: Sequence[int] | None = None
    ) -> None:
        self.states, self.times, self.dims = states, times, dims
        self.cells = tuple(range(len(dims))) if cells is None else tuple(cells)
        self.cell_dims = [dims[c] for c in self.cells]
        self.order = [*self.cells, *(k for k in range(len(dims)) if k not in self.cells)]  # of the factors, cells first
        self.shape = len(times), math.prod(self.cell_dims), math.prod(dims) // math.prod(self.cell_dims)

    @cached_property
    def dense(self) -> ComplexArray:
        if self.cells == tuple(range(len(self.dims))):
            return self.states
        n, (T, d, e) = len(self.dims), self.shape
        rho = self.states.reshape(T, *self.dims, *self.dims)
        rho = rho.transpose(0, *(1 + k for k in self.order), *(1 + n + k for k in self.order)).reshape(T, d, e, d, e)
        return np.einsum("taebe->tab", rho)

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        total = np.zeros(len(self))
        for rows, cols, values in entries(op, len(self)):  # tr(rho A) = sum_ij rho_ij A_ji
            total += (self.states[:, cols, rows] @ values).real
        return total

    def take(self, index: Sequence[int] | IntArray) -> DenseStates:
        return type(self)(self.states[index], self.times[index], self.dims, self.cells)


class KetStates(DenseStates):
    """Pure states, (T, D), on all tensor factors; the cells' density matrices are formed when needed."""

    @property
    def spectrum_is_free(self) -> bool:
        """Whether the cells' states are pure: there is no charger, and no density matrix need be formed."""
        return self.shape[2] == 1

    @cached_property
    def amplitudes(self) -> ComplexArray:
        """Amplitudes with the cells' index first, (T, d, e): cells by everything else."""
        psi = self.states.reshape(len(self), *self.dims).transpose(0, *(1 + k for k in self.order))
        return np.ascontiguousarray(psi.reshape(self.shape))

    @cached_property
    def dense(self) -> ComplexArray:
        return self.amplitudes @ self.amplitudes.conj().transpose(0, 2, 1)

    @cached_property
    def populations(self) -> FloatArray:
        return (np.abs(self.amplitudes) ** 2).sum(axis=2)

    @cached_property
    def eigenvalues(self) -> FloatArray:
        """Squared Schmidt coefficients between cells and charger; (0, ..., 0, 1) without a charger."""
        _, d, e = self.shape
        norms = (np.abs(self.states) ** 2).sum(axis=1, keepdims=True)
        schmidt = _piecewise(_singular_values, self.amplitudes) ** 2 if e > 1 else norms
        return np.pad(schmidt[:, ::-1], ((0, 0), (d - schmidt.shape[1], 0)))

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        return np.einsum("ti,ti->t", self.states.conj(), (op @ self.states.T).T).real

    def absolute_sum(self) -> FloatArray:
        return np.abs(self.amplitudes[:, :, 0]).sum(axis=1) ** 2 if self.spectrum_is_free else super().absolute_sum()

    def purity(self) -> FloatArray:
        return (self.eigenvalues**2).sum(axis=1)

    def cell(self, k: int) -> ComplexArray:
        return self._reduced([k])

    def pair(self, i: int, j: int) -> ComplexArray:
        return self._reduced([i, j])

    def _reduced(self, kept: list[int]) -> ComplexArray:
        """Reduced states of some cells from the amplitudes, (T, m, m)."""
        psi = self.amplitudes.reshape(len(self), *self.cell_dims, -1)
        psi = np.moveaxis(psi, [1 + k for k in kept], range(1, 1 + len(kept)))
        psi = psi.reshape(len(self), int(np.prod([self.cell_dims[k] for k in kept])), -1)
        return psi @ psi.conj().transpose(0, 2, 1)

    def hermiticity_error(self) -> float:
        return 0.0
