"""The two-mode Gaussian attenuator, where collective extraction gains the same at every input energy."""

from __future__ import annotations

import math

import numpy as np

from .._checks import as_real, explained
from ..bosonic import photons_of_entropy, thermal_entropy
from ._result import Capacitance

__all__ = ["two_mode_gap", "two_mode_temperature"]

NEGLIGIBLE = 1e-18


@explained
def two_mode_temperature(lam: float, N: float) -> float:
    r"""Inverse temperature of the noise of a thermal attenuator, :math:`\beta_{\lambda,N} = \ln(1 + 1/((1-\lambda)N))`.

    Parameters
    ----------
    lam : float
        Transmissivity in [0, 1).
    N : float
        Photons of the environment, positive.

    Returns
    -------
    float
        In inverse quanta of the mode.

    Examples
    --------
    >>> round(two_mode_temperature(0.6, 0.5), 10)
    1.7917594692
    """
    lam, N = as_real("lam", lam, minimum=0, maximum=1), as_real("N", N, minimum=0)
    if lam == 1 or N == 0:
        raise ValueError("An attenuator without thermal noise has no temperature: lam must be below 1 and N positive.")
    return math.log1p(1 / ((1 - lam) * N))


@explained
def two_mode_gap(beta: float) -> Capacitance:
    r"""What collective extraction adds per cell of two modes, a thermal attenuator on one and the vacuum on the other.

    .. math:: \Delta C = C_\mathrm{sep} - C_\mathrm{loc}
              = \sum_{m\ge1} x^{m(m+1)/2} - 2\,g^{-1}\!\Big(\tfrac12\, g\big(\tfrac{x}{1-x}\big)\Big)

    with :math:`x = e^{-\beta}` and the entropy :math:`g(n) = (n+1)\ln(n+1) - n\ln n` of a thermal mode of n photons.

    Parameters
    ----------
    beta : float
        Inverse temperature of the noise in quanta of the mode, positive; from `two_mode_temperature`.

    Returns
    -------
    Capacitance
        In quanta of the mode; independent of the input energy. Exact: coherent inputs are optimal.

    Raises
    ------
    TypeError, ValueError
        If `beta` is not a positive number.

    Notes
    -----
    The first term is the passive energy of the output, the second the Gibbs energy: the first sorts the eigenvalues
    (1-x) x^k on levels m of degeneracy m + 1. Falls from
    (sqrt(pi/2) - 2 exp(-1/2))/sqrt(beta) = 0.0402528/sqrt(beta) at small beta to exp(-beta) ln 2/(beta + ln 2) at
    large beta.

    References
    ----------
    Fig. 2(b) of [tirone2023].

    Examples
    --------
    >>> round(two_mode_gap(1.0).value, 13)
    0.0426046909304
    """
    beta = as_real("beta", beta)
    if beta <= 0:
        raise ValueError(f"Argument beta must be positive, but is {beta:g}.")
    photons = 1 / math.expm1(beta) if beta < 700 else 0.0
    last = math.ceil(math.sqrt(-2 * math.log(NEGLIGIBLE) / beta)) + 2
    m = np.arange(1, last + 1)
    gap = float(np.exp(-beta * m * (m + 1) / 2).sum()) - 2 * photons_of_entropy(float(thermal_entropy(photons)) / 2)
    return Capacitance(gap, gap, True, (), "closed form; coherent inputs are optimal")
