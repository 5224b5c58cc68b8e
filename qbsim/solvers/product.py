r"""Closed form: the same diagonal state on every cell, the same gamma and nbar, no bond decay.

The state stays the same diagonal product, whatever the fields, zz, the exchange, dm, the dephasing and the graph:

.. math:: p(t) = p_\infty + (p_0 - p_\infty)\,e^{-\gamma(2\bar n+1)t}, \qquad p_\infty = \frac{\bar n}{2\bar n+1}

because the exchange, also with a phase, moves excitations between equally filled cells and sees no coherence, and
ZZ couplings are diagonal.
"""

from __future__ import annotations

import numpy as np

from .._checks import FloatArray
from ..networks import Network
from ..states import InitialState
from .independent import LEAST, forecast, run, seconds

__all__ = ["LEAST", "MATRICES", "TERMS", "TOLERANCES", "forecast", "run", "seconds", "why_not"]

TERMS = frozenset({"fields", "exchange", "loss", "pumping", "dephasing", "zz", "dm"})
MATRICES = False
TOLERANCES = ()  # exact to rounding
SAME = 1e-14  # difference of the cells' populations that passes for rounding


def why_not(battery: Network, rho0: InitialState, tlist: FloatArray) -> str:
    """Everything but equal diagonal cells that decay alike and alone."""
    K = battery.decay_matrix
    if np.any(K - np.diag(np.diag(K))) or np.ptp(np.diag(K)) > 0 or np.ptp(battery.nbar) > 0:
        return "its cells must decay alike and alone"
    if battery.has_own_H0:
        return "its H0 must be that of the fields"
    cells = rho0.cells
    if cells is None or cells[:, 0, 1].any() or np.ptp(cells[:, 1, 1].real) > SAME:
        return "its state must be the same diagonal state on every cell"
    return ""
