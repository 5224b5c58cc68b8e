"""Solvers of the master equation, one file each, all with the interface `Solver`.

QuTiP is the reference that the others are tested against. `choose` is the only place that knows them all.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import import_module
from typing import Any, NamedTuple, Protocol, cast

from .._checks import FloatArray, as_real, as_tolerance, by_word, nearest
from .._machine import require
from ..battery import Battery
from ..measures.series import StateSeries
from ..states import InitialState

__all__ = ["SOLVERS", "Choice", "Needs", "Settings", "Solver", "choose", "require_memory"]

# What each is for.
SOLVERS = {
    "independent": "cells without coupling have a closed form each, for any number of cells",
    "product": "equal diagonal cells that decay alike and alone have a closed form",
    "dense": "a battery this small is fastest with the exponential of its dense Liouvillian",
    "network": "a physical qubit network: matrix-free Faber steps or power series, in blocks where the state allows",
    "symmetric": "interchangeable cells need blocks of total spin only",
    "closed": "a ket under a constant Hamiltonian is propagated to rounding",
    "sparse": "constant operators: Faber steps on the entries of the state that the generator reaches",
    "qutip": "the reference solver takes every model",
}

INSTEAD = by_word(
    {
        "'auto'": "none default best fastest",
        "'qutip'": "mesolve sesolve qutip.mesolve reference",
        "'qutip', or qutip.mcsolve(battery.H, psi0, tlist, battery.c_ops) for trajectories": "mcsolve montecarlo",
        "'qutip'; only equations in Lindblad form are solved": "brmesolve fmmesolve heom floquet redfield",
        "'dense'": "exact expm exponential matrix_exponential diag eigen liouvillian",
        "'network' or 'sparse'": "faber krylov chebyshev",
        "'product' or 'independent'": "analytic closed_form uncoupled noninteracting",
        "'symmetric'": "permutation permutational interchangeable piqs blocks",
        "'qutip' with options={'method': ...}": "adams bdf rk4 rk45 dop853 lsoda vern7 vern9 zvode",
    }
)
"""What to use for a solver, and the names under which others look for it."""

MOST_LEVELS = 2**300  # of the cells together; the forecasts are not made for more
YEAR = 3.2e7  # seconds; a forecast beyond it is a mistake in the units


class Settings(NamedTuple):
    """How to solve, whatever is solved; as in `evolve`.

    Attributes
    ----------
    solver : str
        Key of SOLVERS, or "auto".
    rtol, atol : float
        Accuracy asked of the solver.
    passive_tol : float or None
        Error aimed at in the passive energy, as a fraction of the spread of H0; None computes it at every time.
    options : dict or None
        Options of QuTiP's integrator.
    """

    solver: str = "auto"
    rtol: float = 1e-8
    atol: float = 1e-10
    passive_tol: float | None = None
    options: Mapping[str, Any] | None = None

    def checked(self) -> Settings:
        """The same settings as plain numbers.

        Raises
        ------
        TypeError, ValueError
            For an unknown solver, a tolerance out of its range, or options that do not fit.
        """
        if not isinstance(self.solver, str) or self.solver not in ("auto", *SOLVERS):
            raise ValueError(nearest("solver", self.solver, ["auto", *SOLVERS], INSTEAD))
        tol = None if self.passive_tol is None else as_real("passive_tol", self.passive_tol, minimum=0, maximum=1)
        options = self.options
        if options is not None:
            from .qutip import read_options

            options = read_options(options)
            if self.solver != "auto":
                self.require_qutip(self.solver)
        return Settings(self.solver, as_tolerance("rtol", self.rtol), as_tolerance("atol", self.atol), tol, options)

    def require_qutip(self, solver: str) -> None:
        """Refuse options for a solver that has none."""
        if self.options is not None and solver != "qutip":
            raise ValueError(
                f"Argument options is for solver 'qutip', but solver {solver!r} runs; pass solver='qutip'."
            )

    def plain(self) -> dict[str, Any]:
        """The settings by name, for files and keys; options only if there are any."""
        return {name: value for name, value in self._asdict().items() if name != "options" or value is not None}


class Needs(NamedTuple):
    """What the measures of a run need of its states.

    Attributes
    ----------
    spectrum : bool
        The eigenvalues, which are part of the cost.
    matrices : tuple of str
        What needs the density matrices: ``states=True``, and names of user measures.
    """

    spectrum: bool = True
    matrices: tuple[str, ...] = ()


ALL = Needs()


class Solver(Protocol):
    """What a module must offer to be a solver.

    Attributes
    ----------
    TERMS : frozenset of str
        Terms of the master equation it knows (`Battery.terms`); a model with any other is refused.
    MATRICES : bool
        Whether its states can be written out. If not, only the measures of qbsim are known of them (`CellStates`).
    LEAST : float
        Seconds that `seconds` never goes below.
    TOLERANCES : tuple of str
        Which of "rtol" and "atol" it meets; the others have no meaning for it.
    """

    TERMS: frozenset[str]
    MATRICES: bool
    LEAST: float
    TOLERANCES: tuple[str, ...]

    def why_not(self, battery: Battery, rho0: InitialState, tlist: FloatArray) -> str:
        """Why it cannot do this run, though it knows all terms; empty if it can."""

    def seconds(self, battery: Battery, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
        """Rough cost on one core; `spectrum`: the eigenvalues of the states are needed."""

    def forecast(self, battery: Battery, rho0: InitialState, tlist: FloatArray) -> int:
        """Peak memory in bytes, before anything is allocated."""

    def run(self, battery: Battery, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
        """States at all times, in order, in segments that fit the memory; the state at ``tlist[0]`` is `rho0`.

        With a `passive_tol` only some of the states will be needed as a whole, and the populations of the others. A
        segment is valid until the next one is taken.
        """


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
    missed : str
        Why no solver that does without the levels of all cells together can do this run; empty if one could.
    """

    name: str
    module: Solver
    reason: str
    compared: str
    missed: str = ""


