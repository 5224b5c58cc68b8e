"""Threads of BLAS: one for small matrices and in workers, whatever the caller set otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

__all__ = ["one_thread"]


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
