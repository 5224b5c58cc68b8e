"""Random local fields, and the disordered chain."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FloatArray, as_count, as_real, as_real_array, explained, nearest
from .._machine import require
from ..geometry import linear
from ..networks import Network
from .network import network

__all__ = ["DISTRIBUTIONS", "disordered_chain", "random_fields"]

Distribution = Callable[[np.random.Generator, int], ArrayLike]
DISTRIBUTIONS: dict[str, Distribution] = {
    "uniform": lambda rng, N: rng.uniform(-1, 1, N),
    "normal": lambda rng, N: rng.standard_normal(N),
}
"""Distributions of the numbers u_k by name: uniform in (-1, 1), or normal with mean 0 and standard deviation 1."""


@explained
def random_fields(
    N: int,
    delta: float,
    *,
    B0: float = 1.0,
    distribution: str | Distribution = "uniform",
    rng: np.random.Generator,
) -> FloatArray:
    r"""Disordered local frequencies :math:`\omega_k = |B_0(1 + \delta u_k)|` with random numbers :math:`u_k`.

    Parameters
    ----------
    N : int
        Number of cells.
    delta : float
        Strength of disorder, not negative.
    B0 : float
        Reference field.
    distribution : {"uniform", "normal"} or callable
        Of the u_k: uniform in (-1, 1), standard deviation 1/sqrt(3); normal with mean 0 and standard deviation 1; or
        a function ``distribution(rng, N)`` that draws N real numbers from the generator.
    rng : numpy.random.Generator
        Source of the N numbers u_k; the same generator state gives the same u_k for every delta.

    Returns
    -------
    ndarray, (N,)

    Raises
    ------
    ValueError
        For an unknown distribution, or one that does not draw N finite numbers.

    References
    ----------
    Section II of [arjmandi2022], uniform; the modulus is omega_k ~ abs(B_k) below its Eq. (2).

    Examples
    --------
    >>> import numpy as np
    >>> random_fields(3, 0.0, B0=10.0, rng=np.random.default_rng(1)).tolist()
    [10.0, 10.0, 10.0]
    >>> random_fields(2, 0.1, distribution="normal", rng=np.random.default_rng(1)).round(4).tolist()
    [1.0346, 1.0822]
    >>> two = lambda rng, N: rng.choice([-1, 1], N)  # every field is one of two
    >>> random_fields(4, 0.5, distribution=two, rng=np.random.default_rng(1)).tolist()
    [0.5, 1.5, 1.5, 1.5]
    """
    N, delta = as_count("N", N), as_real("delta", delta, minimum=0)
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"Argument rng must be a numpy.random.Generator, but is {type(rng).__name__}.")
    require(32 * N, f"A list of fields for N = {N} cells", "Use fewer cells.")
    return np.abs(as_real("B0", B0) * (1 + delta * _draw(distribution, rng, N)))


def _draw(distribution: str | Distribution, rng: np.random.Generator, N: int) -> FloatArray:
    """Numbers u_k."""
    if isinstance(distribution, str):
        if distribution not in DISTRIBUTIONS:
            raise ValueError(nearest("distribution", distribution, list(DISTRIBUTIONS)))
        return np.asarray(DISTRIBUTIONS[distribution](rng, N), dtype=float)
    if not callable(distribution):
        known = ", ".join(map(repr, DISTRIBUTIONS))
        raise TypeError(f"Argument distribution must be {known} or a function of rng and N, but is {distribution!r}.")
    drawn = as_real_array("distribution", distribution(rng, N))
    if drawn.shape != (N,):
        raise ValueError(f"Argument distribution must draw {N} numbers for N = {N}, but draws the shape {drawn.shape}.")
    return drawn


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
    distribution: str | Distribution = "uniform",
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
    distribution : {"uniform", "normal"} or callable
        Of the numbers u_k, as in `random_fields`.
    rng : numpy.random.Generator
        Source of the N numbers u_k. `sweep` passes one for every realization.

    Returns
    -------
    Network
        ``network(linear(N), omega=random_fields(N, delta, B0=B0, ...), J=exchange, ...)``.

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
    fields = random_fields(N, delta, B0=B0, distribution=distribution, rng=rng)
    J = as_real("exchange", exchange)
    return network(linear(N), N, omega=fields, J=J, gamma=gamma, dephasing=dephasing, nbar=nbar)
