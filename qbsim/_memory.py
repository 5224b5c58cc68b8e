"""How much memory is left, and the refusal of what cannot fit; the lowest layer."""

from __future__ import annotations

__all__ = ["SURELY_FREE", "available_memory", "require", "require_cells"]

SURELY_FREE = 2**28  # bytes below which nobody asks how much memory is left
MOST_CELLS = 300  # beyond it the forecast is a lower bound: 2^300 states are more than there are atoms


def available_memory() -> int:
    """Bytes of memory that can still be taken on this machine."""
    try:
        with open("/proc/meminfo") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 8 * 2**30


def require(size: int, what: str, remedy: str) -> None:
    """Refuse to build `what` if the forecast of `size` bytes exceeds the free memory.

    Raises
    ------
    MemoryError
        With the forecast, what is free, and what to do.
    """
    if size > SURELY_FREE and size > (free := available_memory()):
        gib = min(size, 2**1000) / 2**30  # of a larger integer there is no float
        raise MemoryError(f"{what} needs about {gib:.3g} GiB, but {free / 2**30:.3g} GiB are free. {remedy}")


def require_cells(N: int, size: int, what: str, remedy: str = "Use fewer cells.", levels: int = 2) -> None:
    """Refuse `what` of N cells if `size` bytes for each of the levels^N basis states exceed the free memory."""
    require(size * levels ** min(N, MOST_CELLS), what, remedy)
