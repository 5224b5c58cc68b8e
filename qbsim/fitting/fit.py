"""`fit`: measured curves make rates, with errors, and what follows from them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._checks import as_real, explained, nearest
from .._checks.names import shown
from ..battery import Battery
from ..measures.table import MEASURES
from ..solvers import Settings
from .data import Curve, read_data
from .minimize import kind
from .model import Model, Refused
from .problem import Problem
from .report import need_lmfit
from .result import FitResult

__all__ = ["fit"]

PROBE = 1e-9  # a value as far below zero as this tells whether negative ones are refused
Bounds = dict[str, tuple[float, float]]


@explained
def fit(
    build: Callable[..., Battery],
    data: Any,
    start: Mapping[str, float],
    *,
    rho0: Any,
    measures: Mapping[str, Any] | None = None,
    bounds: Mapping[str, tuple[float, float]] | None = None,
    fixed: Sequence[str] | Mapping[str, float] | None = None,
    shots: Any = None,
    readout: Mapping[str, tuple[float, float]] | None = None,
    solver: str = "auto",
    rtol: float = 1e-10,
    atol: float = 1e-12,
) -> FitResult:
    r"""Fit the parameters of a battery to measured curves.

    .. math:: \chi^2(\theta) = \sum_i \left(\frac{y_i - f(t_i; \theta)}{\sigma_i}\right)^2 \quad\text{or, for counts,}
              \quad 2\sum_i n_i\left[y_i\ln\frac{y_i}{p_i} + (1 - y_i)\ln\frac{1 - y_i}{1 - p_i}\right]

    Parameters
    ----------
    build : callable
        build(**parameters) -> Battery. It is refused where it raises ValueError: the fit stays on the near side.
    data : dict, DataFrame or Dataset
        {measure: (t, y, sigma)}; a table with the columns time, measure, measure_sigma or measure_shots, and state if
        there are several; or a Dataset of `evolve` with measure_sem. With several initial states also
        {state: any of these}. Times count from rho0, at t = 0, in the inverse unit of the rates. Several measurements
        at one time are fine.
    start : dict
        Start value of every parameter of `build` that is not in `fixed`.
    rho0 : str, Qobj, sequence of Qobj, or dict
        State at t = 0 as in `evolve`, or {name: state} for several.
    measures : dict, optional
        Name in the data to a name of `qbsim.MEASURES`, an operator, or f(rho, battery), as in `evolve`.
    bounds : dict, optional
        Parameter to (lowest, highest); None or infinite for none. A lowest value of 0 is found by itself where `build`
        refuses negative ones.
    fixed : sequence of str, or dict
        Names of `start` that keep their value, or {name: value} of further arguments of `build`.
    shots : int, array or dict, optional
        Number of measurements behind every fraction, for data without sigma: a binomial likelihood. A dict has one for
        each measure.
    readout : dict, optional
        {measure: (offset, contrast)}: what is measured is offset + contrast times the measure. Both are parameters,
        ``<measure>_offset`` and ``<measure>_contrast``, with these start values, unless they are in `fixed`.
    solver, rtol, atol
        As in `evolve`; the derivatives need a solver this accurate.

    Returns
    -------
    FitResult
        ``result.params[name].value`` and ``.stderr`` as in lmfit, intervals, predictions, and what the data do not fix.

    Raises
    ------
    TypeError, ValueError
        For data, names or values that do not fit together, and for start values that `build` refuses.
    ImportError
        Without lmfit.

    Notes
    -----
    Values that are refused, such as rates beyond the limit of a positive decay matrix, do not stop a fit: it slides
    along the limit, and the result says so. The minimum is the nearest one below the start; where curves oscillate,
    start with a coupling that is right to a part of an oscillation.

    References
    ----------
    Chapter 23 of [lawson1974] for steps with inequalities.

    Examples
    --------
    >>> import numpy as np
    >>> from qbsim import fit, single_cell
    >>> t = np.linspace(0, 3, 31)
    >>> noise = 0.01 * np.random.default_rng(1).normal(size=t.size)
    >>> result = fit(single_cell, {"energy": (t, np.exp(-0.7 * t) + noise, 0.01)}, {"gamma": 1.0}, rho0="full")
    >>> abs(result.params["gamma"].value - 0.7) < 3 * result.params["gamma"].stderr
    True
    """
    need_lmfit()
    if not callable(build) or isinstance(build, Battery):
        raise TypeError(
            f"Argument build must be a function that returns a Battery, but is {shown(build)}; pass "
            "lambda gamma: qbsim.network(edges, gamma=gamma)."
        )
    states = dict(rho0) if isinstance(rho0, Mapping) else {"": rho0}
    if not states:
        raise ValueError("Argument rho0 must hold at least one initial state.")
    curves = read_data(data, list(states), shots)
    table = _table(curves, measures)
    readouts, read_start = _readout(readout, {curve.measure for curve in curves})
    values, held = _parameters(build, start, fixed, read_start)
    settings = Settings(solver, rtol, atol).checked()
    model = Model(build, states, table, curves, readouts, settings)
    free = [name for name in values if name not in held]
    limits = _bounds(bounds, free, [*values], values)
    points = sum(len(curve.t) for curve in curves)
    if len(free) > points:
        raise ValueError(f"Argument data has {points} points, fewer than the {len(free)} free parameters: hold some.")
    if not free:
        raise ValueError("Argument start must leave at least one parameter free, but all are fixed.")
    problem = Problem(model, free, held, _with_zeros(model, values, limits, bounds or {}))
    try:
        best = problem.minimize(np.array([values[name] for name in free]))
    except Refused as refused:
        raise ValueError(f"Argument start holds values that are refused: {refused}") from refused
    return FitResult(problem, best, values)


def _table(curves: Sequence[Curve], measures: Mapping[str, Any] | None) -> dict[str, Any]:
    """Measure of every name in the data."""
    if measures is not None and not isinstance(measures, Mapping):
        raise TypeError(f"Argument measures must be a dict of names in the data, but is {shown(measures)}.")
    own = dict(measures or {})
    names = list(dict.fromkeys(curve.measure for curve in curves))
    for name in own:
        if name not in names:
            raise ValueError(nearest("name of data in measures,", name, names))
    for name in names:
        if name not in own and name not in MEASURES:
            raise ValueError(nearest("measure in data,", name, [*own, *MEASURES]) + " Others need a row in measures.")
    return {name: own.get(name, name) for name in names}


def _readout(readout: Any, names: set[str]) -> tuple[dict[str, tuple[str, str]], dict[str, float]]:
    """Names of the parameters of every readout, and their start values."""
    found: dict[str, tuple[str, str]] = {}
    values: dict[str, float] = {}
    if readout is not None and not isinstance(readout, Mapping):
        raise TypeError(f"Argument readout must be a dict {{measure: (offset, contrast)}}, but is {shown(readout)}.")
    for name, pair in (readout or {}).items():
        if name not in names:
            raise ValueError(nearest("measure in readout,", name, sorted(names)))
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"Argument readout[{name!r}] must be (offset, contrast), but is {shown(pair)}.")
        found[name] = (f"{name}_offset", f"{name}_contrast")
        values |= {n: as_real(n, value) for n, value in zip(found[name], pair, strict=True)}
    return found, values


def _parameters(
    build: Any, start: Any, fixed: Any, readout: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float]]:
    """Start values of all parameters, and those that are held."""
    if not isinstance(start, Mapping):
        raise TypeError(f"Argument start must be a dict {{parameter: value}}, but is {shown(start)}.")
    values = {name: as_real(f"start[{name!r}]", value) for name, value in start.items()}
    further = fixed if isinstance(fixed, Mapping) else {}
    for name in further:
        if name in values:
            raise ValueError(
                f"Parameter {name!r} is both in start and in fixed: give its value once, or fixed=[{name!r}]."
            )
    values |= {name: as_real(f"fixed[{name!r}]", value) for name, value in further.items()}
    _check_names(build, values)
    values |= readout
    if isinstance(fixed, str):
        fixed = [fixed]
    if fixed is not None and not isinstance(fixed, Mapping | Sequence | set):
        raise TypeError(f"Argument fixed must be names of parameters, but is {shown(fixed)}.")
    for name in fixed or ():
        if name not in values:
            raise ValueError(nearest("parameter in fixed,", name, list(values)))
    return values, {name: values[name] for name in fixed or ()}


def _check_names(build: Any, values: Mapping[str, float]) -> None:
    """Refuse names that `build` does not take, and say which ones it needs."""
    try:
        known = inspect.signature(build).parameters
    except (TypeError, ValueError):  # nothing is known of its arguments
        return
    named = [p.name for p in known.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    anything = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for name in values:
        if name not in named and not anything:
            raise ValueError(nearest("parameter in start,", name, named))
    missing = [n for n in named if known[n].default is inspect.Parameter.empty and n not in values]
    if missing:
        raise ValueError(f"Argument start must have a value of {' and '.join(missing)}, which build needs.")


def _bounds(bounds: Any, free: Sequence[str], known: Sequence[str], values: Mapping[str, float]) -> Bounds:
    """Bounds of the free parameters; a start outside of its bounds is refused."""
    if bounds is not None and not isinstance(bounds, Mapping):
        raise TypeError(f"Argument bounds must be a dict {{parameter: (lowest, highest)}}, but is {shown(bounds)}.")
    found: Bounds = dict.fromkeys(free, (-np.inf, np.inf))
    for name, pair in (bounds or {}).items():
        if name not in known:
            raise ValueError(nearest("parameter in bounds,", name, known))
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"Argument bounds[{name!r}] must be (lowest, highest), but is {shown(pair)}.")
        low, high = (_bound(name, value, side) for value, side in zip(pair, (-np.inf, np.inf), strict=True))
        if not low < high:
            raise ValueError(
                f"Argument bounds[{name!r}] must have a lowest value below the highest, but is {shown(pair)}."
            )
        if name in free:
            if not low <= values[name] <= high:
                raise ValueError(f"Argument start[{name!r}] must be from {low:g} to {high:g}, but is {values[name]:g}.")
            found[name] = (low, high)
    return found


def _bound(name: str, value: Any, none: float) -> float:
    if value is None or (isinstance(value, float) and value == none):
        return none
    return as_real(f"bounds[{name!r}]", value)


def _with_zeros(model: Model, values: Mapping[str, float], limits: Bounds, given: Mapping[str, Any]) -> Bounds:
    """Bounds with a lowest value of zero where `build` refuses what is below zero, and zero not for that reason."""

    def refusal(name: str, value: float) -> str:
        try:
            model.battery({**values, name: value})
        except Refused as refused:
            return kind(str(refused))
        return ""

    found = dict(limits)
    for name, (low, high) in limits.items():
        unbounded = low == -np.inf and name not in given and values[name] >= 0
        if unbounded and refusal(name, -PROBE) not in ("", refusal(name, 0.0)):
            found[name] = (0.0, high)
    return found
