"""Open XX chain in local fields, ordered or disordered."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray, as_count, as_real, as_real_array
from .._machine import require
from ..geometry import linear
from ..networks import Network
from .network import network

__all__ = ["random_fields", "xx_chain"]


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
        Local frequencies, one per cell; see `random_fields`.
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
    fields = as_real_array("omega", omega)
    if fields.ndim != 1 or fields.size == 0:
        raise ValueError(f"Argument omega must hold one frequency per cell, but has shape {fields.shape}.")
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


def random_fields(N: int, delta: float, *, B0: float = 1.0, rng: np.random.Generator) -> FloatArray:
    r"""Disordered local frequencies :math:`\omega_k = |B_0(1 + \delta u_k)|`, u uniform in (-1, 1).

    Parameters
    ----------
    N : int
        Number of cells.
    delta : float
        Strength of disorder, not negative.
    B0 : float
        Reference field.
    rng : numpy.random.Generator
        Source of the N numbers u_k; the same generator state gives the same u_k for every delta.

    Returns
    -------
    ndarray, (N,)

    References
    ----------
    Section II of [arjmandi2022]; the modulus is omega_k ~ abs(B_k) below its Eq. (2).

    Examples
    --------
    >>> import numpy as np
    >>> random_fields(3, 0.0, B0=10.0, rng=np.random.default_rng(1)).tolist()
    [10.0, 10.0, 10.0]
    """
    N, delta = as_count("N", N), as_real("delta", delta, minimum=0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"Argument rng must be a numpy.random.Generator, but is {type(rng).__name__}.")
    require(32 * N, f"A list of fields for N = {N} cells", "Use fewer cells.")
    return np.abs(as_real("B0", B0) * (1 + delta * rng.uniform(-1, 1, N)))
