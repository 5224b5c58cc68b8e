"""Closed forms that prove a value where every input ket is as good as any other and no search could finish."""

from __future__ import annotations

import numpy as np

from ..measures.many_copies import entropy_deficit, gibbs_energy
from ._search import Cell

SAME = 1e-12


def depolarizing_strength(cell: Cell) -> float | None:
    """lam if the channel is rho -> lam rho + (1 - lam) tr(rho)/d, the identity included; None otherwise."""
    d = cell.d
    if d < 2:
        return None
    identity, trace = np.eye(d * d), np.outer(np.eye(d).ravel(), np.eye(d).ravel())
    lam = float((np.trace(cell.map).real - 1) / (d * d - 1))
    return lam if np.abs(cell.map - lam * identity - (1 - lam) / d * trace).max() < SAME else None


def depolarizing_capacitance(cell: Cell, lam: float, energy: float, total: bool) -> float:
    r"""Capacitances of the depolarizing channel at an input energy.

    .. math:: C_\mathrm{loc} = \lambda e \;(\lambda \ge 0),\; |\lambda|\,\|H\| \;(\lambda < 0), \qquad
              C_\mathrm{sep} = \max(\lambda, 0)\, e + (1-\lambda)\,\mathrm{tr}H/d - E_G(S_\lambda)
              \;\text{with the ground level at zero,}

    because every ket has the same output spectrum, so that only the energy counts. With `total` the second, which is
    also the capacitance with collective extraction of blocks.
    """
    e = cell.levels - cell.levels[0]
    stored = max(lam, 0.0) * (energy - cell.levels[0])
    if not total:
        return stored if lam >= 0 else -lam * float(e[-1])
    spectrum = (1 - lam) / cell.d + lam * np.eye(cell.d)[0]
    return stored + (1 - lam) * float(e.mean()) - float(gibbs_energy(entropy_deficit(spectrum), e))
