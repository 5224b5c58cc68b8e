"""Quantum speed limits: the bound that holds, and the one the review chapter prints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj
from scipy.optimize import minimize_scalar

from .._checks import as_hermitian, as_real, as_tlist, explained
from .._drives import read_operator
from .._machine import require_dense
from ..states import check_state

__all__ = ["SpeedLimit", "margolus_levitin", "mean_and_spread", "speed_limit"]


@dataclass(frozen=True)
class SpeedLimit:
    r"""Least times between two pure states.

    Attributes
    ----------
    angle : float
        Bures angle :math:`\arccos|\langle\psi|\phi\rangle|`.
    mandelstam_tamm : float
        angle / dE; valid for every closed evolution with dE averaged over time.
    margolus_levitin : float
        tau(F) / E, for constant H alone; nan for a driven one.
    bound : float
        The larger of those that hold: T is never below it.
    printed : float
        Eq. (14), angle / min(E, dE), which is not a bound unless the states are orthogonal and H is constant.
    """

    angle: float
    mandelstam_tamm: float
    margolus_levitin: float
    bound: float
    printed: float


@explained
def margolus_levitin(fidelity: float) -> float:
    r"""Least time, in units of 1/E, to reach a fidelity at mean energy E above the ground state.

    .. math:: \tau(F) = \min_q\; 2q\arcsin\sqrt{\frac{1-F}{4q(1-q)}}, \qquad \frac{1-\sqrt F}{2} \le q \le \frac12

    Parameters
    ----------
    fidelity : float
        :math:`F = |\langle\psi|\phi\rangle|^2`, in [0, 1].

    Returns
    -------
    float
        pi/2 between orthogonal states, 0 between equal ones.

    References
    ----------
    [giovannetti2003]; proof by [hornedal2023].

    Examples
    --------
    >>> round(margolus_levitin(0.0) * 2 / math.pi, 12), round(margolus_levitin(0.5) * 2 / math.pi, 9)
    (1.0, 0.264994849)
    """
    F = as_real("fidelity", fidelity, minimum=0.0, maximum=1.0)
    lowest = (1 - math.sqrt(F)) / 2
    if lowest == 0 or lowest == 0.5:
        return 2 * lowest * math.pi / 2

    def time(q: float) -> float:
        return 2 * q * math.asin(min(1.0, math.sqrt((1 - F) / (4 * q * (1 - q)))))

    best = minimize_scalar(time, bounds=(lowest, 0.5), method="bounded", options={"xatol": 1e-12})
    return min(float(best.fun), time(lowest), time(0.5))


@explained
def speed_limit(psi: Qobj, phi: Qobj, E: float, dE: float, *, driven: bool = False) -> SpeedLimit:
    r"""Least time from one pure state to another.

    .. math:: T \ge \max\left\{\frac{\arccos\sqrt F}{\Delta E},\; \frac{\tau(F)}{E}\right\}, \qquad
              F = |\langle\psi|\phi\rangle|^2

    Parameters
    ----------
    psi, phi : ket
        Initial and final state.
    E, dE : float
        Mean energy above the ground state and standard deviation of H, averaged over time, see `mean_and_spread`.
    driven : bool
        H depends on time: only the first branch holds.

    Returns
    -------
    SpeedLimit

    Raises
    ------
    TypeError, ValueError
        If the states are not kets, or E or dE is negative.

    Notes
    -----
    The chapter divides the angle by the smaller of E and dE. For states that are not orthogonal, and for any driven H,
    evolutions beat that: with H = |1><1| and cos(0.1)|0> + sin(0.1)|1> the angle 0.2 is reached at t = pi, while
    Eq. (14) asks for t >= 20.07.

    References
    ----------
    Eq. (14) of [campaioli2018], corrected; [mandelstam1945], [giovannetti2003].

    Examples
    --------
    >>> import qutip
    >>> g, e = qutip.fock(2, 0), qutip.fock(2, 1)
    >>> round(speed_limit(g, e, E=1.0, dE=1.0).bound, 6)
    1.570796
    """
    for name, state in (("psi", psi), ("phi", phi)):
        if not check_state(state, name=name).isket:
            raise TypeError(f"Argument {name} must be a ket: the limits are those of pure states.")
    if psi.dims != phi.dims:
        raise ValueError(f"Arguments psi and phi must have the same dims, but have {psi.dims} and {phi.dims}.")
    E, dE = as_real("E", E, minimum=0), as_real("dE", dE, minimum=0)
    overlap = min(1.0, abs(psi.overlap(phi)))
    # arccos loses half of the digits of nearly equal states; the norm of the difference keeps them
    angle = math.atan2(float((phi - psi * psi.overlap(phi)).norm()), overlap)
    first = _ratio(angle, dE)
    second = math.nan if driven else _ratio(margolus_levitin(overlap**2), E)
    return SpeedLimit(angle, first, second, first if driven else max(first, second), _ratio(angle, min(E, dE)))


def _ratio(angle: float, energy: float) -> float:
    if angle == 0:
        return 0.0
    return angle / energy if energy > 0 else math.inf


@explained
def mean_and_spread(H: Any, psi: Qobj, tlist: ArrayLike | None = None) -> tuple[float, float]:
    r"""Energy above the ground state and standard deviation of H, averaged over the evolution.

    Parameters
    ----------
    H : Qobj, QobjEvo or list
        Generator of the evolution, as in `Battery`.
    psi : ket
        Initial state.
    tlist : (T,), optional
        Times to average over, needed where H depends on time; a constant H keeps both numbers.

    Returns
    -------
    E, dE : float

    Raises
    ------
    ValueError
        If a driven H comes without times.

    Examples
    --------
    >>> import qutip
    >>> E, dE = mean_and_spread(qutip.num(2), (qutip.fock(2, 0) + qutip.fock(2, 1)).unit())
    >>> round(E, 12), round(dE, 12)
    (0.5, 0.5)
    """
    check_state(psi, name="psi")
    H = read_operator("H", H)
    if isinstance(H, Qobj):
        return _moments(H, psi)
    if tlist is None:
        raise ValueError("Argument tlist is needed: E and dE of a driven H are averages over time.")
    times = as_tlist(tlist)
    options = {"rtol": 1e-10, "atol": 1e-12, "nsteps": 10**6, "progress_bar": ""}
    kets = qutip.sesolve(H, psi, times, options=options).states
    moments = np.array([_moments(H(t), ket) for t, ket in zip(times, kets, strict=True)])
    E, dE = np.trapezoid(moments, times, axis=0) / (times[-1] - times[0])
    return float(E), float(dE)


def _moments(H: Qobj, psi: Qobj) -> tuple[float, float]:
    """Mean above the ground level, and standard deviation as the norm of (H - mean) psi."""
    H = as_hermitian("H", H)
    require_dense(H.shape[0], "Argument H")
    matrix, ket = H.full(), psi.full()[:, 0]
    mean = float(np.vdot(ket, matrix @ ket).real)
    return mean - float(np.linalg.eigvalsh(matrix)[0]), float(np.linalg.norm(matrix @ ket - mean * ket))
