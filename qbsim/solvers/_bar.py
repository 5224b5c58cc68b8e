"""The progress bar that fits the place: a widget in a notebook, text on a terminal, none elsewhere."""

from __future__ import annotations

import sys
import warnings
from typing import Any

__all__ = ["bar_class"]


def bar_class() -> Any:
    """Class of `tqdm` to show progress with; None where a bar would fill a file with text."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    if "IPKernelApp" not in getattr(get_ipython(), "config", ()) and not sys.stderr.isatty():
        return None
    from tqdm import TqdmWarning

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TqdmWarning)  # no ipywidgets: a text bar does as well
        from tqdm.auto import tqdm
    return tqdm
