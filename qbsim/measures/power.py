"""Power, the rate of change of the internal energy, and its two causes: interaction and dissipation."""

from __future__ import annotations

from typing import Any

import numpy as np
from qutip import QobjEvo

from .._checks import ComplexArray, FloatArray
from .reference import Measure, Reference
from .series import CellStates, StateSeries

__all__ = ["ROWS", "power_dissipation_over_time", "power_interaction_over_time", "power_over_time"]


def power_interaction_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if isinstance(states, CellStates):
        J, w = _arrays(ref).J, ref.fields
        return 2 * _over_bonds(states, J * np.subtract.outer(w, w)).imag
    if isinstance(ref.battery.H, QobjEvo):
        return np.array([states.take([k]).expect(ref.exchanged(t))[0] for k, t in enumerate(states.times)])
    return states.expect(ref.exchanged(0.0))


def power_dissipation_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if not isinstance(states, CellStates):
        return states.expect(ref.dissipated)
    loss, pump, w = _arrays(ref).loss_matrix, _arrays(ref).pump_matrix, ref.fields
    p = np.array([states.cell(k)[:, 1, 1].real for k in range(len(w))])
    alone = w * np.diag(pump) @ (1 - p) - w * np.diag(loss) @ p
    return alone + _over_bonds(states, (pump - loss) * np.add.outer(w, w)).real


def power_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return power_interaction_over_time(states, ref) + power_dissipation_over_time(states, ref)


def _arrays(ref: Reference) -> Any:
    """The network, by whose arrays the power of many cells is computed."""
    return ref.battery


def _over_bonds(states: CellStates, weights: FloatArray) -> ComplexArray:
    """sum_{i<j} w_ij <s+_i s-_j>, (T,); cells that are alike have equal weights."""
    bonds = [(int(i), int(j)) for i, j in zip(*np.nonzero(np.triu(weights, 1)), strict=True)]
    total = np.zeros(len(states), dtype=complex)
    for (i, j), count in states.kinds(bonds):
        total += count * weights[i, j] * states.pair(i, j)[:, 1, 2]
    return total


ROWS = {
    "power": Measure(power_over_time, "rate of change of the internal energy", "power", "expectation"),
    "power_interaction": Measure(power_interaction_over_time, "power of the interaction", "power", "expectation"),
    "power_dissipation": Measure(power_dissipation_over_time, "power lost to the baths", "power", "expectation"),
}
