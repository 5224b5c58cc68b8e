"""Figures of merit of a state, and the table of those that `evolve` can record.

The functions take Qobj states. The table `MEASURES` evaluates the same formulas over a whole series of states at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from qutip import Qobj

from .._checks import FloatArray, nearest
from ..battery import Battery
from .coherence import l1_coherence_over_time
from .entanglement import concurrence_over_time
from .entropy import entropy_over_time, purity_over_time
from .ergotropy import (
    coherent_ergotropy_over_time,
    efficiency_over_time,
    energy_over_time,
    ergotropy_over_time,
    incoherent_ergotropy_over_time,
    local_ergotropy_over_time,
)
from .power import power_dissipation_over_time, power_interaction_over_time, power_over_time
from .reference import Reference
from .series import StateSeries

__all__ = ["MEASURES", "Measure"]


@dataclass(frozen=True)
class Measure:
    """One row of the table of measures.

    Attributes
    ----------
    evaluate : callable
        (states, reference) to an array over time.
    long_name : str
        For labels.
    units : str
        "energy", "power" or "1"; `evolve` replaces the first two by the battery's unit.
    needs : str
        "product": the state in the product space of the cells, with its spectrum and matrix elements. "expectation":
        expectation values of operators of the battery only, which are right in any space.
    """

    evaluate: Callable[[StateSeries, Reference], FloatArray]
    long_name: str
    units: str
    needs: str = "product"


MEASURES: dict[str, Measure] = {
    "energy": Measure(energy_over_time, "internal energy", "energy", "expectation"),
    "ergotropy": Measure(ergotropy_over_time, "ergotropy", "energy"),
    "efficiency": Measure(efficiency_over_time, "efficiency (ergotropy / energy)", "1"),
    "l1_coherence": Measure(l1_coherence_over_time, "normalised l1-coherence", "1"),
    "concurrence": Measure(
        lambda states, ref: concurrence_over_time(states, ref.battery.edges), "concurrence, mean over the bonds", "1"
    ),
    "incoherent_ergotropy": Measure(incoherent_ergotropy_over_time, "ergotropy of the dephased state", "energy"),
    "coherent_ergotropy": Measure(coherent_ergotropy_over_time, "ergotropy due to coherence", "energy"),
    "local_ergotropy": Measure(local_ergotropy_over_time, "local ergotropy, sum over the cells", "energy"),
    "entropy": Measure(entropy_over_time, "von Neumann entropy (nats)", "1"),
    "purity": Measure(purity_over_time, "purity", "1"),
    "power": Measure(power_over_time, "rate of change of the internal energy", "power", "expectation"),
    "power_interaction": Measure(power_interaction_over_time, "power of the interaction", "power", "expectation"),
    "power_dissipation": Measure(power_dissipation_over_time, "power lost to the baths", "power", "expectation"),
}


TAKEN = ("time", "rho", "row", "col")  # coordinate, variable and dimensions of what `evolve` returns


def measures_on(
    battery: Battery, measures: Mapping[str, Measure | Callable[[Qobj, Battery], float]]
) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Measures as this battery evaluates them; rows that would be wrong in the space of its states are refused."""
    found: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name, row in measures.items():
        found[name] = own = battery.own_measures.get(row, row)
        if own is row and isinstance(row, Measure) and row.needs != "expectation" and not battery.cells_are_factors:
            raise ValueError(
                f"Measure {name!r} needs the cells one by one, but this battery holds their total spin; build it in "
                'the full tensor space (space="tensor").'
            )
    return found


def read_measures(measures: Any) -> dict[str, Measure | Callable[[Qobj, Battery], float]]:
    """Table of the requested measures from names, or from {name: f(rho, battery)}; unknown names are refused."""
    if isinstance(measures, str):
        measures = (measures,)
    if not isinstance(measures, Iterable):
        raise TypeError(f"Argument measures must be names or a dict of functions, but is {measures!r}.")
    wanted: dict[str, Measure | Callable[[Qobj, Battery], float]] = {}
    for name in measures:
        own = measures[name] if isinstance(measures, Mapping) else name
        if isinstance(measures, Mapping) and (not isinstance(name, str) or not name):
            raise TypeError(f"Argument measures must name every measure by a text, but holds the name {name!r}.")
        if name in TAKEN:
            raise ValueError(f"Measure {name!r} must have another name: {', '.join(TAKEN)} are taken by the dataset.")
        if callable(own):
            wanted[str(name)] = own
        elif isinstance(own, str) and own in MEASURES:
            wanted[str(name)] = MEASURES[own]
        else:
            raise ValueError(nearest("measure", own, list(MEASURES)))
    if not wanted:
        raise ValueError("Argument measures must name at least one measure.")
    return wanted
