"""Heat maps of a Dataset: a variable as colour over two of its axes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes

from .datasets import axes_to_draw_on, is_text, known_axis, numbers, title, value_label
from .figures import LABELS, label

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["draw_map", "heatmap", "map_axes"]

WHOLE_TICKS, TICKS = 12, 6  # values of an axis, whole numbers and others, that each get their own tick
UNKNOWN = "0.85"  # grey of what is not a number


def heatmap(
    ds: xr.Dataset, name: str, ax: Axes | None = None, *, x: str | None = None, y: str | None = None, **kwargs: Any
) -> Axes:
    """Draw one variable of a Dataset as colour over two of its axes, with a colour bar.

    Parameters
    ----------
    ds : xarray.Dataset
        From `sweep` or `evolve`. Axes beyond `x` and `y` must be reduced to one value, ``ds.sel(state="plus")``.
    name : str
        Variable to draw; what is nan, such as a half-life that is not reached, stays grey.
    ax : Axes, optional
        Where to draw; by default a new figure, which shows in a notebook and by ``plt.show()``.
    x, y : str, optional
        Horizontal and vertical axis; by default the longest axes, those with numbers first. Every value is in the
        middle of its cell.
    **kwargs
        For ``ax.pcolormesh``, such as cmap, vmin and vmax.

    Returns
    -------
    Axes

    Raises
    ------
    TypeError
        If `ds` is not a Dataset, or `ax` not one Axes.
    ValueError
        If the Dataset has no such variable or axes, the variable has a third axis, or holds nothing but nan.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from qbsim import disordered_chain, plotting, sweep
    >>> chain = partial(disordered_chain, B0=10.0, exchange=10.0, gamma=1.0)
    >>> ds = sweep(chain, {"N": [2, 3], "delta": [0.0, 1.0]}, states="plus", tlist=np.linspace(0, 1, 101),
    ...            executor="serial", progress=False)
    >>> ax = plotting.heatmap(ds, "half_life", x="N", y="delta")
    >>> ax.get_xlabel(), ax.get_ylabel(), ax.get_title()
    ('N', 'delta', 'coherent')
    """
    x, y = map_axes(ds, name, x, y)
    with axes_to_draw_on(ax, 4.2, 3.2) as ax:
        draw_map(ds, name, ax, x, y, **kwargs)
    return ax


def map_axes(ds: xr.Dataset, name: str, x: str | None, y: str | None) -> tuple[str, str]:
    """Horizontal and vertical axis of a heat map, once it is sure that there is one.

    Raises
    ------
    ValueError
        As `heatmap`.
    """
    variable = numbers(ds, name)
    for axis in (x, y):
        if axis is not None and variable.sizes[known_axis(ds, axis, name)] < 2:
            raise ValueError(f"Axis {axis} has one value only, and a heat map needs more of both axes.")
    if x is not None and x == y:
        raise ValueError(f"A heat map needs two different axes, but both are {x!r}.")
    free = [str(d) for d in variable.dims if variable.sizes[d] > 1 and d not in (x, y)]
    free.sort(key=lambda d: (is_text(ds[d]), -ds.sizes[d]))
    wanted = (x is None) + (y is None)
    if len(free) < wanted:
        varied = [str(d) for d in variable.dims if variable.sizes[d] > 1]
        raise ValueError(
            f"Variable {name!r} varies with {' and '.join(varied) or 'nothing'} alone, and a heat map needs two axes."
        )
    x = x or free.pop(0)
    y = y or free.pop(0)
    if free:
        values = {d: ds[d].values.tolist()[0] for d in free}
        raise ValueError(
            f"Variable {name!r} also depends on {' and '.join(free)}: choose one value of each, such as "
            f"ds.sel({', '.join(f'{d}={v!r}' for d, v in values.items())}) or --where "
            f"{' '.join(f'{d}={v}' for d, v in values.items())}."
        )
    if np.isnan(variable.values).all():
        raise ValueError(f"Variable {name!r} is nan everywhere, so there is nothing to draw.")
    return x, y


def draw_map(ds: xr.Dataset, name: str, ax: Axes, x: str, y: str, **kwargs: Any) -> None:
    """Cells, colour bar and names of a heat map; the values of all other axes are its title."""
    variable = ds[name].squeeze()
    variable = variable.sortby([d for d in (x, y) if not is_text(ds[d])]).transpose(y, x)
    (across, x_ticks), (up, y_ticks) = _positions(variable[x]), _positions(variable[y])
    look: dict[str, Any] = {"shading": "nearest", "rasterized": True} | kwargs
    mesh = ax.pcolormesh(across, up, variable.values, **look)
    ax.set_facecolor(UNKNOWN)
    ax.grid(False)
    if x_ticks is not None:
        ax.set_xticks(across, x_ticks)
    if y_ticks is not None:
        ax.set_yticks(up, y_ticks)
    ax.figure.colorbar(mesh, ax=ax, label=title(variable))
    label(ax, title(ds[x]), title(ds[y]))
    chosen = {str(c): variable[c].item() for c in variable.coords if variable[c].size == 1}
    ax.set_title(", ".join(value_label(c, v) for c, v in chosen.items()))


def _positions(axis: xr.DataArray) -> tuple[np.ndarray, list[str] | None]:
    """Where the values of an axis lie, and the names of their ticks where each has one."""
    values = axis.values
    if is_text(axis):
        return np.arange(values.size), [LABELS.get(v, v) for v in values.tolist()]
    most = WHOLE_TICKS if values.dtype.kind in "iu" else TICKS
    has_room = values.size <= most and np.diff(values).min() * WHOLE_TICKS >= np.ptp(values)
    return values, [f"{v:g}" for v in values.tolist()] if has_room else None
