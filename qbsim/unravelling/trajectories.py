"""`trajectories`: quantum trajectories of a battery, for the energy with its error and the ergotropy between bounds."""

from __future__ import annotations

import errno
import json
import math
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from os import PathLike
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from .. import _version
from .._checks import SamplingWarning, as_count, as_real, as_tlist, explained, nearest, warn
from .._checks.names import not_a_battery, shown
from .._digest import json_digest
from .._files import save
from .._machine import one_thread, require
from ..battery import Battery
from ..curves import ROUNDING
from ..solvers._progress import Progress
from ..states import read_state
from ..sweeps.batches import Piece, Store
from ..sweeps.jobs import row_bytes
from ..sweeps.rows import Rows, more
from ..sweeps.tasks import CHUNK, SEED_RULE, now, numerics
from .bounds import bracket
from .confidence import controlled
from .results import MEASURES, Point, label, local_ergotropy, mean
from .tasks import Trajectories, controls_of, jumps_of, states_at

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["trajectories"]

KIND = "trajectories"
LEAST = 16  # trajectories: fewer give no error of an error, and no bounds
WIDE = 0.2  # of the initial ergotropy: a wider bracket gives a warning
COPIES = 4  # of the states of one time, at most, while they are evaluated
STREAM = 2  # separates the random numbers of the bounds from those of the trajectories


@explained
def trajectories(
    battery: Battery,
    rho0: Qobj | Sequence[Qobj] | str,
    tlist: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    *,
    ntraj: int = 500,
    seed: int = 0,
    confidence: float = 0.95,
    target: float | None = None,
    executor: Any = None,
    store: str | PathLike[str] | None = None,
) -> xr.Dataset:
    r"""Energy with its sampling error, and ergotropy between confidence bounds, from quantum trajectories.

    .. math:: \rho(t) = \mathrm E\,|\psi(t)\rangle\langle\psi(t)|, \qquad
              d\psi = -i H_\mathrm{eff}\,\psi\,dt \ \text{ between jumps}\ \psi \to L_m\psi, \qquad
              H_\mathrm{eff} = H - \tfrac i2\sum_m L_m^\dagger L_m

    Parameters
    ----------
    battery : Battery
        What is measured, evolved and lost.
    rho0 : Qobj, sequence of Qobj or str
        State at ``tlist[0]``, as in `evolve`; a state of one cell stands for every cell.
    tlist : (T,)
        Strictly increasing times, in the inverse unit of the rates.
    measures : str or sequence of str
        Any of "energy", "ergotropy", "local_ergotropy" and "purity".
    ntraj : int
        Number of trajectories, at least 16; with `target`, at most this many.
    seed : int
        Master seed. Trajectory k draws from ``default_rng(SeedSequence([seed, k]))``, whatever their number.
    confidence : float
        Probability, at each single time, that the ergotropy lies between its bounds; not for all times together.
    target : float, optional
        Add trajectories until the bracket of the ergotropy is narrower, at every time, than this fraction of the
        initial ergotropy W(0); of the spread of H0 where W(0) is zero.
    executor : optional
        As in `sweep`: None for local processes, "serial", the address of a dask scheduler, or anything with ``submit``.
    store : path, optional
        Folder of its own that keeps the trajectories; the same call resumes, one with more trajectories or other
        measures computes what is missing.

    Returns
    -------
    xarray.Dataset
        Along `time`: energy, local_ergotropy and purity, each with its standard error ``<measure>_sem``;
        ergotropy_lower and ergotropy_upper; jumps, the mean number of jumps so far. Coordinates lower_by and upper_by
        name the bounds that won, groups and group_size the groups of trajectories behind the bound by convexity. attrs:
        engine and engine_reason, ntraj, confidence with confidence_rule, target, seed, parameters as in `evolve`,
        versions. The same bits for any number of workers and after any interruption.

    Raises
    ------
    TypeError, ValueError
        For wrong arguments; and if trajectories of this battery neither stay Gaussian nor fit into kets of 2^16
        levels, with both reasons.
    MemoryError
        If the states of one time do not fit into the free memory.
    OSError
        If the store cannot be written, or there is less disk space than the trajectories need.
    KeyboardInterrupt
        After Ctrl-C: the first one finishes and stores the running batches, the second stops at once.

    Warns
    -----
    SamplingWarning
        If the bracket is wider than a fifth of W(0) at any time, or `target` is not reached.

    Notes
    -----
    Two engines. "gaussian": open chains of two-level cells with fields, exchange and pair terms of neighbours, local
    loss and pumping, dephasing, and collective decay of neighbours, from products of states of the cells; each
    trajectory stays a fermionic Gaussian state, for any number of cells. "ket": every other battery of up to 2^16
    levels. The attribute `engine_reason` says why.

    Above, the bracket comes from the convexity of the ergotropy, whose value for the mixture of a group of trajectories
    is too large on average, and from the least energy at the purity; below, from unitaries that are found with one part
    of the trajectories and judged with another.

    **Where it ends.** About :math:`10\,e^S` trajectories give a few percent, S being the entropy of the state. In a
    disordered chain of N cells it grows with N: after a twentieth of the lifetime 40 cells take hundreds of
    trajectories, at their half-life more than there can ever be. There the bracket is wide, which is said by the
    warning; energy, local ergotropy and their errors are good at any time.

    The number of jumps less the integral of their rate is zero on average. What it explains of the samples is taken out
    of the energies and of the bounds, which often halves their errors.

    The local ergotropy is that of the mean states of the cells, an estimate by the jackknife: that the ergotropy of a
    mean of R samples is too large on average is taken out to first order in 1 / R.

    References
    ----------
    Trajectories: [dalibard1992]. Ergotropy: [allahverdyan2004].

    Examples
    --------
    >>> import numpy as np
    >>> from qbsim import circular, network, trajectories
    >>> ring = network(circular(4), omega=1.0, J=0.5, gamma=1.0)
    >>> ds = trajectories(ring, "full", [0.0, 0.1], ntraj=100, executor="serial")
    >>> ds.attrs["engine"], bool(abs(ds.energy[1] - 4 * np.exp(-0.1)) < 4 * ds.energy_sem[1])
    ('ket', True)
    >>> bool(ds.ergotropy_lower[1] < ds.ergotropy_upper[1])
    True
    """
    request = _read(battery, rho0, tlist, measures, ntraj=ntraj, seed=seed, confidence=confidence, target=target)
    with ExitStack() as stack:
        folder = store if store is not None else stack.enter_context(tempfile.TemporaryDirectory(prefix="qbsim-"))
        home = Store(folder, KIND)
        stack.enter_context(home.lock())
        log: dict[str, Any] = {"started": now(), "finished": None, "set_aside": []}
        home.begin(_manifest(request, log))
        rows = Rows(home, [request.job], (executor, None), Progress(unit=KIND), stack, keeps=store is not None)
        run = _Run(request, rows)
        run.complete()
        log |= {"finished": now(), "set_aside": rows.set_aside}
        ds = run.label(log)
        _warn_if_wide(run)
        if store is not None:
            save(ds, home.result)
            home.write_manifest(_manifest(request, log))
    return ds


