"""What a picture takes out of a Dataset: a variable, an axis, the part at given values, and their names."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .._checks import nearest
from .figures import LABELS, figure, style

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["axes_to_draw_on", "axis_label", "is_text", "known_axis", "numbers", "select", "title", "value_label"]

SAME = 1e-9  # of the largest value of an axis: numbers that differ by less are the same
SHOWN = 10  # a message names at most so many values of an axis

TITLE_WIDTH = 32  # characters beside a panel


def axis_label(variable: xr.DataArray) -> str:
    """Long name of a variable, with its unit where it has one."""
    units = variable.attrs.get("units", "1")
    name = variable.attrs.get("long_name", str(variable.name))
    return name if units == "1" else f"{name} ({units})"


def title(variable: xr.DataArray) -> str:
    """`axis_label` in lines that are no longer than a panel."""
    return textwrap.fill(axis_label(variable), TITLE_WIDTH)


def value_label(axis: str, value: Any) -> str:
    """Legend text of a value of an axis: coherent, N = 3."""
    if axis in ("state", "geometry"):
        return LABELS.get(value, str(value))
    return f"{axis} = {value:g}" if isinstance(value, int | float) else f"{axis} = {value}"


def is_text(axis: xr.DataArray) -> bool:
    """Whether the values of an axis are names and not numbers."""
    return axis.dtype.kind in "OUS"


def numbers(ds: xr.Dataset, name: str) -> xr.DataArray:
    """Variable of a Dataset that can be drawn.

    Raises
    ------
    TypeError, ValueError
        For what is not a Dataset, and for a variable that is unknown or does not hold real numbers on an axis.
    """
    if not hasattr(ds, "data_vars"):
        raise TypeError(f"Argument ds must be a Dataset, as evolve and sweep return it, but is {type(ds).__name__}.")
    if not isinstance(name, str):
        raise TypeError(f"A picture needs the name of one variable, such as 'ergotropy', but was given {name!r}.")
    if name not in ds.data_vars:
        raise ValueError(nearest("variable", name, [str(v) for v in ds.data_vars]))
    variable = ds[name]
    if variable.dtype.kind not in "fiu":
        kind = {"c": "complex", "b": "true or false"}.get(variable.dtype.kind, "text")
        raise ValueError(f"Variable {name!r} is {kind} and cannot be drawn.")
    if not variable.dims:
        raise ValueError(f"Variable {name!r} is a single number, {variable.item():.6g}, and cannot be drawn.")
    return variable


def known_axis(ds: xr.Dataset, axis: str, name: str) -> str:
    """Axis that a variable depends on.

    Raises
    ------
    ValueError
        If it does not, or there is no such axis.
    """
    if axis not in ds.dims:
        raise ValueError(nearest("axis", axis, [str(d) for d in ds.dims]))
    if axis not in ds[name].dims:
        raise ValueError(f"Variable {name!r} does not depend on {axis!r}, but on {', '.join(map(str, ds[name].dims))}.")
    return axis


@contextmanager
def axes_to_draw_on(ax: Axes | None, width: float, height: float) -> Iterator[Axes]:
    """The caller's axes in the caller's style, or those of a new figure, of this size, in ours.

    Raises
    ------
    TypeError
        If `ax` is anything but one Axes.
    """
    if ax is None:
        fig, ax = figure(width=width, height=height)
        try:
            with style():
                yield ax
        except BaseException:  # no empty picture is left to show
            import matplotlib.pyplot as plt

            plt.close(fig)
            raise
    elif isinstance(ax, Axes):
        yield ax
    else:
        several = ": take one of them, such as ax[0]" if isinstance(ax, np.ndarray) else ""
        raise TypeError(f"Argument ax must be one Axes of matplotlib, but is {type(ax).__name__}{several}.")


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
