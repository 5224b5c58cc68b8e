"""Power, the rate of change of the internal energy, and its two causes: interaction and dissipation."""

from __future__ import annotations

import numpy as np
from qutip import QobjEvo

from .._checks import FloatArray
from .reference import Measure, Reference
from .series import StateSeries

__all__ = ["ROWS", "power_interaction_over_time", "power_over_time"]


def power_interaction_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if isinstance(ref.battery.H, QobjEvo):
        return np.array([states.take([k]).expect(ref.exchanged(t))[0] for k, t in enumerate(states.times)])
    return states.expect(ref.exchanged(0.0))


def power_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return power_interaction_over_time(states, ref) + states.expect(ref.dissipated)


ROWS = {
    "power": Measure(power_over_time, "rate of change of the internal energy", "power", "expectation"),
    "power_interaction": Measure(power_interaction_over_time, "power of the interaction", "power", "expectation"),
    "power_dissipation": Measure(
        lambda states, ref: states.expect(ref.dissipated), "power lost to the baths", "power", "expectation"
    ),
}
