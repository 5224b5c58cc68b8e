r"""Closed form: cells without coupling, each with its own field, rates and state, any number of them.

.. math:: p_e(t) = p_\infty + (p_e(0) - p_\infty)\,e^{-\gamma(2\bar n+1)t}, \qquad
          p_\infty = \frac{\bar n}{2\bar n+1}, \qquad
          \rho_{eg}(t) = \rho_{eg}(0)\,e^{-i\omega t - (\gamma(2\bar n+1)/2 + \phi)t}

for every cell. The state of all cells stays the product of them.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from .._checks import ComplexArray, FloatArray
from ..measures.series import StateSeries
from ..networks import Network
from ..states import InitialState
from . import Settings
from ._product_passive import MOST, bins_for, different
from ._products import ProductStates, alike

TERMS = frozenset({"fields", "loss", "pumping", "dephasing"})
MATRICES = False
TOLERANCES = ()  # exact to rounding
SEGMENT_BYTES = 2**27  # states of the cells returned at a time
LISTED, BINNED, SHIFTED = 6e-8, 1e-7, 5e-10  # seconds per sum over subsets that is listed, per bin, and cell and bin
LISTED_BYTES, BINNED_BYTES = 50, 120


def why_not(battery: Network, rho0: InitialState, tlist: FloatArray) -> str:
    """Decay of cells together, and states that are not products of cells."""
    K = battery.decay_matrix
    if np.any(K - np.diag(np.diag(K))):
        return "its cells must decay alone"
    if battery.has_own_H0:
        return "its H0 must be that of the fields"
    if rho0.cells is None:
        return "its state must be a product of states of single cells"
    return ""


def seconds(battery: Network, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """A pass over the cells, and the eigenvalues of their products."""
    cost = 1e-4 + 1e-7 * len(tlist) * battery.N
    if spectrum:
        listed, bins = _sizes(battery, rho0)
        cost += (len(tlist) + 1) * (LISTED * listed + (BINNED + SHIFTED * battery.N) * bins)
    return cost


def forecast(battery: Network, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: a segment of states of the cells, and lists of eigenvalues and levels."""
    listed, bins = _sizes(battery, rho0)
    cells = 4 * min(SEGMENT_BYTES, 64 * len(tlist) * battery.N)
    return cells + int(LISTED_BYTES * listed + BINNED_BYTES * bins)


def _sizes(battery: Network, rho0: InitialState) -> tuple[float, float]:
    """How many eigenvalues and levels are listed one by one, and how many bins there are in place of the others."""
    assert rho0.cells is not None
    rates = battery.decay_matrix.diagonal() * (2 * battery.nbar + 1)
    state = np.array([rates, battery.nbar, battery.dephasing, rho0.cells[:, 1, 1].real, np.abs(rho0.cells[:, 1, 0])])
    fields = np.unique(np.abs(battery.omega[battery.omega != 0]), return_counts=True)[1]
    sizes = np.array([different(alike(state)[1]), different(fields)])
    return float(sizes[sizes <= MOST].sum()), float(bins_for(battery.N) * np.count_nonzero(sizes > MOST))


def run(battery: Network, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """Product states, exact to rounding."""
    assert rho0.cells is not None
    step = max(1, SEGMENT_BYTES // (64 * battery.N))
    for start in range(0, len(tlist), step):
        times = tlist[start : start + step]
        yield ProductStates(_evolved(battery, rho0.cells, times - tlist[0]), times)


def _evolved(battery: Network, cells: ComplexArray, t: FloatArray) -> ComplexArray:
    """States of the cells after the times t, (T, N, 2, 2)."""
    rate = battery.decay_matrix.diagonal() * (2 * battery.nbar + 1)
    trace, t = np.trace(cells, axis1=1, axis2=2).real, t[:, None]
    rest = trace * battery.nbar / (2 * battery.nbar + 1)
    states = np.empty((len(t), *cells.shape), dtype=complex)
    states[:, :, 1, 1] = cells[:, 1, 1].real * np.exp(-rate * t) - rest * np.expm1(-rate * t)
    states[:, :, 0, 0] = trace - states[:, :, 1, 1].real
    states[:, :, 1, 0] = cells[:, 1, 0] * np.exp(-(1j * battery.omega + rate / 2 + battery.dephasing) * t)
    states[:, :, 0, 1] = states[:, :, 1, 0].conj()
    return states
