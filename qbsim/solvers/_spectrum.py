r"""A rectangle in the complex plane that contains the numerical range of a network's generator.

The generator is the sum of a commutator, whose numerical range is the imaginary segment between the differences of
the energies, and a dissipator. For single cells the dissipator's range is known in closed form and adds up over cells;
bath-mediated bonds are bounded by the spectrum of their hopping matrix and by the numerical radius 1/2 of
:math:`s^-\otimes s^-`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import scipy.sparse.linalg

from .._checks import FloatArray
from ..networks import Network
from ..operators import occupations
from ._couplings import Symmetry, blocks_of, hamiltonian, symmetry_of
from ._layout import layout_of

SMALL = 4  # cells up to which crude bounds cost less than they save
LANCZOS_MARGIN = 1e-3  # of the spread, added to Lanczos' extreme eigenvalues, which approach from inside


def numerical_range(net: Network, frame: float, blocks: Symmetry, *, rough: bool = False) -> tuple[float, float, float]:
    """(left, right, height): the numerical range lies in [left, right] x [-height, height].

    Parameters
    ----------
    net : Network
        Physical network.
    frame : float
        Uniform frequency taken out of the fields.
    blocks : str
        Only blocks of equal excitation number or parity evolve, so that only energy differences inside one count.
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
    return left, right, height + _energy_range(net, frame, blocks, crude)


def _energy_range(net: Network, frame: float, blocks: Symmetry, crude: bool) -> float:
    """Largest energy difference inside what evolves."""
    if crude:
        # of the two hops of a bond, (J, dm), and its double excitation only one can act at a time
        bonds = np.maximum(np.hypot(net.J, net.dm), np.abs(net.pair)) + np.abs(net.zz) / 4
        fields = np.sqrt((net.omega - frame) ** 2 + net.x**2 + net.y**2).sum()
        if blocks == "number":
            fields = np.ptp(net.omega) * (net.N // 2)
        return float(fields + bonds.sum())
    # what is conserved makes the problem smaller, also where the state has coherence between the blocks
    extremes = _extremes(hamiltonian(net, symmetry_of(net) if blocks == "none" else blocks, frame))
    if blocks != "none":
        return float(np.max(extremes[:, 1] - extremes[:, 0]))
    return float(extremes[:, 1].max() - extremes[:, 0].min())


def _hopping_range(net: Network, bath: FloatArray) -> tuple[float, float]:
    """Extreme eigenvalues of sum_ij bath_ij s+_j s-_i, off the diagonal only."""
    extremes = _hopping_extremes(net.N, bath, np.zeros(net.N))
    return float(extremes[:, 0].min()), float(extremes[:, 1].max())


def _largest_rate(net: Network, matrix: FloatArray, crude: bool) -> float:
    """Largest eigenvalue of sum_ij m_ij s+_j s-_i; with the levels exchanged, of sum_ij m_ij s-_j s+_i too."""
    if not matrix.any():
        return 0.0
    if crude:
        return float(np.abs(matrix).sum())
    diagonal = np.diag(matrix)
    return float(_hopping_extremes(net.N, matrix - np.diag(diagonal), diagonal)[:, 1].max())


def _hopping_extremes(N: int, hopping: FloatArray, fields: FloatArray) -> FloatArray:
    """Extreme eigenvalues of sum_k f_k n_k + sum_ij h_ij s+_i s-_j in every excitation sector, (N + 1, 2)."""
    bonds = tuple((int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(hopping, 1)), strict=True))
    strength = np.array([hopping[bond] for bond in bonds for _ in (0, 1)] or [0.0])
    return _extremes(blocks_of(layout_of(N, True, bonds), occupations(N) @ fields, strength, 0 * strength))


def _extremes(blocks: Iterable[Any]) -> FloatArray:
    """Extreme eigenvalues of every block of a Hermitian matrix, (blocks, 2)."""
    extremes = []
    for block in blocks:
        if isinstance(block, np.ndarray):
            energies = np.linalg.eigvalsh(block)
            extremes.append((energies[0], energies[-1]))
        else:
            m = block.shape[0]
            guess = np.ones(m) + 0.1 * np.cos(np.arange(m))  # fixed, so that runs repeat to the bit
            low, high = (
                float(
                    scipy.sparse.linalg.eigsh(
                        block, 1, which=end, v0=guess, return_eigenvectors=False, tol=LANCZOS_MARGIN
                    )[0]
                )
                for end in ("SA", "LA")
            )
            room = LANCZOS_MARGIN * (high - low)
            extremes.append((low - room, high + room))
    return np.array(extremes)
