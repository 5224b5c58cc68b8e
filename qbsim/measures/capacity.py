r"""Battery capacity and antiergotropy: the highest energy that a unitary can reach beside the lowest."""

from __future__ import annotations

from qutip import Qobj

from .._checks import FloatArray, explained
from .ergotropy import energy_over_time
from .reference import Measure, Reference, prepare
from .series import CellStates, StateSeries

__all__ = [
    "ROWS",
    "antiergotropy",
    "antiergotropy_over_time",
    "battery_capacity",
    "battery_capacity_over_time",
]


def _active_energy(states: StateSeries, ref: Reference) -> FloatArray:
    """Largest energy with the same spectrum, (T,): the passive energy of -H0 with the opposite sign."""
    if isinstance(states, CellStates):
        values, bound = states.passive_energy(-ref.fields)
        ref.bound = max(ref.bound, bound)
        return -values
    return states.eigenvalues @ ref.levels


def antiergotropy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return energy_over_time(states, ref) - _active_energy(states, ref)


def battery_capacity_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return _active_energy(states, ref) - ref.passive(states).values


@explained
def antiergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Energy of a state less the largest that a unitary can reach: minus the most work that a unitary can put in.

    .. math:: \mathcal A(\rho, H) = \mathrm{tr}(\rho H) - \max_U \mathrm{tr}(U\rho U^\dagger H)
              = \mathrm{tr}(\rho H) - \sum_k p_k \epsilon_{d+1-k},
              \quad p_1 \ge p_2 \ge \dots, \quad \epsilon_1 \le \epsilon_2 \le \dots

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`; not positive, 0 for the active state. Equal to ``-ergotropy(rho, -H)``.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    References
    ----------
    [yang2023], with this sign.

    Examples
    --------
    >>> from qbsim import classical, single_cell
    >>> round(antiergotropy(classical(1, p=0.25), single_cell().H0), 12)
    -0.5
    """
    return float(antiergotropy_over_time(*prepare(rho, H))[0])


@explained
def battery_capacity(rho: Qobj, H: Qobj) -> float:
    r"""Largest less smallest energy that unitaries can reach: the energy that a state can move through.

    .. math:: \mathcal C(\rho, H) = \mathcal E(\rho, H) - \mathcal A(\rho, H)
              = \sum_k p_k (\epsilon_{d+1-k} - \epsilon_k),
              \quad p_1 \ge p_2 \ge \dots, \quad \epsilon_1 \le \epsilon_2 \le \dots

    with the ergotropy :math:`\mathcal E \ge 0` and the antiergotropy :math:`\mathcal A \le 0`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`; from 0 for the maximally mixed state to the spread of `H` for a pure one.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    Notes
    -----
    Only the spectrum of `rho` enters, so that losses change it and unitary charging does not. It is another quantity
    than the work capacitances of `qbsim.capacitance`, which belong to a noise channel.

    References
    ----------
    [yang2023].

    Examples
    --------
    >>> from qbsim import classical, single_cell
    >>> round(battery_capacity(classical(1, p=0.75), single_cell().H0), 12)
    0.5
    """
    return float(battery_capacity_over_time(*prepare(rho, H))[0])


ROWS = {
    "antiergotropy": Measure(antiergotropy_over_time, "antiergotropy", "energy", spectral=True),
    "battery_capacity": Measure(battery_capacity_over_time, "battery capacity", "energy", spectral=True),
}
