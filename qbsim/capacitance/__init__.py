"""How much work survives noise in a large array of cells: work capacitances and the redundancy protocol.

Level 0 is the ground state; energies are in the units of H, entropies in nats.
"""

from .._checks import other_roads
from ._result import Capacitance
from .modes import two_mode_gap, two_mode_temperature
from .redundancy import (
    coherent_redundancy_ratio,
    local_redundancy_ratio,
    redundancy_curve,
    separable_redundancy_ratio,
    single_shot_ratio,
)
from .separable import separable_capacitance
from .single_letter import capacitance_curve, local_capacitance, max_output_ergotropy, total_ergotropy_capacitance

__all__ = [
    "Capacitance",
    "capacitance_curve",
    "coherent_redundancy_ratio",
    "local_capacitance",
    "local_redundancy_ratio",
    "max_output_ergotropy",
    "redundancy_curve",
    "separable_capacitance",
    "separable_redundancy_ratio",
    "single_shot_ratio",
    "total_ergotropy_capacitance",
    "two_mode_gap",
    "two_mode_temperature",
]

__getattr__ = other_roads(__name__)
