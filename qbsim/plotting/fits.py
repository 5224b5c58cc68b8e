"""Figure of a fit: measured points, the curve through them, and the residuals below."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from .figures import BLACK, BLUE, figure, label, style

__all__ = ["as_svg", "draw_fit"]

Panel = tuple[str, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]


def draw_fit(panels: Sequence[Panel], unit: str) -> Any:
    """Figure with one column for every curve.

    Parameters
    ----------
    panels : sequence of (title, t, y, errors, fine times, curve, residuals)
        Residuals are in standard errors.
    unit : str
        Unit of the times.
    """
    with style():
        fig, axes = figure(2, len(panels), height=2.2, squeeze=False, sharex="col", height_ratios=[3, 1])
        for k, (name, t, y, errors, fine, line, residuals) in enumerate(panels):
            top, below = axes[0, k], axes[1, k]
            top.errorbar(t, y, errors, fmt="o", color=BLACK, markersize=3, linewidth=0.8, zorder=1)
            top.plot(fine, line, color=BLUE, zorder=2)
            top.set_title(name)
            below.axhspan(-1, 1, color=BLUE, alpha=0.15, linewidth=0)
            below.axhline(0, color=BLUE, linewidth=0.8)
            below.plot(t, residuals, "o", color=BLACK, markersize=3)
            label(below, "time" if unit == "1" else f"time ({unit})", "residual" if k == 0 else "")
    return fig


def as_svg(fig: Figure) -> str:
    """The figure as text for a page."""
    buffer = io.StringIO()
    fig.savefig(buffer, format="svg", metadata={"Date": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :]
