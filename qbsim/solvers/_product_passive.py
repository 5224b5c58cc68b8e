r"""Passive energy of a product of two-level cells without its 2^N eigenvalues: exact, or between two bounds.

With the eigenvalues :math:`a_k \ge b_k` of cell k and its field :math:`\omega_k`, every subset s of the cells is an
eigenvalue of the state and a level of H0 above the ground level,

.. math:: \lambda_s = \prod_k a_k \; e^{-\sum_{k \in s} \ln(a_k/b_k)}, \qquad e_s = \sum_{k \in s} |\omega_k|

Both are sums over subsets of N numbers. Equal numbers are counted together, so equal cells give N + 1 different
eigenvalues and equal fields N + 1 different levels, and then everything is exact for any N. Where more than `MOST`
sums differ they are collected in bins, and two bounds take the place of the one number.

**The bounds.** The passive energy is :math:`E(\lambda, e) = \min_D \sum_{ij} \lambda_i D_{ij} e_j` over doubly
stochastic matrices D (Birkhoff, and the rearrangement inequality). A minimum of linear functions is concave, so E is
concave and symmetric in :math:`\lambda` and in e, hence Schur-concave in both: a list that majorises the true one
lowers it, a list that the true one majorises raises it. Three things are known of the members of a bin: their exact
number, their exact sum, and an interval that holds them all, because each cell is rounded by a known residual.
Therefore

- *above*: every member gets the mean of its bin. The true list majorises the list of means.
- *below*: the members of a bin are moved to the two ends of the interval, in the numbers that keep their sum. Among
  all lists of this number and sum in the interval this one majorises every other (Hardy, Littlewood and Polya).

A bin with one member holds its value. Numbers of members need not be whole: the lists are step functions of the
position, and all of this holds for them. Both bounds differ from the truth in second order in the width of an interval,
whatever the order inside a bin is. Eigenvalues that are in no bin, of pure cells or beyond the last bin, count as zero
below; above, their probability is put on the highest level.

**Rounding.** Counts reach 2^N, of which the last bits are lost. If positions c of eigenvalues are off by a fraction
:math:`\varepsilon`, the sum of the c largest is off by at most :math:`\varepsilon c\lambda(c) \le \varepsilon`, since
none of the c is smaller than :math:`\lambda(c)`: the passive energy is off by :math:`\varepsilon` of the spread of H0.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._checks import FloatArray, IntArray

MOST = 2**24  # different sums that are listed one by one
LEAST_BINS, BINS_PER_CELL = 40_000, 1000
OUTSIDE = 46.0  # eigenvalues of total probability exp(-46) = 1e-20 need not be in a bin
SAME = 1e-14  # eigenvalues of cells that count as equal; shifts the state by as much per cell
FAR, TOO_FAR = 540.0, 600.0  # logarithms of counts, from that in the middle, that can be placed exactly, and at all


class Counted(NamedTuple):
    """Sums over subsets, ascending.

    Attributes
    ----------
    values : ndarray, (G,)
        Levels, or minus the logarithms of eigenvalues.
    logs : ndarray, (G,)
        Logarithms of how often each occurs.
    """

    values: FloatArray
    logs: FloatArray


class Sums(NamedTuple):
    """Bounds on sums over subsets; the same list twice where it is exact.

    Attributes
    ----------
    above, below : Counted
        Lists with which the passive energy is an upper and a lower bound.
    """

    above: Counted
    below: Counted

    @property
    def is_exact(self) -> bool:
        """Whether there is one list only."""
        return self.above is self.below


def different(copies: IntArray) -> float:
    """Number of different sums over subsets of numbers that occur so often, if nothing coincides by chance."""
    return math.prod((copies + 1.0).tolist())


def bins_for(N: int) -> int:
    """Number of bins for N cells."""
    return max(LEAST_BINS, BINS_PER_CELL * N)


def level_sums(omega: FloatArray, most: int = MOST) -> Sums:
    """Levels of H0 above its ground level, for any fields."""
    steps, copies = np.unique(np.abs(omega), return_counts=True)
    if different(copies[steps > 0]) <= most:
        exact = _listed(steps, copies)
        return Sums(exact, exact)
    return _binned(np.abs(omega), float(steps @ copies))


def spectrum_sums(upper: FloatArray, lower: FloatArray, copies: IntArray, most: int = MOST) -> Sums:
    """Minus the logarithms of the eigenvalues of a product of cells, for the eigenvalues of each kind of cell.

    What a pure cell cannot have is left out: it has no probability. The eigenvalues kept in bins are all but those of a
    total probability of 1e-20.
    """
    least = -float(copies @ np.log(upper))
    mixed = lower > 0
    a, b, copies = upper[mixed], lower[mixed], copies[mixed]
    steps = np.maximum(np.log(a) - np.log(b), 0.0)  # equal ones may differ in the last bit
    if different(copies[steps > 0]) <= most:
        exact = _listed(steps, copies, least)
        return Sums(exact, exact)
    # Chernoff: sum_{sums > x} lambda <= prod(a + b (a/b)^t) / exp(t x) for every t in (0, 1]
    t = np.linspace(0.02, 1, 50)[:, None]
    reach = (copies * np.log((a + a**t * b ** (1 - t)) / (a + b))).sum(axis=1)
    longest = float(((reach + OUTSIDE) / t[:, 0]).min())
    return _binned(np.repeat(steps, copies), min(float(steps @ copies), longest), least, logarithmic=True)


def _listed(steps: FloatArray, copies: IntArray, least: float = 0.0) -> Counted:
    """All sums over subsets, one by one; a step occurs so often."""
    values, logs = np.array([least]), np.zeros(1)
    for step, n in zip(steps.tolist(), copies.tolist(), strict=True):
        if step == 0:
            logs += n * math.log(2)
            continue
        values = (values + step * np.arange(n + 1)[:, None]).ravel()
        logs = (logs + _log_binomials(n)[:, None]).ravel()
    if not logs.any():
        values.sort()
        return Counted(values, logs)
    return _ordered(values, logs)


def _log_binomials(n: int) -> FloatArray:
    """Logarithms of all binomial coefficients of n, each to the last bit."""
    row = [1]
    for k in range(n):
        row.append(row[-1] * (n - k) // (k + 1))  # whole numbers
    return np.array([math.log(x) for x in row])


def _ordered(values: FloatArray, logs: FloatArray) -> Counted:
    order = np.argsort(values, kind="stable")
    return Counted(values[order], logs[order])


def _binned(steps: FloatArray, reach: float, least: float = 0.0, *, logarithmic: bool = False) -> Sums:
    """Sums over subsets up to `reach` in bins; `logarithmic`: what is summed up in a bin is exp(-value)."""
    from ._histograms import subsets

    equal, steps = np.count_nonzero(steps == 0) * math.log(2), steps[steps > 0]
    if not steps.size:
        nothing = Counted(np.array([least]), np.array([equal]))
        return Sums(nothing, nothing)
    size = bins_for(len(steps))
    width = reach / (size - 1 - len(steps))
    bins = np.rint(steps / width).astype(np.int64)
    rests = steps - bins * width
    low, high = float(rests[rests < 0].sum()), float(rests[rests > 0].sum())
    if logarithmic:
        filled, logs, mean = subsets(bins, np.exp(-rests), np.zeros_like(rests), size, 1.0)
        middle = -np.log(mean)
    else:
        filled, logs, mean = subsets(bins, np.ones_like(rests), rests, size, 0.0)
        middle = mean
    centre, alone = least + filled * width, logs == 0  # the value of a single member is known
    lows = np.where(alone, middle, np.maximum(low, -filled * width))  # no sum is below that of the empty subset
    highs = np.where(alone, middle, high)
    first, second = (np.exp(-highs), np.exp(-lows)) if logarithmic else (lows, highs)
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody at an end, or no distance between them
        share = np.where(second > first, np.clip((mean - first) / (second - first), 0, 1), 0.0)
        at_ends = np.concatenate([np.log1p(-share), np.log(share)]) + np.tile(logs + equal, 2)
    values = np.concatenate([centre + (highs if logarithmic else lows), centre + (lows if logarithmic else highs)])
    present = np.isfinite(at_ends)
    return Sums(_ordered(centre + middle, logs + equal), _ordered(values[present], at_ends[present]))


def least_energy(spectrum: Counted, levels: Counted) -> tuple[float, float]:
    """Energy above the ground level with the largest eigenvalues on the lowest levels, and what is not placed exactly.

    The second number is a probability; it is zero below 700 cells, and where eigenvalues that matter are not exp(540)
    times as frequent as others that matter.
    """
    p = np.exp(spectrum.logs - spectrum.values)
    if not (spectrum.logs.any() or levels.logs.any()):
        return float(p @ levels.values[: len(p)]), 0.0
    F = np.concatenate([[0.0], np.cumsum(p)])  # of the largest eigenvalues
    unit = spectrum.logs[np.searchsorted(F[1:-1], F[-1] / 2)]
    away = spectrum.logs - unit
    positions = np.concatenate([[0.0], np.cumsum(np.exp(np.clip(away, -TOO_FAR, TOO_FAR)))])
    ends = np.cumsum(np.exp(np.clip(levels.logs[:-1] - unit, -TOO_FAR, TOO_FAR)))
    # Abel: each step between levels lifts all that is not placed below it
    steps = np.diff(levels.values)
    energy = levels.values[0] * F[-1] + steps @ (F[-1] - np.interp(ends, positions, F))
    return float(energy), float(p[np.abs(away) > FAR].sum())


def passive_bounds(spectrum: Sums, levels: Sums, trace: float = 1.0) -> tuple[float, float]:
    """Lower and upper bound on the passive energy above the ground level; equal where both lists are exact."""
    spread = float(levels.below.values[-1])
    high, unplaced = least_energy(spectrum.above, levels.above)
    if spectrum.is_exact and levels.is_exact:
        return high - unplaced * spread, high + unplaced * spread
    low, more = least_energy(spectrum.below, levels.below)
    lost = max(0.0, trace - float(np.exp(spectrum.above.logs - spectrum.above.values).sum()))  # beyond the last bin
    rounding = 4e-16 * (len(spectrum.below.values) + len(levels.below.values))
    return low - (more + rounding) * spread, high + (unplaced + lost + rounding) * spread