@cache
def load(name: str) -> Solver:
    """Module of a solver; heavy imports happen here and not at ``import qbsim``."""
    return cast(Solver, import_module(f".{name}", __name__))


def why_not(module: Solver, battery: Battery, rho0: InitialState, tlist: FloatArray, needs: Needs) -> str:
    """Why a solver cannot do this run, unknown terms and unmet needs included; empty if it can."""
    if unknown := battery.terms - module.TERMS:
        return f"it does not know {' and '.join(sorted(unknown))}"
    if module.MATRICES and math.prod(battery.dims) > MOST_LEVELS:
        return "it needs all levels of the cells together"
    if not module.MATRICES and needs.matrices:
        return f"it never writes a state of all cells out, as {' and '.join(needs.matrices)} would need"
    return module.why_not(battery, rho0, tlist)


def require_memory(choice: Choice, battery: Battery, rho0: InitialState, tlist: FloatArray) -> None:
    """Refuse a run that needs more memory than is free, by the forecast of its solver."""
    size = choice.module.forecast(battery, rho0, tlist)
    missed = f" The solvers for many cells do not fit: {choice.missed}." if choice.missed else ""
    require(size, f"This run with solver {choice.name!r}", f"Use fewer cells or fewer times.{missed}")


def choose(
    battery: Battery, rho0: InitialState, tlist: FloatArray, solver: str = "auto", *, needs: Needs = ALL
) -> Choice:
    """The solver to use: the one named, or the cheapest by forecast of all that can do this run.

    Parameters
    ----------
    battery, rho0, tlist
        As in `evolve`.
    solver : str
        Name, or "auto".
    needs : Needs
        What the measures need of the states.

    Raises
    ------
    ValueError
        For an unknown solver, or one that cannot do this run.
    MemoryError
        If the cells have too many levels together, and no solver can do without them.
    """
    if solver != "auto":
        module = load(Settings(solver).checked().solver)
        if refusal := why_not(module, battery, rho0, tlist, needs):
            raise ValueError(f"Solver {solver!r} cannot do this model: {refusal}. Use solver='auto'.")
        return Choice(solver, module, "asked for", "")
    refusals: dict[str, str] = {}
    costs: dict[str, float] = {}
    slower: list[str] = []
    for name in sorted(SOLVERS, key=lambda name: load(name).LEAST):
        module = load(name)
        if costs and min(costs.values()) < module.LEAST:
            slower.append(name)
        elif refusal := why_not(module, battery, rho0, tlist, needs):
            refusals[name] = refusal
        else:
            costs[name] = module.seconds(battery, rho0, tlist, spectrum=needs.spectrum)
    missed = "; ".join(f"{name}: {why}" for name, why in refusals.items() if not load(name).MATRICES)
    if not costs:
        raise MemoryError(
            f"{battery.N} cells have too many levels to write their state out, and the solvers for many cells do not "
            f"fit: {missed}. Use fewer cells."
        )
    order = sorted(costs, key=lambda name: costs[name])
    forecasts = ", ".join(f"{name} {costs[name]:.1g} s" for name in order)
    others = [f"never as fast: {', '.join(slower)}"] if slower else []
    compared = "; ".join([f"forecast: {forecasts}", *others, *(f"{name}: {why}" for name, why in refusals.items())])
    best = order[0]
    could = any(not load(name).MATRICES for name in costs)
    choice = Choice(best, load(best), SOLVERS[best], compared, "" if could else missed)
    if costs[best] > YEAR:
        require_memory(choice, battery, rho0, tlist)
        raise ValueError(
            f"This run would take about {costs[best] / YEAR:.1g} years: the time span times the largest rate "
            "or frequency is too large. Give times in the inverse unit of the rates, or fewer cells."
        )
    return choice
