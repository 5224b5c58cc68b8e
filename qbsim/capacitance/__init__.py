"""How much work survives noise in a large array of cells: work capacitances and the redundancy protocol.

Level 0 is the ground state; energies are in the units of H, entropies in nats.
"""

from ._result import Capacitance
from .single_letter import capacitance_curve, local_capacitance, max_output_ergotropy, total_ergotropy_capacitance

__all__ = [
    "Capacitance",
    "capacitance_curve",
    "local_capacitance",
    "max_output_ergotropy",
    "total_ergotropy_capacitance",
]
