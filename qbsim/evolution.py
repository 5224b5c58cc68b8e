"""`evolve`: a battery and a state make a labelled time series. Chooses a solver, evaluates the measures, certifies."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from . import _version
from ._checks import FloatArray, apart, as_flag, as_measured, as_tlist, explained
from ._checks.names import not_a_battery
from ._digest import json_digest
from ._machine import heard_by, one_thread
from .battery import Battery
from .measures.entanglement import NO_BONDS
from .measures.expectation import Expectation
from .measures.labels import attributes, rounding, time_attributes
from .measures.reference import Reference
from .measures.series import StateSeries
from .measures.table import Measure, measures_on, read_measures
from .solvers import Choice, Needs, Settings, choose, require_memory
from .solvers._certificate import combine, warn_of_cutoff
from .solvers._progress import Meter, Progress, followed
from .states import InitialState, read_state

if TYPE_CHECKING:
    import xarray as xr

UserMeasure = Callable[[Qobj, Battery], float]

__all__ = ["Series", "evolve", "needs_of", "series"]

DEFAULTS = Settings()
SMALL_DIMENSION = 256  # up to here matrices are too small to share among threads
BROKEN = 1e-6  # trace and Hermiticity errors, and negative eigenvalues, beyond which a run has no result
STATES_LIMIT = 4 * 2**30  # bytes of density matrices that states=True keeps


@dataclass
class Series:
    """Curves of one run as plain arrays: what `evolve` labels and a sweep collects by the thousand.

    Attributes
    ----------
    values : dict
        Name of a measure to its curve, (T,).
    rho : ndarray (T, d, d) or None
        Density matrices of the cells, if kept.
    certificate : dict
        Largest trace error, Hermiticity error, most negative eigenvalue; estimated, not bounded, error of the passive
        energy.
    choice : Choice
        Which solver ran, and why.
    """

    values: dict[str, FloatArray]
    rho: np.ndarray | None
    certificate: dict[str, float | None]
    choice: Choice


def series(
    battery: Battery,
    rho0: InitialState,
    tlist: FloatArray,
    measures: dict[str, Measure | UserMeasure],
    settings: Settings = DEFAULTS,
    *,
    states: bool = False,
    progress: bool = False,
) -> Series:
    """Curves of the measures without labels; arguments are already checked."""
    needs = needs_of(measures, states=states)
    # small batteries on one thread; large matrices are worth sharing
    with one_thread() if math.prod(battery.dims) <= SMALL_DIMENSION else nullcontext():
        choice = choose(battery, rho0, tlist, settings.solver, needs=needs)
        settings.require_qutip(choice.name)
        require_memory(choice, battery, rho0, tlist)
        reference = Reference(battery, settings.passive_tol, float(tlist[0]))
        measures = measures_on(battery, measures)
        parts: dict[str, list[FloatArray]] = {key: [] for key in measures}
        kept, certificates = [], []
        with _shown(choice, battery, rho0, tlist, needs.spectrum) if progress else heard_by(None) as meter:
            for segment in choice.module.run(battery, rho0, tlist, settings):
                for key, measure in measures.items():
                    parts[key].append(np.array(_evaluate(key, measure, segment, reference), dtype=float))
                certificates.append(_certify(segment, reference, choice.name))
                if states:
                    kept.append(segment.dense)
                if meter is not None:
                    meter.passed(len(segment))
                reference.forget()
                del segment  # before the next one takes its memory
    certificate = {name: combine(name, [part[name] for part in certificates]) for name in certificates[0]}
    warn_of_cutoff(certificate.get("population_at_cutoff"))
    values = {key: np.concatenate(curves) for key, curves in parts.items()}
    return Series(values, np.concatenate(kept) if states else None, certificate, choice)


def needs_of(measures: Mapping[str, Measure | UserMeasure], *, states: bool = False) -> Needs:
    """What these measures need of the states."""
    own = [repr(name) for name, row in measures.items() if not isinstance(row, Measure) or isinstance(row, Expectation)]
    spectrum = any(isinstance(row, Measure) and row.spectral for row in measures.values())
    return Needs(spectrum, (*(["states=True"] if states else []), *(f"the measure {name}" for name in own)))


def _shown(
    choice: Choice, battery: Battery, rho0: InitialState, tlist: FloatArray, spectrum: bool
) -> AbstractContextManager[Meter]:
    """Progress of a run by the forecast of its solver; it shows if the run is forecast to be long, or is."""
    solving, total = (choice.module.seconds(battery, rho0, tlist, spectrum=s) for s in (False, spectrum))
    return followed(Progress(unit="times"), len(tlist), solving, total)


def _certify(segment: StateSeries, reference: Reference, solver: str) -> dict[str, Any]:
    """Entries of the certificate for a segment, after its measures.

    Raises
    ------
    ArithmeticError
        If a solver returns what is not a state: numbers made from it would look like any others.
    """
    battery, passive, lowest = reference.battery, None, None
    if reference.has_passive(segment):
        passive = reference.passive(segment)
        lowest = passive.lowest
    elif "eigenvalues" in segment.__dict__:  # already known, so the certificate costs nothing
        lowest = float(segment.eigenvalues.min())
    trace_error, hermiticity, least = segment.trace_error(), segment.hermiticity_error(), segment.lowest()
    least = least if lowest is None else min(lowest, least)
    holds = {  # nan holds nothing; no population is below all eigenvalues
        f"the trace is off by {trace_error:.3g}": trace_error <= BROKEN,
        f"the state differs from its adjoint by {hermiticity:.3g}": hermiticity <= BROKEN,
        f"a probability is {least:.3g}": least >= -BROKEN or "negative rates" in battery.terms,
    }
    if faults := [text for text, held in holds.items() if not held]:
        raise ArithmeticError(
            f"Solver {solver!r} broke down at or before time {segment.times[-1]:g}: {' and '.join(faults)}. "
            "No result is returned. Ask for a smaller rtol, choose another solver, or check superoperators among "
            "c_ops, which must keep the trace and the positivity of states."
        )
    entries = {"trace_error": trace_error, "hermiticity_error": hermiticity, "lowest_eigenvalue": lowest}
    if reference.passive_tol is not None:
        entries |= {
            "passive_nodes": passive.nodes if passive else 0,
            "passive_error": passive.error if passive else 0.0,
        }
    if reference.bound:
        entries["ergotropy_bound"] = reference.bound
    if battery.truncation is not None:
        edge = segment.expect(battery.truncation.to("CSR").data.as_scipy())
        entries["population_at_cutoff"] = max(0.0, float(edge.max()))
    return entries


def _evaluate(name: str, measure: Measure | UserMeasure, segment: StateSeries, reference: Reference) -> FloatArray:
    if isinstance(measure, Measure):
        return measure.evaluate(segment, reference)
    dims = [segment.cell_dims] * 2
    return np.array([as_measured(name, measure(Qobj(rho, dims=dims), reference.battery)) for rho in segment.dense])


@explained
def evolve(
    battery: Battery,
    rho0: Qobj | Sequence[Qobj] | str,
    tlist: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    *,
    solver: str = DEFAULTS.solver,
    rtol: float = DEFAULTS.rtol,
    atol: float = DEFAULTS.atol,
    states: bool = False,
    passive_tol: float | None = None,
    options: Mapping[str, Any] | None = None,
    args: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""Evolve a battery and record figures of merit.

    .. math:: \dot\rho = -i[H, \rho] + \mathcal D\rho, \qquad \rho(t_0) = \rho_0

    Parameters
    ----------
    battery : Battery
        What is measured, evolved and lost.
    rho0 : Qobj, sequence of Qobj or str
        State at ``tlist[0]``, ket or density matrix: of all tensor factors of the battery; of one cell, such as
        ``plus(1)``, which stands for every cell; a list with one for each; or a name, "full", "empty", "plus" or
        "classical". The last three do for any number of cells.
    tlist : (T,)
        Strictly increasing times, in the inverse unit of the rates.
    measures : str, sequence of str, or dict
        Names out of ``qbsim.MEASURES``; as a dict {name: operator} for expectation values, {name: f(rho, battery)} for
        user measures, and {name: known name}. An operator (Qobj or QobjEvo) is Hermitian and acts on the cells or on
        all tensor factors; the cheapest solver stays in use. A function gets the state of `battery.cells` (the blocks
        of total spin if the battery is a `Collective`) and returns one real number; nan is allowed.
    solver : str
        "auto" takes the cheapest by forecast; the attributes say what was compared. "qutip" is the reference.
    rtol, atol : float
        Accuracy asked of the solver, each between 1e-15 and 0.1, where it is not exact to rounding anyway.
    states : bool
        Keep the cells' density matrices as variable `rho` (time, row, col). The solvers for many cells have none, and
        are not taken then, nor for functions and operators as measures.
    passive_tol : float, optional
        Interpolate the passive energy between adaptively chosen times, aiming at an error of this fraction of the
        spread of H0, which 1300 random networks kept at 1e-4. The error is estimated, not bounded; the estimate is
        `passive_error` of the certificate, in the unit of energy. The energy is solved for at every time. Batteries
        with a charger or with a generator that depends on time are not interpolated.
    options : dict, optional
        For QuTiP's integrator, with solver "qutip": method, max_step, min_step, first_step, nsteps, order. Without
        max_step, steps are limited where a drive has structure in time.
    args : dict, optional
        Arguments of the functions of time in H and c_ops, in place of those the battery has.
    progress : bool
        Show on stderr how far a run is that is forecast to take more than ten seconds, or that does, and how much time
        is left.

    Returns
    -------
    xarray.Dataset
        Coordinate `time`, one variable per measure, each with `long_name` and `units`, and with `rounding`, 1e-9 of the
        spread of H0, where an energy starts below it: such a curve has no half-life. attrs: parameters (JSON) and
        their SHA-256, solver, solver_reason with the forecasts that were compared, rtol and atol where the solver has
        such a tolerance, versions, label, and a certificate (JSON): the largest trace
        error with normalisation off, the largest Hermiticity error and the most negative eigenvalue met (null if no
        measure needed eigenvalues). Where the ergotropy of many different cells is known between bounds only, it is
        the middle of them, and `ergotropy_bound` of the certificate is its largest error.

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
    KeyboardInterrupt
        After Ctrl-C, at the latest once the eigenvalue problem or the step of the solver that runs is done; nothing is
        left half done, and the same call starts anew.

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
        raise not_a_battery(battery)
    if args is not None:
        battery = battery.replace(args=args)
    start = read_state(rho0, battery.dims)
    times = as_tlist(tlist)
    table = read_measures(measures)
    settings = Settings(solver, rtol, atol, passive_tol, options).checked()
    if as_flag("states", states):
        size = 16 * len(times) * math.prod(battery.cell_dims) ** 2
        if size > STATES_LIMIT:
            needed, limit = apart(size / 2**30, STATES_LIMIT / 2**30, least=3)
            raise MemoryError(
                f"states=True would keep {needed} GiB of density matrices, more than the limit of {limit} GiB. "
                "Ask for fewer times or cells, or for measures by their names."
            )
    run = series(battery, start, times, table, settings, states=states, progress=as_flag("progress", progress))
    met = {name: getattr(settings, name) for name in (*run.choice.module.TOLERANCES, "passive_tol")}
    met["options"] = None if settings.options is None else json.dumps(settings.options)
    return _label(battery, times, table, run, met)


def _label(
    battery: Battery,
    times: FloatArray,
    table: dict[str, Measure | UserMeasure],
    run: Series,
    met: dict[str, Any],
) -> xr.Dataset:
    """Dataset with names, units and provenance."""
    import xarray as xr

    variables: dict[str, Any] = {}  # one Dataset of all at once: xarray merges indexes at every assignment
    for name, curve in run.values.items():
        row = table[name]
        attrs = attributes(name, row, battery.unit)
        if name == "concurrence" and not battery.edges:
            attrs["reason"] = f"nan: {NO_BONDS}"
        if isinstance(row, Measure) and row.units == "energy" and (floor := rounding(battery, float(curve[0]))):
            attrs["rounding"] = floor
        variables[name] = ("time", curve, attrs)
    if run.rho is not None:
        variables["rho"] = (("time", "row", "col"), run.rho, {"long_name": "density matrix of the cells", "units": "1"})
    ds = xr.Dataset(variables, coords={"time": ("time", times, time_attributes(battery.unit))})
    parameters = battery.parameters()
    ds.attrs = {
        "label": battery.label,
        "parameters": json.dumps(parameters),
        "parameters_sha256": json_digest(parameters),
        "solver": run.choice.name,
        "solver_reason": "; ".join(part for part in (run.choice.reason, run.choice.compared) if part),
        **{name: value for name, value in met.items() if value is not None},
        "certificate": json.dumps(run.certificate),
        **_version.versions(),
    }
    return ds
