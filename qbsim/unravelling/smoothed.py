r"""Explicit unitary in the whole space of a few cells: the empirical state, smoothed by noise on single cells.

The eigenvectors of m trajectories span at most m dimensions, and a state outside is lost. Noise acts on one cell at a
time, so what the next trajectory shows is near what the others showed, with a cell changed. The state

.. math:: \tilde\rho = (1-\eta)\,\rho_m + \frac{\eta}{N}\sum_k \mathrm{tr}_k\rho_m\otimes\tfrac12, \qquad
          \eta = \frac{20}{20+m}\,(1-\mathrm{tr}\rho_m^2)

has a complete set of eigenvectors in a better order; a pure state stays as it is. Any set gives a unitary, and any
unitary a lower bound.
"""

from __future__ import annotations

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from .levels import Levels

LARGEST = 1024  # dimension: diagonalised once per fold
PRIOR = 20  # trajectories for which the smoothed part counts


def mean_state(kets: ComplexArray) -> ComplexArray:
    """Mean of the projectors onto kets (R, d)."""
    return kets.T @ kets.conj() / len(kets)


def depolarised(rho: ComplexArray, N: int) -> ComplexArray:
    """Mean over the cells of the state with that cell maximally mixed."""
    total = np.zeros_like(rho)
    for k in range(N):
        left, right = 2**k, 2 ** (N - k - 1)
        parts = rho.reshape(left, 2, right, left, 2, right)
        rest = (parts[:, 0, :, :, 0, :] + parts[:, 1, :, :, 1, :]) / 2
        view = total.reshape(left, 2, right, left, 2, right)
        for i in (0, 1):
            view[:, i, :, :, i, :] += rest
    return total / N


def final_energies(kets: ComplexArray, train: IntArray, test: IntArray, levels: Levels) -> FloatArray:
    """Energies of the test kets after the eigenvectors of the smoothed state were sent to the levels in order."""
    d = kets.shape[1]
    rho = mean_state(kets[train])
    eta = PRIOR / (PRIOR + len(train)) * max(1 - float(np.sum(np.abs(rho) ** 2)), 0.0)
    _, v = np.linalg.eigh((1 - eta) * rho + eta * depolarised(rho, d.bit_length() - 1))
    return np.abs(kets[test].conj() @ v[:, ::-1]) ** 2 @ levels.lowest(d)
