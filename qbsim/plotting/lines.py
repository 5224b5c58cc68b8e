"""Curves of a Dataset: a variable against one of its axes, one line for each combination of the others."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .datasets import axes_to_draw_on, is_text, known_axis, numbers, title, value_label
from .figures import CYCLE, LABELS, LINES, label

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["curve", "default_axis", "draw_lines", "legend", "legend_texts", "lines_of"]

LINES_LIMIT = 24
LEGEND_INSIDE = 4  # lines of a legend that leave room for the curves of one panel
MARKERS = "osD^v<>ph*"
ERRORS = ("_err", "_sem")  # endings of the variables that hold standard errors


def curve(ds: xr.Dataset, name: str, ax: Axes | None = None, *, x: str | None = None, **kwargs: Any) -> Axes:
    """Draw one variable of a Dataset: one line, or of a sweep one for each combination of its other axes.

    Parameters
    ----------
    ds : xarray.Dataset
        From `evolve` or `sweep`.
    name : str
        Variable to draw. Standard errors, of `name` with _sem or _err, are a band.
    ax : Axes, optional
        Where to draw; by default a new figure, which shows in a notebook and by ``plt.show()``.
    x : str, optional
        Horizontal axis: by default time, or the numeric axis with most values where the variable has no time.
    **kwargs
        For ``ax.plot``. With `label` there is a legend, as there is for two lines; the text of one line is the label of
        the battery unless given.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `ds` is not a Dataset, or `ax` not one Axes.
    ValueError
        If the Dataset has no such variable or axis, the variable does not hold real numbers, or it has more than 24
        lines.

    Examples
    --------
    >>> import numpy as np
    >>> from qbsim import evolve, full, plotting, single_cell
    >>> ds = evolve(single_cell(gamma=1.0), full(1), np.linspace(0, 1, 11))
    >>> plotting.curve(ds, "ergotropy").get_ylabel()
    'ergotropy'
    """
    variable = numbers(ds, name)
    x = known_axis(ds, x or default_axis(variable), name)
    lines = lines_of(ds, x, name)
    outside = ax is None and len(lines) > LEGEND_INSIDE
    with axes_to_draw_on(ax, *((6.0, 3.2) if outside else (3.6, 2.9))) as ax:
        prefix = kwargs.pop("label", None)
        texts = legend_texts(ds, x, name)
        if len(lines) == 1:
            texts = [prefix or ds.attrs.get("label") or ""]
        elif prefix is not None:
            texts = [f"{prefix}, {text}" for text in texts]
        draw_lines(ds, x, name, ax, texts, **kwargs)
        label(ax, title(ds[x]), title(variable))
        _, shown = ax.get_legend_handles_labels()
        if len(shown) > 1 or (shown and prefix is not None):
            legend(ax, outside)
    return ax


def legend(ax: Axes, outside: bool) -> None:
    """Legend among the curves, or to the right of their panel."""
    ax.legend(**({"loc": "center left", "bbox_to_anchor": (1.01, 0.5)} if outside else {}))


def default_axis(variable: xr.DataArray) -> str:
    """Horizontal axis: time, or else the numeric axis with most values, or else the first one."""
    dims = [str(d) for d in variable.dims]
    if "time" in dims:
        return "time"
    free = [d for d in dims if d not in ("realization", "row", "col") and not is_text(variable[d])]
    return max(free, key=lambda d: variable.sizes[d]) if free else dims[0]


def lines_of(ds: xr.Dataset, x: str, name: str) -> list[dict[str, Any]]:
    """Values of the other axes for every line of a variable.

    Raises
    ------
    ValueError
        If they are more than a figure can show.
    """
    others = [str(d) for d in ds[name].dims if d != x]
    choices = itertools.product(*(ds[d].values.tolist() for d in others))
    lines = [dict(zip(others, choice, strict=True)) for choice in choices]
    if len(lines) > LINES_LIMIT:
        first = max(others, key=lambda d: ds.sizes[d])
        value = ds[first].values.tolist()[0]
        raise ValueError(
            f"{name} against {x} has {len(lines)} lines, more than {LINES_LIMIT}: choose a value of an axis, such as "
            f"ds.sel({first}={value!r}) or --where {first}={value}."
        )
    return lines


def legend_texts(ds: xr.Dataset, x: str, name: str) -> list[str]:
    """Legend texts of the lines of a variable, empty where there is one line only."""
    lines = lines_of(ds, x, name)
    return [", ".join(value_label(d, v) for d, v in at.items() if ds.sizes[d] > 1) for at in lines]


def draw_lines(ds: xr.Dataset, x: str, name: str, ax: Axes, texts: list[str], **kwargs: Any) -> None:
    """All lines of a variable with their errors; `kwargs` go to ``ax.plot``."""
    variable = ds[name]
    errors = (ds.get(name.removesuffix("_mean") + ending) for ending in ERRORS)
    error = next((e for e in errors if e is not None and e.dims == variable.dims), None)
    lines = lines_of(ds, x, name)
    named = is_text(ds[x])
    positions = np.arange(ds.sizes[x]) if named else ds[x].values
    # nothing lies between two geometries
    look: dict[str, Any] = {"linestyle": "none"} if named else {"marker": None} if x == "time" else {}
    for at, text, style in zip(lines, texts, _styles(ds, lines), strict=True):
        values = variable.sel(at).values
        (line,) = ax.plot(positions, values, **{"label": text or None} | style | look | kwargs)
        if error is not None and (spread := error.sel(at).values).any() and np.isfinite(spread).any():
            if named:
                ax.errorbar(positions, values, spread, fmt="none", ecolor=line.get_color())
            else:
                ax.fill_between(positions, values - spread, values + spread, color=line.get_color(), alpha=0.15, lw=0)
    if named:
        ax.set_xticks(positions, [LABELS.get(v, v) for v in ds[x].values.tolist()])


def _styles(ds: xr.Dataset, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Colour of the state, or else of the geometry; marker and shade distinguish everything else."""
    if len(lines) == 1:  # the next colour of the axes
        return [{"marker": MARKERS[0], "markersize": 4}]
    varied = [d for d in ("state", "geometry") if ds.sizes.get(d, 1) > 1 and all(d in at for at in lines)]
    named = varied[0] if varied else None
    taken = [LINES[v]["color"] for v in ds[named].values.tolist() if v in LINES] if named else []
    free = itertools.cycle([c for c in CYCLE if c not in taken] or CYCLE)
    colours: dict[Any, dict[str, Any]] = {}
    others = [tuple(v for d, v in at.items() if d != named) for at in lines]
    rest = list(dict.fromkeys(others))
    styles = []
    for at, other in zip(lines, others, strict=True):
        key = at[named] if named else other
        if key not in colours:
            colours[key] = dict(LINES.get(str(key), {"color": next(free)}) if named else {"color": next(free)})
        mark = {"marker": MARKERS[rest.index(other) % len(MARKERS)], "markersize": 4}
        shade = {"alpha": 1 - 0.6 * rest.index(other) / (len(rest) - 1)} if named and len(rest) > 1 else {}
        styles.append(colours[key] | mark | shade)
    return styles
