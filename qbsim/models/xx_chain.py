"""Open XX chain in local fields."""

from __future__ import annotations

from numpy.typing import ArrayLike

from .._checks import FloatArray, as_real, as_real_array, explained
from ..geometry import linear
from ..networks import Network
from .network import network

__all__ = ["chain_fields", "xx_chain"]


@explained
def xx_chain(
    omega: ArrayLike,
    *,
    J: float,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
) -> Network:
    r"""Open XX chain.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{k} \frac{J}{4}
              \left(\sigma^x_k\sigma^x_{k+1} + \sigma^y_k\sigma^y_{k+1}\right)

    Parameters
    ----------
    omega : (N,)
        Local frequencies, one per cell; `disordered_chain` draws them.
    J : float
        Coupling in the normalisation above: the exchange element is J/2.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.

    Returns
    -------
    Network
        ``network(linear(N), J=J/2, ...)``.

    References
    ----------
    Eqs. (1)-(3) of [arjmandi2022].

    Examples
    --------
    >>> float(xx_chain([1.0, 2.0], J=20).J[0, 1])
    10.0
    """
    fields = chain_fields(omega)
    # (J/4)(sx sx + sy sy) = (J/2)(s+ s- + s- s+)
    return network(
        linear(fields.size),
        fields.size,
        omega=fields,
        J=as_real("J", J) / 2,
        gamma=gamma,
        dephasing=dephasing,
        nbar=nbar,
    )


def chain_fields(omega: ArrayLike) -> FloatArray:
    """One frequency per cell, which also says how many cells a chain has."""
    fields = as_real_array("omega", omega)
    if fields.ndim != 1 or fields.size == 0:
        hint = f"; write omega=[1.0] * {fields:g} for equal cells" if fields.ndim == 0 and fields > 0 else ""
        raise ValueError(f"Argument omega must hold one frequency per cell, but has shape {fields.shape}{hint}.")
    return fields
