"""What a sweep will cost, before it starts: a few realizations are timed, and the times are added up."""

from __future__ import annotations

import resource
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._certificate import CERTIFICATE
from .._machine import one_thread
from ..solvers import choose
from ..solvers.progress import duration
from .batches import Store, cover
from .dispatch import BATCH_SECONDS, cost_kind
from .plan import Plan
from .tasks import Curve

__all__ = ["Forecast", "forecast"]

START_SECONDS = 3.0  # until local workers have imported everything
SAMPLES = 3
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
            f"{self.curves} curves, {self.realizations} realizations to compute in about {self.tasks} tasks; "
            f"{duration(self.seconds)} on {self.workers} worker{'s' if self.workers > 1 else ''}, "
            f"{self.memory / 2**30:.2g} GiB memory, {disk} disk"
        )


def forecast(plan: Plan, workers: int, store: Store | None = None) -> Forecast:
    """Forecast the cost of a plan on so many local workers, without what its store already has."""
    missing: dict[Any, list[tuple[Curve, int]]] = defaultdict(list)
    for index, curves in plan.curves.items():
        for curve in curves:
            gaps = cover([] if store is None else store.ranges(curve), plan.counts[index])[1]
            if gaps:
                missing[cost_kind(curve)].append((curve, sum(b - a for a, b in gaps)))
    cpu, tasks, peak, total = 0.0, 0, 0, 0
    with one_thread():
        for wanted in missing.values():
            count = sum(n for _, n in wanted)
            # the strongest disorder is the slowest, so the first and the last point are both timed
            each = float(np.mean([_time(curve) for curve in {id(c): c for c, _ in (wanted[0], wanted[-1])}.values()]))
            batches = max(len(wanted), round(count * each / BATCH_SECONDS))
            cpu += count * each + batches * FILE_SECONDS
            tasks, total = tasks + batches, total + count
            peak = max(peak, _memory(wanted[0][0]))
    row = 8 * (len(plan.tlist) * len(plan.measures) + 1 + len(CERTIFICATE))
    curves_number = sum(len(curves) for curves in plan.curves.values())
    return Forecast(
        curves=curves_number,
        realizations=total,
        tasks=tasks,
        workers=workers,
        seconds=cpu / workers + (START_SECONDS if total else 0.0),
        memory=(workers + 1) * _base_memory() + workers * peak,
        disk=total * row + tasks * HEADER_BYTES + 16 * curves_number * len(plan.tlist) * (len(plan.measures) + 2),
    )


def _time(curve: Curve) -> float:
    """Seconds per realization, compiled and warm: the median of a few."""
    curve.compute(0, 1)
    taken = []
    for k in range(1, 1 + SAMPLES):
        began = time.perf_counter()
        curve.compute(k, k + 1)
        taken.append(time.perf_counter() - began)
        if sum(taken) > 10:
            break
    return float(np.median(taken))


def _memory(curve: Curve) -> int:
    choice = choose(curve.battery(0), curve.rho0, curve.tlist, curve.settings.solver)
    return choice.module.forecast(curve.battery(0), curve.rho0, curve.tlist)


def _base_memory() -> int:
    """What a process of qbsim takes without any battery: this one, so far."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak
