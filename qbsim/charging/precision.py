"""How precisely Gaussian unitaries charge an oscillator: exact formulas, and the same numbers from Fock space."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

import numpy as np

from .._checks import as_count, as_real, explained
from .._machine import require_dense
from ..models.oscillator import oscillator

__all__ = ["GaussianCharge", "displace", "fock_charge", "gaussian_charge", "least_precise", "most_precise", "squeeze"]


@dataclass(frozen=True)
class GaussianCharge:
    """A thermal oscillator, omega = 1, squeezed by r and displaced.

    Attributes
    ----------
    r : float
        Squeezing; positive squeezes the quadrature along the displacement.
    displaced : float
        Energy of the displacement, abs(alpha)^2.
    energy : float
        Energy put in.
    variance : float
        Variance of the final energy.
    fluctuations : float
        Variance of the work between two projective energy measurements.
    """

    r: float
    displaced: float
    energy: float
    variance: float
    fluctuations: float


def _nu(beta: float) -> float:
    """coth(beta / 2) = 2 nbar + 1; 1 at zero temperature, beta = inf."""
    if isinstance(beta, bool) or not isinstance(beta, Real):
        raise TypeError(f"Argument beta must be a real number (inf is zero temperature), but is {beta!r}.")
    if not beta > 0:
        raise ValueError(f"Argument beta must be positive (inf is zero temperature), but is {beta!r}.")
    return 1.0 if math.isinf(beta) else 1 / math.tanh(beta / 2)


@explained
def gaussian_charge(beta: float, r: float, displaced: float) -> GaussianCharge:
    r"""Squeeze a thermal state by r, then displace it by :math:`|\alpha|^2`.

    .. math:: \epsilon = |\alpha|^2 + \tfrac\nu2(\cosh 2r - 1), \qquad
              \mathrm{Var} = \tfrac14(\nu^2\cosh 4r - 1) + |\alpha|^2\nu e^{-2r}, \qquad
              \mathrm{WF} = \mathrm{Var} + V_0 - 2V_0\cosh 2r

    with :math:`\nu = \coth(\beta/2)` and :math:`V_0 = (\nu^2 - 1)/4`.

    Parameters
    ----------
    beta : float
        Inverse temperature; inf for the vacuum.
    r : float
        Squeezing, positive along the displacement.
    displaced : float
        abs(alpha)^2, not negative.

    Returns
    -------
    GaussianCharge

    References
    ----------
    Section "Cycle Precision" of [campaioli2018]; [friis2018].

    Examples
    --------
    >>> gaussian_charge(math.inf, 0.0, 2.0).variance
    2.0
    """
    nu, r = _nu(beta), as_real("r", r)
    displaced = as_real("displaced", displaced, minimum=0)
    V0 = (nu**2 - 1) / 4
    energy = displaced + nu * math.sinh(r) ** 2
    variance = (nu**2 * math.cosh(4 * r) - 1) / 4 + displaced * nu * math.exp(-2 * r)
    return GaussianCharge(r, displaced, energy, variance, variance + V0 - 2 * V0 * math.cosh(2 * r))


@explained
def displace(beta: float, energy: float) -> GaussianCharge:
    """All of the energy into a displacement: both variances grow linearly.

    Examples
    --------
    >>> displace(math.inf, 3.0).fluctuations
    3.0
    """
    return gaussian_charge(beta, 0.0, as_real("energy", energy, minimum=0))


@explained
def squeeze(beta: float, energy: float) -> GaussianCharge:
    """All of the energy into squeezing: the final variance is the largest that a Gaussian unitary can give.

    Examples
    --------
    >>> round(squeeze(math.inf, 3.0).variance, 12)
    24.0
    """
    energy = as_real("energy", energy, minimum=0)
    return gaussian_charge(beta, math.asinh(math.sqrt(energy / _nu(beta))), 0.0)


@explained
def most_precise(beta: float, energy: float, figure: str = "variance") -> GaussianCharge:
    r"""Best mixture of squeezing and displacement at a given energy.

    .. math:: y^4 - \left(2 + \tfrac{4\epsilon}\nu\right)y + 1 = 0 \quad\text{(variance)}, \qquad
              y^4 - (1 - \nu^{-2})y^3 - \left(1 + \nu^{-2} + \tfrac{4\epsilon}\nu\right)y + 1 = 0
              \quad\text{(fluctuations)}

    for :math:`y = e^{2r} \ge 1`.

    Parameters
    ----------
    beta, energy : float
        Inverse temperature and energy put in.
    figure : str
        What to minimise: "variance" or "fluctuations".

    Returns
    -------
    GaussianCharge

    Notes
    -----
    For much energy both figures grow as (3/8) 4^(2/3) nu^(4/3) energy^(2/3) = 0.94494 nu^(4/3) energy^(2/3), with
    nu = coth(beta/2), against nu energy for a displacement and 2 energy^2 for squeezing.

    Examples
    --------
    >>> round(most_precise(math.inf, 1.0).variance, 8)
    0.69911711
    """
    nu, energy = _nu(beta), as_real("energy", energy, minimum=0)
    if figure == "variance":
        coefficients = [1.0, 0.0, 0.0, -(2 + 4 * energy / nu), 1.0]
    elif figure == "fluctuations":
        coefficients = [1.0, nu**-2 - 1, 0.0, -(1 + nu**-2 + 4 * energy / nu), 1.0]
    else:
        raise ValueError(f"Argument figure must be 'variance' or 'fluctuations', but is {figure!r}.")
    roots = np.roots(coefficients)
    r = math.log(float(roots[np.abs(roots.imag) < 1e-7].real.max())) / 2
    left = energy - nu * math.sinh(r) ** 2
    return gaussian_charge(beta, r, left if left > 1e-14 * energy else 0.0)  # rounding at zero energy


@explained
def least_precise(beta: float, energy: float, figure: str = "variance") -> GaussianCharge:
    """Worst mixture at a given energy, by a search over all squeezings.

    Pure squeezing for the variance; for the fluctuations at finite temperature a small displacement across the squeezed
    direction is a little worse.

    Examples
    --------
    >>> round(least_precise(1.0, 1.0, "fluctuations").fluctuations, 6)
    4.751236
    """
    from scipy.optimize import minimize_scalar

    if figure not in ("variance", "fluctuations"):
        raise ValueError(f"Argument figure must be 'variance' or 'fluctuations', but is {figure!r}.")
    far = squeeze(beta, energy).r

    def at(r: float) -> GaussianCharge:
        return gaussian_charge(beta, r, max(0.0, energy - _nu(beta) * math.sinh(r) ** 2))

    grid = np.linspace(-far, far, 201)  # both ends are pure squeezing
    k = int(np.argmax([getattr(at(r), figure) for r in grid]))
    inner = minimize_scalar(
        lambda r: -getattr(at(r), figure),
        bounds=(grid[max(k - 1, 0)], grid[min(k + 1, 200)]),
        method="bounded",
        options={"xatol": 1e-10},
    )
    return max((at(inner.x), squeeze(beta, energy)), key=lambda charge: getattr(charge, figure))


@explained
def fock_charge(beta: float, r: float, displaced: float, levels: int) -> GaussianCharge:
    """The same charge from matrices in Fock space: generators of `oscillator`, exponentials, sums over populations.

    Parameters
    ----------
    beta, r, displaced : float
        As in `gaussian_charge`.
    levels : int
        Fock levels kept.

    Returns
    -------
    GaussianCharge

    Raises
    ------
    ValueError
        If the last two levels hold more than 1e-9 of the final state: the cut-off is too small.

    Examples
    --------
    >>> abs(fock_charge(math.inf, 0.2, 0.5, 60).variance - gaussian_charge(math.inf, 0.2, 0.5).variance) < 1e-9
    True
    """
    levels = as_count("levels", levels, minimum=4)
    require_dense(levels, f"A propagator of {levels} levels")
    n = np.arange(levels)
    p = np.exp(-beta * n) if not math.isinf(beta) else (n == 0).astype(float)
    p /= p.sum()
    U = np.eye(levels, dtype=complex)
    for drive in ({"squeezing": r}, {"displacement": math.sqrt(displaced)}):
        if any(drive.values()):
            U = (-1j * oscillator(levels, **drive).H).expm().full() @ U
    moves = np.abs(U) ** 2  # from level n (column) to m (row)
    final = moves @ p
    if (beyond := final[-2:].sum()) > 1e-9:
        raise ValueError(f"The last two of {levels} Fock levels hold {beyond:.2g}; keep more levels.")
    energy = float(final @ n - p @ n)
    variance = float(final @ n**2 - (final @ n) ** 2)
    work2 = float(np.sum(moves * p * np.subtract.outer(n, n) ** 2))
    return GaussianCharge(r, displaced, energy, variance, work2 - energy**2)
