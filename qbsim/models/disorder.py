"""Random local fields, and the disordered chain."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray, as_count, as_real, explained
from .._machine import require
from ..geometry import linear
from ..networks import Network
from .network import network

__all__ = ["disordered_chain", "random_fields"]


@explained
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


@explained
def disordered_chain(
    N: int,
    delta: float,
    *,
    exchange: float,
    B0: float = 1.0,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    rng: np.random.Generator,
) -> Network:
    r"""Open XX chain in the fields of `random_fields`.

    .. math:: H = \sum_k |B_0(1 + \delta u_k)|\, s^+_k s^-_k + J\sum_k (s^+_k s^-_{k+1} + \mathrm{h.c.})

    Parameters
    ----------
    N : int
        Number of cells.
    delta : float
        Strength of disorder, not negative.
    exchange : float
        Exchange element J of a bond, as in `network`; half of the J of `xx_chain`.
    B0 : float
        Reference field.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.
    rng : numpy.random.Generator
        Source of the N numbers u_k. `sweep` passes one for every realization.

    Returns
    -------
    Network
        ``network(linear(N), omega=random_fields(N, delta, B0=B0, rng=rng), J=exchange, ...)``.

    References
    ----------
    Eqs. (1)-(3) of [arjmandi2022].

    Examples
    --------
    >>> import numpy as np
    >>> chain = disordered_chain(3, 0.5, exchange=10.0, B0=10.0, gamma=1.0, rng=np.random.default_rng(1))
    >>> chain.omega.round(4).tolist(), float(chain.J[0, 1])
    ([10.1182, 14.5046, 6.4416], 10.0)
    """
    fields = random_fields(N, delta, B0=B0, rng=rng)
    J = as_real("exchange", exchange)
    return network(linear(N), N, omega=fields, J=J, gamma=gamma, dephasing=dephasing, nbar=nbar)
