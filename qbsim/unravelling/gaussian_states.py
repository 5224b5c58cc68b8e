r"""Fermionic Gaussian pure states of a chain: energies, states of cells and of neighbours, overlaps.

Cells are modes by the transformation of Jordan and Wigner, :math:`s^-_k = P_k c_k` with
:math:`P_k = \prod_{j<k}(1 - 2n_j)`. A state is given by the M operators that annihilate it,
:math:`d_m = \sum_k a_{km} c_k + b_{km} c^+_k`: orthonormal columns, a above b, (2M, M). Then

.. math:: \langle c^+_i c_j\rangle = (b^* b^T)_{ij}, \qquad \langle c_i c_j\rangle = (a^* b^T)_{ij}, \qquad
          |\langle\psi|\psi'\rangle|^2 = |\det(d^+ d')|

Superpositions of even and odd numbers of excitations are not Gaussian. They are with one more mode, the ancilla, which
comes first and holds the parity: :math:`\sum_x \psi_x |x\rangle \to \sum_x \psi_x |\mathrm{parity}(x), x\rangle`.
Even operators of the cells act as before, odd ones with :math:`X_a = c_a + c^+_a`, which flips the ancilla.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from .._checks import ComplexArray, FloatArray, IntArray
from .gaussian_kets import LARGEST, kets
from .gaussian_overlaps import Overlaps
from .natural_orbitals import natural_orbitals
from .pfaffian import strings

if TYPE_CHECKING:
    from .engines import Builder
    from .levels import Levels

__all__ = ["GaussianEnsemble", "majorana_covariance"]

CHUNK_BYTES = 2**26  # products of states held at a time


def majorana_covariance(state: ComplexArray) -> FloatArray:
    r"""Covariance of a Gaussian state, real and skew-symmetric, (2M, 2M).

    .. math:: \Gamma_{ij} = -i\,(\langle m_i m_j\rangle - \delta_{ij}), \qquad
              m_{2k} = c_k + c^+_k, \quad m_{2k+1} = i\,(c^+_k - c_k)
    """
    M = state.shape[1]
    a, b = state[:M], state[M:]
    q = np.empty((2 * M, M), dtype=complex)
    q[0::2], q[1::2] = a + b, 1j * (a - b)
    return np.asarray((q.conj() @ q.T).imag)


class GaussianEnsemble:
    """Gaussian pure states with equal weights.

    Parameters
    ----------
    states : ndarray, (R, 2M, M)
        Annihilators of every state, with orthonormal columns.
    omega : ndarray, (N,)
        Frequencies of the cells: energies are those of ``sum_k omega_k n_k``.
    ancilla : bool
        Whether the first mode is the ancilla, M = N + 1; else M = N.
    """

    def __init__(self, states: ComplexArray, omega: FloatArray, ancilla: bool) -> None:
        self.states, self.omega, self.ancilla = states, omega, ancilla
        self.N, self.M = len(omega), states.shape[2]
        self._first = int(ancilla)

    def __len__(self) -> int:
        return len(self.states)

    @cached_property
    def levels(self) -> Levels:
        """Levels of the fields."""
        from .levels import Levels

        return Levels(self.omega)

    @cached_property
    def kets(self) -> ComplexArray | None:
        """The states written out, (R, 2^N), if the cells are few."""
        return kets(self.states, self.ancilla) if self.N <= LARGEST else None

    @cached_property
    def populations(self) -> FloatArray:
        """Excited populations of the cells, (R, N)."""
        b = self.states[:, self.M + self._first :]
        return np.asarray(np.einsum("rkm,rkm->rk", b.real, b.real) + np.einsum("rkm,rkm->rk", b.imag, b.imag))

    @cached_property
    def energies(self) -> FloatArray:
        """Energies of the fields, (R,)."""
        return np.asarray(self.populations @ self.omega)

    @cached_property
    def cells(self) -> ComplexArray:
        """States of the cells, (R, N, 2, 2), levels ascending."""
        p = self.populations
        cells = np.zeros((len(self), self.N, 2, 2), dtype=complex)
        cells[:, :, 0, 0], cells[:, :, 1, 1] = 1 - p, p
        if self.ancilla:
            cells[:, :, 1, 0] = (self._strings[:, :, 0] + 1j * self._strings[:, :, 1]) / 2
            cells[:, :, 0, 1] = cells[:, :, 1, 0].conj()
        return cells

    @cached_property
    def _strings(self) -> FloatArray:
        """What `strings` finds for every state, (R, N, 8): the odd operators of a cell and of two neighbours."""
        found = np.zeros((len(self), self.N, 8))
        if self.ancilla:
            for state, rows in zip(self.states, found, strict=True):
                strings(np.ascontiguousarray(majorana_covariance(state)[1:, 1:]), rows)
        return found

    @property
    def pairs(self) -> ComplexArray:
        """States of neighbours k, k + 1, (R, N - 1, 4, 4), in the basis gg, ge, eg, ee."""
        from .gaussian_pairs import pair_states

        return pair_states(self.states[:, self._rows], self._strings)

    @property
    def _rows(self) -> IntArray:
        """Rows of the cells in a state."""
        cells = np.arange(self._first, self.M)
        return np.concatenate([cells, self.M + cells])

    # --- overlaps ----------------------------------------------------------------------------------------------------

    def squared_overlaps(self, rows: ArrayLike, columns: ArrayLike) -> FloatArray:
        """``|<psi_r|psi_s>|^2`` for the states `rows` and `columns`, (len(rows), len(columns)).

        Pfaffians of M rows cost a fifth of determinants with their products; those stand by.
        """
        try:
            return np.abs(self.overlaps(rows, columns)) ** 2
        except ArithmeticError:
            return self.determinants(rows, columns)

    def determinants(self, rows: ArrayLike, columns: ArrayLike) -> FloatArray:
        """The same as ``|det(d_r^+ d_s)|``, without a reference."""
        rows, columns = np.asarray(rows), np.asarray(columns)
        found = np.empty((len(rows), len(columns)))
        for here, there in _blocks(len(rows), len(columns), 32 * self.M**2):
            products = _products(self.states[rows[here]], self.states[columns[there]])
            found[here, there] = np.abs(np.linalg.det(products))
        return found

    @cached_property
    def _overlaps(self) -> Overlaps:
        return Overlaps(self.states, self.ancilla)

    def overlaps(self, rows: ArrayLike, columns: ArrayLike) -> ComplexArray:
        """``<psi_r|psi_s>``, (len(rows), len(columns)), with one phase per state, the same in all calls."""
        return self._overlaps(np.asarray(rows), np.asarray(columns))

    def overlap_seconds(self) -> float:
        """Forecast of the cost of one of many complex overlaps on one core."""
        return 2e-6 + 1.6e-10 * self.M**3

    def unitaries(self) -> dict[str, Builder]:
        """The unitary to natural orbitals and by their strings to the levels, for any number of cells."""
        return {"natural orbitals": natural_orbitals(self.states, self.omega, self.ancilla)}


def _blocks(rows: int, columns: int, bytes_each: int) -> Iterator[tuple[slice, slice]]:
    """Pieces of a table of pairs that fit into CHUNK_BYTES."""
    edge = max(1, int((CHUNK_BYTES / bytes_each) ** 0.5))
    for r in range(0, rows, edge):
        for c in range(0, columns, edge):
            yield slice(r, r + edge), slice(c, c + edge)


def _products(left: ComplexArray, right: ComplexArray) -> ComplexArray:
    """Products d_r^+ d_s of all states on the left with all on the right, (R, S, M, M)."""
    R, size, M = left.shape
    product = left.conj().transpose(0, 2, 1).reshape(R * M, size) @ right.transpose(1, 0, 2).reshape(size, -1)
    return np.ascontiguousarray(product.reshape(R, M, len(right), M).transpose(0, 2, 1, 3))
