r"""Work statistics: mean and variance of the work between two measurements of the energy; on top of `evolve`.

The first measurement of H0 leaves a state without coherence between its levels as it is. The variance of the difference
of the two results takes their covariance. With e_0 the ground energy and U_0 the mean energy at first,

.. math:: \mathrm{Cov}(t) = \mathrm{tr}(H_0\,\Lambda_t(H_0\rho_0)) - U_0\,U(t) = (U_0 - e_0)\,(U_\sigma(t) - U(t)),
          \qquad \sigma = \frac{(H_0 - e_0)\,\rho_0}{U_0 - e_0},

and :math:`\sigma` is a state, so that a second run gives its energy :math:`U_\sigma(t)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import explained
from .._checks.names import not_a_battery
from ..battery import Battery
from ..evolution import evolve
from ..measures.reference import Reference
from ..states import read_state

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["work_statistics"]

COMMUTES = 1e-9  # of the spread of H0, in every element of the commutator with the state
EMPTY = 1e-12  # of the spread of H0: a mean energy that is that of the ground state


@explained
def work_statistics(
    battery: Battery, rho0: Any, tlist: ArrayLike, *, solver: str = "auto", **kwargs: Any
) -> xr.Dataset:
    r"""Mean and variance of the work, the difference of two projective measurements of H0, at tlist[0] and at t.

    .. math:: \langle w\rangle = U(t) - U_0, \qquad
              \mathrm{Var}(w) = \mathrm{Var}(t) + \mathrm{Var}_0 - 2\,\mathrm{Cov}(t), \qquad
              \mathrm{Cov}(t) = \mathrm{tr}(H_0\,\Lambda_t(H_0\rho_0)) - U_0\,U(t)

    with the map :math:`\Lambda_t` of the evolution from the first time to t.

    Parameters
    ----------
    battery, solver
        As in `evolve`.
    rho0 : Qobj, sequence of Qobj or str
        As in `evolve`; has to commute with H0.
    tlist : (T,)
        Times of the second measurement; the first one is made at ``tlist[0]``.
    **kwargs
        `rtol`, `atol`, `options`, `args` and `progress` of `evolve`.

    Returns
    -------
    xarray.Dataset
        Variables `energy` and `energy_variance`, the moments before (at the first time) and after, `work` and
        `work_variance`, over `time`; the attributes are those of `evolve` for the energies.

    Raises
    ------
    TypeError, ValueError
        As in `evolve`, and if `rho0` does not commute with H0: the first measurement would change the state.

    Notes
    -----
    The work is the change of the battery's internal energy. It equals the work of what is switched on between the
    measurements only if nothing is lost and no charger takes part; otherwise heat is a part of it. Higher moments are
    not computed. Two runs of the density matrix are needed, so the states must fit into memory.

    References
    ----------
    [friis2018] for work fluctuations; [talkner2007] for the two measurements.

    Examples
    --------
    A full cell decays: the work is -1 with probability 1 - exp(-t), else 0.

    >>> import numpy as np
    >>> from qbsim import full, single_cell
    >>> ds = work_statistics(single_cell(gamma=1.0), full(1), [0.0, np.log(2)])
    >>> ds.work.values.round(6).tolist(), ds.work_variance.values.round(6).tolist()
    ([0.0, -0.5], [0.0, 0.25])
    """
    if not isinstance(battery, Battery):
        raise not_a_battery(battery)
    whole = read_state(rho0, battery.dims).whole
    rho, reference = whole.proj() if whole.isket else whole, Reference(battery)
    H0, spread = reference.H0_full, reference.spread
    off = float(abs((H0 @ rho - rho @ H0).to("CSR").data.as_scipy()).max())
    if off > COMMUTES * spread:
        raise ValueError(
            f"Argument rho0 must commute with H0, but the commutator has elements up to {off:.3g}: the first of two "
            "measurements of the energy would change this state. Remove its coherence between levels of H0, or record "
            '"energy" and "energy_variance" by qbsim.evolve.'
        )
    ds = evolve(battery, rho0, tlist, ("energy", "energy_variance"), solver=solver, **kwargs)
    stored = float(ds.energy[0]) - reference.ends[0]
    covariance = 0.0
    if stored > EMPTY * spread:
        weighted = (H0 - reference.ends[0]) @ rho
        sigma = Qobj(0.5 * (weighted + weighted.dag())).unit()
        covariance = stored * (evolve(battery, sigma, tlist, "energy", solver=solver, **kwargs).energy - ds.energy)
    ds["work"] = ds.energy - ds.energy[0]
    ds["work"].attrs = {"long_name": "mean work", "units": ds.energy.units}
    ds["work_variance"] = ds.energy_variance + ds.energy_variance[0] - 2 * covariance
    ds["work_variance"].attrs = {"long_name": "variance of the work", "units": ds.energy_variance.units}
    return ds