class _Request(NamedTuple):
    """The arguments, checked."""

    job: Trajectories
    measures: tuple[str, ...]
    ntraj: int
    confidence: float
    target: float | None


def _read(battery: Any, rho0: Any, tlist: Any, measures: Any, **numbers: Any) -> _Request:
    """Check the arguments and choose the engine."""
    if not isinstance(battery, Battery):
        raise not_a_battery(battery)
    start, times, names = read_state(rho0, battery.dims), as_tlist(tlist), _read_measures(measures)
    ntraj = as_count("ntraj", numbers["ntraj"], LEAST)
    seed = as_count("seed", numbers["seed"], 0)
    confidence = as_real("confidence", numbers["confidence"])
    if not 0 < confidence < 1:
        raise ValueError(f"Argument confidence must lie between 0 and 1, such as 0.95, but is {confidence:g}.")
    target = numbers["target"]
    if target is not None:
        target = as_real("target", target, minimum=0)
        if "ergotropy" not in names:
            raise ValueError("Argument target needs the measure 'ergotropy': it bounds the width of its bracket.")
    job = Trajectories(battery, start, times, seed)
    _ = job.chosen
    if "local_ergotropy" in names:
        if set(battery.cell_dims) != {2}:
            raise ValueError("The measure 'local_ergotropy' of trajectories needs cells of two levels.")
        _ = battery.local_terms
    return _Request(job, names, ntraj, confidence, target)


def _read_measures(measures: Any) -> tuple[str, ...]:
    if isinstance(measures, str):
        measures = (measures,)
    if isinstance(measures, Mapping) or not isinstance(measures, Iterable):
        raise TypeError(f"Argument measures must be names out of {', '.join(MEASURES)}, but is {shown(measures)}.")
    names = tuple(dict.fromkeys(measures))
    if unknown := [name for name in names if name not in MEASURES]:
        raise ValueError(nearest("measure of trajectories", unknown[0], MEASURES))
    if not names:
        raise ValueError("Argument measures must name at least one measure.")
    return names


def _manifest(request: _Request, log: dict[str, Any]) -> dict[str, Any]:
    """What `qbsim show` and a later call read of this one."""
    job = request.job
    asked = {"measures": [*request.measures], "ntraj": request.ntraj, "confidence": request.confidence}
    asked |= {"target_sem": request.target, "seed": job.seed, "seed_rule": SEED_RULE, "axes": {}}
    return {
        "format": 1,
        "kind": KIND,
        "sha256": json_digest([job.key, asked]),
        "parameters": asked,
        "parameters_sha256": json_digest(asked),
        "versions": _version.versions(),
        "numerics": numerics(),
        "unit": job.battery.unit,
        **log,
        "curves": [{"point": {}, "state": "", "realizations": request.ntraj, "identity": job.key}],
    }


