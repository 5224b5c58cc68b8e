"""Figures of a sweep: any of its numbers against any of its axes, one line for each combination of the others."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import plotting
from .._checks import nearest

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["draw", "select"]

LINES_LIMIT = 24
MARKERS = "osD^v<>ph*"
SAME = 1e-9  # of the largest value of an axis: numbers that differ by less are the same
SHOWN = 10  # a message names at most so many values of an axis


def select(ds: xr.Dataset, where: dict[str, str]) -> xr.Dataset:
    """Part of a dataset at given values of its axes; numbers need only agree to rounding.

    Raises
    ------
    ValueError
        For an unknown axis, or what is not one of its values.
    """
    for name, text in where.items():
        if name not in ds.dims:
            raise ValueError(nearest("axis", name, [str(d) for d in ds.dims]))
        values = ds[name].values
        if values.dtype.kind in "OUSb":
            texts = [str(v) for v in values]
            if text not in texts:
                raise ValueError(nearest(name, text, texts))
            ds = ds.isel({name: [texts.index(text)]})
        else:
            ds = ds.isel({name: [_position(name, values, text)]})
    return ds


def _position(name: str, values: np.ndarray, text: str) -> int:
    """Position of a number among the values of an axis."""
    try:
        number = float(text)
    except ValueError as error:
        raise ValueError(f"Axis {name} has numbers, but was asked for {text!r}.") from error
    away = np.abs(values - number)
    k = int(np.argmin(away))
    if not away[k] <= SAME * np.abs(values).max():
        known = [f"{v:.12g}" for v in values]
        if len(known) > SHOWN:
            known = [*known[: SHOWN - 1], f"... ({len(known)} in all)", known[-1]]
        raise ValueError(
            f"Axis {name} has no value {text}; the nearest is {values[k]:.12g}. It has {', '.join(known)}."
        )
    return k


def draw(ds: xr.Dataset, x: str | None = None, y: Sequence[str] = ()) -> Any:
    """Figure with one panel for every quantity in `y` against the axis `x`.

    Parameters
    ----------
    ds : xarray.Dataset
        From `sweep` or `evolve`.
    x : str, optional
        Axis; by default the numeric one with most values, and time where there is none.
    y : sequence of str
        Variables; by default half_life and gain where they exist, else every curve.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        For names the dataset does not have, or more lines than a figure can show.
    """
    x = x or _default_x(ds)
    if x not in ds.dims:
        raise ValueError(nearest("axis", x, [str(d) for d in ds.dims]))
    y = list(y) or _default_y(ds, x)
    for name in y:
        if name not in ds.data_vars:
            raise ValueError(nearest("variable", name, [str(v) for v in ds.data_vars]))
        if x not in ds[name].dims:
            raise ValueError(
                f"Variable {name!r} does not depend on {x!r}, but on {', '.join(map(str, ds[name].dims))}."
            )
        if ds[name].dtype.kind not in "fiu":
            raise ValueError(f"Variable {name!r} is text and cannot be drawn.")
    with plotting.style():
        fig, axes = plotting.figure(1, len(y), width=4.2, height=3.2, squeeze=False)
        for panel, (name, ax) in enumerate(zip(y, axes[0], strict=True)):
            _panel(ds, x, name, ax)
            letter = chr(ord("a") + panel) if len(y) > 1 else ""
            plotting.label(ax, plotting.axis_label(ds[x]), plotting.axis_label(ds[name]), letter)
            _, names = ax.get_legend_handles_labels()
            if names and (panel == len(y) - 1 or names != _legend(ds, x, y[-1])):
                ax.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    return fig


def _default_x(ds: xr.Dataset) -> str:
    numeric = [d for d in ds.dims if d not in ("time", "realization", "row", "col") and ds[d].dtype.kind in "fiu"]
    return str(max(numeric, key=lambda d: ds.sizes[d])) if numeric and "half_life" in ds else "time"


def _default_y(ds: xr.Dataset, x: str) -> list[str]:
    if x != "time" and "half_life" in ds:
        return ["half_life", "gain"]
    if "ergotropy_ratio" in ds:
        return ["ergotropy_ratio"]
    return [str(v) for v in ds.data_vars if x in ds[v].dims and not str(v).endswith("_sem")]


def _lines(ds: xr.Dataset, x: str, name: str) -> list[dict[str, Any]]:
    """Values of the other axes for every line of a variable."""
    others = [str(d) for d in ds[name].dims if d != x]
    choices = itertools.product(*(ds[d].values.tolist() for d in others))
    return [dict(zip(others, choice, strict=True)) for choice in choices]


def _legend(ds: xr.Dataset, x: str, name: str) -> list[str]:
    """Legend texts of the lines of a variable, empty where there is one line only."""
    lines = _lines(ds, x, name)
    return [", ".join(_name(d, v) for d, v in at.items() if ds.sizes[d] > 1) for at in lines]


def _panel(ds: xr.Dataset, x: str, name: str, ax: Any) -> None:
    variable = ds[name]
    error = next((ds[name + s] for s in ("_err", "_sem") if name + s in ds), None)
    lines = _lines(ds, x, name)
    if len(lines) > LINES_LIMIT:
        first = next(iter(lines[0]))
        raise ValueError(
            f"{name} against {x} has {len(lines)} lines; choose with --where, such as --where {first}="
            f"{ds[first].values[0]}."
        )
    is_text = ds[x].dtype.kind in "OUS"
    positions = np.arange(ds.sizes[x]) if is_text else ds[x].values
    # nothing lies between two geometries
    look: dict[str, Any] = {"linestyle": "none"} if is_text else {"marker": None} if x == "time" else {}
    for at, text, style in zip(lines, _legend(ds, x, name), _styles(ds, lines), strict=True):
        values = variable.sel(at).values
        (line,) = ax.plot(positions, values, label=text or None, **style | look)
        if error is not None and (spread := error.sel(at).values).any() and np.isfinite(spread).any():
            if is_text:
                ax.errorbar(positions, values, spread, fmt="none", ecolor=line.get_color())
            else:
                ax.fill_between(positions, values - spread, values + spread, color=line.get_color(), alpha=0.15, lw=0)
    if is_text:
        ax.set_xticks(positions, [plotting.LABELS.get(v, v) for v in ds[x].values.tolist()])


def _name(axis: str, value: Any) -> str:
    if axis in ("state", "geometry"):
        return plotting.LABELS.get(value, str(value))
    return f"{axis} = {value:g}" if isinstance(value, int | float) else f"{axis} = {value}"


def _styles(ds: xr.Dataset, lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Colour of the state, or else of the geometry; marker and shade distinguish everything else."""
    varied = [d for d in ("state", "geometry") if ds.sizes.get(d, 1) > 1 and all(d in at for at in lines)]
    named = varied[0] if varied else None
    taken = [plotting.LINES[v]["color"] for v in ds[named].values.tolist() if v in plotting.LINES] if named else []
    free = itertools.cycle([c for c in plotting.CYCLE if c not in taken] or plotting.CYCLE)
    colours: dict[Any, dict[str, Any]] = {}
    others = [tuple(v for d, v in at.items() if d != named) for at in lines]
    rest = list(dict.fromkeys(others))
    styles = []
    for at, other in zip(lines, others, strict=True):
        key = at[named] if named else other
        if key not in colours:
            colours[key] = dict(plotting.LINES.get(str(key), {"color": next(free)}) if named else {"color": next(free)})
        mark = {"marker": MARKERS[rest.index(other) % len(MARKERS)], "markersize": 4}
        shade = {"alpha": 1 - 0.6 * rest.index(other) / (len(rest) - 1)} if named and len(rest) > 1 else {}
        styles.append(colours[key] | mark | shade)
    return styles
