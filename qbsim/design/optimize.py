"""`optimize`: the parameters, between bounds, that make a number of a battery largest."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .. import _version
from .._checks import FloatArray, MeasureWarning, as_count, as_flag, as_tlist, explained, nearest, warn
from .._checks.names import shown
from .._digest import json_digest
from .._files import save
from .._machine import one_thread
from ..battery import Battery
from ..evolution import DEFAULTS
from ..measures.table import read_measures
from ..solvers import Settings
from ..solvers._progress import Progress
from ..sweeps.batches import Store, read_batch
from ..sweeps.rows import Rows
from ..sweeps.tasks import now, numerics
from .curvature import Curvature, curvature_at
from .methods import METHODS, REFUSED, UNDEFINED
from .optimum import NEAR, Optimum, as_history
from .space import Space, accepted, read_constraints, read_first, read_space
from .starts import Refused, Starts, quiet

__all__ = ["optimize"]

KIND = "optimize"
EVALUATIONS = 100  # for every parameter and one more: most evaluations of a start, if not asked otherwise


@explained
def optimize(
    build: Callable[..., Battery],
    space: Mapping[str, Any],
    objective: Callable[..., float],
    *,
    rho0: Any,
    tlist: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    minimise: bool = False,
    constraints: Sequence[tuple[Callable[..., float], float | None, float | None]] = (),
    realizations: int = 1,
    starts: int = 8,
    seed: int = 0,
    first: Mapping[str, Any] | None = None,
    method: str = "auto",
    evaluations: int | None = None,
    store: str | PathLike[str] | None = None,
    executor: Any = None,
    workers: int | None = None,
    solver: str = DEFAULTS.solver,
    rtol: float = DEFAULTS.rtol,
    atol: float = DEFAULTS.atol,
    passive_tol: float | None = None,
    progress: bool = True,
) -> Optimum:
    r"""Find the parameters of a battery, or of its initial state, that make an objective largest.

    .. math:: \max_p \frac1n \sum_{k<n} f\big(\mathrm{run}(p, k)\big), \qquad
              p_\mathrm{low} \le p \le p_\mathrm{high}, \quad c_\mathrm{low} \le c(p) \le c_\mathrm{high}

    Parameters
    ----------
    build : callable
        ``build(**parameters, rng=...)`` returns the battery; a builder without `rng` has no disorder. A point at which
        it raises ValueError, such as one beyond the limit of a positive decay matrix, is left out of the search.
    space : dict
        {name: (low, high)} for a number, {name: (low, high, n)} for a vector of n numbers: arguments of `build`, of
        `rho0`, or of both.
    objective : callable
        ``objective(ds)`` returns a number for the Dataset of a run, for example a half-life, an ergotropy at a time or
        a largest power. Where it is nan there is no value, which counts as the worst.
    rho0 : Qobj, sequence of Qobj, str, or callable
        Initial state as in `evolve`, or a function of the parameters that returns one.
    tlist : (T,)
        Strictly increasing times, in the inverse unit of the rates.
    measures : str, sequence of str, or dict
        As in `evolve`.
    minimise : bool
        Make the objective smallest instead.
    constraints : sequence of (function, low, high)
        low <= function(parameters) <= high, with None for a limit that is not there; low = high fixes the value. A
        function takes those parameters that it names.
    realizations : int
        How many batteries the objective is averaged over where `build` is random: the same draws at every point.
    starts : int
        Number of searches: the first from `first`, the others from random places. More starts keep those there are.
    seed : int
        Master seed of the places and of the realizations, ``SeedSequence([seed, k])`` as in `sweep`.
    first : dict, optional
        Parameters at which the first start begins; by default the middles of the ranges.
    method : {"auto", "gradient", "simplex"}
        "gradient": L-BFGS-B with finite differences, SLSQP with constraints. "simplex": Nelder and Mead. "auto" takes
        turns: the gradient goes far where the objective is smooth, the simplex goes on at kinks and edges; with an
        equality among the constraints SLSQP alone, begun again until it gains nothing.
    evaluations : int, optional
        Most evaluations of one start, by default 100 (P + 1) for P numbers.
    store : path, optional
        Folder of its own that keeps every finished start; the same call resumes, one with more starts goes on.
    executor, workers
        As in `sweep`: the starts run in processes, with the same bits for any number of workers.
    solver, rtol, atol, passive_tol
        As in `evolve`.
    progress : bool
        Show the progress and the time left on stderr.

    Returns
    -------
    Optimum
        The best parameters, value, battery, initial state and run; the history of evaluations; how many starts agree;
        the curvature at the optimum; which parameters are at a bound.

    Raises
    ------
    TypeError, ValueError
        For arguments that do not fit, parameters that neither `build` nor `rho0` takes, or a space in which nothing can
        be built, has a value, or meets the constraints.
    RuntimeError
        If a worker builds other batteries than this process.
    OSError
        If the store cannot be written or another process holds it.

    Warns
    -----
    MeasureWarning
        If the objective was nan at some points: where a half-life is not reached inside `tlist` the battery may be
        better than the one that is returned.

    Notes
    -----
    A local search from several places proves nothing; starts that agree, and a curvature that is clearly not zero, are
    what speaks for an optimum. An average over few realizations is optimistic: the parameters fit those draws.

    Examples
    --------
    The collective decay with which two coherent cells keep most energy is the most negative one that is allowed:

    >>> from qbsim import network
    >>> pair = lambda gamma_bond: network([(0, 1)], gamma=1.0, gamma_bond=gamma_bond)
    >>> found = optimize(pair, {"gamma_bond": (-2.0, 2.0)}, lambda ds: float(ds.energy[-1]), rho0="plus",
    ...                  tlist=[0.0, 1.0], measures="energy", starts=2, executor="serial")
    >>> round(found.parameters["gamma_bond"], 4)
    -1.0
    >>> found.edge[:47]
    'The decay matrix is not positive semidefinite: '
    """
    box = read_space(space)
    job = Starts(
        build=build,
        space=box,
        objective=objective,
        rho0=rho0,
        tlist=as_tlist(tlist),
        measures=measures,
        constraints=read_constraints(constraints),
        minimise=as_flag("minimise", minimise),
        realizations=as_count("realizations", realizations),
        seed=as_count("seed", seed, minimum=0),
        method=method,
        evaluations=as_count(
            "evaluations", EVALUATIONS * (len(box.labels) + 1) if evaluations is None else evaluations
        ),
        first=read_first(first, box),
        settings=Settings(solver, rtol, atol, passive_tol).checked(),
    )
    _check(job)
    count = as_count("starts", starts)
    workers = None if workers is None else as_count("workers", workers)
    history = _searched(job, count, store, (executor, workers), Progress(as_flag("progress", progress), "starts"))
    with one_thread():
        return _judged(job, history)


def _check(job: Starts) -> None:
    """Refuse what is no function, an unknown method or measure, and parameters that nothing takes."""
    for name in ("build", "objective"):
        if not callable(value := getattr(job, name)):
            raise TypeError(f"Argument {name} must be a function, but is {shown(value)}.")
    if job.method not in METHODS:
        raise ValueError(nearest("method", job.method, METHODS))
    _ = read_measures(job.measures)
    functions = [job.build, *([job.rho0] if callable(job.rho0) and not hasattr(job.rho0, "dims") else [])]
    taken = {name for function in functions for name in accepted(function, job.space.ranges)}
    if missing := [name for name in job.space.ranges if name not in taken]:
        raise ValueError(f"Argument space has {missing[0]!r}, which is an argument neither of build nor of rho0.")


def _searched(
    job: Starts,
    count: int,
    store: str | PathLike[str] | None,
    executor: tuple[Any, int | None],
    progress: Progress,
) -> Any:
    """History of all starts: those in the store, and what is missing."""
    with ExitStack() as stack:
        folder = store if store is not None else stack.enter_context(tempfile.TemporaryDirectory(prefix="qbsim-"))
        home = Store(folder, KIND)
        stack.enter_context(home.lock())
        log: dict[str, Any] = {"started": now(), "finished": None, "set_aside": []}
        home.begin(_manifest(job, count, log))
        rows = Rows(home, [job], executor, progress, stack, keeps=store is not None)
        rows.fill([(job, count)])
        parts: dict[str, list[FloatArray]] = {name: [] for name in job.shapes}
        for path, start, stop in rows.pieces(job, count):
            if path is not None:
                batch = read_batch(path, job.key)
                for name, pieces in parts.items():
                    pieces.append(batch.arrays[name][start - batch.start : stop - batch.start])
        if not parts["best"]:
            raise RuntimeError("No start was computed: every one ended its worker twice.")
        arrays = {name: np.concatenate(pieces) for name, pieces in parts.items()}
        history = as_history(arrays, job.space, 1.0 if job.minimise else -1.0)
        if store is not None:
            save(history, home.result)
            home.write_manifest(_manifest(job, count, log | {"finished": now(), "set_aside": rows.set_aside}))
    return history


def _manifest(job: Starts, count: int, log: dict[str, Any]) -> dict[str, Any]:
    """What `qbsim show` and a later call read of this one."""
    asked = {"space": job.identity["space"], "starts": count, "seed": job.seed, "method": job.method}
    asked |= {"axes": {}, "target_sem": None}
    return {
        "format": 1,
        "kind": KIND,
        "sha256": json_digest([job.key, asked]),
        "parameters": asked,
        "parameters_sha256": json_digest(asked),
        "versions": _version.versions(),
        "numerics": numerics(),
        **log,
        "curves": [{"point": {}, "state": "", "realizations": count, "identity": job.key}],
    }


def _judged(job: Starts, history: Any) -> Optimum:
    """The best of all starts, and what speaks for it."""
    values = history.best_value.values if job.minimise else -history.best_value.values
    if np.isnan(values).all():
        raise ValueError(
            "No start found a point that meets the constraints: check that they can be met together, or give first=."
        )
    x = history.best_place.values[int(np.nanargmin(values))]
    point = job.space.point(x)
    undefined = int((history.outcome.values == UNDEFINED).sum())
    if undefined:
        warn(
            f"The objective was nan at {undefined} of the points, which counts as the worst. If it is a half-life that "
            "is not reached inside tlist, these batteries may be better than the one found: extend tlist.",
            MeasureWarning,
        )
    with quiet():
        edge, curvature = _edge(job, history, x), _curvature(job, x)
    return Optimum(
        parameters=point,
        value=float(history.best_value.values[int(np.nanargmin(values))]),
        battery=job.battery(point),
        rho0=job.state(point),
        dataset=job.run(point),
        at_bounds=job.space.at_bounds(x),
        edge=edge,
        curvature=curvature,
        history=history,
        minimised=job.minimise,
        space=job.space,
    )


def _edge(job: Starts, history: Any, x: FloatArray) -> str:
    """Why the nearest refused point cannot be built, if it is next to the optimum."""
    refused = np.argwhere(history.outcome.values == REFUSED)
    if not len(refused):
        return ""
    space: Space = job.space
    places = np.stack([history[name].values for name in space.labels], axis=-1)[tuple(refused.T)]
    away = np.abs((places - space.low) / space.width - x).max(axis=1)
    if away.min() > NEAR:
        return ""
    place = np.clip((places[int(away.argmin())] - space.low) / space.width, 0.0, 1.0)
    try:
        job.value(space.point(place))
    except Refused as error:
        return str(error)
    return ""


def _curvature(job: Starts, x: FloatArray) -> Curvature:
    """Curvature, where no constraint stands in the way."""
    labels, width = job.space.labels, job.space.width
    tight = [c for c in job.constraints if _is_tight(c.value(job.space.point(x)), c.low, c.high)]
    reason = "none: the optimum is held by a constraint" if tight else ""

    def value(place: FloatArray) -> float:
        found, outcome = job.measured(place)
        return float("nan") if outcome in (REFUSED, UNDEFINED) else found if job.minimise else -found

    return curvature_at(value, x, labels, width, reason)


def _is_tight(value: float, low: float, high: float) -> bool:
    return any(abs(value - limit) <= 1e-3 * max(1.0, abs(limit)) for limit in (low, high) if np.isfinite(limit))
