"""qbsim: open-system simulation of quantum batteries on QuTiP.

A geometry makes a battery; a battery and a state make a time series; a time series makes numbers or a figure.
"""

from __future__ import annotations

from ._checks import HalfLifeWarning, MeasureWarning, UnphysicalWarning
from ._version import __version__
from .battery import Battery, Network, NetworkReport
from .curves import crossing_time, efficiency, fit_exponential, half_life, relative_gain
from .evolve import evolve
from .geometry import all_to_all, central, circular, linear
from .measures import (
    MEASURES,
    coherent_ergotropy,
    energy,
    entropy,
    ergotropy,
    ergotropy_per_copy,
    incoherent_ergotropy,
    l1_coherence,
    local_ergotropy,
    mean_concurrence,
    passive_state,
    purity,
    total_ergotropy,
)
from .models.cell import single_cell
from .models.network import network
from .models.xx_chain import random_fields, xx_chain
from .states import classical, empty, full, plus
from .store import save

__all__ = [
    "MEASURES",
    "Battery",
    "HalfLifeWarning",
    "MeasureWarning",
    "Network",
    "NetworkReport",
    "UnphysicalWarning",
    "__version__",
    "all_to_all",
    "central",
    "circular",
    "classical",
    "coherent_ergotropy",
    "crossing_time",
    "efficiency",
    "empty",
    "energy",
    "entropy",
    "ergotropy",
    "ergotropy_per_copy",
    "evolve",
    "fit_exponential",
    "full",
    "half_life",
    "incoherent_ergotropy",
    "l1_coherence",
    "linear",
    "local_ergotropy",
    "mean_concurrence",
    "network",
    "passive_state",
    "plus",
    "purity",
    "random_fields",
    "relative_gain",
    "save",
    "single_cell",
    "total_ergotropy",
    "xx_chain",
]
