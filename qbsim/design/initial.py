"""The best initial states: products of one-cell states, and states of cells that are interchangeable."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_real, explained
from .._checks.names import not_a_battery
from .._machine import require_cells
from ..battery import Battery
from ..measures.ergotropy import energy as energy_of
from ..operators import excited, ground, occupations
from .optimize import optimize
from .optimum import Optimum

__all__ = ["best_product_state", "best_symmetric_state", "product_state", "symmetric_state"]


def _cells(battery: Battery) -> int:
    """Number of two-level cells of a battery without a charger."""
    if not isinstance(battery, Battery):
        raise not_a_battery(battery)
    if any(d != 2 for d in battery.dims) or len(battery.dims) != battery.N:
        raise ValueError(f"Argument battery must be of two-level cells alone, but has dims {battery.dims}.")
    return battery.N


def product_state(angle: ArrayLike, phase: ArrayLike) -> list[Qobj]:
    r"""Kets of the cells, :math:`\cos(\theta_k/2)\,|g\rangle + e^{i\phi_k}\sin(\theta_k/2)\,|e\rangle`.

    Examples
    --------
    >>> product_state([0.0, np.pi], [0.0, 0.0])[1].full().real.round(12).ravel().tolist()
    [0.0, 1.0]
    """
    pairs = zip(np.atleast_1d(angle), np.atleast_1d(phase), strict=True)
    return [np.cos(a / 2) * ground() + np.exp(1j * p) * np.sin(a / 2) * excited() for a, p in pairs]


def symmetric_state(N: int, weight: ArrayLike, phase: ArrayLike) -> Qobj:
    r"""Ket :math:`\sum_m w_m e^{i\phi_m} |D_m\rangle`, normalised; :math:`|D_m\rangle` is the Dicke state of m quanta.

    Raises
    ------
    ValueError
        If all weights vanish.

    Examples
    --------
    >>> symmetric_state(2, [0.0, 1.0, 0.0], np.zeros(3)).full().real.round(6).ravel().tolist()
    [0.0, 0.707107, 0.707107, 0.0]
    """
    amplitudes = np.asarray(weight) * np.exp(1j * np.asarray(phase))
    norm = np.linalg.norm(amplitudes)
    if norm < 1e-6:
        raise ValueError("Argument weight must not vanish.")
    quanta = occupations(N).sum(axis=1).astype(int)
    copies = np.bincount(quanta)
    psi = (amplitudes / norm / np.sqrt(copies))[quanta]
    return Qobj(psi[:, None], dims=[[2] * N, [1] * N])


def _of_product(angle: FloatArray, phase: FloatArray) -> list[Qobj]:
    return product_state(angle, np.append(0.0, phase))


def _of_one(angle: FloatArray) -> list[Qobj]:
    return product_state(angle, np.zeros(1))


def _of_quanta(N: int, weight: FloatArray, phase: FloatArray) -> Qobj:
    return symmetric_state(N, weight, np.append([0.0], phase))


def _whole(state: Qobj | list[Qobj]) -> Qobj:
    return qutip.tensor(state) if isinstance(state, list) else state


def _energy(battery: Battery, state: Callable[..., Any], **parameters: Any) -> float:
    return energy_of(_whole(state(**parameters)), battery.H0)


def _best(
    battery: Battery,
    objective: Callable[..., float],
    state: Callable[..., Any],
    space: dict[str, Any],
    energy: float | None,
    settings: dict[str, Any],
) -> Optimum:
    """Optimum over the parameters of a state, with the mean energy fixed if asked for."""
    limits = list(settings.pop("constraints", ()))
    if energy is not None:
        value = as_real("energy", energy)
        limits.append((partial(_energy, battery, state), value, value))
    return optimize(partial(_same, battery), space, objective, rho0=state, constraints=limits, **settings)


def _same(battery: Battery) -> Battery:
    return battery


@explained
def best_product_state(
    battery: Battery,
    objective: Callable[..., float],
    *,
    tlist: ArrayLike,
    energy: float | None = None,
    **settings: Any,
) -> Optimum:
    r"""Find the pure product state of the cells that makes an objective largest.

    .. math:: |\psi\rangle = \bigotimes_k \big(\cos\tfrac{\theta_k}2\,|g\rangle
              + e^{i\phi_k}\sin\tfrac{\theta_k}2\,|e\rangle\big), \qquad \phi_0 = 0

    Parameters
    ----------
    battery : Battery
        Two-level cells without a charger.
    objective : callable
        As in `optimize`.
    tlist : (T,)
        Strictly increasing times.
    energy : float, optional
        Mean energy of the initial state in the unit of `battery`, kept fixed; by default it is free.
    **settings
        All other arguments of `optimize`, such as measures, starts, seed, store and workers.

    Returns
    -------
    Optimum
        Its `rho0` is the list of kets of the cells, as `evolve` takes it; the parameters are `angle`, theta_k, (N,),
        and `phase`, phi_k of cells 1, 2, ... (N - 1,).

    Raises
    ------
    TypeError, ValueError
        For a battery of anything but two-level cells, and as `optimize`.

    Notes
    -----
    phi_0 = 0 loses nothing where a common phase of all cells changes nothing: without drives and pair terms.

    Examples
    --------
    One cell keeps most ergotropy for a time 0.2/gamma if it is full:

    >>> from qbsim import single_cell
    >>> found = best_product_state(single_cell(gamma=1.0), lambda ds: float(ds.ergotropy[-1]), tlist=[0.0, 0.2],
    ...                            starts=2, executor="serial")
    >>> round(found.value, 4), found.at_bounds
    (0.6375, ('angle[0] at its upper bound 3.14159',))
    """
    N = _cells(battery)
    space: dict[str, Any] = {"angle": (0.0, np.pi, N)}
    if N > 1:
        space["phase"] = (-np.pi, np.pi, N - 1)
    state = _of_product if N > 1 else _of_one
    return _best(battery, objective, state, space, energy, {"tlist": tlist} | settings)


@explained
def best_symmetric_state(
    battery: Battery,
    objective: Callable[..., float],
    *,
    tlist: ArrayLike,
    energy: float | None = None,
    **settings: Any,
) -> Optimum:
    r"""Find the state in the symmetric subspace of the cells that makes an objective largest.

    .. math:: |\psi\rangle \propto \sum_{m=0}^N w_m e^{i\phi_m} |D_m\rangle, \qquad 0 \le w_m \le 1, \quad \phi_0 = 0

    Parameters
    ----------
    battery : Battery
        Two-level cells without a charger.
    objective : callable
        As in `optimize`.
    tlist : (T,)
        Strictly increasing times.
    energy : float, optional
        Mean energy of the initial state in the unit of `battery`, kept fixed; by default it is free.
    **settings
        All other arguments of `optimize`, such as measures, starts, seed, store and workers.

    Returns
    -------
    Optimum
        Its `rho0` is the ket; the parameters are `weight`, w_m of the Dicke states of m = 0, ..., N quanta, (N + 1,),
        of which only the ratios matter, and `phase`, phi_m of m = 1, ..., N, (N,).

    Raises
    ------
    TypeError, ValueError
        For a battery of anything but two-level cells, and as `optimize`.

    Examples
    --------
    Of all symmetric states of two cells the full one holds most ergotropy:

    >>> from qbsim import linear, network
    >>> found = best_symmetric_state(network(linear(2), gamma=1.0), lambda ds: float(ds.ergotropy[0]),
    ...                              tlist=[0.0], starts=2, executor="serial")
    >>> round(found.value, 4)
    2.0
    """
    N = _cells(battery)
    require_cells(N, 24, f"A ket of N = {N} cells")
    space = {"weight": (0.0, 1.0, N + 1), "phase": (-np.pi, np.pi, N)}
    return _best(battery, objective, partial(_of_quanta, N), space, energy, {"tlist": tlist} | settings)
