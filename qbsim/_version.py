"""Version of qbsim and of what it computes with."""

from __future__ import annotations

import platform
from functools import cache
from importlib.metadata import version

__version__ = "0.1.0"

_library_version = cache(version)  # reading a version takes as long as a small evolution


def versions() -> dict[str, str]:
    """Versions of qbsim, Python, QuTiP, numpy and scipy, as attributes of every result."""
    return {
        "qbsim_version": __version__,
        "python_version": platform.python_version(),
        **{f"{name}_version": _library_version(name) for name in ("qutip", "numpy", "scipy")},
    }
