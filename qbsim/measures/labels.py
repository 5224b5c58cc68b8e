"""Long names and units of measures, as every Dataset has them."""

from __future__ import annotations

from typing import Any

from qutip import Qobj, QobjEvo

from ..battery import Battery
from ..curves import ROUNDING
from .expectation import Expectation
from .reference import Reference
from .table import MEASURES, Measure

__all__ = ["attributes", "rounding", "time_attributes"]


def time_attributes(unit: str) -> dict[str, str]:
    """Long name and unit of the times, for a unit of energy."""
    return {"long_name": "time", "units": unit.removeprefix("1/") if unit[:2] in ("1", "1/") else f"1/{unit}"}


def attributes(name: str, measure: Any, unit: str) -> dict[str, Any]:
    """Long name and units of a measure: a row of MEASURES, the name of one, or a function or operator of the user."""
    row = MEASURES[measure] if isinstance(measure, str) else measure
    if isinstance(row, Qobj | QobjEvo):
        row = Expectation.of(name, row)
    if isinstance(row, Expectation):
        return {"long_name": row.long_name, "units": "1", "operator_sha256": row.digest}
    if not isinstance(row, Measure):
        return {"long_name": name, "units": "1"}
    units = {"energy": unit, "power": "1" if unit == "1" else f"{unit}^2", "1": "1"}
    return {"long_name": row.long_name, "units": units[row.units]}


def rounding(battery: Battery, start: float) -> float:
    """1e-9 of the spread of H0 if a curve that starts like this starts below it, at rounding; 0 otherwise."""
    reference = Reference(battery)
    if battery.ends is not None:
        floor = ROUNDING * reference.spread
        return floor if abs(start) <= floor else 0.0
    largest = 2 * float(abs(reference.H0).sum(axis=1).max())  # never below the spread, and found at once
    if abs(start) > ROUNDING * largest:
        return 0.0
    floor = ROUNDING * reference.spread
    return floor if abs(start) <= floor else 0.0
