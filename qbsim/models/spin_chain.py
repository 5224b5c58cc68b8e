"""Spin-chain battery: two-level cells with an interaction that stores energy, charged by a transverse field."""

from __future__ import annotations

from typing import Any

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_count, as_real, explained, per_bond
from .._machine import require, require_cells
from ..battery import Battery
from ..collective import Collective, choose_space, collective_losses, local_losses
from ..geometry import all_to_all
from ..operators import copies, j_minus, j_z, lowering, raising, sigma_x, sigma_z, spins

__all__ = ["coupling_profile", "spin_chain"]

PROFILES = ("nn", "lr", "uni")


@explained
def coupling_profile(n: int, g: float = 1.0, profile: str = "nn") -> FloatArray:
    r"""Couplings of n spins in a line, symmetric (n, n).

    Parameters
    ----------
    n : int
        Number of spins.
    g : float
        Coupling of neighbours.
    profile : str
        "nn": nearest neighbours of an open chain; "lr": g / \|i - j\|; "uni": g for every pair.

    Returns
    -------
    ndarray, (n, n)
        Zero on the diagonal.

    Raises
    ------
    ValueError
        For an unknown profile.

    Examples
    --------
    >>> coupling_profile(3, 2.0, "lr")[0].tolist()
    [0.0, 2.0, 1.0]
    """
    n, g = as_count("n", n), as_real("g", g)
    require(48 * n**2, f"The matrix of couplings of n = {n} cells", "Use fewer cells.")
    distance = np.abs(np.subtract.outer(np.arange(n), np.arange(n)))
    apart = np.maximum(distance, 1)
    profiles = {"nn": g * (distance == 1), "lr": g * (distance > 0) / apart, "uni": g * (distance > 0)}
    if profile not in profiles:
        raise ValueError(f"Argument profile must be 'nn', 'lr' or 'uni', but is {profile!r}.")
    return profiles[profile].astype(float)


