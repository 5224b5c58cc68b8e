"""Figures of a sweep: any of its numbers against any of its axes, one line per combination of the others."""

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
SAME = 1e-9  # of the largest value of an axis: numbers this near to each other are one
SHOWN = 10  # values of an axis that a message names


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
    """Where a number is among the values of an axis."""
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
            handles, names = ax.get_legend_handles_labels()
            last = panel == len(y) - 1
            if handles and (last or names != _legend(ds, x, y[-1])):
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


def _legend(ds: xr.Dataset, x: str, name: str) -> list[str]:
    """Legend texts of the lines of a variable, empty where there is one line only."""
    shown = [str(d) for d in ds[name].dims if d != x and ds.sizes[d] > 1]
    choices = itertools.product(*(ds[d].values.tolist() for d in shown))
    return [", ".join(_name(d, v) for d, v in zip(shown, choice, strict=True)) for choice in choices] if shown else []


def _panel(ds: xr.Dataset, x: str, name: str, ax: Any) -> None:
    variable = ds[name]
    error = next((ds[name + s] for s in ("_err", "_sem") if name + s in ds), None)
    others = [str(d) for d in variable.dims if d != x]
    choices = list(itertools.product(*(ds[d].values.tolist() for d in others)))
    if len(choices) > LINES_LIMIT:
        raise ValueError(
            f"{name} against {x} has {len(choices)} lines; choose with --where, such as --where {others[0]}="
            f"{ds[others[0]].values[0]}."
        )
    texts = _legend(ds, x, name) or [""]
    is_text = ds[x].dtype.kind in "OUS"
    positions = np.arange(ds.sizes[x]) if is_text else ds[x].values
    styles = _styles(ds, others, choices)
    for choice, text, style in zip(choices, texts, styles, strict=True):
        at = dict(zip(others, choice, strict=True))
        values = variable.sel(at).values
        if is_text:  # nothing lies between two geometries
            style = style | {"linestyle": "none"}
        if x == "time":
            style = style | {"marker": None}
        (line,) = ax.plot(positions, values, label=text or None, **style)
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


def _styles(ds: xr.Dataset, others: list[str], choices: list[tuple[Any, ...]]) -> list[dict[str, Any]]:
    """Colour of the state, or else of the geometry; marker and shade distinguish everything else."""
    named = next((d for d in ("state", "geometry") if d in others and ds.sizes[d] > 1), None)
    taken = [plotting.LINES[v]["color"] for v in ds[named].values.tolist() if v in plotting.LINES] if named else []
    free = itertools.cycle([c for c in plotting.CYCLE if c not in taken] or plotting.CYCLE)
    colours: dict[Any, dict[str, Any]] = {}
    rest = list(dict.fromkeys(tuple(v for d, v in zip(others, c, strict=True) if d != named) for c in choices))
    styles = []
    for choice in choices:
        at = dict(zip(others, choice, strict=True))
        other = tuple(v for d, v in at.items() if d != named)
        key = at[named] if named else other
        if key not in colours:
            colours[key] = dict(plotting.LINES.get(str(key), {"color": next(free)}) if named else {"color": next(free)})
        mark = {"marker": MARKERS[rest.index(other) % len(MARKERS)], "markersize": 4}
        shade = {"alpha": 1 - 0.6 * rest.index(other) / (len(rest) - 1)} if named and len(rest) > 1 else {}
        styles.append(colours[key] | mark | shade)
    return styles
