"""Where batches are computed: this process, local processes, or anything with `submit`.

An executor here has `slots`, how many batches it wants in flight, and ``submit(function, *arguments) -> future`` with
``add_done_callback``. A worker that dies never takes another batch with it: local workers hold one batch each.
"""

from __future__ import annotations

import atexit
import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future
from typing import Any

from .._checks.names import shown

__all__ = ["Outside", "Processes", "Serial", "open_executor"]

IDLE_SECONDS = 60  # workers without work end after this time; a later sweep starts new ones
COUNT_SECONDS = 5.0  # between two looks at how many workers a cluster has
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


class Serial:
    """Batches one after the other in this process, for debugging."""

    slots = workers = 1

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Run now; the future is done."""
        future: Future[Any] = Future()
        try:
            future.set_result(function(*arguments))
        except Exception as error:
            future.set_exception(error)
        return future

    def close(self, *, kill: bool = False) -> None:
        """Nothing to close."""


_pools: dict[int, Any] = {}  # one worker each, kept for the next sweep of this process


@atexit.register
def _end_pools() -> None:
    """End idle workers while the interpreter still has all that takes."""
    while _pools:
        _pools.popitem()[1].shutdown(wait=True, kill_workers=True)


class Processes:
    """Local processes of one core each, one pool for each: the death of a worker costs one batch only."""

    def __init__(self, workers: int) -> None:
        self.slots = self.workers = workers
        self._busy = [False] * workers

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Hand over to an idle worker."""
        slot = self._busy.index(False)
        try:
            future = self._pool(slot).submit(function, *arguments)
        except (BrokenExecutor, RuntimeError):  # the worker died, or its pool was shut down, while it was idle
            self._drop(slot)
            future = self._pool(slot).submit(function, *arguments)
        self._busy[slot] = True
        future.add_done_callback(lambda done: self._release(slot, done))
        return future

    def _pool(self, slot: int) -> Any:
        from loky import ProcessPoolExecutor

        if slot not in _pools:
            _pools[slot] = ProcessPoolExecutor(
                1,
                timeout=IDLE_SECONDS,
                initializer=_start_worker,
                initargs=(os.getpid(),),  # read here: a parent may die before its worker has started
                env=dict.fromkeys(THREADS, "1"),
            )
        return _pools[slot]

    def _release(self, slot: int, done: Future[Any]) -> None:
        if not done.cancelled() and isinstance(done.exception(), BrokenExecutor):
            _pools.pop(slot, None)
        self._busy[slot] = False

    def _drop(self, slot: int) -> None:
        if (pool := _pools.pop(slot, None)) is not None:
            pool.shutdown(wait=False, kill_workers=True)

    def close(self, *, kill: bool = False) -> None:
        """Keep idle workers for the next sweep; with `kill`, end all of them at once."""
        if kill:
            for slot in range(self.workers):
                self._drop(slot)


class Outside:
    """Anything with `submit`: an executor of concurrent.futures or mpi4py, a dask Client."""

    def __init__(self, executor: Any, close: Callable[[], Any] | None = None) -> None:
        self._close = close
        self._client = executor if hasattr(executor, "get_executor") else None
        # futures of a dask Client follow another protocol
        self._executor = executor.get_executor(pure=False) if self._client is not None else executor
        self._counted, self._count = 0.0, 1

    @property
    def workers(self) -> int:
        """Processors at work now: those of a cluster come and go."""
        if self._client is None:
            known = (getattr(self._executor, name, None) for name in ("num_workers", "_max_workers"))
            return next((n for n in known if n), os.cpu_count() or 1)
        if time.monotonic() - self._counted > COUNT_SECONDS:
            self._count = max(1, sum(self._client.ncores().values()))
            self._counted = time.monotonic()
        return self._count

    @property
    def slots(self) -> int:
        """One batch at work and one waiting for every processor."""
        return 2 * self.workers

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Future[Any]:
        """Pass on."""
        return self._executor.submit(function, *arguments)

    def close(self, *, kill: bool = False) -> None:
        """Close what was opened here; the caller's executor stays open."""
        if self._close is not None:
            self._close()


def _start_worker(parent: int) -> None:
    """Leave Ctrl-C to the parent, and end with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


def open_executor(executor: Any, workers: int | None) -> Serial | Processes | Outside:
    """Executor for the argument of `sweep`: None, "serial", a tcp address, or anything with submit."""
    if executor is None:
        from loky import cpu_count

        return Processes(cpu_count() if workers is None else workers)
    if executor == "serial":
        return Serial()
    if isinstance(executor, str) and "://" in executor:
        try:
            from distributed import Client
        except ImportError as error:
            raise ImportError("An address needs dask.distributed: pip install 'qbsim[cluster]'.") from error
        client = Client(executor)
        return Outside(client, client.close)
    if hasattr(executor, "submit"):
        return Outside(executor)
    raise TypeError(
        "Argument executor must be None (local processes), 'serial', an address such as 'tcp://host:8786', or an "
        f"object with a submit method, but is {shown(executor)}."
    )
