"""States of a qubit network in packed real form, Q = Re rho + Im rho, block by block."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

import numpy as np
import scipy.sparse
from qutip import Qobj

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import interruptible, tell
from ..measures.series import StateSeries, entries
from ..operators import occupations
from ..states import InitialState
from ._layout import Layout

COMPILED = range(8, 257)  # sizes of blocks whose eigenvalues our own code finds faster than LAPACK
EIGEN_BYTES = 128 * 2**20  # complex matrices unpacked at a time for LAPACK, beyond one


def eigen_batch(largest: int, times: int) -> int:
    """Number of density matrices unpacked at a time for LAPACK."""
    return max(1, min(times, EIGEN_BYTES // (16 * largest**2)))


def eigen_memory(largest: int, times: int) -> int:
    """Bytes that eigenvalues take beside the states: one matrix, or what LAPACK gets with its copy of one."""
    if largest <= COMPILED[-1]:
        return 16 * COMPILED[-1] ** 2
    return 16 * largest**2 * (eigen_batch(largest, times) + 1)


def has_blocks(state: InitialState, *, parity: bool = False) -> bool:
    """Whether a state of two-level cells has no coherence between different excitation numbers, or parities of them."""
    mask = 1 if parity else -1
    if state.factors:  # a product has coherence where a cell has
        return all(np.count_nonzero(cell.full()) == 1 if cell.isket else cell[0, 1] == 0 for cell in state.factors)
    rho0 = state.whole
    if rho0.isket:
        return bool(np.ptp(np.bitwise_count(np.flatnonzero(rho0.full())).astype(int) & mask) == 0)
    rows, cols = (np.bitwise_count(x).astype(int) & mask for x in rho0.to("CSR").data.as_scipy().nonzero())
    return np.array_equal(rows, cols)


def pack(rho0: Qobj, layout: Layout) -> FloatArray:
    """Packed form of a ket or density matrix, (layout.size,)."""
    matrix = rho0.to("CSR").data.as_scipy().tocoo()
    q = np.zeros(layout.size)
    if rho0.isket:
        n, psi = matrix.row, matrix.data
        rows, cols = np.repeat(n, len(n)), np.tile(n, len(n))
        values = np.multiply.outer(psi, psi.conj()).ravel()
    else:
        rows, cols, values = matrix.row, matrix.col, matrix.data
    where, kept = layout.positions(rows, cols)
    # both triangles of a Hermitian matrix contribute: entry (r, c) is Re + Im, its mirror Re - Im
    q[where[kept]] = (values.real + values.imag)[kept]
    return q


def _are_diagonal(packed: FloatArray, layout: Layout) -> bool:
    """Whether all entries beside the diagonal vanish, (n, layout.size); row by row, as most fail at once."""
    return all(np.count_nonzero(q) == np.count_nonzero(q[layout.diagonal]) for q in packed)


def _block_eigenvalues(packed: FloatArray, start: int, out: FloatArray) -> None:
    """Ascending eigenvalues (T, m) of the blocks that begin at `start` of packed states."""
    times, m = out.shape
    if m == 1:
        out[:, 0] = packed[:, start]
    elif m in COMPILED:
        from ._tridiagonal import eigenvalues

        eigenvalues(packed, start, out)
    else:
        from ._kernels import unpack_lower

        buffer = np.empty((times, m, m), dtype=complex)
        unpack_lower(packed, start, buffer)
        out[:] = interruptible(np.linalg.eigvalsh, buffer)


class PackedStates(StateSeries):
    """Packed states, (T, layout.size), in a frame that turns uniformly with the excitation number.

    Parameters
    ----------
    packed : ndarray, (T, layout.size)
        Packed states.
    times, since : ndarray, (T,)
        Times, and times since the frame and the laboratory agreed.
    layout : Layout
        Where the entries live.
    frame : float
        Frequency of the frame; 0 for sectors, which do not see it, and where excitation numbers change.
    """

    def __init__(self, packed: FloatArray, times: FloatArray, since: FloatArray, layout: Layout, frame: float) -> None:
        self.packed, self.times, self.since, self.layout, self.frame = packed, times, since, layout, frame
        self.cell_dims = [2] * layout.N

    def take(self, index: Sequence[int] | IntArray) -> PackedStates:
        return PackedStates(self.packed[index], self.times[index], self.since[index], self.layout, self.frame)

    @cached_property
    def populations(self) -> FloatArray:
        return self.packed[:, self.layout.diagonal]

    @cached_property
    def spectrum_is_free(self) -> bool:
        """Whether the states are diagonal at all times."""
        return self.layout.sectors and _are_diagonal(self.packed, self.layout)

    def _blocks(self) -> Iterator[tuple[IntArray, FloatArray]]:
        """Basis states and packed matrices (T, m, m) of every block."""
        start = 0
        for states in self.layout.blocks:
            m = len(states)
            yield states, self.packed[:, start : start + m * m].reshape(-1, m, m)
            start += m * m

    @cached_property
    def eigenvalues(self) -> FloatArray:
        if self.spectrum_is_free:
            return np.sort(self.populations, axis=1)
        values = np.empty((len(self), 1 << self.layout.N))
        sizes = [len(block) for block in self.layout.blocks]
        start, first, cubes = 0, 0, sum(m**3 for m in sizes)
        for m in sizes:
            step = eigen_batch(m, len(self))
            for t in range(0, len(self), step):
                part = slice(t, t + step)
                _block_eigenvalues(self.packed[part], start, values[part, first : first + m])
                tell(spectra=len(values[part]) * m**3 / cubes)
            start, first = start + m * m, first + m
        if len(sizes) > 1:
            values.sort(axis=1)
        return values

    @cached_property
    def dense(self) -> ComplexArray:
        d = 1 << self.layout.N
        rho = np.zeros((len(self), d, d), dtype=complex)
        for states, block in self._blocks():
            mirror = block.transpose(0, 2, 1)
            rho[:, states[:, None], states] = (block + mirror) / 2 + 0.5j * (block - mirror)
        if self.frame:
            phase = np.exp(-1j * self.frame * np.multiply.outer(self.since, occupations(self.layout.N).sum(axis=1)))
            rho *= phase[:, :, None] * phase[:, None, :].conj()
        return rho

    def absolute_sum(self) -> FloatArray:
        total = np.zeros(len(self))
        for _, block in self._blocks():
            for t, q in enumerate(block):
                # |rho_rc|^2 = (Q_rc^2 + Q_cr^2) / 2
                square = q * q
                total[t] += np.sqrt((square + square.T) / 2).sum()
        return total

    def purity(self) -> FloatArray:
        return np.einsum("ti,ti->t", self.packed, self.packed)

    def hermiticity_error(self) -> float:
        return 0.0  # the packed form cannot hold anything else

    def _entries(self, rows: IntArray, cols: IntArray) -> ComplexArray:
        """Entries (row, col) of the density matrices, (T, n), in the frame; zero where the layout has none."""
        here, kept = self.layout.positions(rows, cols)
        mirror, _ = self.layout.positions(cols, rows)
        a, b = self._numbers(here), self._numbers(mirror)
        return np.where(kept, 0.5 * (a + b) + 0.5j * (a - b), 0)

    def _numbers(self, where: IntArray) -> FloatArray:
        """Packed numbers at some positions, (T, n)."""
        return self.packed[:, where]

    def expect(self, op: scipy.sparse.csr_matrix) -> FloatArray:
        total = np.zeros(len(self))
        for cols, rows, values in entries(op, len(self)):  # tr(rho A) = sum_ij rho_ij A_ji
            found = self._entries(rows, cols)
            if self.frame:
                jump = np.bitwise_count(rows).astype(float) - np.bitwise_count(cols)
                found = found * np.exp(-1j * self.frame * np.multiply.outer(self.since, jump))
            total += (found @ values).real
        return total

    def cell(self, k: int) -> ComplexArray:
        if len(self.layout.blocks) == 1:
            return super().cell(k)
        p = self.populations @ occupations(self.layout.N)[:, k]
        rho = np.zeros((len(self), 2, 2), dtype=complex)
        rho[:, 0, 0], rho[:, 1, 1] = self.populations.sum(axis=1) - p, p
        return rho

    def pair(self, i: int, j: int) -> ComplexArray:
        if len(self.layout.blocks) == 1:
            return super().pair(i, j)
        n = occupations(self.layout.N)
        rho = np.zeros((len(self), 4, 4), dtype=complex)
        for x in range(4):
            rho[:, x, x] = self.populations[:, (n[:, i] == x >> 1) & (n[:, j] == x & 1)].sum(axis=1)
        bit_i, bit_j = 1 << (self.layout.N - 1 - i), 1 << (self.layout.N - 1 - j)
        for here, there, occupied in ((1, 2, 1), (0, 3, 0)):  # |ge><eg|, and |gg><ee| in blocks of equal parity
            rows = np.flatnonzero((n[:, i] == 0) & (n[:, j] == occupied))
            rho[:, here, there] = self._entries(rows, rows ^ (bit_i | bit_j)).sum(axis=1)
            rho[:, there, here] = rho[:, here, there].conj()
            if self.layout.sectors:
                break
        return rho


class FaberStates(PackedStates):
    """States inside one long step as coefficients (T, M) times vectors (M, layout.size): Faber's, or a power series'.

    Populations need only the diagonal of the vectors, and `take` only the rows it takes.
    """

    def __init__(
        self,
        coeffs: FloatArray,
        vectors: FloatArray,
        times: FloatArray,
        since: FloatArray,
        layout: Layout,
        frame: float,
    ) -> None:
        self.coeffs, self.vectors = coeffs, vectors
        self.times, self.since, self.layout, self.frame = times, since, layout, frame
        self.cell_dims = [2] * layout.N

    def __getattr__(self, name: str) -> FloatArray:
        if name == "vectors":
            raise RuntimeError(
                "These states were valid until the next ones were taken from the solver: take what you need from each "
                "segment before going on."
            )
        raise AttributeError(name)

    @cached_property
    def packed(self) -> FloatArray:  # type: ignore[override]
        """Packed states, (T, layout.size)."""
        return self.coeffs @ self.vectors

    def _numbers(self, where: IntArray) -> FloatArray:
        if "packed" in vars(self) or len(where) > self.layout.size // 2:
            return super()._numbers(where)
        return self.coeffs @ self.vectors[:, where]

    @cached_property
    def populations(self) -> FloatArray:
        return self.coeffs @ self.vectors[:, self.layout.diagonal]

    @cached_property
    def spectrum_is_free(self) -> bool:
        return self.layout.sectors and _are_diagonal(self.vectors, self.layout)

    def take(self, index: Sequence[int] | IntArray) -> PackedStates:
        return PackedStates(
            self.coeffs[index] @ self.vectors, self.times[index], self.since[index], self.layout, self.frame
        )
