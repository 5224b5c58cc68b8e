"""Charging a battery, with a verified cut-off, and holding it afterwards; on top of `evolve`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import explained
from ..battery import Battery
from ..collective import Collective
from ..evolution import evolve
from ..measures.table import read_measures
from ..models.dicke import dicke, dicke_start, photon_cutoff
from ..operators import embedding
from .cutoff import converged

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["charge", "charge_and_hold", "charge_dicke"]


@explained
def charge(
    battery: Battery,
    rho0: Qobj | Sequence[Qobj] | str,
    tlist: ArrayLike,
    measures: Any = ("ergotropy", "power"),
    **kwargs: Any,
) -> xr.Dataset:
    r"""Evolve, and add what charging asks for: the stored energy and the average power.

    .. math:: W(t) = \mathrm{tr}[\rho(t)H_0] - \mathrm{tr}[\rho(0)H_0], \qquad \langle P\rangle(t) = W(t)/t, \qquad
              P(t) = \dot W(t)

    Parameters
    ----------
    battery, rho0, tlist, measures, **kwargs
        As in `evolve`.

    Returns
    -------
    xarray.Dataset
        Of `evolve`, with `energy`, `stored_energy` and `average_power` (nan at the first time); the instantaneous power
        is the measure `power`.

    References
    ----------
    Eqs. (15) and (16) of [campaioli2018].

    Examples
    --------
    >>> from qbsim import drive
    >>> from qbsim.charging import uncharged
    >>> battery = drive(2, 2)
    >>> ds = charge(battery, uncharged(battery), [0, np.pi / 2])
    >>> ds.stored_energy.values.round(6).tolist(), ds.average_power.values.round(6).tolist()
    ([0.0, 2.0], [nan, 1.27324])
    """
    given = measures if isinstance(measures, Mapping) else {}
    wanted = {name: given.get(name, name) for name in read_measures(measures)} | {"energy": "energy"}
    ds = evolve(battery, rho0, tlist, wanted, **kwargs)
    stored, passed = ds.energy.values - ds.energy.values[0], ds.time.values - ds.time.values[0]
    mean, units = stored / np.where(passed > 0, passed, np.nan), "1" if battery.unit == "1" else f"{battery.unit}^2"
    ds["stored_energy"] = "time", stored, {"long_name": "stored energy", "units": battery.unit}
    ds["average_power"] = "time", mean, {"long_name": "average power", "units": units}
    return ds


@explained
def charge_dicke(
    n: int,
    tlist: ArrayLike,
    measures: Any = ("ergotropy", "power"),
    *,
    photons: int | None = None,
    tol: float = 1e-7,
    progress: bool = True,
    **model: Any,
) -> xr.Dataset:
    """Charge a Dicke battery with a photon cut-off that is chosen and verified.

    Parameters
    ----------
    n : int
        Number of cells.
    tlist, measures
        As in `charge`.
    photons : int, optional
        First cut-off, by default that of `dicke`; doubled until no curve moves by more than `tol` of its largest value.
    tol : float
        Change that counts as none.
    progress : bool
        As in `evolve`, for every cut-off that is tried.
    **model
        Of `dicke`: lam, losses, space.

    Returns
    -------
    xarray.Dataset
        As from `charge`; attrs `photons` and `cutoff_change` hold the cut-off that is enough and what
        doubling it changes.

    Raises
    ------
    ValueError
        If no cut-off up to 10000 levels is enough.

    Examples
    --------
    >>> ds = charge_dicke(3, [0, 0.5, 1.0], lam=0.5)
    >>> ds.energy.values.round(6).tolist(), ds.attrs["photons"]
    ([0.0, 1.005934, 1.884551], 33)
    """

    def answer(levels: int) -> xr.Dataset:
        battery = dicke(n, photons=levels, **model)
        return charge(battery, dicke_start(battery), tlist, measures, progress=progress)

    ds, cutoff, change = converged(answer, photon_cutoff(n) if photons is None else photons, tol=tol)
    ds.attrs |= {"photons": cutoff, "cutoff_change": change}
    return ds


@explained
def charge_and_hold(
    charger: Battery,
    rho0: Qobj,
    charge_times: ArrayLike,
    store: Battery,
    hold_times: ArrayLike,
    measures: Any = ("energy", "ergotropy"),
    *,
    progress: bool = True,
) -> xr.Dataset:
    """Charge, cut the charger off, and let the cells discharge by themselves: what is left to extract, and when.

    Parameters
    ----------
    charger : Battery
        Charges; cells one by one, or the symmetric states of their total spin.
    rho0 : Qobj
        State of cells and charger at the start.
    charge_times, hold_times : (T,)
        Times of the two stages; charging ends, and holding starts, at the last charging time.
    store : Battery
        The same cells while they are held, as from `network`.
    measures : str or sequence of str
        As in `evolve`.
    progress : bool
        As in `evolve`, for both stages.

    Returns
    -------
    xarray.Dataset
        Measures over the time of both stages in a row; `stage` is 0 while charging and 1 while holding. The instant
        between them appears twice, seen by the one battery and by the other.

    Raises
    ------
    ValueError
        If the cells of the two batteries differ, or only the blocks of their total spin are known.

    Examples
    --------
    >>> from qbsim import linear, network
    >>> from qbsim.charging import uncharged
    >>> from qbsim.models.drive import drive
    >>> charger = drive(2, 2)
    >>> ds = charge_and_hold(charger, uncharged(charger), [0, np.pi / 2], network(linear(2), gamma=1.0), [0, 1])
    >>> ds.energy.values.round(6).tolist()
    [0.0, 2.0, 2.0, 0.735759]
    """
    import xarray as xr

    first = evolve(charger, rho0, charge_times, measures, states=True, progress=progress)
    cells = Qobj(first.rho.values[-1], dims=[charger.cell_dims] * 2)
    if isinstance(charger, Collective):
        if not charger.symmetric:
            raise ValueError("The cells' blocks do not name single cells; build the charger with space='tensor'.")
        V = embedding(charger.N)
        cells = V * cells * V.dag()
    if cells.dims != store.H.dims:
        raise ValueError(
            f"Argument store must have dims {cells.dims}, the cells of the charger, but has {store.H.dims}."
        )
    first, second = first.drop_vars("rho"), evolve(store, cells, hold_times, measures, progress=progress)
    start = float(first.time[-1]) - float(second.time[0])
    ds = xr.concat([first, second.assign_coords(time=second.time + start)], "time", combine_attrs="drop_conflicts")
    ds.time.attrs = first.time.attrs
    ds["stage"] = ("time", np.repeat([0, 1], [first.sizes["time"], second.sizes["time"]]))
    ds.stage.attrs = {"long_name": "stage: charging, holding", "units": "1"}
    return ds
