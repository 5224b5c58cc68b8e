"""Dicke battery: two-level cells and one cavity mode, permutation-symmetric, with losses."""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import qutip
from qutip import Qobj, QobjEvo

from .._checks import as_count, as_flag, as_real, explained
from .._drives import read_operator
from .._machine import require, require_cells
from ..battery import Battery
from ..collective import Collective, choose_space, collective_losses, local_losses
from ..operators import excitation, j_minus, j_z, lowering

__all__ = ["dicke", "dicke_start", "photon_cutoff"]


def photon_cutoff(n: int) -> int:
    """Photon levels that n cells need up to their first energy maximum: max(4 n, n + 30)."""
    n = as_count("n", n)
    return max(4 * n, n + 30)


@explained
def dicke(
    n: int,
    *,
    lam: Any,
    omega_c: float = 1.0,
    omega_a: float = 1.0,
    photons: int | None = None,
    normalize: bool = False,
    rotating_wave: bool = False,
    gamma: float = 0.0,
    dephasing: float = 0.0,
    kappa: float = 0.0,
    nbar: float = 0.0,
    space: str = "auto",
    args: Mapping[str, Any] | None = None,
) -> Battery:
    r"""Dicke battery: n cells charged by one cavity mode.

    .. math:: H = \omega_c a^\dagger a + \omega_a\left(J_z + \tfrac n2\right) + 2\omega_c\lambda\,J_x (a + a^\dagger),
              \qquad H_0 = \omega_a\left(J_z + \tfrac n2\right)

    Parameters
    ----------
    n : int
        Number of cells.
    lam : float, function of time or Coefficient
        Coupling, not zero; every cell couples with omega_c lam sigma_x (a + a^dagger). A function switches it, or any
        other coefficient of QuTiP: f(t), f(t, w), or ``qutip.coefficient(values, tlist=times)``.
    omega_c, omega_a : float
        Frequencies of the cavity and of a cell.
    photons : int, optional
        Photon levels kept, 0 ... photons - 1, at least n + 2. `evolve` warns when the last two levels get populated,
        and `qbsim.charging.converged` doubles them until the answer stands. By default `photon_cutoff`; n + 2 with
        `rotating_wave` and nbar = 0, where n photons at the start never become more, and only the last level is
        watched.
    normalize : bool
        Divide lam by sqrt(n), the normalisation of the thermodynamic limit, which takes the sqrt(n) advantage away.
    rotating_wave : bool
        Keep a J_+ + a^dagger J_- alone.
    gamma, dephasing : float
        Decay rate of the population and extra decay rate of the coherence of every cell.
    kappa : float
        Decay rate of the photon number.
    nbar : float
        Thermal occupation of the bath of the cavity: loss at kappa (nbar + 1), gain at kappa nbar.
    space : str
        "symmetric": spin n/2, dimension n + 1, for cells without losses of their own. "blocks": every total spin, for
        gamma and dephasing. "tensor": the n cells one by one, for small n. "auto": the smallest that will do.
    args : dict, optional
        Arguments of `lam`, such as {"w": 2.0}.

    Returns
    -------
    Battery
        Tensor factors: the cells first, the cavity last.

    Raises
    ------
    TypeError, ValueError
        For zero coupling, n < 1, a cut-off that does not hold the n photons of the start, or an unfit space.

    Notes
    -----
    J = (1/2) sum sigma; there is no 1/sqrt(n) unless asked for. Energy counts from the empty cells.

    References
    ----------
    Eqs. (23)-(25) of [campaioli2018]; [ferraro2018].

    Examples
    --------
    >>> dicke(3, lam=0.5).H0.diag().tolist()
    [0.0, 1.0, 2.0, 3.0]
    """
    n, omega_c, omega_a = as_count("n", n), as_real("omega_c", omega_c), as_real("omega_a", omega_a)
    normalize, rotating_wave = as_flag("normalize", normalize), as_flag("rotating_wave", rotating_wave)
    kappa, nbar = as_real("kappa", kappa, minimum=0), as_real("nbar", nbar, minimum=0)
    bounded = rotating_wave and kappa * nbar == 0  # the number of excitations never grows
    default = n + 2 if bounded else photon_cutoff(n)
    photons = default if photons is None else as_count("photons", photons)
    if photons < n + 2:
        raise ValueError(f"Argument photons must exceed n + 1 = {n + 1}, as n photons start, but is {photons}.")
    lossy = as_real("gamma", gamma, minimum=0) > 0 or as_real("dephasing", dephasing, minimum=0) > 0
    space = choose_space(space, symmetric=True, lossy=lossy)

    if space == "tensor":
        require_cells(n, 200 * photons, f"A Dicke battery of n = {n} cells, one by one, and {photons} photon levels")
        J_minus = sum(lowering(k, n) for k in range(n))
        H0 = omega_a * sum(excitation(k, n) for k in range(n))
    else:
        require(
            200 * (n + 1) * photons,
            f"A Dicke battery of n = {n} cells and {photons} photon levels",
            "Use fewer cells or photon levels.",
        )
        J_minus = j_minus(n, symmetric=space == "symmetric")
        H0 = omega_a * (j_z(n, symmetric=space == "symmetric") + n / 2)
    cells, a = qutip.qeye(H0.dims[0]), qutip.destroy(photons)
    free = omega_c * qutip.tensor(cells, a.dag() * a) + qutip.tensor(H0, qutip.qeye(photons))
    exchange = qutip.tensor(J_minus.dag(), a)
    if not rotating_wave:
        exchange = exchange + qutip.tensor(J_minus, a)
    coupling = omega_c * (exchange + exchange.dag()) / (math.sqrt(n) if normalize else 1.0)
    H = _switched(free, coupling, lam, args)

    c_ops = [math.sqrt(kappa * (nbar + 1)) * qutip.tensor(cells, a)] if kappa else []
    c_ops += [math.sqrt(kappa * nbar) * qutip.tensor(cells, a.dag())] if kappa * nbar else []
    c_ops += _losses(n, photons, space, gamma=gamma, dephasing=dephasing) if lossy else []
    last = 1 if bounded else 2
    edge = qutip.tensor(cells, qutip.qdiags(np.r_[np.zeros(photons - last), np.ones(last)], 0))
    label = f"Dicke battery, {n} cells"
    if space == "tensor":
        return Battery(H0, H, c_ops, N=n, cells=range(n), label=label, truncation=edge, args=args)
    return Collective(
        H0,
        H,
        c_ops,
        n=n,
        levels=omega_a * np.arange(n + 1),
        multiplicities=[math.comb(n, k) for k in range(n + 1)],
        symmetric=space == "symmetric",
        label=label,
        truncation=edge,
        args=args,
    )


