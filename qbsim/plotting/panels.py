"""Figure of a result, as `qbsim plot` writes it: one panel for every quantity, with curves or a heat map."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .datasets import is_text, known_axis, numbers, title
from .figures import figure, label, style
from .lines import draw_lines, legend, legend_texts
from .maps import draw_map, map_axes

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["draw"]


def draw(ds: xr.Dataset, x: str | None = None, y: Sequence[str] = (), heat: str | None = None) -> Any:
    """Figure with one panel for every quantity in `y` against the axis `x`.

    Parameters
    ----------
    ds : xarray.Dataset
        From `sweep` or `evolve`.
    x : str, optional
        Axis; by default the numeric one with most values, and time where there is none.
    y : sequence of str
        Variables; by default half_life and gain where they exist, else every curve.
    heat : str, optional
        A second axis: the panels are heat maps over `x` and this one.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For names the dataset does not have, or more lines than a figure can show.
    """
    x = x or _default_x(ds, heat)
    if x not in ds.dims:
        known_axis(ds, x, "")
    y = list(y) or _default_y(ds, x)
    for name in y:
        numbers(ds, name)
        if heat is None:
            legend_texts(ds, known_axis(ds, x, name), name)
        else:
            map_axes(ds, name, x, heat)
    with style():
        fig, axes = figure(1, len(y), width=4.2, height=3.2, squeeze=False)
        for panel, (name, ax) in enumerate(zip(y, axes[0], strict=True)):
            letter = chr(ord("a") + panel) if len(y) > 1 else ""
            if heat is not None:
                draw_map(ds, name, ax, x, heat)
                label(ax, ax.get_xlabel(), ax.get_ylabel(), letter)
                continue
            texts = legend_texts(ds, x, name)
            draw_lines(ds, x, name, ax, texts)
            label(ax, title(ds[x]), title(ds[name]), letter)
            if any(texts) and (panel == len(y) - 1 or texts != legend_texts(ds, x, y[-1])):
                legend(ax, outside=True)
    return fig


def _default_x(ds: xr.Dataset, heat: str | None) -> str:
    free = [d for d in ds.dims if d not in ("time", "realization", "row", "col", heat) and not is_text(ds[d])]
    return str(max(free, key=lambda d: ds.sizes[d])) if free and "half_life" in ds else "time"


def _default_y(ds: xr.Dataset, x: str) -> list[str]:
    if x != "time" and "half_life" in ds:
        return ["half_life", "gain"]
    if "ergotropy_ratio" in ds:
        return ["ergotropy_ratio"]
    return [str(v) for v in ds.data_vars if x in ds[v].dims and not str(v).endswith("_sem")]
