"""Batches on their way: their sizes, where they are computed, what happens when a worker dies or the user stops."""

from __future__ import annotations

import os
import platform
import queue
import signal
import sys
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._machine import one_thread
from ..solvers.progress import Progress
from .batches import Piece, write_batch
from .executors import Outside, Processes, Serial
from .tasks import Curve
from .transport import pack, unpack

__all__ = ["BATCH_SECONDS", "cost_kind", "dispatch"]

BATCH_SECONDS = 3.0  # duration of a batch: overhead well below 1 percent, little lost when it is lost
SHARES = 4  # towards the end every worker should still get this many batches, so that all finish together
LEAST_SECONDS = 0.2  # but a batch is never worth less than this
BATCH_BYTES = 2 * 2**20  # of numbers, so that writing and reading a file stays a matter of milliseconds
PIECES = 8  # into which a batch is cut for its second try after it ended its worker


@dataclass(eq=False)
class Todo:
    """Realizations start to stop - 1 of a curve, to be computed in one go."""

    curve: Curve
    start: int
    stop: int
    tried: bool = False  # ended its worker once

    def __str__(self) -> str:
        at = ", ".join(f"{name} = {value}" for name, value in self.curve.point.items()) or "the only point"
        return f"realizations {self.start} to {self.stop - 1} of state {self.curve.state!r} at {at}"


