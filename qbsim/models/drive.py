"""Driven batteries: n equal cells charged one by one, in groups, or all together."""

from __future__ import annotations

import math

import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_count, as_flag, as_real, as_real_array, explained
from .._machine import require_cells
from ..battery import Battery
from ..collective import local_losses

__all__ = ["as_levels", "drive"]


def as_levels(levels: ArrayLike) -> FloatArray:
    """Energy levels of a cell: at least two, strictly ascending, as in Eq. (1) of [campaioli2018]."""
    e = as_real_array("levels", levels)
    if e.ndim != 1 or e.size < 2:
        raise ValueError(f"Argument levels must hold at least two energies, but has shape {e.shape}.")
    if (e[1:] <= e[:-1]).any():
        raise ValueError(f"Argument levels must ascend without degeneracy, but is {e.tolist()}.")
    return e


@explained
def drive(
    n: int,
    k: int = 1,
    *,
    levels: ArrayLike = (0.0, 1.0),
    strength: float = 1.0,
    constraint: str = "norm",
    flip: bool = False,
    gamma: float = 0.0,
    dephasing: float = 0.0,
) -> Battery:
    r"""n cells of d levels, driven from the lowest to the highest level in groups of k.

    .. math:: H = \alpha\sum_{\text{groups}}\left(|d\dots d\rangle\langle 1\dots 1| + \mathrm{h.c.}\right), \qquad
              H_0 = \sum_{l=1}^{n}\sum_j \epsilon_j |j\rangle\langle j|_l

    Parameters
    ----------
    n : int
        Number of cells.
    k : int
        Cells in a group, a divisor of n: 1 is the parallel drive, Eq. (18), n the collective one, Eq. (19).
    levels : (d,)
        Levels of a cell, strictly ascending.
    strength : float
        What the constraint allows, Emax > 0.
    constraint : str
        "norm": the operator norm of H is `strength`, alpha = k Emax / n; it equals the mean energy above the ground
        state of H. "spread": the standard deviation of H in the empty state is, alpha = Emax sqrt(k / n).
    flip : bool
        Drive two-level cells with the product of k sigma_x, which moves every string of a group to its opposite; this
        is what takes a mixed product state to its inverted one.
    gamma, dephasing : float
        Decay rate of the population and extra decay rate of the coherence of every two-level cell.

    Returns
    -------
    Battery
        H is the total generator: the internal part is compensated while charging.

    Raises
    ------
    TypeError, ValueError
        If k does not divide n, the strength is not positive, levels do not ascend, or a flip or loss meets d > 2.

    Notes
    -----
    Complete charging takes pi / (2 alpha), so that the advantage over k = 1 is k (norm) or sqrt(k) (spread). The trace
    norm would count how many levels a drive touches: parallel against collective it gives n binom(n-1, n//2), an
    artefact, so it is not offered as a constraint.

    References
    ----------
    Eqs. (17)-(20) of [campaioli2018]; [binder2015].

    Examples
    --------
    >>> drive(3, 1).H.full()[0].real.round(6).tolist()
    [0.0, 0.333333, 0.333333, 0.0, 0.333333, 0.0, 0.0, 0.0]
    """
    n, k, e = as_count("n", n), as_count("k", k), as_levels(levels)
    if n % k:
        raise ValueError(f"Argument k must divide n = {n}, but is {k}.")
    if as_real("strength", strength) <= 0:
        raise ValueError(f"Argument strength must be positive, but is {strength:g}.")
    groups, d = n // k, e.size
    require_cells(n, 32 * groups, f"The drive of n = {n} cells", levels=d)
    if constraint not in ("norm", "spread"):
        raise ValueError(f"Argument constraint must be 'norm' or 'spread', but is {constraint!r}.")
    alpha = strength / (groups if constraint == "norm" else math.sqrt(groups))
    flip = as_flag("flip", flip)
    gamma, dephasing = as_real("gamma", gamma, minimum=0), as_real("dephasing", dephasing, minimum=0)
    if d != 2 and (flip or gamma or dephasing):
        raise ValueError(f"Arguments flip, gamma and dephasing need two-level cells, but the cells have {d} levels.")

    lift = qutip.projection(d, d - 1, 0)
    one = lift + lift.dag() if flip else lift
    H0, H = _sum_of_groups(qutip.qdiags(e, 0), n, 1), _sum_of_groups(one, n, k)
    H = H if flip else H + H.dag()
    kind = {1: "parallel", n: "collective"}.get(k, f"{k}-body")
    return Battery(
        H0,
        alpha * H,
        local_losses(n, gamma=gamma, dephasing=dephasing),
        N=n,
        label=f"{kind} drive, {n} cells",
    )


def _sum_of_groups(op: Qobj, n: int, k: int) -> Qobj:
    """Sum over groups of k neighbours of `op` on each of their cells, identity elsewhere."""
    one = qutip.qeye(op.dims[0])
    return sum(qutip.tensor([op if l // k == group else one for l in range(n)]) for group in range(n // k))
