r"""Passive energy of a series of states, exact at every time or interpolated between chosen ones.

The passive energy depends on the spectrum of the state only. The unitary part of the evolution cannot change that, so
the passive energy varies on the time scale of the losses however fast the energy oscillates, and few eigenvalue
problems determine it. Crossings of eigenvalues put kinks into it: the nodes gather where the error is.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ._checks import FloatArray
from .stack import States

__all__ = ["PassiveEnergy", "passive_energy"]

FIRST_NODES = 17
SAFETY = 3.0  # between the miss at the middle of an interval and the error inside it


@dataclass(frozen=True)
class PassiveEnergy:
    """Passive energy over a stretch of time.

    Attributes
    ----------
    values : ndarray, (T,)
        sum_k p_k e_k, p descending, e ascending.
    nodes : int
        Number of times at which the eigenvalues were computed.
    error : float
        Estimated largest error of the interpolation; 0 without interpolation.
    lowest : float
        Most negative eigenvalue met.
    """

    values: FloatArray
    nodes: int
    error: float
    lowest: float


def passive_energy(states: States, levels: FloatArray, tol: float | None = None) -> PassiveEnergy:
    """Passive energy of all states.

    Parameters
    ----------
    states : States
        States at T times.
    levels : ndarray, (d,)
        Levels of H0, ascending.
    tol : float, optional
        Error allowed, in the units of `levels`; None computes every eigenvalue problem.

    Notes
    -----
    A cubic spline runs through the nodes. Every interval is tested at its middle, which becomes a node. An interval
    where the spline missed by more than a third of `tol` is split, and so are its neighbours, into which a kink makes
    the spline swing. The error reported is three times the largest miss that was let pass: an estimate, since the
    middle need not be where the spline is worst.
    """
    if tol is None or len(states) <= FIRST_NODES:
        p = states.eigenvalues
        return PassiveEnergy(p[:, ::-1] @ levels, len(states), 0.0, float(p.min()))
    from scipy.interpolate import CubicSpline

    nodes = np.unique(np.linspace(0, len(states) - 1, FIRST_NODES).round().astype(int))
    p = states.take(nodes).eigenvalues
    known, lowest, error = p[:, ::-1] @ levels, float(p.min()), 0.0
    intervals = [(a, b) for a, b in pairwise(nodes.tolist()) if b - a > 1]
    while intervals:
        middles = np.array([(a + b) // 2 for a, b in intervals])
        p = states.take(middles).eigenvalues
        true, lowest = p[:, ::-1] @ levels, min(lowest, float(p.min()))
        misses = SAFETY * np.abs(CubicSpline(states.times[nodes], known)(states.times[middles]) - true)
        error = max(error, float(misses[misses <= tol].max(initial=0.0)))
        split = _with_neighbours(intervals, misses > tol)
        intervals = [
            half
            for (a, b), m, again in zip(intervals, middles.tolist(), split, strict=True)
            for half in ((a, m), (m, b))
            if again and half[1] - half[0] > 1
        ]
        order = np.argsort(np.concatenate([nodes, middles]))
        nodes, known = np.concatenate([nodes, middles])[order], np.concatenate([known, true])[order]
    return PassiveEnergy(CubicSpline(states.times[nodes], known)(states.times), len(nodes), error, lowest)


def _with_neighbours(intervals: list[tuple[int, int]], bad: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark the bad intervals and those that touch one."""
    marked = bad.copy()
    for k in range(1, len(intervals)):
        if intervals[k - 1][1] == intervals[k][0]:
            marked[k] |= bad[k - 1]
            marked[k - 1] |= bad[k]
    return marked
