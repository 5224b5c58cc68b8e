"""A number that no longer depends on the cut-off of an oscillator."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from .._checks import CutoffWarning, as_count, explained

__all__ = ["converged"]


@explained
def converged(
    answer: Callable[[int], Any], cutoff: int, *, tol: float = 1e-8, largest: int = 10_000
) -> tuple[Any, int, float]:
    """Double a cut-off until the answer stops moving.

    Parameters
    ----------
    answer : function of the cut-off
        Returns a number, an array or a Dataset.
    cutoff : int
        First cut-off.
    tol : float
        Change that counts as none, relative to the largest entry of the answer.
    largest : int
        Cut-off not to exceed.

    Returns
    -------
    answer, cutoff, change
        The answer at the last cut-off, the one before it, which gives the same within `tol`, and the change that the
        last doubling made.

    Raises
    ------
    ValueError
        If the answer still moves at `largest`; the message says by how much.

    Notes
    -----
    A warning that levels next to the cut-off are populated is expected on the way and not passed on; here the doubling
    decides.

    Examples
    --------
    >>> import qutip
    >>> converged(lambda d: float(qutip.expect(qutip.num(d), qutip.coherent(d, 1.0, method="analytic"))), 4)[1]
    16
    """
    cutoff, change = as_count("cutoff", cutoff), float("nan")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CutoffWarning)
        old = answer(cutoff)
        while 2 * cutoff <= largest:
            new = answer(2 * cutoff)
            change = _relative_change(old, new)
            if change <= tol:
                return new, cutoff, change
            old, cutoff = new, 2 * cutoff
    raise ValueError(
        f"The answer still moves by {change:.2g} at the cut-off {cutoff}, and twice that exceeds {largest}. "
        "Shorten the time, weaken the drive, or allow a larger cut-off."
    )


def _relative_change(old: Any, new: Any) -> float:
    if hasattr(new, "data_vars"):
        pairs = [(old[name].values, values.values) for name, values in new.data_vars.items()]
    else:
        pairs = [(np.asarray(old, dtype=float), np.asarray(new, dtype=float))]
    return max(float(np.nanmax(np.abs(x - y)) / (np.nanmax(np.abs(y)) or 1.0)) for x, y in pairs)
