"""Charging: protocols with a verified cut-off, power and advantage, speed limits, precision, and the separable ball.

Charging is evolving under another Hamiltonian, and a charger is a tensor factor that the energy is not measured on: the
batteries of `qbsim.models` need nothing else.
"""

from .._checks import other_roads
from ..states import thermal_cells, uncharged
from .cutoff import converged
from .fluctuations import work_statistics
from .power import Peak, max_energy, max_power, participation_bound, quantum_advantage
from .process import charge, charge_and_hold, charge_dicke
from .separable_states import SeparableBall, separable_ball
from .speed_limits import SpeedLimit, margolus_levitin, mean_and_spread, speed_limit

__all__ = [
    "Peak",
    "SeparableBall",
    "SpeedLimit",
    "charge",
    "charge_and_hold",
    "charge_dicke",
    "converged",
    "margolus_levitin",
    "max_energy",
    "max_power",
    "mean_and_spread",
    "participation_bound",
    "quantum_advantage",
    "separable_ball",
    "speed_limit",
    "thermal_cells",
    "uncharged",
    "work_statistics",
]

__getattr__ = other_roads(__name__)
