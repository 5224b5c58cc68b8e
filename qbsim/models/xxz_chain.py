"""Open XXZ chain in local fields."""

from __future__ import annotations

from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import as_real, explained
from ..geometry import linear
from ..networks import Network
from .network import network
from .xx_chain import chain_fields

__all__ = ["xxz_chain"]


@explained
def xxz_chain(
    omega: ArrayLike,
    *,
    J: float,
    Delta: float,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    H0: Qobj | str = "local",
) -> Network:
    r"""Open XXZ chain in local fields.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{k} \frac{J}{4}
              \left(\sigma^x_k\sigma^x_{k+1} + \sigma^y_k\sigma^y_{k+1} + \Delta\,\sigma^z_k\sigma^z_{k+1}\right)

    Parameters
    ----------
    omega : (N,)
        Local frequencies, one per cell.
    J : float
        Coupling in the normalisation above, J S.S for Delta = 1: the exchange element is J/2.
    Delta : float
        Anisotropy: 0 is `xx_chain`, 1 the isotropic chain.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.
    H0 : str or Qobj
        What energies are taken with, as in `network`: "local", the fields, or "battery", the coupling too.

    Returns
    -------
    Network
        ``network(linear(N), J=J/2, zz=J*Delta, ...)``.

    References
    ----------
    Takahashi, Thermodynamics of One-Dimensional Solvable Models (1999): J (Sx Sx + Sy Sy + Delta Sz Sz), S = sigma / 2.

    Examples
    --------
    >>> chain = xxz_chain([1.0, 1.0], J=2.0, Delta=0.5)
    >>> (chain.J[0, 1].item(), chain.zz[0, 1].item())
    (1.0, 1.0)
    """
    fields, J = chain_fields(omega), as_real("J", J)
    # (J/4)(sx sx + sy sy) = (J/2)(s+ s- + s- s+)
    return network(
        linear(fields.size),
        fields.size,
        omega=fields,
        J=J / 2,
        zz=J * as_real("Delta", Delta),
        gamma=gamma,
        dephasing=dephasing,
        nbar=nbar,
        H0=H0,
    )
