"""Open Ising chain in a transverse field."""

from __future__ import annotations

from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import as_real, explained
from ..geometry import linear
from ..networks import Network
from .network import network
from .xx_chain import chain_fields

__all__ = ["ising_chain"]


@explained
def ising_chain(
    omega: ArrayLike,
    *,
    J: float,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    H0: Qobj | str = "local",
) -> Network:
    r"""Open Ising chain in a transverse field.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{k} \frac{J}{4}\,\sigma^x_k\sigma^x_{k+1}

    The fields are transverse to the coupling; up to a constant they are :math:`\tfrac12\omega_k\sigma^z_k`.

    Parameters
    ----------
    omega : (N,)
        Local frequencies, one per cell.
    J : float
        Coupling in the normalisation above: exchange and double excitation are J/4 each.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.
    H0 : str or Qobj
        What energies are taken with, as in `network`: "local", the fields, or "battery", the coupling too.

    Returns
    -------
    Network
        ``network(linear(N), J=J/4, pair=J/4, ...)``.

    References
    ----------
    Pfeuty, Ann. Phys. 57, 79 (1970): -Gamma Sz - J Sx Sx with S = sigma / 2, so that omega = -Gamma and our J is -J.

    Examples
    --------
    >>> chain = ising_chain([1.0, 1.0], J=2.0)
    >>> (chain.J[0, 1].item(), chain.pair[0, 1].item())
    (0.5, 0.5)
    """
    fields, J = chain_fields(omega), as_real("J", J)
    # sx sx = s+ s- + s- s+ + s+ s+ + s- s-
    return network(
        linear(fields.size),
        fields.size,
        omega=fields,
        J=J / 4,
        pair=J / 4,
        gamma=gamma,
        dephasing=dephasing,
        nbar=nbar,
        H0=H0,
    )
