"""The machine: free memory, threads of BLAS, and who follows a long run; the lowest layer."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

T = TypeVar("T")


@cache
def _controller() -> Any:
    """BLAS libraries of this process; finding them takes a hundred times longer than setting them."""
    import scipy.linalg  # noqa: F401  # brings its own BLAS, which has to be there to be found
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


@contextmanager
def one_thread() -> Iterator[None]:
    """BLAS on one thread.

    On small matrices several threads only wait for each other, by a factor of a hundred where other work keeps the
    cores busy, and sums must not depend on their number. The compiled kernels have no threads of their own.
    """
    with _controller().limit(limits=1, user_api="blas"):
        yield


SURELY_FREE = 2**28  # bytes; skip the memory check below this size
MOST_CELLS = 300  # beyond it the forecast is a lower bound: 2^300 states are more than there are atoms


def available_memory() -> int:
    """Bytes of memory that programs can still take on this machine."""
    import psutil

    return int(psutil.virtual_memory().available)


def require(size: int, what: str, remedy: str) -> None:
    """Refuse to build `what` if the forecast of `size` bytes exceeds the free memory.

    Raises
    ------
    MemoryError
        With the forecast, what is free, and what to do.
    """
    if size > SURELY_FREE and size > (free := available_memory()):
        needed, available = min(size, 2**1000) / 2**30, free / 2**30  # of a larger integer there is no float
        digits = next((d for d in range(3, 17) if f"{needed:.{d}g}" != f"{available:.{d}g}"), 17)  # to tell them apart
        raise MemoryError(
            f"{what} needs about {needed:.{digits}g} GiB, but {available:.{digits}g} GiB are free. {remedy}"
        )


def require_cells(N: int, size: int, what: str, remedy: str = "Use fewer cells.", levels: int = 2) -> None:
    """Refuse `what` of N cells if `size` bytes for each of the levels^N basis states exceed the free memory."""
    require(size * levels ** min(N, MOST_CELLS), what, remedy)


def require_dense(dimension: int, what: str) -> None:
    """Refuse to write out a complex matrix of this dimension, and what computes with it, if it cannot fit."""
    require(48 * dimension**2, f"{what} as a full matrix of dimension {dimension}", "Use fewer cells or levels.")


# --- progress -------------------------------------------------------------------------------------------------------

Listener = Callable[[float | None, float], None]
_listener: ContextVar[Listener | None] = ContextVar("listener", default=None)
LARGE = 1000  # dimension from which LAPACK takes a second or more
PATIENCE = 0.1  # seconds until Ctrl-C is noticed while it works


@contextmanager
def heard_by(listener: Listener | None) -> Iterator[None]:
    """Send what `tell` says inside the block to this listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def is_heard() -> bool:
    """Whether somebody follows this run."""
    return _listener.get() is not None


def tell(solved: float | None = None, spectra: float = 0.0) -> None:
    """Say how far a run is: the share of it that is solved, or for how many more times the eigenvalues are known."""
    if (listener := _listener.get()) is not None:
        listener(solved, spectra)


def interruptible(function: Callable[[Any], T], matrix: Any) -> T:
    """Call LAPACK on a matrix or a stack; in a run that is followed, Ctrl-C ends the wait for a large one.

    What was begun then ends by itself, and nobody reads its result.
    """
    if not is_heard() or matrix.shape[-1] < LARGE:
        return function(matrix)
    future: Future[T] = Future()

    def work() -> None:
        try:
            future.set_result(function(matrix))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=work, daemon=True).start()
    while not future.done():
        wait([future], PATIENCE)
    return future.result()
