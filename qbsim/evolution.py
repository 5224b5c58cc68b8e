"""`evolve`: a battery and a state make a labelled time series. Chooses a solver, evaluates the measures, certifies."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from . import _version
from ._certificate import warn_of_cutoff
from ._checks import FloatArray, apart, as_flag, as_measured, as_real, as_tlist, as_tolerance
from ._digest import json_digest
from ._machine import SURELY_FREE, available_memory, one_thread
from .battery import Battery
from .curves import ROUNDING
from .measures.entanglement import NO_BONDS
from .measures.reference import Reference
from .measures.series import States
from .measures.table import MEASURES, Measure, measures_on, read_measures
from .solvers import choose
from .states import check_state

if TYPE_CHECKING:
    import xarray as xr

P = ParamSpec("P")

__all__ = ["Series", "evolve", "series"]

RTOL, ATOL = 1e-8, 1e-10
SMALL_DIMENSION = 256  # up to here matrices are too small to share among threads
BROKEN = 1e-6  # trace and Hermiticity errors, and negative eigenvalues, beyond which a run has no result
SPECTRAL = [MEASURES[name] for name in ("ergotropy", "efficiency", "coherent_ergotropy", "entropy")]
STATES_LIMIT = 4 * 2**30  # bytes of density matrices that states=True keeps


@dataclass
class Series:
    """Curves of one run as plain arrays: what `evolve` labels and a sweep collects by the thousand.

    Attributes
    ----------
    values : dict
        Name of a measure to its curve, (T,).
    rho : ndarray (T, d, d) or None
        Density matrices of the cells, if asked for.
    certificate : dict
        Largest trace error, Hermiticity error, most negative eigenvalue; estimated, not bounded, error of the passive
        energy.
    solver, reason : str
        Which solver ran, and why.
    compared : str
        Forecasts of the solvers that were compared, and why the others could not do it.
    tolerances : sequence of str
        Which of "rtol" and "atol" the solver met.
    """

    values: dict[str, FloatArray]
    rho: np.ndarray | None
    certificate: dict[str, float | None] = field(default_factory=dict)
    solver: str = ""
    reason: str = ""
    compared: str = ""
    tolerances: Sequence[str] = ()


def _small_on_one_thread(run: Callable[P, Series]) -> Callable[P, Series]:
    """Solve small batteries on one BLAS thread; large matrices are worth sharing."""

    @wraps(run)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> Series:
        battery = args[0]
        assert isinstance(battery, Battery)
        with one_thread() if int(np.prod(battery.dims)) <= SMALL_DIMENSION else nullcontext():
            return run(*args, **kwargs)

    return wrapper


@_small_on_one_thread
def series(
    battery: Battery,
    rho0: Qobj,
    tlist: FloatArray,
    measures: dict[str, Measure | Callable[[Qobj, Battery], float]],
    *,
    solver: str = "auto",
    rtol: float = RTOL,
    atol: float = ATOL,
    states: bool = False,
    passive_tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> Series:
    """Curves of the measures without labels; arguments are already checked."""
    spectrum = any(measure in SPECTRAL for measure in measures.values())
    name, module, reason, compared = choose(battery, rho0, tlist, solver, spectrum=spectrum)
    if options is not None and name != "qutip":
        raise ValueError(f"Argument options is for solver 'qutip', but solver {name!r} runs; pass solver='qutip'.")
    extra = {} if options is None else {"options": module.read_options(options)}
    need = module.forecast(battery, rho0, tlist)
    if need > SURELY_FREE and need > (free := available_memory()):
        needed, left = apart(need / 2**30, free / 2**30, least=3)
        raise MemoryError(
            f"This run needs about {needed} GiB with solver {name!r}, but {left} GiB are free. "
            "Use fewer cells or fewer times."
        )
    reference = Reference(battery, passive_tol, float(tlist[0]))
    measures = measures_on(battery, measures)
    edge = None if battery.truncation is None else battery.truncation.to("CSR").data.as_scipy()
    values = {key: np.empty(len(tlist)) for key in measures}
    kept: list[np.ndarray] = []
    trace_error, hermiticity, lowest, cut = 0.0, 0.0, np.inf, 0.0
    nodes, passive_error = 0, 0.0
    start = 0
    for stretch in module.run(battery, rho0, tlist, rtol=rtol, atol=atol, few=passive_tol is not None, **extra):
        part = slice(start, start + len(stretch))
        for key, measure in measures.items():
            values[key][part] = _evaluate(key, measure, stretch, reference)
        # np.maximum lets nan through, which max() loses
        trace_error = float(np.maximum(trace_error, np.abs(stretch.populations.sum(axis=1) - 1).max()))
        hermiticity = float(np.maximum(hermiticity, stretch.hermiticity_error()))
        least = float(stretch.populations.min())  # never below the lowest eigenvalue
        if reference.has_passive(stretch):
            passive = reference.passive(stretch)
            nodes, passive_error = nodes + passive.nodes, max(passive_error, passive.error)
            lowest = min(lowest, passive.lowest)
        elif "eigenvalues" in stretch.__dict__:  # already known, so the certificate costs nothing
            lowest = min(lowest, float(stretch.eigenvalues.min()))
        _refuse_broken(battery, name, stretch, trace_error, hermiticity, min(lowest, least))
        if edge is not None:
            cut = max(cut, float(stretch.expect(edge).max()))
        if states:
            kept.append(stretch.dense)
        start = part.stop
        reference.forget()
        del stretch  # before the next one takes its memory
    certificate = {
        "trace_error": trace_error,
        "hermiticity_error": hermiticity,
        "lowest_eigenvalue": lowest if np.isfinite(lowest) else None,
    }
    if passive_tol is not None:
        certificate |= {"passive_nodes": nodes, "passive_error": passive_error}
    if edge is not None:
        certificate["population_at_cutoff"] = cut
    warn_of_cutoff(cut)
    rho = np.concatenate(kept) if states else None
    return Series(values, rho, certificate, name, reason, compared, module.TOLERANCES)


def _refuse_broken(
    battery: Battery, solver: str, stretch: States, trace_error: float, hermiticity: float, lowest: float
) -> None:
    """Raise if what a solver delivers is not a state: numbers made from it would look like any others."""
    faults = []
    if not trace_error <= BROKEN:
        faults.append(f"the trace is off by {trace_error:.3g}")
    if not hermiticity <= BROKEN:
        faults.append(f"the state differs from its adjoint by {hermiticity:.3g}")
    if "negative rates" not in battery.terms and not lowest >= -BROKEN:
        faults.append(f"a probability is {lowest:.3g}")
    if faults:
        raise ArithmeticError(
            f"Solver {solver!r} broke down at or before time {stretch.times[-1]:g}: {' and '.join(faults)}. No result "
            "is returned. Ask for a smaller rtol, choose another solver, or check superoperators among c_ops, which "
            "must keep the trace and the positivity of states."
        )


def _evaluate(
    name: str, measure: Measure | Callable[[Qobj, Battery], float], stretch: States, reference: Reference
) -> FloatArray:
    if isinstance(measure, Measure):
        return measure.evaluate(stretch, reference)
    battery = reference.battery
    dims = [stretch.cell_dims] * 2
    return np.array([as_measured(name, measure(Qobj(rho, dims=dims), battery)) for rho in stretch.dense])


def evolve(
    battery: Battery,
    rho0: Qobj,
    tlist: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    *,
    solver: str = "auto",
    rtol: float = RTOL,
    atol: float = ATOL,
    states: bool = False,
    passive_tol: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> xr.Dataset:
    r"""Evolve a battery and record figures of merit.

    .. math:: \dot\rho = -i[H, \rho] + \mathcal D\rho, \qquad \rho(t_0) = \rho_0

    Parameters
    ----------
    battery : Battery
        What is measured, evolved and lost.
    rho0 : Qobj, ket or (D, D)
        State at ``tlist[0]``, on all tensor factors of the battery.
    tlist : (T,)
        Strictly increasing times, in the inverse unit of the rates.
    measures : str, sequence of str, or dict
        Names out of ``qbsim.MEASURES``; as a dict {name: f(rho, battery)} (or {name: known name}) for one's own, with
        the state of `battery.cells` (the blocks of total spin if the battery is a `Collective`). A function returns one
        real number; nan is allowed.
    solver : str
        "auto" takes the cheapest by forecast; the attributes say what was compared. "qutip" is the reference.
    rtol, atol : float
        Accuracy asked of the solver, each between 1e-15 and 0.1, where it is not exact to rounding anyway.
    states : bool
        Keep the cells' density matrices as variable `rho` (time, row, col).
    passive_tol : float, optional
        Interpolate the passive energy between adaptively chosen times, aiming at an error of this fraction of the
        spread of H0, which 1300 random networks kept at 1e-4. The error is estimated, not bounded; the estimate is
        `passive_error` of the certificate, in the unit of energy. The energy is solved for at every time. Batteries
        with a charger or with a generator that depends on time are not interpolated.
    options : dict, optional
        For QuTiP's integrator, with solver "qutip": method, max_step, min_step, first_step, nsteps, order. Without
        max_step, steps are limited where a drive has structure in time.

    Returns
    -------
    xarray.Dataset
        Coordinate `time`, one variable per measure, each with `long_name` and `units`, and with `rounding`, 1e-9 of the
        spread of H0, where an energy starts below it: such a curve has no half-life. attrs: parameters (JSON) and
        their SHA-256, solver, solver_reason with the forecasts that were compared, rtol and atol where the solver has
        such a tolerance, versions, label, and a certificate (JSON): the largest trace
        error with normalisation off, the largest Hermiticity error and the most negative eigenvalue met (null if no
        measure needed eigenvalues).

    Raises
    ------
    TypeError, ValueError
        For a state that is not a state of this battery, times that do not increase, an unknown measure, solver or
        option, a measure that returns no real number, or a drive that is not Hermitian or not finite.
    MemoryError
        If the forecast exceeds the free memory, or states=True the limit; the message carries the number.
    ArithmeticError
        If what the solver delivers is not a state: trace or Hermiticity off by more than 1e-6, or, unless the network
        was built with allow_unphysical=True, a probability below -1e-6.

    Notes
    -----
    Energy, ergotropy and coherence are good to 1e-7 of the spread of H0 at the default tolerances; the concurrence is
    limited by the square root of the error of the state.

    A pulse of a drive is found wherever it is, however sparse `tlist`, if it is wider than a thousandth of the time
    span and above a thousandth of the largest value of its coefficient; a coefficient given as an array is followed
    from sample to sample. For a narrower pulse, pass ``options={"max_step": width}``.

    References
    ----------
    Eq. (11) of [santos2021]; Eq. (3) of [arjmandi2022].

    Examples
    --------
    >>> import numpy as np
    >>> from qbsim import evolve, full, half_life, single_cell
    >>> ds = evolve(single_cell(gamma=1.0), full(1), np.linspace(0, 1, 201))
    >>> round(half_life(ds.time, ds.ergotropy), 5)
    0.28768
    """
    if not isinstance(battery, Battery):
        raise TypeError(f"Argument battery must be a Battery, but is {type(battery).__name__}.")
    rho0 = check_state(rho0, battery.dims, "rho0")
    times = as_tlist(tlist)
    table = read_measures(measures)
    rtol, atol = as_tolerance("rtol", rtol), as_tolerance("atol", atol)
    if passive_tol is not None:
        passive_tol = as_real("passive_tol", passive_tol, minimum=0, maximum=1)
    if as_flag("states", states):
        size = 16 * len(times) * int(np.prod(battery.cell_dims)) ** 2
        if size > STATES_LIMIT:
            needed, limit = apart(size / 2**30, STATES_LIMIT / 2**30, least=3)
            raise MemoryError(
                f"states=True would keep {needed} GiB of density matrices, more than the limit of {limit} GiB. "
                "Ask for fewer times, or pass a measure that computes what you need."
            )
    run = series(
        battery,
        rho0,
        times,
        table,
        solver=solver,
        rtol=rtol,
        atol=atol,
        states=states,
        passive_tol=passive_tol,
        options=options,
    )
    met: dict[str, float | str | None] = {
        name: value for name, value in (("rtol", rtol), ("atol", atol)) if name in run.tolerances
    }
    met["passive_tol"] = passive_tol
    if options is not None:
        met["options"] = json.dumps(dict(options))
    return _label(battery, times, table, run, met)


def _rounding(battery: Battery, start: float) -> float:
    """1e-9 of the spread of H0 if a curve that starts like this starts below it, at rounding; 0 otherwise."""
    reference = Reference(battery)
    largest = 2 * float(abs(reference.H0).sum(axis=1).max())  # never below the spread, and found at once
    if abs(start) > ROUNDING * largest:
        return 0.0
    floor = ROUNDING * reference.spread
    return floor if abs(start) <= floor else 0.0


def _label(
    battery: Battery,
    times: FloatArray,
    table: dict[str, Measure | Callable[[Qobj, Battery], float]],
    run: Series,
    asked: dict[str, float | str | None],
) -> xr.Dataset:
    """Dataset with names, units and provenance."""
    import xarray as xr

    unit = battery.unit
    units = {"energy": unit, "power": "1" if unit == "1" else f"{unit}^2", "1": "1"}
    time_unit = "1" if unit == "1" else f"1/{unit}"
    variables: dict[str, Any] = {}  # one Dataset of all at once: xarray merges indexes at every assignment
    for name, curve in run.values.items():
        row = table[name]
        attrs: dict[str, Any] = (
            {"long_name": row.long_name, "units": units[row.units]}
            if isinstance(row, Measure)
            else {"long_name": name, "units": "1"}
        )
        if name == "concurrence" and not battery.edges:
            attrs["reason"] = f"nan: {NO_BONDS}"
        if isinstance(row, Measure) and row.units == "energy" and (floor := _rounding(battery, float(curve[0]))):
            attrs["rounding"] = floor
        variables[name] = ("time", curve, attrs)
    if run.rho is not None:
        variables["rho"] = (
            ("time", "row", "col"),
            run.rho,
            {"long_name": "density matrix of the cells", "units": "1"},
        )
    ds = xr.Dataset(variables, coords={"time": ("time", times, {"long_name": "time", "units": time_unit})})
    parameters = battery.parameters()
    ds.attrs = {
        "label": battery.label,
        "parameters": json.dumps(parameters),
        "parameters_sha256": json_digest(parameters),
        "solver": run.solver,
        "solver_reason": "; ".join(part for part in (run.reason, run.compared) if part),
        **{name: value for name, value in asked.items() if value is not None},
        "certificate": json.dumps(run.certificate),
        **_version.versions(),
    }
    return ds
