"""Harmonic oscillator charged by a linear and a quadratic drive."""

from __future__ import annotations

import math

import numpy as np
import qutip

from .._checks import as_count, as_real, explained
from .._machine import require
from ..battery import Battery

__all__ = ["oscillator"]


@explained
def oscillator(
    levels: int, *, displacement: float = 0.0, squeezing: float = 0.0, nbar: float = 0.0, kappa: float = 0.0
) -> Battery:
    r"""Oscillator, omega = 1, whose drive displaces and squeezes at these rates.

    .. math:: H = i\alpha(a^\dagger - a) + \tfrac{i r}2\left(a^2 - a^{\dagger 2}\right), \qquad H_0 = a^\dagger a

    Parameters
    ----------
    levels : int
        Fock levels kept; `evolve` warns when the last two get populated.
    displacement, squeezing : float
        alpha and r after unit time, if they act alone. A positive r squeezes the quadrature along the displacement.
    nbar, kappa : float
        Thermal occupation of the bath and decay rate.

    Returns
    -------
    Battery
        H is the total generator: the internal part is compensated.

    References
    ----------
    Section "Cycle Precision" of [campaioli2018]; [friis2018].

    Examples
    --------
    >>> from qbsim import evolve
    >>> ds = evolve(oscillator(40, displacement=1.0), qutip.fock(40, 0), [0, 1, 2])
    >>> ds.energy.values.round(6).tolist()
    [0.0, 1.0, 4.0]
    """
    levels = as_count("levels", levels, minimum=4)
    alpha, r = as_real("displacement", displacement), as_real("squeezing", squeezing)
    kappa, nbar = as_real("kappa", kappa, minimum=0), as_real("nbar", nbar, minimum=0)
    require(400 * levels, f"An oscillator of {levels} levels", "Use fewer levels.")
    a = qutip.destroy(levels)
    H = 1j * alpha * (a.dag() - a) + 0.5j * r * (a * a - a.dag() * a.dag())
    c_ops = [math.sqrt(rate) * op for rate, op in ((kappa * (nbar + 1), a), (kappa * nbar, a.dag())) if rate > 0]
    last_two = qutip.qdiags(np.r_[np.zeros(levels - 2), 1.0, 1.0], 0)
    return Battery(qutip.num(levels), H, c_ops, N=1, label="oscillator", truncation=last_two)
