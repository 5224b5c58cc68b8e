"""States given by the coordinates that a generator reaches; matrices of the cells are formed from those."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import NDArray

from .._checks import ComplexArray, FloatArray, IntArray
from ..measures.series import StateSeries
from ._reach import entries_of


class Reduction:
    """How coordinates of the whole state make the matrix of the cells.

    Attributes
    ----------
    parts : (sparse, sparse), (d d, K) each
        Real and imaginary part of the entries, those above the diagonal of the whole state and the diagonal.
    diagonal : sparse (d, K)
        Populations.
    blocks : list of ndarray
        Levels of the cells between which there is coherence.
    """

    def __init__(self, D: int, codes: IntArray, dims: list[int], cells: Sequence[int]) -> None:
        self.D, self.codes = D, codes
        self.cell_dims = [dims[c] for c in cells]
        self.d = math.prod(self.cell_dims)
        a, b, factor = entries_of(codes, D)
        kept = np.flatnonzero(same_surroundings(a, b, dims, cells))
        a, b = (_number(np.unravel_index(index[kept], dims), dims, cells) for index in (a, b))
        factor = factor[kept]
        d, K = self.d, len(codes)
        off = a != b
        to, source = np.concatenate([a * d + b, (b * d + a)[off]]), np.concatenate([kept, kept[off]])
        values = np.concatenate([factor, factor[off].conj()])
        self.parts = tuple(
            scipy.sparse.csr_matrix((x[x != 0], (to[x != 0], source[x != 0])), shape=(d * d, K))
            for x in (values.real, values.imag)
        )
        self.diagonal = scipy.sparse.csr_matrix((np.ones((~off).sum()), (a[~off], kept[~off])), shape=(d, K))
        graph = scipy.sparse.csr_matrix((np.ones(len(a)), (a, b)), shape=(d, d))
        label = scipy.sparse.csgraph.connected_components(graph, directed=False)[1]
        order = np.argsort(label, kind="stable")
        self.blocks: list[IntArray] = np.split(order, np.flatnonzero(np.diff(label[order])) + 1)


def _number(digits: Any, dims: list[int], factors: Sequence[int]) -> IntArray:
    """Index of basis states in the space of some tensor factors."""
    chosen = [digits[k] for k in factors], [dims[k] for k in factors]
    return np.asarray(np.ravel_multi_index(*chosen)) if factors else np.zeros_like(digits[0])


def same_surroundings(a: IntArray, b: IntArray, dims: list[int], cells: Sequence[int]) -> NDArray[np.bool_]:
    """Whether basis states a and b differ in the cells only."""
    rest = [k for k in range(len(dims)) if k not in cells]
    left, right = (_number(np.unravel_index(index, dims), dims, rest) for index in (a, b))
    return np.asarray(left == right)


class ReachedStates(StateSeries):
    """States by coordinates of theirs.

    Parameters
    ----------
    values : ndarray, (T, K)
        Those coordinates that are kept: all that the matrices of the cells need.
    times : ndarray, (T,)
        Times.
    reduction : Reduction
        Of these coordinates.
    missing : function of an array of codes
        Other coordinates, (T, number of codes), computed once more; 0 for those that are never reached.
    """

    def __init__(
        self,
        values: FloatArray,
        times: FloatArray,
        reduction: Reduction,
        missing: Callable[[IntArray], FloatArray],
    ) -> None:
        self.values, self.times, self.reduction, self._missing = values, times, reduction, missing
        self.cell_dims = reduction.cell_dims

    @cached_property
    def dense(self) -> ComplexArray:
        d, columns = self.reduction.d, self.values.T
        real, imaginary = self.reduction.parts
        rho = np.empty((len(self), d * d), dtype=complex)
        rho.real, rho.imag = (real @ columns).T, (imaginary @ columns).T
        return rho.reshape(-1, d, d)

    @cached_property
    def populations(self) -> FloatArray:
        return np.ascontiguousarray((self.reduction.diagonal @ self.values.T).T)

    @cached_property
    def eigenvalues(self) -> FloatArray:
        """Eigenvalues, ascending, block by block where the coherences leave blocks."""
        blocks = self.reduction.blocks
        if len(blocks) == 1:
            return StateSeries.eigenvalues.func(self)  # type: ignore[attr-defined]
        parts = [
            self.populations[:, block]
            if len(block) == 1
            else type(self)._spectra(self.dense[np.ix_(np.arange(len(self)), block, block)])
            for block in blocks
        ]
        return np.sort(np.concatenate(parts, axis=1), axis=1)

    @staticmethod
    def _spectra(matrices: ComplexArray) -> FloatArray:
        return np.asarray(np.linalg.eigvalsh(matrices))

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        D, kept = self.reduction.D, self.reduction.codes
        coo = op.tocoo()
        lower = (coo.row >= coo.col) & (coo.data != 0)
        a, b, value = coo.col[lower].astype(np.int64), coo.row[lower].astype(np.int64), coo.data[lower]
        code = 2 * (a * D + b)
        codes = np.concatenate([code, code[a != b] + 1])
        value = np.concatenate([value, value[a != b]])
        # tr(rho A) = sum_a rho_aa A_aa + 2 Re sum_(a < b) rho_ab A_ba
        a, b, factor = entries_of(codes, D)
        weight = (np.where(a == b, 1, 2) * factor * value).real
        codes, weight = codes[weight != 0], weight[weight != 0]
        at = np.minimum(np.searchsorted(kept, codes), len(kept) - 1)
        found = kept[at] == codes
        total = self.values[:, at[found]] @ weight[found]
        return total if found.all() else total + self._missing(codes[~found]) @ weight[~found]

    def hermiticity_error(self) -> float:
        return 0.0

    def take(self, index: Sequence[int] | IntArray) -> ReachedStates:
        return type(self)(
            self.values[index], self.times[index], self.reduction, lambda codes: self._missing(codes)[index]
        )
