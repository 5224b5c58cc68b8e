"""qbsim: open-system simulation of quantum batteries on QuTiP.

A geometry makes a battery; a battery and a state make a time series; a time series makes numbers or a figure.
"""

from __future__ import annotations

from typing import Any

from . import bosonic, capacitance, channels, charging, extraction, precision, separable
from ._checks import (
    CutoffWarning,
    HalfLifeWarning,
    MeasureWarning,
    ModelWarning,
    SweepWarning,
    UnphysicalWarning,
)
from ._version import __version__
from .battery import Battery, Network
from .collective import Collective, symmetric_ergotropy
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
from .models.cooper_pair_boxes import cooper_pair_boxes
from .models.dicke import dicke, dicke_start
from .models.drive import drive
from .models.network import network
from .models.oscillator import oscillator
from .models.spin_chain import coupling_profile, spin_chain
from .models.xx_chain import random_fields, xx_chain
from .replay import replay
from .report import NetworkReport
from .states import classical, empty, full, plus
from .store import save
from .sweep import sweep

__all__ = [
    "MEASURES",
    "Battery",
    "Collective",
    "CutoffWarning",
    "HalfLifeWarning",
    "MeasureWarning",
    "ModelWarning",
    "Network",
    "NetworkReport",
    "SweepWarning",
    "UnphysicalWarning",
    "__version__",
    "all_to_all",
    "bosonic",
    "capacitance",
    "central",
    "channels",
    "charging",
    "circular",
    "classical",
    "coherent_ergotropy",
    "cooper_pair_boxes",
    "coupling_profile",
    "crossing_time",
    "dicke",
    "dicke_start",
    "drive",
    "efficiency",
    "empty",
    "energy",
    "entropy",
    "ergotropy",
    "ergotropy_per_copy",
    "evolve",
    "extraction",
    "fit_exponential",
    "full",
    "half_life",
    "incoherent_ergotropy",
    "l1_coherence",
    "linear",
    "local_ergotropy",
    "mean_concurrence",
    "network",
    "oscillator",
    "passive_state",
    "plus",
    "precision",
    "purity",
    "random_fields",
    "relative_gain",
    "replay",
    "save",
    "separable",
    "single_cell",
    "spin_chain",
    "sweep",
    "symmetric_ergotropy",
    "total_ergotropy",
    "xx_chain",
]


def __getattr__(name: str) -> Any:
    """`qbsim.plotting`, imported at first use."""
    if name == "plotting":
        from importlib import import_module

        return import_module(".plotting", __name__)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
