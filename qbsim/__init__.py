"""qbsim: open-system simulation of quantum batteries on QuTiP.

A geometry makes a battery; a battery and a state make a time series; a time series makes numbers or a figure.
"""

from __future__ import annotations

from typing import Any

from . import bosonic, capacitance, channels, charging, extraction
from ._checks import (
    CutoffWarning,
    HalfLifeWarning,
    MeasureWarning,
    ModelWarning,
    SamplingWarning,
    SweepWarning,
    UnphysicalWarning,
)
from ._files import save
from ._version import __version__
from .battery import Battery
from .charging import precision
from .collective import Collective, symmetric_ergotropy
from .curves import crossing_time, efficiency, fit_exponential, half_life, relative_gain
from .decay import NetworkReport
from .evolution import evolve
from .geometry import GEOMETRIES, all_to_all, central, circular, linear
from .measures.capacity import antiergotropy, battery_capacity
from .measures.coherence import l1_coherence
from .measures.energy_variance import energy_variance
from .measures.entanglement import largest_negativity, mean_concurrence, negativity
from .measures.entropy import entropy, purity
from .measures.ergotropy import (
    coherent_ergotropy,
    energy,
    ergotropy,
    ergotropy_per_copy,
    incoherent_ergotropy,
    passive_state,
    total_ergotropy,
)
from .measures.local_ergotropy import local_ergotropy
from .measures.table import MEASURES
from .models.cell import single_cell
from .models.cooper_pair_boxes import cooper_pair_boxes
from .models.dicke import dicke, dicke_start
from .models.disorder import disordered_chain, random_fields
from .models.drive import drive
from .models.heisenberg import heisenberg
from .models.ising_chain import ising_chain
from .models.network import network
from .models.oscillator import oscillator
from .models.spin_chain import coupling_profile, spin_chain
from .models.transmon_chain import transmon_chain
from .models.xx_chain import xx_chain
from .models.xxz_chain import xxz_chain
from .networks import Network
from .states import classical, empty, full, plus
from .sweeps.replay import replay
from .sweeps.run import sweep
from .sweeps.stored import load
from .unravelling.trajectories import trajectories

__all__ = [
    "GEOMETRIES",
    "MEASURES",
    "Battery",
    "Collective",
    "CutoffWarning",
    "HalfLifeWarning",
    "MeasureWarning",
    "ModelWarning",
    "Network",
    "NetworkReport",
    "SamplingWarning",
    "SweepWarning",
    "UnphysicalWarning",
    "__version__",
    "all_to_all",
    "antiergotropy",
    "battery_capacity",
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
    "disordered_chain",
    "drive",
    "efficiency",
    "empty",
    "energy",
    "energy_variance",
    "entropy",
    "ergotropy",
    "ergotropy_per_copy",
    "evolve",
    "extraction",
    "fit_exponential",
    "full",
    "half_life",
    "heisenberg",
    "incoherent_ergotropy",
    "ising_chain",
    "l1_coherence",
    "largest_negativity",
    "linear",
    "load",
    "local_ergotropy",
    "mean_concurrence",
    "negativity",
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
    "single_cell",
    "spin_chain",
    "sweep",
    "symmetric_ergotropy",
    "total_ergotropy",
    "trajectories",
    "transmon_chain",
    "xx_chain",
    "xxz_chain",
]


_NAMES = {
    "qbsim.circular(N)": "ring cycle loop circle periodic",
    "qbsim.linear(N)": "chain line path open_chain nearest_neighbour",
    "qbsim.central(N)": "star hub",
    "qbsim.all_to_all(N)": "complete complete_graph fully_connected symmetric",
    "qbsim.network(edges, N)": "graph lattice system model",
    "qbsim.single_cell(gamma=...)": "qubit cell two_level two_level_system tls",
    "qbsim.spin_chain(n)": "spin_model lmg",
    "qbsim.heisenberg(edges, J=...)": "heisenberg_chain heisenberg_model xxx xxx_chain",
    "qbsim.xxz_chain(omega, J=..., Delta=...)": "xxz xyz",
    "qbsim.ising_chain(omega, J=...)": "ising tfim transverse_ising",
    "qbsim.dicke(n, lam=...)": "tavis_cummings jaynes_cummings rabi dicke_battery",
    "qbsim.disordered_chain(N, delta, exchange=..., rng=...)": "disorder disordered random_chain",
    "qbsim.full(N)": "excited excited_state charged ones",
    "qbsim.empty(N)": "ground ground_state zero zeros discharged vacuum",
    "qbsim.plus(N)": "superposition plus_state quantum",
    "qbsim.classical(N, p)": "thermal thermal_state mixed mixed_state maximally_mixed incoherent",
    "qutip.ghz_state(N)": "ghz",
    "qutip.w_state(N)": "w w_state",
    "qbsim.evolve(battery, rho0, tlist, measures)": "mesolve sesolve solve simulate run propagate integrate",
    "qbsim.trajectories(battery, rho0, tlist), or qutip.mcsolve(battery.H, psi0, tlist, battery.c_ops)": (
        "mcsolve quantum_trajectories quantum_jumps montecarlo unravelling"
    ),
    "qbsim.mean_concurrence(rho, edges)": "concurrence entanglement",
    "qbsim.l1_coherence(rho)": "coherence l1_norm",
    "qbsim.battery_capacity(rho, H0), or for a channel a function of qbsim.capacitance": "capacity",
    "qbsim.antiergotropy(rho, H0)": "anti_ergotropy",
    "qbsim.energy_variance(rho, H0)": "variance energy_fluctuations",
    "qbsim.charging.work_statistics(battery, rho0, tlist)": "work_statistics work_variance work_fluctuations",
    "qbsim.entropy(rho)": "von_neumann_entropy entropy_vn",
    'the measure "power" of qbsim.evolve, or qbsim.charging.max_power': "power charging_power",
    "qbsim.relative_gain(values)": "gain",
    "qbsim.half_life(tlist, values)": "halflife half_time t_half lifetime",
    'qbsim.plotting.curve(ds, "ergotropy")': "plot draw",
    "qbsim.load(path)": "open open_dataset read",
    "qbsim.operators.sigma_z(k, N)": "sigmaz sigma_z sz",
    "qbsim.operators.sigma_x(k, N)": "sigmax sigma_x sx",
    "qbsim.operators.lowering(k, N)": "sigmam sm lower lowering",
    "qbsim.operators.raising(k, N)": "sigmap sp raising",
}
"""What to use, and the names under which others look for it."""


def __getattr__(name: str) -> Any:
    """`qbsim.plotting`, imported at first use, and `qbsim.separable`, whose names are elsewhere by now."""
    if name == "plotting":
        from importlib import import_module

        return import_module(".plotting", __name__)
    if name == "separable":
        from types import SimpleNamespace

        from ._checks import deprecate

        deprecate("qbsim.separable", "qbsim.charging, qbsim.negativity and qbsim.largest_negativity")
        return SimpleNamespace(
            SeparableBall=charging.SeparableBall,
            separable_ball=charging.separable_ball,
            thermal_cells=charging.thermal_cells,
            negativity=negativity,
            largest_negativity=largest_negativity,
        )
    from ._checks.names import by_word, no_attribute

    raise no_attribute(__name__, name, by_word(_NAMES))