def _losses(n: int, photons: int, space: str, **rates: float) -> list[Qobj]:
    """Jumps of every cell for itself, beside the photons."""
    levels = 2**n if space == "tensor" else (n // 2 + 1) * ((n + 1) // 2 + 1)
    size = 25 * n * (1 if space == "tensor" else 9 * n) * levels * photons
    require(size, f"Losses of n = {n} cells beside {photons} photon levels", "Use fewer cells or photon levels.")
    losses = (local_losses if space == "tensor" else collective_losses)(n, **rates)
    return [qutip.tensor(jump, qutip.qeye(photons)) for jump in losses]


def _switched(free: Qobj, coupling: Qobj, lam: Any, args: Mapping[str, Any] | None) -> Qobj | QobjEvo:
    """Free part plus the coupling, constant or switched."""
    if not callable(lam):
        lam = as_real("lam", lam)
        if lam == 0:
            raise ValueError("Argument lam must not be zero: without coupling nothing is charged.")
        return free + lam * coupling
    given = functools.wraps(lam)(functools.partial(_real, lam)) if isinstance(lam, types.FunctionType) else lam
    return read_operator("lam", [free, [coupling, given]], args)


def _real(lam: Callable[..., float], t: float, *arguments: Any, **named: Any) -> float:
    """Value of a coupling, which must be real."""
    value = lam(t, *arguments, **named)
    if isinstance(value, complex):
        raise TypeError(f"Argument lam must return real numbers, but returned {value!r}.")
    return value


@explained
def dicke_start(battery: Battery) -> Qobj:
    """As many photons as cells, and every cell in its ground state, Eq. (25) of [campaioli2018].

    Examples
    --------
    >>> dicke_start(dicke(2, lam=0.5)).dims[0]
    [3, 32]
    """
    if not isinstance(battery, Battery) or len(battery.dims) < 2 or battery.dims[-1] <= battery.N:
        raise TypeError(f"Argument battery must come from dicke, but is {battery!r}.")
    *cells, photons = battery.dims
    return qutip.tensor(*(qutip.fock(d, 0) for d in cells), qutip.fock(photons, battery.N))
