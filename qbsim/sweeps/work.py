"""What is missing of a sweep, cut into batches by forecast and measured cost, and the time that is left."""

from __future__ import annotations

import math
import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from statistics import median
from typing import Any

from .executors import Outside, Processes, Serial
from .jobs import Job, row_bytes

__all__ = ["BATCH_SECONDS", "Todo", "Work"]

BATCH_SECONDS = 3.0  # duration of a batch: overhead well below 1 percent, little lost when it is lost
SHARES = 4  # towards the end every worker should still get this many batches, so that all finish together
LEAST_SECONDS = 0.2  # but a batch is never worth less than this
BATCH_BYTES = 2 * 2**20  # of numbers, so that writing and reading a file stays a matter of milliseconds
LATEST = 64  # batches of a kind that tell how fast it is now
PIECES = 8  # into which a batch is cut for its second try after it ended its worker


@dataclass(eq=False)
class Todo:
    """Rows start to stop - 1 of a job, to be computed in one go."""

    job: Job
    start: int
    stop: int
    tried: bool = False  # ended its worker once
    since: float = 0.0  # when it was handed out

    def __str__(self) -> str:
        return f"{self.job.ROWS} {self.start} to {self.stop - 1} of {self.job.title}"

    @property
    def forecast(self) -> float:
        """Seconds on a core, by the forecast of its solver."""
        return (self.stop - self.start) * self.job.cost.seconds


class Speeds:
    """How much longer batches take than they were forecast to, by kind.

    Forecasts are off by a factor that is about the same for all batches of one solver and size. The median of the last
    batches counts, for some are held up. The first one of a worker compiles: it only bounds the factor from above.
    """

    def __init__(self) -> None:
        self._met: defaultdict[Any, deque[tuple[float, float]]] = defaultdict(lambda: deque(maxlen=LATEST))
        self._ratios: dict[Any, float] = {}
        self._bounds: dict[Any, float] = {}

    def __bool__(self) -> bool:
        return bool(self._ratios or self._bounds)

    def note(self, todo: Todo, seconds: float, *, first: bool) -> None:
        """Learn from a batch that took this long; `first`: of its worker."""
        kind, ratio = todo.job.kind, seconds / todo.forecast
        if first:
            self._bounds[kind] = min(ratio, self._bounds.get(kind, math.inf))
        else:
            self._met[kind].append((ratio, todo.forecast))
            self._ratios[kind] = _median(self._met[kind])

    def ratio(self, kind: Any) -> float:
        """Seconds for a second of forecast; needs a batch of any kind."""
        if kind in self._ratios:
            return self._ratios[kind]
        usual = median(self._ratios.values()) if self._ratios else min(self._bounds.values())
        return min(usual, self._bounds.get(kind, math.inf))

    def seconds(self, job: Job) -> float:
        """Time of one row; needs a batch of any kind."""
        return max(1e-6, self.ratio(job.kind) * job.cost.seconds)


def _median(pairs: Collection[tuple[float, float]]) -> float:
    """Lower weighted median of (value, weight)."""
    half, passed = sum(weight for _, weight in pairs) / 2, 0.0
    return next(value for value, weight in sorted(pairs) if (passed := passed + weight) >= half)


class Work:
    """What is missing, handed out in batches whose size follows the measured speed.

    The division into batches has no influence on the averages, so it is free to.
    """

    def __init__(
        self,
        gaps: list[tuple[Job, int, int]],
        executor: Serial | Processes | Outside,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._executor, self._clock = executor, clock
        self._speeds = Speeds()
        self._missing: defaultdict[Any, float] = defaultdict(float)  # forecast seconds of the gaps, by kind
        self._gaps: list[Todo] = []
        self.total = sum(stop - start for _, start, stop in gaps)
        first: dict[Any, Todo] = {}  # one small batch of every kind, so that the time left is known early
        for job, start, stop in gaps:
            kind = job.kind
            if kind not in first:
                first[kind] = Todo(job, start, min(stop, start + job.sample))
                start = first[kind].stop
            if start < stop:
                self._gaps.append(Todo(job, start, stop))
                self._missing[kind] += self._gaps[-1].forecast
        self._gaps.reverse()
        self._ready = [*reversed(first.values())]  # batches to hand out before the gaps, the last one first

    def take(self) -> Todo | None:
        """Next batch; None if all are handed out."""
        if self._ready:
            todo = self._ready.pop()
        elif not self._gaps:
            return None
        else:
            gap = self._gaps.pop()
            todo = Todo(gap.job, gap.start, min(gap.stop, gap.start + self._size(gap.job)))
            self._missing[gap.job.kind] -= todo.forecast
            if todo.stop < gap.stop:
                self._gaps.append(Todo(gap.job, todo.stop, gap.stop))
        todo.since = self._clock()
        return todo

    def _size(self, job: Job) -> int:
        if not self._speeds:
            return job.sample
        workers, rest = self._executor.workers, self._seconds_missing()
        fair = rest / (SHARES * workers) if workers > 1 else rest
        worth = max(LEAST_SECONDS, min(BATCH_SECONDS, fair))
        memory = BATCH_BYTES // row_bytes(job)
        return max(1, min(int(worth / self._speeds.seconds(job)), memory))

    def _seconds_missing(self) -> float:
        """Work in the gaps."""
        return sum(max(0.0, forecast) * self._speeds.ratio(kind) for kind, forecast in self._missing.items())

    def _expected(self, todo: Todo) -> float:
        return (todo.stop - todo.start) * self._speeds.seconds(todo.job)

    def done(self, todo: Todo, seconds: float, *, first: bool = False) -> None:
        """Learn from a batch that took this long; `first`: of its worker, so that it may have compiled."""
        self._speeds.note(todo, max(seconds, 1e-6), first=first)

    def again(self, todo: Todo) -> None:
        """Hand out once more, in pieces: if one row is to blame, the others need not go with it."""
        step = -(-(todo.stop - todo.start) // PIECES)
        starts = reversed(range(todo.start, todo.stop, step))
        self._ready += [Todo(todo.job, a, min(a + step, todo.stop), tried=True) for a in starts]

    def seconds_left(self, flying: list[Todo]) -> float | None:
        """Estimated time to the end, what is missing weighed by its forecast; None before the first batch is done."""
        if not self._speeds:
            return None
        now = self._clock()
        left = [max(0.0, self._expected(batch) - (now - batch.since)) for batch in flying]
        ready = [self._expected(batch) for batch in self._ready]
        longest = max([*left, *ready], default=0.0)
        return max(longest, (self._seconds_missing() + sum(left) + sum(ready)) / self._executor.workers)
