"""What a sweep will cost, before it starts: the forecasts of its solvers, added up; no realization is computed."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import dataclass

import numpy as np

from .._machine import one_thread
from ..solvers._cost import eigenvalues
from ..solvers._progress import duration
from .batches import Store, cover
from .jobs import row_bytes
from .plan import Plan
from .tasks import Curve
from .work import BATCH_SECONDS

__all__ = ["Forecast", "forecast"]

START_SECONDS = 3.0  # until local workers have imported everything
PROBE = 128  # dimension of the matrix that tells how fast this machine is
HEADER_BYTES = 4000  # identity and provenance in every batch file
FILE_SECONDS = 0.02  # per batch: write, flush, rename, send


@dataclass(frozen=True)
class Forecast:
    """Cost of a sweep.

    Attributes
    ----------
    curves : int
        Points times states.
    realizations : int
        Runs that are missing, over all curves; with a target for the error, at most.
    tasks : int
        Batches they will be handed out in.
    workers : int
        Processes.
    seconds : float
        Time until it is done.
    memory : int
        Bytes, all processes together.
    disk : int
        Bytes of the files it adds.
    """

    curves: int
    realizations: int
    tasks: int
    workers: int
    seconds: float
    memory: int
    disk: int

    def __str__(self) -> str:
        disk = f"{self.disk / 2**20:.3g} MiB" if self.disk < 2**30 else f"{self.disk / 2**30:.3g} GiB"
        return (
            f"forecast: {self.curves} curves, {self.realizations} realizations to compute in about {self.tasks} tasks; "
            f"about {duration(self.seconds)} on {self.workers} worker{'s' if self.workers > 1 else ''}, "
            f"{self.memory / 2**30:.2g} GiB memory, {disk} disk"
        )


def forecast(plan: Plan, workers: int, store: Store | None = None) -> Forecast:
    """Forecast the cost of a plan on so many local workers, without what its store already has.

    Times are good to a factor of two or three; a compilation of some seconds, once per installation, comes on top.
    """
    missing: list[tuple[Curve, int]] = []
    for index, curves in plan.curves.items():
        for curve in curves:
            gaps = cover([] if store is None else store.ranges(curve), plan.counts[index])[1]
            if gaps:
                missing.append((curve, sum(b - a for a, b in gaps)))
    slowness = _slowness() if missing else 1.0
    cpu, tasks, peak, total = 0.0, 0, 0, 0
    for curve, count in missing:
        seconds = count * curve.cost.seconds * slowness
        batches = min(count, max(1, round(seconds / BATCH_SECONDS)))
        cpu += seconds + batches * FILE_SECONDS
        tasks, total = tasks + batches, total + count
        peak = max(peak, curve.cost.memory)
    row = row_bytes(next(iter(plan.curves.values()))[0])
    curves_number = sum(len(curves) for curves in plan.curves.values())
    return Forecast(
        curves=curves_number,
        realizations=total,
        tasks=tasks,
        workers=workers,
        seconds=float(cpu / workers + (START_SECONDS if total else 0.0)),
        memory=(workers + 1) * _base_memory() + workers * peak,
        disk=total * row + tasks * HEADER_BYTES + 16 * curves_number * len(plan.tlist) * (len(plan.measures) + 2),
    )


def _slowness() -> float:
    """How much longer this machine takes for an eigenvalue problem than the one the forecasts were made on.

    In processor time: other work on the machine may be over before the sweep is.
    """
    matrix = np.random.default_rng(0).normal(size=(PROBE, PROBE)) + 0j
    taken = []
    with one_thread():
        for _ in range(11):
            began = time.thread_time()
            np.linalg.eigvalsh(matrix)
            taken.append(time.thread_time() - began)
    return float(np.median(taken)) / eigenvalues([PROBE], 1)


def _base_memory() -> int:
    """What a process of qbsim takes without any battery: this one, so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
