"""How much memory is left; the lowest layer."""

from __future__ import annotations

__all__ = ["available_memory"]


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
