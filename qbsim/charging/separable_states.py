"""Charging without entanglement: highly mixed cells inside the separable ball."""

from __future__ import annotations

import math
from dataclasses import dataclass

from .._checks import as_count, explained

__all__ = ["SeparableBall", "separable_ball"]


@dataclass(frozen=True)
class SeparableBall:
    """Ball of separable states of n two-level cells around the maximally mixed one.

    Attributes
    ----------
    n : int
        Number of cells.
    purity : float
        Every state of at most this purity is separable.
    eps_ball : float
        Largest eps whose cells exp(-eps sigma_z)/Z are inside; unitaries keep them there.
    eps_ppt : float
        Largest eps that keeps a positive partial transpose on the whole path of the flip sigma_x x ... x sigma_x.
    energy : float
        Energy that the flip stores at eps_ball, 2 n tanh(eps_ball): the advantage stays, the energy becomes small.
    """

    n: int
    purity: float
    eps_ball: float
    eps_ppt: float
    energy: float


@explained
def separable_ball(n: int) -> SeparableBall:
    r"""Where charging n mixed cells together needs no entanglement.

    .. math:: \mathrm{tr}\rho^2 \le \frac{1}{2^n - a^2}, \quad a^2 = \frac{3^{n+1}}{3^n + 3}\left(\frac23\right)^n,
              \qquad r^n - r^{n-k} - r^k - 1 = 0,\quad r = e^{2\epsilon},\; k = \lfloor n/2\rfloor

    Parameters
    ----------
    n : int
        Number of cells, at least 2.

    Returns
    -------
    SeparableBall

    Notes
    -----
    The drive (19) of the chapter swaps the two extreme strings alone and does not invert the cells for n >= 3; the flip
    ``drive(n, n, flip=True)`` does, in the same time and with the same advantage n for every eps.

    References
    ----------
    Below Eq. (21) and Fig. 5 of [campaioli2018]; [gurvits2003].

    Examples
    --------
    >>> round(separable_ball(2).purity, 12), round(separable_ball(2).eps_ball, 10)
    (0.333333333333, 0.4157214728)
    """
    from scipy.optimize import brentq

    n = as_count("n", n, minimum=2)
    a2 = 3 ** (n + 1) / (3**n + 3) * (2 / 3) ** n
    # purity ((1 + t^2)/2)^n of the cells, t = tanh(eps); expm1 and log1p keep the digits of a small ball
    t = math.sqrt(math.expm1(-math.log1p(-a2 / 2**n) / n))
    eps, k = math.atanh(t), n // 2
    r = brentq(lambda x: x**n - x ** (n - k) - x**k - 1, 1.0, 4.0, xtol=1e-14)
    return SeparableBall(n, 1 / (2**n - a2), eps, math.log(r) / 2, 2 * n * t)
