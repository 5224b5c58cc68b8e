"""Style, figures and axes-level helpers.

One colour means the same state or geometry in every figure (Okabe and Ito's palette, safe for colour-blind readers),
and every colour has its own line style, so that figures can be read in grey.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import matplotlib as mpl
import numpy as np
from cycler import cycler
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike

from ..geometry import GEOMETRIES

__all__ = [
    "LABELS",
    "LINES",
    "band",
    "figure",
    "inset",
    "label",
    "line",
    "offscreen",
    "points",
    "sequence",
    "style",
    "write",
]

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
BLUE, VERMILION, PURPLE, GREY = "#0072B2", "#D55E00", "#CC79A7", "#7F7F7F"

_COLOURS, _DASHES = [SKY, PURPLE, ORANGE, BLACK, VERMILION, GREEN, BLUE], ["--", "-", "-.", ":", (0, (6, 2, 1, 2))]

LINES: dict[str, dict[str, Any]] = {
    "plus": {"color": BLUE, "linestyle": "-"},
    "classical": {"color": VERMILION, "linestyle": "--"},
    "full": {"color": GREEN, "linestyle": "-."},
    "empty": {"color": GREY, "linestyle": ":"},
    **{
        name: {"color": _COLOURS[k % len(_COLOURS)], "linestyle": _DASHES[k % len(_DASHES)]}
        for k, name in enumerate(GEOMETRIES)
    },
}
"""Line properties of every state and geometry."""

LABELS = {
    "plus": "coherent",
    "classical": "classical",
    "full": "fully excited",
    "empty": "empty",
    **{name: name.replace("_", "-") for name in GEOMETRIES},
}
"""Legend text of every state and geometry."""

CYCLE = [BLUE, VERMILION, GREEN, ORANGE, PURPLE, SKY, BLACK]

_STYLE: Any = {
    "axes.prop_cycle": cycler(color=CYCLE),
    "axes.grid": True,
    "axes.labelsize": 10,
    "axes.titlesize": 10,
    "font.size": 9,
    "grid.alpha": 0.25,
    "grid.linewidth": 0.5,
    "legend.fontsize": 8,
    "legend.framealpha": 0.85,
    "lines.linewidth": 1.6,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "pdf.fonttype": 42,
}


_MARKERS: dict[str, Any] = {"marker": "o", "markersize": 3.5, "linewidth": 0.8, "capsize": 2}


@contextmanager
def style() -> Iterator[None]:
    """The one style of all figures, for the duration of a ``with`` block."""
    with mpl.rc_context(_STYLE):
        yield


SPACE = 0.08  # inches beside a panel
_OFFSCREEN: ContextVar[bool] = ContextVar("offscreen", default=False)


@contextmanager
def offscreen() -> Iterator[None]:
    """Figures that are made in a ``with`` block are for files: pyplot does not know them, and shows none."""
    token = _OFFSCREEN.set(True)
    try:
        yield
    finally:
        _OFFSCREEN.reset(token)


def figure(
    rows: int = 1, cols: int = 1, *, width: float = 3.6, height: float = 2.9, **kwargs: Any
) -> tuple[Figure, Any]:
    """Figure and its axes (one, or an array as from ``plt.subplots``), each panel `width` x `height` inches.

    As a figure of pyplot it shows in a notebook, and in a script with ``plt.show()``; inside of `offscreen` it belongs
    to the caller alone. Axes have the look of `style`, which ends with the call.
    """
    options: dict[str, Any] = {"figsize": (width * cols, height * rows), "layout": ConstrainedLayoutEngine(w_pad=SPACE)}
    if _OFFSCREEN.get():
        fig = Figure(**options)
    else:
        import matplotlib.pyplot as plt

        fig = plt.figure(**options)  # outside of `style`: whatever a backend sets when it loads is to stay
    with style():
        return fig, fig.subplots(rows, cols, **kwargs)


def write(fig: Figure, path: str | os.PathLike[str]) -> None:
    """Write a figure to a file, PNG or PDF by its ending; no dates inside, so the same figure gives the same bytes."""
    dates = {".png": {"Software": None}, ".pdf": {"CreationDate": None}}
    fig.savefig(path, metadata=dates.get(os.path.splitext(path)[1]))


def line(name: str) -> dict[str, Any]:
    """Line properties and legend text of a state or geometry, for ``ax.plot(x, y, **line("plus"))``."""
    return {**LINES[name], "label": LABELS[name]}


def sequence(count: int) -> list[dict[str, Any]]:
    """Line properties of `count` ordered curves (N, delta, ...): light to dark, each with its own dashes."""
    dashes: list[Any] = [(0, ()), (0, (6, 2)), (0, (3, 2)), (0, (6, 2, 1, 2)), (0, (1, 1.5)), (0, (8, 1, 1, 1, 1, 1))]
    colours = mpl.colormaps["viridis_r"]([0.15 + 0.85 * k / max(count - 1, 1) for k in range(count)])
    return [{"color": c, "linestyle": dashes[k % len(dashes)]} for k, c in enumerate(colours)]


def band(ax: Axes, x: ArrayLike, y: ArrayLike, error: ArrayLike | None = None, **look: Any) -> Axes:
    """Curve with its standard error as a band of the same colour."""
    (curve_line,) = ax.plot(x, y, **look)
    if error is not None:
        low, high = np.asarray(y) - np.asarray(error), np.asarray(y) + np.asarray(error)
        ax.fill_between(np.asarray(x), low, high, color=curve_line.get_color(), alpha=0.2, lw=0)
    return ax


def points(ax: Axes, x: ArrayLike, y: ArrayLike, error: ArrayLike | None = None, **look: Any) -> Axes:
    """Markers with error bars, joined by a thin line."""
    ax.errorbar(np.asarray(x), np.asarray(y), None if error is None else np.asarray(error), **_MARKERS | look)
    return ax


def inset(ax: Axes, bounds: tuple[float, float, float, float]) -> Axes:
    """Axes inside axes, `bounds` = (left, bottom, width, height) as fractions of `ax`, with small ticks."""
    small = ax.inset_axes(bounds)
    small.tick_params(labelsize=7)
    return small


def label(ax: Axes, xlabel: str, ylabel: str, panel: str = "") -> Axes:
    """Name both axes and mark the panel, as (a)."""
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if panel:
        ax.set_title(f"({panel})", loc="left")
    return ax
