"""What many copies of a passive state give beyond one, and whether they give anything.

The work itself is `qbsim.ergotropy_per_copy`, and `qbsim.total_ergotropy` for very many copies: Eqs. (11) and (8) of
[campaioli2018].
"""

from __future__ import annotations

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_real, as_real_array, deprecate, explained
from ..measures.ergotropy import ergotropy_per_copy, total_ergotropy
from ..measures.many_copies import TRACE_TOLERANCE

__all__ = ["as_populations", "extra_work", "extra_work_limit", "gibbs_bound", "is_completely_passive", "work_per_copy"]


def as_populations(populations: ArrayLike, levels: ArrayLike, normalize: bool = False) -> tuple[FloatArray, FloatArray]:
    """Populations that sum to one, and one level each.

    Levels may come in any order and may be degenerate: a population belongs to the level at its place.
    """
    p, e = as_real_array("populations", populations), as_real_array("levels", levels)
    if p.ndim != 1 or p.size == 0 or p.shape != e.shape:
        raise ValueError(
            f"Arguments populations and levels must hold one number per level, but have {p.shape} and {e.shape}."
        )
    if (p < 0).any():
        raise ValueError(f"Argument populations must not be negative, but holds {p.min():g}.")
    total = float(p.sum())
    if total <= 0 or (not normalize and abs(total - 1) > TRACE_TOLERANCE):
        raise ValueError(f"Argument populations must sum to 1, but sums to {total:.10g}; normalize=True divides by it.")
    return p / total, e


@explained
def is_completely_passive(rho: Qobj, H: Qobj, *, tol: float = 1e-12) -> bool:
    """Whether even many copies give no work: whether the state is a Gibbs state with beta in [0, inf].

    Parameters
    ----------
    rho, H : Qobj
        State and Hamiltonian of one copy.
    tol : float
        Work per copy that counts as none, in units of the spread of H. It is of second order in the distance from the
        Gibbs state, so that 1e-12 resolves populations to 1e-6.

    Returns
    -------
    bool

    References
    ----------
    Below Eq. (8) of [campaioli2018]; [pusz1978].

    Examples
    --------
    >>> H = qutip.num(3)
    >>> is_completely_passive((-1.3 * H).expm().unit(), H), is_completely_passive(qutip.qdiags([0.6, 0.2, 0.2], 0), H)
    (True, False)
    """
    return total_ergotropy(rho, H) <= as_real("tol", tol, minimum=0) * float(np.ptp(np.linalg.eigvalsh(H.full())))


@explained
def extra_work(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    """What n copies give beyond one, per copy: `ergotropy_per_copy` of the passive state of the populations.

    Parameters
    ----------
    populations : (d,)
        Population of every level; they must sum to one.
    levels : (d,)
        Energies, in the same order; any order, degeneracies allowed.
    n : int
        Number of copies.
    normalize : bool
        Divide the populations by their sum.

    Returns
    -------
    float

    References
    ----------
    Eq. (11) of [campaioli2018], and its Fig. 3.

    Examples
    --------
    >>> round(extra_work([0.5, 0.5, 0.0], [0, 0.6, 1.0], 2), 12)
    0.025
    """
    return ergotropy_per_copy(*_passive(populations, levels, normalize), n)


@explained
def extra_work_limit(populations: ArrayLike, levels: ArrayLike, *, normalize: bool = False) -> float:
    """Limit of `extra_work` for very many copies: `total_ergotropy` of the passive state of the populations.

    Examples
    --------
    >>> round(extra_work_limit([538, 237, 224], [0, 0.579, 1], normalize=True), 11)
    0.00828765676
    """
    return total_ergotropy(*_passive(populations, levels, normalize))


def _passive(populations: ArrayLike, levels: ArrayLike, normalize: bool) -> tuple[Qobj, Qobj]:
    """Passive state of the populations, and its Hamiltonian."""
    p, e = as_populations(populations, levels, normalize)
    return qutip.qdiags(np.sort(p)[::-1], 0), qutip.qdiags(np.sort(e), 0)


@explained
def work_per_copy(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    """Deprecated: use `qbsim.ergotropy_per_copy`."""
    deprecate("qbsim.extraction.work_per_copy", "qbsim.ergotropy_per_copy")
    p, e = as_populations(populations, levels, normalize)
    return ergotropy_per_copy(qutip.qdiags(p, 0), qutip.qdiags(e, 0), n)


@explained
def gibbs_bound(rho: Qobj, H: Qobj) -> float:
    """Deprecated: use `qbsim.total_ergotropy`."""
    deprecate("qbsim.extraction.gibbs_bound", "qbsim.total_ergotropy")
    return total_ergotropy(rho, H)
