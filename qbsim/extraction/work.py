"""Work extraction: the bound for many copies, and paths that reach it with or without entanglement.

The numbers for many copies are those of `total_ergotropy` and `ergotropy_per_copy`, under the names of the review.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import qutip
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_real, as_real_array
from ..measures.ergotropy import ergotropy_per_copy, total_ergotropy
from ..measures.many_copies import TRACE_TOLERANCE

if TYPE_CHECKING:
    pass

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


def gibbs_bound(rho: Qobj, H: Qobj) -> float:
    r"""Upper bound on the ergotropy, :math:`\mathrm{tr}(\rho H) - \mathrm{tr}(\omega_{\bar\beta}H)` at equal entropy.

    Parameters, errors and accuracy as in `total_ergotropy`, which it is.

    Notes
    -----
    The chapter calls it a lower bound in the sentence before the inequality. It is reached by two-level cells.

    References
    ----------
    Eq. (8) of [campaioli2018].

    Examples
    --------
    >>> rho = qutip.qdiags([0.1, 0.2, 0.0, 0.3, 0.4], 0)
    >>> round(gibbs_bound(rho, qutip.num(5)), 10)
    1.8059001316
    """
    return total_ergotropy(rho, H)


def is_completely_passive(rho: Qobj, H: Qobj, *, tol: float = 1e-12) -> bool:
    """Whether no number of copies gives work: whether the state is a Gibbs state with beta in [0, inf].

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
    work = total_ergotropy(rho, H)
    return work <= as_real("tol", tol, minimum=0) * float(np.ptp(np.linalg.eigvalsh(H.full())))


def work_per_copy(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    r"""Largest work per copy from n copies of a diagonal state, :math:`w_\mathrm{max}(n)`.

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
    Eq. (11) of [campaioli2018].

    Examples
    --------
    >>> round(work_per_copy([0.1, 0.2, 0.0, 0.3, 0.4], [-2, -1, 0, 1, 2], 2), 12)
    1.725
    """
    p, e = as_populations(populations, levels, normalize)
    return ergotropy_per_copy(qutip.qdiags(p, 0), qutip.qdiags(e, 0), n)


def extra_work(populations: ArrayLike, levels: ArrayLike, n: int, *, normalize: bool = False) -> float:
    """What n copies give beyond one, per copy: `work_per_copy` of the passive state of the populations.

    Examples
    --------
    >>> round(extra_work([0.5, 0.5, 0.0], [0, 0.6, 1.0], 2), 12)
    0.025
    """
    p, e = as_populations(populations, levels, normalize)
    return work_per_copy(np.sort(p)[::-1], np.sort(e), n)


def extra_work_limit(populations: ArrayLike, levels: ArrayLike, *, normalize: bool = False) -> float:
    """Limit of `extra_work` for very many copies: `total_ergotropy` of the passive state of the populations.

    Examples
    --------
    >>> round(extra_work_limit([538, 237, 224], [0, 0.579, 1], normalize=True), 11)
    0.00828765676
    """
    p, e = as_populations(populations, levels, normalize)
    return total_ergotropy(qutip.qdiags(np.sort(p)[::-1], 0), qutip.qdiags(np.sort(e), 0))
