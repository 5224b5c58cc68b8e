"""Open chain of transmons with double excitation of neighbours."""

from __future__ import annotations

from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import explained
from ..geometry import linear
from ..networks import Network
from .network import Moving, network
from .xx_chain import chain_fields

__all__ = ["transmon_chain"]


@explained
def transmon_chain(
    omega: ArrayLike,
    *,
    pair: Moving,
    J: ArrayLike = 0.0,
    zz: ArrayLike = 0.0,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    H0: Qobj | str = "local",
) -> Network:
    r"""Open chain of transmons with double excitation of neighbours.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{k} \left[\mathit{pair}\,(s^+_k s^+_{k+1} + \mathrm{h.c.})
              + J\,(s^+_k s^-_{k+1} + \mathrm{h.c.}) + \tfrac{\mathit{zz}}{4}\,\sigma^z_k\sigma^z_{k+1}\right]

    In the frame of a drive at the sum of the frequencies of two neighbours, omega is the detuning and may vanish:
    energies then need an H0 of their own.

    Parameters
    ----------
    omega : (N,)
        Local frequencies, one per cell.
    pair : float, one per bond, or function of time
        Element of the double excitation; a function f(t) switches it.
    J, zz : float or one per bond
        Exchange element and ZZ coupling that are left.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.
    H0 : str or Qobj
        What energies are taken with, as in `network`: "local", the fields, or "battery", the coupling too.

    Returns
    -------
    Network
        ``network(linear(N), pair=pair, ...)``.

    References
    ----------
    arXiv:2602.08610, chains of 2 to 12 cells.

    Examples
    --------
    Two cells from the ground state: half a Rabi period of pair = 1 fills both.

    >>> import numpy as np
    >>> from qbsim import empty, evolve
    >>> battery = transmon_chain([0.0, 0.0], pair=1.0).replace(H0=transmon_chain([1.0, 1.0], pair=0.0).H0)
    >>> evolve(battery, empty(2), [0, np.pi / 2], "energy").energy.values.round(6).tolist()
    [0.0, 2.0]
    """
    fields = chain_fields(omega)
    return network(
        linear(fields.size),
        fields.size,
        omega=fields,
        pair=pair,
        J=J,
        zz=zz,
        gamma=gamma,
        dephasing=dephasing,
        nbar=nbar,
        H0=H0,
    )
