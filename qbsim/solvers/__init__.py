"""Solvers of the master equation, one file each, all with the same three functions.

A solver is a module with

``refuses(battery, rho0, tlist) -> str``
    Why it cannot do this model; empty if it can.
``forecast(battery, rho0, tlist) -> int``
    Peak memory in bytes, before anything is allocated.
``run(battery, rho0, tlist, *, rtol, atol, few=False) -> iterator of States``
    The states at all times, in order, in stretches that fit the memory. The state at ``tlist[0]`` is `rho0`. `few`
    tells that only few of the states will be looked at as a whole, and the populations of the others.

QuTiP is the reference that the others are tested against. `choose` is the only place that knows them all.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from qutip import Qobj

from .._checks import FloatArray, nearest
from ..battery import Battery

__all__ = ["SOLVERS", "choose"]

# In the order `auto` tries them, with the reason it gives.
SOLVERS = {
    "product": "equal diagonal cells that decay alike and alone have a closed form",
    "dense": "a battery this small is fastest with the exponential of its dense Liouvillian",
    "network": "a physical qubit network: matrix-free Faber steps, in excitation sectors where the state allows",
    "closed": "a ket under a constant Hamiltonian is propagated to rounding",
    "qutip": "the reference solver takes every model",
}


def load(name: str) -> ModuleType:
    """Module of a solver; heavy imports happen here and not at ``import qbsim``."""
    return import_module(f".{name}", __name__)


def choose(battery: Battery, rho0: Qobj, tlist: FloatArray, solver: str = "auto") -> tuple[str, ModuleType, str]:
    """Name and module of the solver to use, and why it was chosen.

    Raises
    ------
    ValueError
        For an unknown solver, or one that cannot do this model.
    """
    if solver == "auto":
        for name, reason in SOLVERS.items():
            module = load(name)
            if not module.refuses(battery, rho0, tlist):
                return name, module, reason
    if solver not in SOLVERS:
        raise ValueError(nearest("solver", solver, ["auto", *SOLVERS]))
    module = load(solver)
    refusal = module.refuses(battery, rho0, tlist)
    if refusal:
        raise ValueError(f"Solver {solver!r} cannot do this model: {refusal}. Use solver='auto'.")
    return solver, module, "asked for"
