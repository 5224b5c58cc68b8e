"""Solvers of the master equation, one file each, all with the same interface.

A solver is a module with

``TERMS``
    Names of the terms of the master equation it knows (`Battery.terms`); a model with any other is refused.
``TOLERANCES``
    Which of "rtol" and "atol" it meets; the others have no meaning for it.
``refuses(battery, rho0, tlist) -> str``
    Why it cannot do this run, though it knows all terms; empty if it can.
``seconds(battery, rho0, tlist, *, spectrum) -> float``
    Rough cost on one core; `spectrum` tells that the eigenvalues of the states are needed.
``forecast(battery, rho0, tlist) -> int``
    Peak memory in bytes, before anything is allocated.
``run(battery, rho0, tlist, *, rtol, atol, few=False) -> iterator of States``
    The states at all times, in order, in stretches that fit the memory. The state at ``tlist[0]`` is `rho0`. `few`
    tells that only few of the states will be looked at as a whole, and the populations of the others. A stretch may be
    used until the next one is asked for.

QuTiP is the reference that the others are tested against. `choose` is the only place that knows them all.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import NamedTuple

from qutip import Qobj

from .._checks import FloatArray, nearest
from ..battery import Battery

__all__ = ["SOLVERS", "Choice", "choose"]

# What each is for.
SOLVERS = {
    "product": "equal diagonal cells that decay alike and alone have a closed form",
    "dense": "a battery this small is fastest with the exponential of its dense Liouvillian",
    "network": "a physical qubit network: matrix-free Faber steps, in excitation sectors where the state allows",
    "closed": "a ket under a constant Hamiltonian is propagated to rounding",
    "qutip": "the reference solver takes every model",
}

YEAR = 3.2e7  # seconds
LONGEST_RUN = YEAR  # a forecast beyond it is a mistake in the units


class Choice(NamedTuple):
    """The solver of a run.

    Attributes
    ----------
    name : str
        Key of SOLVERS.
    module : module
        The solver.
    reason : str
        Why it was chosen.
    compared : str
        Forecast of every solver that was compared, and why the others cannot do this run.
    """

    name: str
    module: ModuleType
    reason: str
    compared: str


def load(name: str) -> ModuleType:
    """Module of a solver; heavy imports happen here and not at ``import qbsim``."""
    return import_module(f".{name}", __name__)


def why_not(module: ModuleType, battery: Battery, rho0: Qobj, tlist: FloatArray) -> str:
    """Why a solver cannot do this run; empty if it can."""
    unknown = battery.terms - module.TERMS
    if unknown:
        return f"it does not know {' and '.join(sorted(unknown))}"
    return str(module.refuses(battery, rho0, tlist))


def choose(battery: Battery, rho0: Qobj, tlist: FloatArray, solver: str = "auto", *, spectrum: bool = True) -> Choice:
    """The solver to use: the one asked for, or the cheapest by forecast of all that can do this run.

    Parameters
    ----------
    battery, rho0, tlist
        As in `evolve`.
    solver : str
        Name, or "auto".
    spectrum : bool
        Whether a measure needs the eigenvalues of the states, which are part of the cost.

    Raises
    ------
    ValueError
        For an unknown solver, or one that cannot do this run.
    """
    if solver != "auto":
        if solver not in SOLVERS:
            raise ValueError(nearest("solver", solver, ["auto", *SOLVERS]))
        module = load(solver)
        refusal = why_not(module, battery, rho0, tlist)
        if refusal:
            raise ValueError(f"Solver {solver!r} cannot do this model: {refusal}. Use solver='auto'.")
        return Choice(solver, module, "asked for", "")
    costs: dict[str, float] = {}
    refusals = []
    for name in SOLVERS:
        module = load(name)
        refusal = why_not(module, battery, rho0, tlist)
        if refusal:
            refusals.append(f"{name}: {refusal}")
        else:
            costs[name] = module.seconds(battery, rho0, tlist, spectrum=spectrum)
    if min(costs.values()) > LONGEST_RUN:
        raise ValueError(
            f"This run would take about {min(costs.values()) / YEAR:.1g} years: the time span times the largest rate "
            "or frequency is too large. Give times in the inverse unit of the rates, or fewer cells."
        )
    order = sorted(costs, key=lambda name: costs[name])
    forecasts = ", ".join(f"{name} {costs[name]:.1g} s" for name in order)
    compared = "; ".join([f"forecast: {forecasts}", *refusals])
    return Choice(order[0], load(order[0]), SOLVERS[order[0]], compared)
