"""`sweep`: named axes and many realizations make one labelled Dataset, and no finished result is lost."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from os import PathLike
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import as_count, as_flag, explained
from .._files import save
from .._machine import one_thread
from ..battery import Battery
from ..evolution import DEFAULTS
from ..solvers import Settings
from ..solvers._certificate import warn_of_cutoff
from ..solvers._progress import Progress
from .batches import Store, chunks
from .ensemble import Average, average
from .plan import Index, Plan, Request, make_plan
from .replay import remember
from .result import Outline, check_memory, label, manifest
from .rows import Rows, more
from .tasks import CHUNK, now

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["sweep"]


@explained
def sweep(
    build: Callable[..., Battery],
    axes: dict[str, Any],
    *,
    states: Any,
    tlist: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    realizations: Any = 1,
    seed: int = 0,
    store: str | PathLike[str] | None = None,
    executor: Any = None,
    workers: int | None = None,
    target_sem: float | None = None,
    keep: str = "mean",
    solver: str = DEFAULTS.solver,
    rtol: float = DEFAULTS.rtol,
    atol: float = DEFAULTS.atol,
    passive_tol: float | None = None,
    options: Mapping[str, Any] | None = None,
    progress: bool = True,
) -> xr.Dataset:
    r"""Sweep named axes, averaging over realizations of the disorder.

    .. math:: \bar f(t) = \frac1n \sum_{k<n} f_k(t), \qquad
              \mathrm{sem}(t) = \Big[\frac{1}{n(n-1)} \sum_{k<n} \big(f_k(t) - \bar f(t)\big)^2\Big]^{1/2}

    Parameters
    ----------
    build : callable
        ``build(**point, rng=...)`` returns the battery of one realization; a builder without `rng` has no disorder.
    axes : dict
        {"delta": [...], "N": [...]}: names of arguments of `build` and their values, numbers or texts.
    states : str, sequence of str, or dict
        Names of qbsim's states, or {name: f(N)} for your own; f returns what `evolve` takes. A state of one cell, or a
        list with one for each, may stand in place of f.
    tlist : (T,)
        Strictly increasing times, in the inverse unit of the rates.
    measures : str, sequence of str, or dict
        As in `evolve`.
    realizations : int, callable, or dict
        How many; a function of the point, or {axis: {value: number}}, where it differs. With `target_sem`, at most
        this many.
    seed : int
        Master seed. Realization k draws from ``default_rng(SeedSequence([seed, k]))``, made anew at every point and
        state: all of them meet the same draws, whatever the number of realizations, the order or the workers.
    store : path, optional
        Folder of its own that keeps every finished batch; the same call resumes, a larger one computes what is
        missing. Without it nothing outlives the call.
    executor : optional
        None for local processes, "serial", the tcp address of a dask scheduler, or anything with ``submit``.
    workers : int, optional
        Number of local processes, by default one per core.
    target_sem : float, optional
        Add realizations until the standard error of `ergotropy_ratio` is below this for all states and times.
    keep : str
        "mean", or "all" for the curves of every realization.
    solver, rtol, atol, passive_tol, options
        As in `evolve`; the error at `passive_tol` is estimated, not bounded.
    progress : bool
        Show the progress and the time left on stderr.

    Returns
    -------
    xarray.Dataset
        Dimensions (\*axes, state, time). For every measure ``<measure>`` and ``<measure>_sem``; `ergotropy_ratio` and
        `energy_ratio` (means of the ratios to the initial value) and their ``_sem``; half_life, half_life_err, gain,
        gain_err (\*axes, state) of the mean ratio of the ergotropy, with bootstrap errors; realizations (\*axes);
        identity (\*axes, state). With keep="all" ``<measure>`` has the dimension `realization` before `time`, and
        ``<measure>_mean`` is the average. The same bits for any number of workers, after any interruption.

    Raises
    ------
    TypeError, ValueError
        For axes that are no arguments of `build`, empty axes, unknown states or measures, a state that does not fit,
        or a store that holds other files.
    MemoryError
        If keep="all", or a run at any point, needs more memory than there is; nothing is computed then.
    RuntimeError
        If a worker builds other batteries than this process, or runs other code.
    OSError
        If the store cannot be written, the disk is full, or another process holds the store; finished batches are kept.
    KeyboardInterrupt
        After Ctrl-C: the first one finishes and stores the running batches, the second stops at once.

    Notes
    -----
    The attribute `certificate` (JSON) holds the worst values over all realizations; a populated cut-off is a
    `CutoffWarning`, as in `evolve`.

    A batch that ends its worker twice is left out, with a `SweepWarning` and a line in the attributes. Where the curve
    does not fall below half inside `tlist`, half_life is nan; half_life_err is nan if that happens to any of the 200
    bootstrap replicas. Ratios are nan where the initial value is rounding (below 1e-9 of the spread of H0).

    Beyond one machine `executor` is a dask cluster, one thread per worker, and `store` a folder all nodes see. On a
    SLURM cluster, with the extra ``cluster``::

        from dask_jobqueue import SLURMCluster
        cluster = SLURMCluster(cores=1, processes=1, memory="4GB", walltime="08:00:00"); cluster.scale(64)
        ds = qb.sweep(build, axes, ..., store="/scratch/me/runs", executor=cluster.get_client())

    mpi4py's ``MPIPoolExecutor()`` works the same way. The bits agree on processors of the same kind.

    References
    ----------
    Section III of [arjmandi2022].

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from qbsim import disordered_chain, sweep
    >>> chain = partial(disordered_chain, B0=10.0, exchange=10.0, gamma=1.0)
    >>> ds = sweep(chain, {"N": [2], "delta": [0.0, 1.0]}, states="full", tlist=np.linspace(0, 1, 101),
    ...            realizations=4, executor="serial")
    >>> ds.half_life.sel(N=2, state="full").values.round(4).tolist()  # two cells: independent of disorder
    [0.2877, 0.2877]
    """
    settings = Settings(solver, rtol, atol, passive_tol, options)
    plan = make_plan(Request(build, axes, states, tlist, measures, realizations, seed, target_sem, settings))
    if keep not in ("mean", "all"):
        raise ValueError(f"Argument keep must be 'mean' or 'all', but is {keep!r}.")
    if keep == "all" and plan.target_sem is None:
        check_memory(plan, max(plan.counts.values()))
    workers = None if workers is None else as_count("workers", workers)
    progress = as_flag("progress", progress)

    with ExitStack() as stack:
        folder = store if store is not None else stack.enter_context(tempfile.TemporaryDirectory(prefix="qbsim-"))
        home = Store(folder)
        stack.enter_context(home.lock())
        log: dict[str, Any] = {"started": now(), "finished": None, "set_aside": []}
        home.begin(manifest(plan, log))
        jobs = [curve for curves in plan.curves.values() for curve in curves]
        run = _Run(plan, Rows(home, jobs, (executor, workers), Progress(progress), stack, keeps=store is not None))
        run.complete()
        log |= {"finished": now(), "set_aside": run.rows.set_aside}
        remember(plan)
        ds = label(Outline.of(plan), run.averages, run.rows.files, log, keep=keep)
        _warn_of_cutoff(plan, run.averages)
        if store is not None:
            save(ds, home.result)
            home.write_manifest(manifest(plan, log))
    return ds


def _warn_of_cutoff(plan: Plan, averages: dict[tuple[Index, str], Average]) -> None:
    """Warn of the curve that has most of its population next to a cut-off."""
    cut = {at: a.certificate["population_at_cutoff"] or 0.0 for at, a in averages.items()}
    if cut:
        index, state = worst = max(cut, key=lambda at: cut[at])
        point = ", ".join(f"{name} = {values[i]}" for (name, values), i in zip(plan.axes.items(), index, strict=True))
        warn_of_cutoff(cut[worst], f" (state {state!r}{' at ' * bool(point)}{point})")


class _Run:
    """One call of `sweep` on its store: rounds of computing what is missing and averaging."""

    def __init__(self, plan: Plan, rows: Rows) -> None:
        self.plan, self.rows = plan, rows
        self.averages: dict[tuple[Index, str], Average] = {}  # of the curves that have any realization

    def complete(self) -> None:
        """Compute and average until every point has its realizations or its accuracy."""
        plan = self.plan  # all realizations at once, or one chunk where the accuracy decides
        counts = {at: n if plan.target_sem is None else min(CHUNK, n) for at, n in plan.counts.items()}
        while counts:
            self.rows.fill([(curve, count) for index, count in counts.items() for curve in plan.curves[index]])
            with one_thread():
                for index, count in counts.items():
                    for curve in plan.curves[index]:
                        steps = chunks(self.rows.pieces(curve, count), curve.key)
                        if (found := average(curve.tlist, steps, plan.seed)) is not None:
                            self.averages[index, curve.state] = found
            counts = {index: n for index, last in counts.items() if (n := self._next(index, last)) > last}

    def _next(self, index: Index, count: int) -> int:
        """Realizations this point should have, judged by those it has; more in steps that do not depend on the past."""
        limit, target = self.plan.counts[index], self.plan.target_sem
        if target is None or count >= limit:
            return count
        keys = ((index, curve.state) for curve in self.plan.curves[index])
        averages = [self.averages[at] for at in keys if at in self.averages]
        worst = max((np.nanmax(a.sem["ergotropy_ratio"], initial=0.0) for a in averages), default=0.0)
        return count if worst <= target else more(count, limit)
