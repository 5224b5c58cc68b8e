r"""A rectangle in the complex plane that contains the numerical range of a network's generator.

The generator is the sum of a commutator, whose numerical range is the imaginary segment between the differences of
the energies, and a dissipator. For single cells the dissipator's range is known in closed form and adds up over cells;
bath-mediated bonds are bounded by the spectrum of their hopping matrix and by the numerical radius 1/2 of
:math:`s^-\otimes s^-`.
"""

from __future__ import annotations

import numpy as np
import scipy.sparse.linalg

from .._checks import FloatArray
from ..networks import Network
from ..operators import occupations
from ._layout import layout_of

SMALL = 4  # cells up to which crude bounds cost less than they save
DENSE_BLOCK = 1000  # states up to which a sector is diagonalised exactly
LANCZOS_MARGIN = 1e-3  # of the spread, added to Lanczos' extreme eigenvalues, which approach from inside


def numerical_range(net: Network, frame: float, sectors: bool, *, rough: bool = False) -> tuple[float, float, float]:
    """(left, right, height): the numerical range lies in [left, right] x [-height, height].

    Parameters
    ----------
    net : Network
        Physical network.
    frame : float
        Uniform frequency taken out of the fields.
    sectors : bool
        Only blocks of equal excitation number evolve, so that only energy differences inside one block count.
    rough : bool
        Bounds from the arrays alone, without any eigenvalue problem: for forecasts.
    """
    crude = rough or net.N <= SMALL
    loss, pump, phi = net.loss_matrix, net.pump_matrix, net.dephasing
    down, up = np.diag(loss), np.diag(pump)
    # one cell: populations (g, e) mix by [[-up, down], [up, -down]], coherences decay at (up + down)/2 + phi
    mean, skew = (up + down) / 2, np.hypot((down - up) / 2, (down + up) / 2)
    left = float(np.minimum(-mean - skew, -mean - phi).sum())
    right = float((skew - mean).sum())
    height = float(np.abs(down - up).sum() / 2)
    bath = loss + pump - np.diag(down + up)
    if bath.any():
        jumps = float(np.abs(bath).sum() / 2)
        low, high = (-jumps, jumps) if crude else _hopping_range(net, bath)
        left, right, height = left - high - jumps, right - low + jumps, height + jumps
        # as a whole: G lies in [0, top]; a jump map is nilpotent and its norm is at most the largest rate
        top = _largest_rate(net, loss, crude) + _largest_rate(net, pump, crude)
        radius = float(top * np.cos(np.pi / (net.N + 2)))
        left = max(left, -top - radius - float(phi.sum()))
        right, height = min(right, radius), min(height, radius)
    return left, right, height + _energy_range(net, frame, sectors, crude)


def _energy_range(net: Network, frame: float, sectors: bool, crude: bool) -> float:
    """Largest energy difference inside what evolves."""
    if crude:
        fields = np.ptp(net.omega) * (net.N // 2) if sectors else np.abs(net.omega - frame).sum()
        return float(fields + np.abs(net.J).sum())
    extremes = _block_extremes(net.N, net.J, net.omega - frame)
    if sectors:
        return float(np.max(extremes[:, 1] - extremes[:, 0]))
    return float(extremes[:, 1].max() - extremes[:, 0].min())


def _hopping_range(net: Network, bath: FloatArray) -> tuple[float, float]:
    """Extreme eigenvalues of sum_ij bath_ij s+_j s-_i, off the diagonal only."""
    extremes = _block_extremes(net.N, bath, np.zeros(net.N))
    return float(extremes[:, 0].min()), float(extremes[:, 1].max())


def _largest_rate(net: Network, matrix: FloatArray, crude: bool) -> float:
    """Largest eigenvalue of sum_ij m_ij s+_j s-_i; with the levels exchanged, of sum_ij m_ij s-_j s+_i too."""
    if not matrix.any():
        return 0.0
    if crude:
        return float(np.abs(matrix).sum())
    diagonal = np.diag(matrix)
    return float(_block_extremes(net.N, matrix - np.diag(diagonal), diagonal)[:, 1].max())


def _block_extremes(N: int, hopping: FloatArray, fields: FloatArray) -> FloatArray:
    """Extreme eigenvalues of sum_k f_k n_k + sum_ij h_ij s+_i s-_j in every excitation sector, (N + 1, 2)."""
    bonds = tuple((int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(hopping, 1)), strict=True))
    layout = layout_of(N, True, bonds)
    row0, (start, cols, bond) = layout.tables.row0, layout.tables.hops
    strength = np.array([hopping[i, j] for i, j in bonds] or [0.0])
    diagonal = (occupations(N) @ fields)[layout.tables.states]
    extremes = np.empty((N + 1, 2))
    hops = np.diff(start)
    for n, block in enumerate(layout.blocks):
        m, first = len(block), row0[n]
        part = slice(start[first], start[first + m])
        rows, entries = np.repeat(np.arange(m), hops[first : first + m]), strength[bond[part]]
        fields_here = diagonal[first : first + m]
        if m <= DENSE_BLOCK:
            h = np.diag(fields_here)
            h[rows, cols[part]] = entries
            energies = np.linalg.eigvalsh(h)
            extremes[n] = energies[0], energies[-1]
        else:
            sparse = scipy.sparse.csr_matrix((entries, (rows, cols[part])), shape=(m, m))
            sparse = sparse + scipy.sparse.diags(fields_here)
            guess = np.ones(m) + 0.1 * np.cos(np.arange(m))  # fixed, so that runs repeat to the bit
            low, high = (
                float(
                    scipy.sparse.linalg.eigsh(
                        sparse, 1, which=end, v0=guess, return_eigenvectors=False, tol=LANCZOS_MARGIN
                    )[0]
                )
                for end in ("SA", "LA")
            )
            room = LANCZOS_MARGIN * (high - low)
            extremes[n] = low - room, high + room
    return extremes