class _Run:
    """Rounds of computing trajectories and evaluating them, time by time."""

    def __init__(self, request: _Request, rows: Rows) -> None:
        self.request, self.job, self.rows = request, request.job, rows
        self.count = 0
        self._points: dict[int, Point] = {}
        self._controls = np.zeros((0, 0, 0))  # of all trajectories and times

    def complete(self) -> None:
        """Compute until all trajectories are there or the bracket is narrow enough."""
        limit, target = self.request.ntraj, self.request.target
        count = limit if target is None else min(CHUNK, limit)
        while count > self.count:
            self._require(count)
            self.rows.fill([(self.job, count)])
            self.count, self._points = count, {}
            if sum(stop - start for path, start, stop in self._pieces if path is not None) < LEAST:
                raise RuntimeError("Nearly all trajectories ended their workers: too few are left.")
            self._controls = controls_of(self._pieces, self.job.key)
            if target is not None and any(self.width(i) > target for i in reversed(range(len(self.job.tlist)))):
                count = more(count, limit)

    def _require(self, count: int) -> None:
        """Refuse what fits neither into memory, one time at once, nor on the disk."""
        size = 16 * math.prod(self.job.engine.shape) * count
        require(COPIES * size, f"The states of {count} trajectories at one time", "Use fewer trajectories.")
        missing = count - sum(stop - start for _, start, stop in self.rows.pieces(self.job, count))
        need, free = row_bytes(self.job) * missing, shutil.disk_usage(self.rows.home.folder).free
        if need > free:
            words = f"{missing} trajectories need about {need / 2**30:.3g} GiB, but {free / 2**30:.3g} GiB are free"
            raise OSError(errno.ENOSPC, f"{words}; use fewer times", str(self.rows.home.folder))

    @property
    def _pieces(self) -> list[Piece]:
        return self.rows.pieces(self.job, self.count)

    def point(self, i: int) -> Point:
        """Everything at one time."""
        if i not in self._points:
            with one_thread():
                self._points[i] = self._evaluate(i)
        return self._points[i]

    def _evaluate(self, i: int) -> Point:
        job, names = self.job, self.request.measures
        states, unseen = states_at(self._pieces, job.key, i), job.unseen(i)
        controls = self._controls[:, i]
        if not unseen:  # all are the same: a few will do
            states, controls = states[:LEAST], controls[:LEAST]
        ensemble = job.engine.ensemble(states)
        local, found = (math.nan, math.nan), None
        if "local_ergotropy" in names:
            local = mean(controlled(local_ergotropy(ensemble, job.battery.local_terms), controls)[0])
        if {"ergotropy", "purity"} & {*names}:
            rng = np.random.default_rng(np.random.SeedSequence([job.seed, i], spawn_key=(STREAM,)))
            found = bracket(ensemble, self.request.confidence, rng, controls=controls, unseen=unseen)
        levels = ensemble.levels
        energy = mean(controlled(ensemble.energies, controls)[0])
        return Point(energy, local, found, levels.ground, levels.top - levels.ground)

    @property
    def scale(self) -> float:
        """Ergotropy at the first time, or the spread of H0 where that is zero."""
        first = self.point(0)
        assert first.bracket is not None
        pure = self.job.rho0.isket and self.job.is_whole
        W = first.energy[0] - first.ground if pure else (first.bracket.lower + first.bracket.upper) / 2
        return W if ROUNDING * first.spread < W else first.spread

    def width(self, i: int) -> float:
        """Width of the bracket as a fraction of W(0)."""
        found = self.point(i).bracket
        assert found is not None
        return (found.upper - found.lower) / self.scale if found.upper > found.lower else 0.0

    def label(self, log: dict[str, Any]) -> xr.Dataset:
        """Dataset of all times."""
        points = [self.point(i) for i in range(len(self.job.tlist))]
        jumps = jumps_of(self._pieces, self.job.key)
        asked = self.request
        attrs: dict[str, Any] = {"ntraj": len(jumps), "confidence": asked.confidence, "target": asked.target}
        attrs |= {"set_aside": json.dumps(log["set_aside"]), "started": log["started"], "finished": log["finished"]}
        kept = {name: value for name, value in attrs.items() if value is not None}
        return label(self.job, points, jumps.mean(axis=0), asked.measures, kept)


def _warn_if_wide(run: _Run) -> None:
    """Warn of a bracket that says little, or less than was asked for."""
    if "ergotropy" not in run.request.measures:
        return
    times, target = run.job.tlist, run.request.target
    widths = [run.width(i) for i in range(len(times))]
    worst = int(np.argmax(widths))
    if widths[worst] > WIDE or (target is not None and widths[worst] > target):
        found = run.point(worst).bracket
        assert found is not None
        least = f"about {1 / found.purity:.2g}" if found.purity > 0 else "more than these trajectories show"
        warn(
            f"The bracket of the ergotropy is {100 * widths[worst]:.0f} % of W(0) wide at time {times[worst]:g}, with "
            f"{run.count} trajectories. A narrow one takes many times e^S of them, S being the entropy of the state; "
            f"e^S is at least 1 / purity, which is {least} there. Use more trajectories, earlier times or fewer cells.",
            SamplingWarning,
        )