class Work:
    """What is missing, handed out in batches whose size follows the measured speed.

    The division into batches has no influence on the averages, so it is free to.
    """

    def __init__(self, gaps: list[tuple[Curve, int, int]], executor: Serial | Processes | Outside) -> None:
        self._executor = executor
        self._seconds: dict[Any, float] = {}  # per realization, by kind
        self._missing: Counter[Any] = Counter()  # realizations of the gaps, by kind
        self._gaps: list[Todo] = []
        self.total = sum(stop - start for _, start, stop in gaps)
        first: dict[Any, Todo] = {}  # one small batch of every kind, so that the time left is known early
        for curve, start, stop in gaps:
            kind = cost_kind(curve)
            if kind not in first:
                first[kind] = Todo(curve, start, min(stop, start + _sample(curve)))
                start = first[kind].stop
            if start < stop:
                self._gaps.append(Todo(curve, start, stop))
                self._missing[kind] += stop - start
        self._gaps.reverse()
        self._ready = [*reversed(first.values())]  # batches to hand out before the gaps, the last one first

    def take(self) -> Todo | None:
        """Next batch; None if all are handed out."""
        if self._ready:
            return self._ready.pop()
        if not self._gaps:
            return None
        gap = self._gaps.pop()
        stop = min(gap.stop, gap.start + self._size(gap.curve))
        self._missing[cost_kind(gap.curve)] -= stop - gap.start
        if stop < gap.stop:
            self._gaps.append(Todo(gap.curve, stop, gap.stop))
        return Todo(gap.curve, gap.start, stop)

    def _size(self, curve: Curve) -> int:
        seconds, workers = self._seconds.get(cost_kind(curve)), self._executor.workers
        if seconds is None:
            return _sample(curve)
        rest = sum(count * self._seconds.get(other, seconds) for other, count in self._missing.items())
        fair = rest / (SHARES * workers) if workers > 1 else rest
        worth = max(LEAST_SECONDS, min(BATCH_SECONDS, fair))
        memory = BATCH_BYTES // (8 * len(curve.tlist) * (len(curve.measures) + 1))
        return max(1, min(int(worth / seconds), memory))

    def done(self, todo: Todo, seconds: float) -> None:
        """Learn from a batch that took this long; the fastest one seen counts, since first ones compile."""
        kind, each = cost_kind(todo.curve), max(seconds / (todo.stop - todo.start), 1e-6)
        self._seconds[kind] = min(each, self._seconds.get(kind, each))

    def again(self, todo: Todo) -> None:
        """Hand out once more, in pieces: if one realization is to blame, the others need not go with it."""
        step = -(-(todo.stop - todo.start) // PIECES)
        starts = reversed(range(todo.start, todo.stop, step))
        self._ready += [Todo(todo.curve, a, min(a + step, todo.stop), tried=True) for a in starts]

    def seconds_left(self, flying: list[Todo]) -> float | None:
        """Estimated time to the end; None while a kind that is missing has not been timed."""
        rest = +self._missing  # a copy without the kinds of which nothing is missing
        for batch in [*flying, *self._ready]:
            rest[cost_kind(batch.curve)] += batch.stop - batch.start
        if not rest.keys() <= self._seconds.keys():
            return None
        return sum(count * self._seconds[kind] for kind, count in rest.items()) / self._executor.workers


def _sample(curve: Curve) -> int:
    """Realizations of the first batch of its kind."""
    return 1 if curve.rho0.shape[0] >= 32 else 8


def cost_kind(curve: Curve) -> tuple[Any, ...]:
    """Curves of one kind take about the same time."""
    return curve.rho0.shape[0], curve.state


# --- in the worker -------------------------------------------------------------------------------------------------


def run_batch(
    payload: bytes | Curve, store: str | Path, start: int, stop: int, parent: tuple[str, int]
) -> tuple[Path, float]:
    """Compute a batch and store it; returns its file and the seconds it took. In the same process a curve is itself."""
    if (platform.node(), os.getpid()) != parent:
        _cap_threads()
    curve = unpack(payload) if isinstance(payload, bytes) else payload
    began = time.time()
    path = write_batch(Path(store), curve, curve.compute(start, stop))
    return path, time.time() - began


_limits: list[Any] = []


def _cap_threads() -> None:
    """One thread for as long as this worker lives; the environment covers libraries that are not loaded yet."""
    from threadpoolctl import threadpool_limits

    if "numba" in sys.modules:
        sys.modules["numba"].set_num_threads(1)
    else:
        os.environ["NUMBA_NUM_THREADS"] = "1"
    if not _limits:
        _limits.append(threadpool_limits(1))


# --- in the parent -------------------------------------------------------------------------------------------------


class _Flight:
    """Batches on their way to the workers and back."""

    def __init__(
        self,
        gaps: list[tuple[Curve, int, int]],
        store: Path,
        executor: Serial | Processes | Outside,
        progress: Progress,
    ) -> None:
        self.work = Work(gaps, executor)
        self.flying: dict[Future[Any], Todo] = {}
        self.new: dict[str, list[Piece]] = defaultdict(list)
        self.set_aside: list[Todo] = []
        self.failure: Exception | None = None
        self.stopping = False  # the user asked for it
        self._store, self._executor, self._progress = store, executor, progress
        self._finished: queue.SimpleQueue[Future[Any]] = queue.SimpleQueue()
        self._pack = lru_cache(maxsize=1)(pack)  # curves come one after the other

    @contextmanager
    def listen(self) -> Iterator[None]:
        """The first Ctrl-C lets the running batches finish, the second interrupts."""
        before = signal.signal(signal.SIGINT, self._interrupted)
        try:
            yield
        finally:
            signal.signal(signal.SIGINT, before)

    def _interrupted(self, *_: Any) -> None:
        if self.stopping:
            raise KeyboardInterrupt("stopped at once; finished batches are kept, and the same call resumes")
        self.stopping = True
        print("Finishing the batches that are running; Ctrl-C again stops at once.", file=sys.stderr, flush=True)

    def launch(self) -> None:
        """Hand out batches while the executor has room."""
        while not (self.stopping or self.failure) and len(self.flying) < self._executor.slots:
            todo = self.work.take()
            if todo is None:
                return
            payload = todo.curve if isinstance(self._executor, Serial) else self._pack(todo.curve)
            arguments = (payload, self._store, todo.start, todo.stop, (platform.node(), os.getpid()))
            future = self._executor.submit(run_batch, *arguments)
            self.flying[future] = todo
            future.add_done_callback(self._finished.put)

    def land(self) -> None:
        """Wait for one batch and note its file."""
        future = self._finished.get()
        todo = self.flying.pop(future)
        try:
            file, seconds = future.result()
        except Exception as error:
            self._sort_out(error, todo)
            return
        if not file.exists():
            self.failure = OSError(
                f"A worker stored {file}, but this process cannot see it: give store= a folder that all workers and "
                "this process share."
            )
            return
        self.new[todo.curve.key].append((file, todo.start, todo.stop))
        self.work.done(todo, seconds)
        self._progress.advance(todo.stop - todo.start, self.work.seconds_left(list(self.flying.values())))

    def _sort_out(self, error: Exception, todo: Todo) -> None:
        """A dead worker costs its batch a second try or its place; any other error ends the sweep."""
        died = isinstance(error, BrokenExecutor)
        lost = (died and isinstance(self._executor, Processes)) or isinstance(error, CancelledError)
        if type(error).__name__ == "KilledWorker" or (lost and todo.tried):  # dask has tried several workers already
            self.set_aside.append(todo)
        elif lost:
            self.work.again(todo)
        elif died:
            self.failure = RuntimeError(
                "The executor lost a worker and takes no more work. Finished batches are kept: make a new executor and "
                "call again, or use executor=None, which survives this."
            )
        else:
            error.add_note(f"in {todo}")
            self.failure = error


def dispatch(
    gaps: list[tuple[Curve, int, int]],
    store: Path,
    executor: Serial | Processes | Outside,
    progress: Progress,
    *,
    keeps: bool,
) -> tuple[dict[str, list[Piece]], list[Todo]]:
    """Compute what is missing.

    Parameters
    ----------
    gaps : list of (curve, start, stop)
        Missing realizations.
    store : Path
        Where the workers put the batches.
    executor : Serial, Processes or Outside
        Where they are computed.
    progress : Progress
        Shows every finished batch.
    keeps : bool
        Whether the store outlives the call, so that it is worth finishing running batches after Ctrl-C.

    Returns
    -------
    dict, list
        New files by key of the curve, and batches that were set aside because they ended their worker twice.

    Raises
    ------
    KeyboardInterrupt
        After Ctrl-C.
    Exception
        What a worker raised, once all other running batches are stored.
    """
    flight = _Flight(gaps, store, executor, progress)
    progress.start(flight.work.total)
    # without a store there is nothing to save: the first Ctrl-C stops; only the main thread may listen
    listens = keeps and threading.current_thread() is threading.main_thread()
    try:
        with flight.listen() if listens else nullcontext(), one_thread():
            flight.launch()
            while flight.flying:
                flight.land()
                flight.launch()
    except BaseException:
        for future in flight.flying:
            future.cancel()
        executor.close(kill=True)
        raise
    finally:
        progress.stop()
    if flight.failure is not None:
        raise flight.failure
    if flight.stopping and flight.work.take() is not None:
        raise KeyboardInterrupt(
            f"stopped after {progress.done} of {flight.work.total} realizations; they are stored, and the same call "
            "resumes"
        )
    return flight.new, flight.set_aside