@explained
def spin_chain(
    n: int,
    *,
    coupling: str | ArrayLike = "nn",
    g: float = 1.0,
    alpha: float = 0.0,
    B: float = 1.0,
    omega: float = 1.0,
    gamma: float = 0.0,
    dephasing: float = 0.0,
    space: str = "auto",
) -> Battery:
    r"""Spin-chain battery, charged by a field along x.

    .. math:: H_0 = B\sum_i\sigma^z_i + H_g, \qquad
              H_g = -\sum_{i<j} g_{ij}\left[\sigma^z_i\sigma^z_j + \alpha(\sigma^x_i\sigma^x_j
              + \sigma^y_i\sigma^y_j)\right], \qquad H = H_g + \omega\sum_i\sigma^x_i

    Parameters
    ----------
    n : int
        Number of cells.
    coupling : str, number or symmetric (n, n)
        Profile of the couplings, see `coupling_profile`, or the couplings themselves.
    g : float
        Strength of a named profile; 0 gives independent cells, the reference of the advantage.
    alpha : float
        Anisotropy, any real number: 0 Ising, 1 XXX.
    B : float
        Field that makes the cells' levels; it is off while charging.
    omega : float
        Charging field, not zero.
    gamma, dephasing : float
        Decay rate of the population and extra decay rate of the coherence of every cell.
    space : str
        "symmetric": spin n/2, for uniform coupling without losses. "blocks": every total spin, for uniform coupling
        with losses. "tensor": the cells one by one. "auto": the smallest that will do.

    Returns
    -------
    Battery
        The interaction belongs to the battery: energy and ergotropy are taken with all of H0.

    Raises
    ------
    TypeError, ValueError
        For n < 1, omega = 0, couplings that are not a symmetric matrix, or a space that does not fit.

    Notes
    -----
    The empty battery is the ground state of H0 for B > 0, g >= 0 and \|alpha\| <= 1. Local losses are relaxation
    towards \|g>, not towards the ground state of the coupled chain.

    References
    ----------
    Eqs. (27) and (28) of [campaioli2018]; [le2018].

    Examples
    --------
    >>> chain = spin_chain(4, coupling="uni", alpha=-1.0, omega=200.0)
    >>> chain.dims, round(float(chain.H0.diag()[0]), 12)
    ([5], -10.0)
    """
    n, alpha, B = as_count("n", n), as_real("alpha", alpha), as_real("B", B)
    omega, g = as_real("omega", omega), as_real("g", g)
    if omega == 0:
        raise ValueError("Argument omega must not be zero: without the field nothing is charged.")
    if isinstance(coupling, str):
        if coupling not in PROFILES:
            raise ValueError(f"Argument coupling must be 'nn', 'lr' or 'uni', or a matrix, but is {coupling!r}.")
        couplings = coupling_profile(n, g, coupling)
    else:
        couplings = per_bond("coupling", coupling, all_to_all(n), n)
    pairs = couplings[np.triu_indices(n, 1)]
    gamma, dephasing = as_real("gamma", gamma, minimum=0), as_real("dephasing", dephasing, minimum=0)
    uniform = pairs.size == 0 or np.ptp(pairs) == 0
    space = choose_space(space, symmetric=uniform, lossy=gamma > 0 or dephasing > 0)

    label = f"spin chain, {n} cells"
    if space == "tensor":
        require_cells(n, 32 * (n + 2), f"A chain of n = {n} cells, one by one,")
        H_B, H_g, H_x = _tensor_terms(n, couplings, alpha)
        c_ops = local_losses(n, gamma=gamma, dephasing=dephasing)
        edges = [(i, j) for i in range(n) for j in range(i + 1, n) if couplings[i, j]]
        return Battery(B * H_B + H_g, H_g + omega * H_x, c_ops, N=n, edges=edges, label=label)

    strength, symmetric = float(pairs[0]) if pairs.size else 0.0, space == "symmetric"
    M, J_minus = j_z(n, symmetric=symmetric), j_minus(n, symmetric=symmetric)
    squares = np.concatenate([np.full(round(2 * j + 1), j * (j + 1)) for j in spins(n, symmetric=symmetric)])
    H_g = qutip.qdiags(_uniform_levels(M.diag(), squares, n, alpha, strength), 0)
    every_level = [(j, np.arange(-j, j + 1)) for j in spins(n, symmetric=False)]
    levels = [2 * B * m + _uniform_levels(m, j * (j + 1), n, alpha, strength) for j, m in every_level]
    return Collective(
        2 * B * M + H_g,
        H_g + omega * (J_minus + J_minus.dag()),
        [] if symmetric else collective_losses(n, gamma=gamma, dephasing=dephasing),
        n=n,
        levels=np.concatenate(levels),
        multiplicities=[copies(n, j) for j, m in every_level for _ in m],
        symmetric=symmetric,
        label=label,
    )


def _tensor_terms(n: int, couplings: FloatArray, alpha: float) -> tuple[Qobj, Qobj, Qobj]:
    """sum sigma_z, the interaction and sum sigma_x in the full tensor space."""
    z = [sigma_z(k, n) for k in range(n)]
    H_g = 0 * z[0]
    for i, j in zip(*np.nonzero(np.triu(couplings, 1)), strict=True):
        bond = z[i] * z[j]
        if alpha:
            hop = raising(int(i), n) * lowering(int(j), n)  # xx + yy = 2 (s+ s- + s- s+)
            bond = bond + 2 * alpha * (hop + hop.dag())
        H_g = H_g - couplings[i, j] * bond
    return sum(z), H_g, sum(sigma_x(k, n) for k in range(n))


def _uniform_levels(m: Any, squared_spin: Any, n: int, alpha: float, g: float) -> Any:
    """Interaction of uniform coupling at J_z = m and J^2: only (1 - alpha) g moves the levels inside a block."""
    return -g * (2 * (1 - alpha) * m**2 + 2 * alpha * squared_spin - n / 2 - alpha * n)
