"""The arguments of a sweep, checked: axes, states, times, measures and counts become a grid of curves."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from qutip import Qobj

from .._checks import as_count, as_real, as_tlist, nearest
from .._checks.calls import check_call
from .._checks.names import shown
from .._digest import json_digest
from ..battery import Battery
from ..evolution import DEFAULTS
from ..measures.table import measures_on, read_measures
from ..solvers import Settings
from ..states import INSTEAD, NAMED, InitialState, read_state
from .tasks import Curve, build_battery, takes_rng

__all__ = ["Plan", "Request", "make_plan", "read_states", "start_of"]

RESERVED = ("state", "time", "realization", "rng")
Index = tuple[int, ...]


@dataclass(frozen=True, eq=False)
class Request:
    """The arguments of `sweep` that decide what is computed, as the caller gave them."""

    build: Callable[..., Battery]
    axes: Mapping[str, Any]
    states: Any
    tlist: Any
    measures: Any = ("energy", "ergotropy")
    realizations: Any = 1
    seed: int = 0
    target_sem: float | None = None
    settings: Settings = DEFAULTS


@dataclass(frozen=True, eq=False, kw_only=True)
class Plan(Request):
    """Checked arguments, grid of curves and how many realizations each point gets at most.

    Attributes
    ----------
    build : callable
        Builder of the batteries.
    axes : dict
        Name of every axis to its values.
    states : dict
        Name of every state to the function of N that makes it.
    tlist : ndarray, (T,)
        Times.
    measures : dict
        Name of every measure to the name of a row of MEASURES or to the caller's function or operator.
    realizations : int, callable, or dict
        As the caller gave them; `counts` has the numbers.
    seed : int
        Master seed.
    target_sem : float or None
        Standard error of the ergotropy ratio at which a point is done.
    settings : Settings
        How to solve.
    counts : dict
        Largest number of realizations of every point, by its position on the grid.
    curves : dict
        Curves of every point, one per state, by its position on the grid.
    unit : str
        Unit of energy of the batteries.
    has_bonds : bool
        Whether every battery has bonds.
    """

    counts: dict[Index, int]
    curves: dict[Index, list[Curve]]
    unit: str
    has_bonds: bool

    @property
    def shape(self) -> tuple[int, ...]:
        """Number of values of every axis."""
        return tuple(len(values) for values in self.axes.values())

    @cached_property
    def sha256(self) -> str:
        """Digest of all curves and counts: the same for the same question."""
        keys = [[curve.key for curve in curves] for curves in self.curves.values()]
        return json_digest([keys, list(self.counts.values())])


def make_plan(request: Request) -> Plan:
    """Check the arguments of a sweep and lay out its curves; see `sweep`."""
    build = request.build
    grid = read_axes(build, request.axes)
    makers = read_states(request.states)
    times = as_tlist(request.tlist)
    given = request.measures
    table = read_measures(given)
    measures = {name: given[name] if isinstance(given, Mapping) else name for name in table}
    _check_apart(measures, grid)
    seed = as_count("seed", request.seed, 0)
    settings = request.settings.checked()
    target = None if request.target_sem is None else as_real("target_sem", request.target_sem, minimum=0)
    if target is not None and "ergotropy" not in measures:
        raise ValueError("Argument target_sem needs the measure 'ergotropy': it bounds the error of ergotropy_ratio.")

    counts: dict[Index, int] = {}
    curves: dict[Index, list[Curve]] = {}
    units: set[str] = set()
    has_bonds, is_random = True, takes_rng(build)
    for index in np.ndindex(*map(len, grid.values())):  # the last axis fastest
        point = {name: values[i] for (name, values), i in zip(grid.items(), index, strict=True)}
        battery = build_battery(build, point, seed, 0, is_random)
        counts[index] = _count(request.realizations, point)
        curves[index] = [
            Curve(build, point, name, rho0, times, measures, settings, seed)
            for name, make in makers.items()
            for rho0 in [start_of(make, battery, name)]
        ]
        measures_on(battery, table)  # an operator fits one number of cells
        units.add(battery.unit)
        has_bonds = has_bonds and bool(battery.edges)
    if not is_random and max(counts.values()) > 1:
        raise ValueError(
            "Argument build must accept rng to have more than one realization: build(**point, rng=...) draws the "
            "disorder."
        )
    return Plan(
        **vars(request)
        | {"axes": grid, "states": makers, "tlist": times, "measures": measures}
        | {"seed": seed, "target_sem": target, "settings": settings},
        counts=counts,
        curves=curves,
        unit=units.pop() if len(units) == 1 else "1",
        has_bonds=has_bonds,
    )


def read_axes(build: Callable[..., Battery], axes: Any) -> dict[str, list[Any]]:
    """Axes as lists of plain numbers or of texts, each an argument of the builder."""
    if not isinstance(axes, Mapping):
        raise TypeError(f"Argument axes must be a dict of names to values, but is {type(axes).__name__}.")
    if not callable(build):
        remedy = "; make it in a function, lambda: ..." if isinstance(build, Battery) else ""
        raise TypeError(f"Argument build must be a function that returns a Battery, but is {shown(build)}{remedy}.")
    grid = {}
    for name, values in axes.items():
        if name in RESERVED:
            raise ValueError(f"Axis {name!r} must have another name: {', '.join(RESERVED)} are taken.")
        if isinstance(values, str) or np.ndim(values) != 1 or len(values) == 0:
            raise ValueError(f"Axis {name!r} must be a non-empty list of values, but is {shown(values)}.")
        array = np.asarray(values)
        if array.dtype.kind not in "iufbU" or len({isinstance(v, str) for v in values}) > 1:
            raise TypeError(f"Axis {name!r} must hold numbers or texts, but holds {shown(list(values))}.")
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise ValueError(f"Axis {name!r} must be finite, but holds nan or infinity.")
        if len(np.unique(array)) != len(array):
            raise ValueError(f"Axis {name!r} must hold every value once, but is {list(values)!r}.")
        grid[str(name)] = array.tolist()
    _check_names(build, list(grid))
    return grid


def _check_names(build: Callable[..., Battery], names: list[str]) -> None:
    """Refuse an axis that is not an argument of the builder, and a builder with arguments that no axis gives."""
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):
        return
    if not any(p.kind is p.VAR_KEYWORD for p in parameters):
        known = [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY and p.name != "rng"]
        if unknown := [name for name in names if name not in known]:
            raise ValueError(nearest("axis", unknown[0], known) + " Axes are arguments of build.")
    needed = [
        p.name
        for p in parameters
        if p.default is p.empty and p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL) and p.name not in (*names, "rng")
    ]
    if needed:
        raise ValueError(f"Argument build needs {', '.join(needed)}: give axes of these names, or defaults.")


def read_states(states: Any) -> dict[str, Callable[[int], Any]]:
    """States by name, from names of qbsim's states or from {name: f(N)}, as functions of the number of cells.

    What they return is what `evolve` takes; a name and a state of one cell stand for any number of them.
    """
    if isinstance(states, str | Qobj):
        states = (states,)
    if not isinstance(states, Iterable):
        raise TypeError(f"Argument states must be names or a dict of functions of N, but is {shown(states)}.")
    makers: dict[str, Callable[[int], Any]] = {}
    for name in states:
        make = states[name] if isinstance(states, Mapping) else name
        if isinstance(make, str):
            if make not in NAMED:
                raise ValueError(nearest("state", make, list(NAMED), INSTEAD))
            make = NAMED[make]
        if _is_of_cells(make):
            make = _always(make)
        _check_maker(name, make)
        if str(name) in makers:
            raise ValueError(f"Argument states must name every state once, but repeats {name!r}.")
        makers[str(name)] = make
    if not makers:
        raise ValueError("Argument states must name at least one state.")
    return makers


def start_of(make: Callable[[int], Any], battery: Battery, name: str) -> InitialState:
    """State of a battery; one of those with a name is not written out."""
    known = next((word for word, function in NAMED.items() if function is make), None)
    return read_state(known or make(battery.N), battery.dims, f"states[{name!r}]")


def _is_of_cells(state: Any) -> bool:
    """Whether this is a state of one cell, or a list of them."""
    if isinstance(state, list | tuple):
        return bool(state) and all(_is_of_cells(part) for part in state)
    return isinstance(state, Qobj) and len(state.dims[0]) == 1


def _always(state: Any) -> Callable[[int], Any]:
    """Function that gives the same for any number of cells."""
    return lambda N: state


def _check_maker(name: Any, make: Any) -> None:
    """Refuse a state that is not a function of the number of cells, or that has no name."""
    if isinstance(make, Qobj):
        raise TypeError(
            f"Argument states must hold functions of the number of cells, since a sweep may vary it, but holds "
            f"{shown(make)}; write {{'mine': lambda N: state}}, or give the state of one cell."
        )
    if name is make:
        raise TypeError(
            f"Argument states must name its functions, as in {{'mine': f}} with f(N), but holds {shown(make)} without "
            f"a name; the states {', '.join(NAMED)} go by their names."
        )
    check_call(f"State {name!r} must be a function of N", make, 1)


def _check_apart(measures: Mapping[str, Any], axes: Mapping[str, Any]) -> None:
    """Refuse a measure whose name the dataset of the sweep needs for something else."""
    own = ("half_life", "half_life_err", "gain", "gain_err", "realizations", "identity")
    ratios = ("ergotropy_ratio", "energy_ratio")
    taken = {*RESERVED, *axes, *own, *ratios, *(n + end for n in (*measures, *ratios) for end in ("_sem", "_mean"))}
    if clash := [name for name in measures if name in taken]:
        raise ValueError(f"Measure {clash[0]!r} must have another name: the dataset of the sweep needs this one.")


def _count(realizations: Any, point: dict[str, Any]) -> int:
    """Number of realizations at a point: a number, a function of the point, or {axis: {value: number}}."""
    if callable(realizations):
        check_call(f"Argument realizations must be a function of {', '.join(point)}", realizations, **point)
        realizations = realizations(**point)
    elif isinstance(realizations, Mapping):
        (axis, numbers), *more = realizations.items() or [("", {})]
        if more or axis not in point or not isinstance(numbers, Mapping):
            raise ValueError(
                f"Argument realizations must be a number, a function of the point, or {{axis: {{value: number}}}} for "
                f"one of the axes {', '.join(point)}, but is {realizations!r}."
            )
        if point[axis] not in numbers:
            raise ValueError(f"Argument realizations has no number for {axis} = {point[axis]!r}.")
        realizations = numbers[point[axis]]
    return as_count("realizations", realizations)
