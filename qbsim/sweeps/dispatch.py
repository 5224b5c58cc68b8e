"""Batches on their way: where they are computed, what happens when a worker dies or the user stops."""

from __future__ import annotations

import os
import platform
import queue
import signal
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Future
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from pathlib import Path
from typing import Any

from .._machine import one_thread
from ..solvers._progress import Progress
from .batches import Piece, write_batch
from .executors import Outside, Processes, Serial
from .jobs import Job
from .transport import pack, unpack
from .work import Todo, Work

__all__ = ["dispatch"]

# --- in the worker -------------------------------------------------------------------------------------------------


def run_batch(
    payload: bytes | Job, store: str | Path, start: int, stop: int, parent: tuple[str, int]
) -> tuple[Path, float, bool]:
    """Compute a batch and store it; in the same process a job is itself.

    Returns
    -------
    Path, float, bool
        Its file, the seconds it took, and whether its solver ran here for the first time, and may have been compiled.
    """
    if (platform.node(), os.getpid()) != parent:
        _cap_threads()
    job = unpack(payload) if isinstance(payload, bytes) else payload
    began = time.time()
    batch = job.compute(start, stop)
    path, seconds = write_batch(Path(store), job, batch), time.time() - began
    new = batch.solvers.keys() - _ran
    _ran.update(new)
    return path, seconds, bool(new)


_ran: set[str] = set()  # solvers that have run in this process
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
        gaps: list[tuple[Job, int, int]],
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
        self._pack = lru_cache(maxsize=1)(pack)  # jobs come one after the other

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
            payload = todo.job if isinstance(self._executor, Serial) else self._pack(todo.job)
            arguments = (payload, self._store, todo.start, todo.stop, (platform.node(), os.getpid()))
            future = self._executor.submit(run_batch, *arguments)
            self.flying[future] = todo
            future.add_done_callback(self._finished.put)

    def land(self) -> None:
        """Wait for one batch and note its file."""
        future = self._finished.get()
        todo = self.flying.pop(future)
        try:
            file, seconds, first = future.result()
        except Exception as error:
            self._sort_out(error, todo)
            return
        if not file.exists():
            self.failure = OSError(
                f"A worker stored {file}, but this process cannot see it: give store= a folder that all workers and "
                "this process share."
            )
            return
        self.new[todo.job.key].append((file, todo.start, todo.stop))
        self.work.done(todo, seconds, first=first)
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
    gaps: list[tuple[Job, int, int]],
    store: Path,
    executor: Serial | Processes | Outside,
    progress: Progress,
    *,
    keeps: bool,
) -> tuple[dict[str, list[Piece]], list[Todo]]:
    """Compute what is missing.

    Parameters
    ----------
    gaps : list of (job, start, stop)
        Missing rows, of jobs whose rows are called the same.
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
        New files by key of the job, and batches that were set aside because they ended their worker twice.

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
            f"stopped after {progress.done} of {flight.work.total} {gaps[0][0].ROWS}; they are stored, and the same "
            "call resumes"
        )
    return flight.new, flight.set_aside
