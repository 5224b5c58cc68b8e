"""Largest power and energy of a charging battery, the quantum advantage and its printed bound; on top of `evolve`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_count, as_flag, as_real, as_tlist, explained
from .._checks.names import not_a_battery, shown
from ..battery import Battery
from ..evolution import series
from ..measures.table import read_measures
from ..solvers import Settings
from ..states import read_state

__all__ = ["Peak", "max_energy", "max_power", "participation_bound", "quantum_advantage"]


@dataclass(frozen=True)
class Peak:
    """A maximum over time.

    Attributes
    ----------
    value : float
        Largest value.
    time : float
        When it is reached, counted from the start.
    """

    value: float
    time: float


POINTS = 16  # Chebyshev nodes that resolve a curve between the neighbours of its highest sample
PEAKS = 3  # highest samples that are looked at closely


def _peak(battery: Battery, rho0: Any, tlist: ArrayLike, of: str, solver: str, kwargs: dict[str, Any]) -> Peak:
    """Largest energy, average or instantaneous power on the curve through ever finer samples."""
    if not isinstance(battery, Battery):
        raise not_a_battery(battery)
    times, start = as_tlist(tlist), read_state(rho0, battery.dims)
    progress = as_flag("progress", kwargs.pop("progress", True))
    name = "power" if of == "instantaneous" else "energy"
    measures, settings = read_measures(name), Settings(solver, **kwargs).checked()
    if times.size < 3:
        raise ValueError(f"Argument tlist needs at least three times to look for a maximum, but has {times.size}.")

    def curve(t: FloatArray) -> FloatArray:
        values = series(battery, start, t, measures, settings, progress=progress).values[name]
        if of == "instantaneous":
            return values[1:]
        gain = values[1:] - values[0]
        return gain / (t[1:] - t[0]) if of == "average" else gain

    values, after = curve(times), times[1:]
    inner = np.flatnonzero((values >= np.r_[-np.inf, values[:-1]]) & (values >= np.r_[values[1:], -np.inf]))
    best = Peak(-np.inf, float("nan"))
    for k in inner[np.argsort(-values[inner])][:PEAKS].tolist():
        low, high = times[k], after[min(k + 1, after.size - 1)]  # times[k] comes just before after[k]
        best = max(best, _between(curve, times[0], low, high), key=lambda p: p.value)
    return best


def _between(curve: Callable[[FloatArray], FloatArray], start: float, low: float, high: float) -> Peak:
    """Maximum of a smooth curve on [low, high], from its Chebyshev interpolant."""
    nodes = low + (high - low) * (1 - np.cos(np.pi * (np.arange(POINTS) + 0.5) / POINTS)) / 2
    fit = Chebyshev.fit(nodes, curve(np.r_[start, nodes]), POINTS - 1, domain=[low, high])
    slope = fit.deriv().roots()
    flat = slope[np.abs(slope.imag) < 1e-9 * (high - low)].real
    candidates = np.r_[flat[(flat > low) & (flat < high)], nodes[[0, -1]], high, [low] if low > start else []]
    values = fit(candidates)
    return Peak(float(values.max()), float(candidates[np.argmax(values)] - start))


@explained
def max_power(
    battery: Battery,
    rho0: Qobj | Sequence[Qobj] | str,
    tlist: ArrayLike,
    *,
    instantaneous: bool = False,
    solver: str = "auto",
    **kwargs: Any,
) -> Peak:
    r"""Largest average power, :math:`\max_\tau W(\tau)/\tau`, which is not the power at the largest energy.

    Parameters
    ----------
    battery, rho0, solver
        As in `evolve`.
    **kwargs
        `rtol`, `atol` and `progress` of `evolve`.
    tlist : (T,)
        Times that resolve the curve; the maximum is then refined between them, to the accuracy of the solver.
    instantaneous : bool
        The largest rate dW/dt instead.

    Returns
    -------
    Peak

    Examples
    --------
    >>> from qbsim import drive
    >>> from qbsim.charging import uncharged
    >>> battery = drive(1)
    >>> round(max_power(battery, uncharged(battery), np.linspace(0, 3, 61)).value, 9)
    0.724611354
    """
    return _peak(battery, rho0, tlist, "instantaneous" if instantaneous else "average", solver, kwargs)


@explained
def max_energy(
    battery: Battery, rho0: Qobj | Sequence[Qobj] | str, tlist: ArrayLike, *, solver: str = "auto", **kwargs: Any
) -> Peak:
    """Largest stored energy within the times given, and when; arguments as in `max_power`.

    Examples
    --------
    >>> from qbsim import drive
    >>> from qbsim.charging import uncharged
    >>> battery = drive(3, 3)
    >>> round(max_energy(battery, uncharged(battery), np.linspace(0, 3, 61)).time, 6)
    1.570796
    """
    return _peak(battery, rho0, tlist, "energy", solver, kwargs)


@explained
def quantum_advantage(peak: Peak, parallel: Peak, n: int = 1) -> float:
    r"""Quantum advantage :math:`\Gamma = P / P_\parallel`, with the power of n independent cells as the unit.

    Parameters
    ----------
    peak : Peak
        Of the battery.
    parallel : Peak
        Of the best local charging of all cells together, or of one cell with its number `n`.
    n : int
        Factor on `parallel`.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the reference charges nothing.

    References
    ----------
    Eq. (21) of [campaioli2018].

    Examples
    --------
    >>> quantum_advantage(Peak(3.0, 1.0), Peak(0.5, 1.0), n=2)
    3.0
    """
    for name, given in (("peak", peak), ("parallel", parallel)):
        if not isinstance(given, Peak):
            raise TypeError(f"Argument {name} must be a Peak, as max_power gives it, but is {shown(given)}.")
    if parallel.value <= 0:
        raise ValueError(f"The reference must charge with positive power, but has {parallel.value:g}.")
    return peak.value / (as_count("n", n) * parallel.value)


@explained
def participation_bound(k: int, m: int, gamma: float = 1.0) -> float:
    r"""Printed bound on the advantage of k-body interactions, :math:`\gamma\,[k^2(m-1) + k]`.

    Parameters
    ----------
    k : int
        Cells in an interaction.
    m : int
        Interactions a cell takes part in.
    gamma : float
        Constant that the paper leaves open.

    Returns
    -------
    float

    Notes
    -----
    gamma does not depend on the number of cells: the chapter has lost the "not". Its value is unknown, so the number
    orders schemes and limits none; disjoint groups, m = 1, reach it at gamma = 1.

    References
    ----------
    Eq. (22) of [campaioli2018].

    Examples
    --------
    >>> participation_bound(2, 8)
    30.0
    """
    k, m = as_count("k", k), as_count("m", m)
    return as_real("gamma", gamma, minimum=0) * (k * k * (m - 1) + k)
