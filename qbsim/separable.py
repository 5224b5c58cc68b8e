"""Negativity, and charging without entanglement: highly mixed cells inside the separable ball."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import qutip
from qutip import Qobj

from ._checks import as_count, as_real
from .measures import check_state
from .operators import ground

__all__ = ["SeparableBall", "largest_negativity", "negativity", "separable_ball", "thermal_cells"]


def negativity(rho: Qobj, part: Sequence[int]) -> float:
    r"""Negativity across a cut, :math:`\mathcal N = \sum_{\lambda<0}|\lambda|` of the partial transpose; Bell: 1/2.

    Parameters
    ----------
    rho : Qobj, density matrix or ket
        State.
    part : sequence of int
        Tensor factors on one side of the cut.

    Returns
    -------
    float

    Examples
    --------
    >>> round(negativity(qutip.bell_state("00"), [0]), 12)
    0.5
    """
    rho = check_state(rho)
    rho = rho.proj() if rho.isket else rho
    mask = [int(k in part) for k in range(len(rho.dims[0]))]
    values = np.linalg.eigvalsh(qutip.partial_transpose(rho, mask).full())
    return float(np.abs(values[values < 0]).sum())


def largest_negativity(rho: Qobj) -> float:
    """Largest negativity over all cuts of a state, 0 if there is nothing to cut."""
    n = len(rho.dims[0])
    # a cut and its complement are the same; with factor 0 on the first side each is met once
    cuts = [(0, *rest) for size in range(n - 1) for rest in combinations(range(1, n), size)]
    return max((negativity(rho, cut) for cut in cuts), default=0.0)


def thermal_cells(n: int, eps: float) -> Qobj:
    r"""n equal cells in :math:`e^{-\epsilon\sigma_z}/Z`: nearly empty for eps > 0, inverted for eps < 0.

    Examples
    --------
    >>> thermal_cells(1, 0.0).diag().tolist()
    [0.5, 0.5]
    """
    n, eps = as_count("n", n), as_real("eps", eps)
    p = 1 / (1 + math.exp(-2 * eps))
    below = ground().proj()
    return qutip.tensor([p * below + (1 - p) * (qutip.qeye(2) - below)] * n)


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
        Energy that the flip stores at eps_ball, 2 n tanh(eps_ball): the advantage is a ratio, the energy dwindles.
    """

    n: int
    purity: float
    eps_ball: float
    eps_ppt: float
    energy: float


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
