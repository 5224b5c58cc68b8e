"""Energy variance: the second moment of the distribution of the internal energy."""

from __future__ import annotations

import numpy as np
import scipy.sparse
from qutip import Qobj

from .._checks import FloatArray, explained
from .ergotropy import energy_over_time
from .reference import Measure, Reference, prepare
from .series import CellStates, StateSeries

__all__ = ["ROWS", "energy_variance", "energy_variance_over_time"]


def energy_variance_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if isinstance(states, CellStates):
        return _of_cells(states, ref.fields)
    mean = energy_over_time(states, ref)
    if ref.battery.is_diagonal:
        return np.einsum("tk,tk->t", states.populations, (ref.battery.diagonal - mean[:, None]) ** 2)
    H0 = ref.H0_full.to("CSR").data.as_scipy()
    centre = float(mean.mean())  # a large offset of H0 would cost digits
    shifted = H0 - centre * scipy.sparse.identity(H0.shape[0], format="csr")
    return states.expect(scipy.sparse.csr_matrix(shifted @ shifted)) - (mean - centre) ** 2


def _of_cells(states: CellStates, omega: FloatArray) -> FloatArray:
    """Variances of the cells and twice the covariances of their pairs, sum_k omega_k s+_k s-_k."""
    excited = np.array([states.cell(k)[:, 1, 1].real for k in range(len(omega))])
    total = omega**2 @ (excited * (1 - excited))
    if not states.correlated:
        return np.asarray(total)
    pairs = [(int(i), int(j)) for i, j in zip(*np.triu_indices(len(omega), 1), strict=True)]
    for (i, j), count in states.kinds(pairs):  # cells that are alike have equal fields
        both = states.pair(i, j)[:, 3, 3].real - excited[i] * excited[j]
        total = total + 2 * count * omega[i] * omega[j] * both
    return np.asarray(total)


@explained
def energy_variance(rho: Qobj, H: Qobj) -> float:
    r"""Variance of the internal energy, :math:`\mathrm{tr}(\rho H^2) - \mathrm{tr}(\rho H)^2`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the squared units of `H`; nothing is clipped.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    Notes
    -----
    The variance of one measurement of H. The variance of work, the difference of two measurements, takes the
    correlation between them: `qbsim.charging.work_statistics`.

    References
    ----------
    [friis2018].

    Examples
    --------
    >>> from qbsim import network, linear, plus
    >>> round(energy_variance(plus(3), network(linear(3)).H0), 12)
    0.75
    """
    return float(energy_variance_over_time(*prepare(rho, H))[0])


ROWS = {
    "energy_variance": Measure(energy_variance_over_time, "variance of the internal energy", "power", "expectation"),
}
