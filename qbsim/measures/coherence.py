"""l1-coherence: the l1-norm of the coherences in the product basis."""

from __future__ import annotations

import numpy as np
from qutip import Qobj

from .._checks import FloatArray, as_flag, explained
from .reference import Measure, Reference, as_states
from .series import StateSeries

__all__ = ["ROWS", "l1_coherence", "l1_coherence_over_time"]


def l1_coherence_over_time(states: StateSeries, ref: Reference | None = None, normalized: bool = True) -> FloatArray:
    return states.l1() if normalized else states.absolute_sum() - np.abs(states.populations).sum(axis=1)


@explained
def l1_coherence(rho: Qobj, normalized: bool = True) -> float:
    r"""l1-norm of coherence in the product basis, :math:`\sum_{i\ne j}|\rho_{ij}|`, divided by d - 1 if normalized.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    normalized : bool
        Divide by the maximum d - 1, which ``|+...+>`` reaches.

    Returns
    -------
    float
        In [0, 1], or [0, d - 1].

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state.

    References
    ----------
    Below Eq. (14) of [santos2021].

    Examples
    --------
    >>> from qbsim import plus
    >>> round(l1_coherence(plus(3)), 12)
    1.0
    """
    return float(l1_coherence_over_time(as_states(rho), normalized=as_flag("normalized", normalized))[0])


ROWS = {
    "l1_coherence": Measure(l1_coherence_over_time, "normalised l1-coherence", "1"),
}
