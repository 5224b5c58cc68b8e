"""Energy of many copies, on plain arrays: the passive energy of n copies and its limit, the Gibbs energy.

A state enters by its eigenvalues and a Hamiltonian by its levels: unitaries on many copies see nothing else.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from itertools import accumulate, combinations, pairwise
from operator import getitem

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._checks import FloatArray, as_count, as_real_array

__all__ = ["as_distribution", "entropy_deficit", "gibbs_energy", "gibbs_point", "passive_energy_per_copy"]

DEGENERATE = 1e-12  # levels closer to the ground level than this part of the spread belong to it
TRACE_TOLERANCE = 1e-9  # rounding of a trace; anything larger is another state
MOST_BLOCKS = 5_000_000  # different eigenvalues of n copies that are still worth listing


def as_distribution(name: str, value: ArrayLike, remedy: str = "divide them by their sum") -> FloatArray:
    """Probabilities (..., d) from numbers that are non-negative and sum to 1, both within 1e-9; rounding is removed."""
    p = as_real_array(name, value)
    if p.ndim == 0:
        raise ValueError(f"Argument {name} must hold one probability per level, but is {p}.")
    if (p < -TRACE_TOLERANCE).any():
        raise ValueError(f"Argument {name} must not be negative, but holds {p.min():.3g}.")
    worst = float(np.abs(p.sum(axis=-1) - 1).max())
    if worst > TRACE_TOLERANCE:
        raise ValueError(f"Argument {name} must sum to 1, but is off by {worst:.3g}; {remedy}.")
    p = np.maximum(p, 0.0)
    return p / p.sum(axis=-1, keepdims=True)


def entropy_deficit(p: FloatArray) -> FloatArray:
    r"""How far the entropy stays below its maximum, :math:`\ln d - S(p)`, in nats, for probabilities (..., d).

    Written as the mean of :math:`u\ln u - u + 1 \ge 0`, u = d p, it keeps its relative accuracy near the uniform
    distribution, where the difference of the two entropies would lose all of it.
    """
    v = p.shape[-1] * p - 1
    logarithm = np.log1p(np.where(v > -1, v, 0.0))
    return np.mean((1 + v) * logarithm - v, axis=-1)


def _log_mean(beta: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """ln mean exp(-beta y) of levels y with mean 0, and mean and variance of y in the Gibbs state."""
    low = y.min()
    weights = np.exp(-beta[..., None] * (y - low))
    # at small beta the result is of second order, which the logarithm of a mean near 1 would round away
    hot = beta < 0.5
    fine = np.log1p(np.expm1(-np.where(hot, beta, 0.0)[..., None] * y).mean(axis=-1))
    log_mean = np.where(hot, fine, np.log(weights.mean(axis=-1)) - beta * low)
    q = weights / weights.sum(axis=-1, keepdims=True)
    mean = q @ y
    return log_mean, mean, q @ y**2 - mean**2


def _inverse_temperature(deficit: FloatArray, y: FloatArray) -> FloatArray:
    """Inverse temperature at which the Gibbs state of the centred levels y has this entropy deficit."""

    def excess(log_beta: FloatArray) -> tuple[FloatArray, FloatArray]:
        beta = np.exp(log_beta)
        log_mean, mean, variance = _log_mean(beta, y)
        return -log_mean - beta * mean - deficit, beta**2 * variance

    # deficit = integral of b Var(b) db, and Var <= 1/4 on levels of spread 1: a bound from below
    low = 0.5 * np.log(8 * deficit)
    step = np.ones_like(low)
    high = low + step
    # only rounding of the deficit of a ground state gets beyond 80: it is as cold as can be
    while high.max() <= 80 and (short := excess(high)[0] < 0).any():
        low, step = np.where(short, high, low), np.where(short, 2 * step, step)
        high = np.where(short, high + step, high)
    x = 0.5 * (low + high)
    for _ in range(200):  # Newton's steps, and a bisection wherever one leaves the bracket
        value, slope = excess(x)
        low, high = np.where(value < 0, x, low), np.where(value < 0, high, x)
        with np.errstate(divide="ignore", invalid="ignore"):
            newton = x - value / slope
        last, x = x, np.where((newton > low) & (newton < high), newton, 0.5 * (low + high))
        if np.abs(x - last).max() < 1e-9:
            break
    return np.exp(x)


def gibbs_point(deficit: FloatArray, levels: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Energy and inverse temperature (inf at zero temperature) of Gibbs states of given entropy deficit (...)."""
    levels, deficit = np.sort(levels), np.maximum(deficit, 0.0)
    spread = float(levels[-1] - levels[0])
    if spread == 0:
        return np.full(deficit.shape, levels[0]), np.zeros(deficit.shape)
    x = (levels - levels[0]) / spread
    centre = x.mean()
    hot = deficit <= 1e-30  # the energy is then within 1e-15 of the mean
    energy, beta = np.where(hot, centre, 0.0), np.where(hot, 0.0, np.inf)
    warm = ~hot & (deficit < math.log(len(x) / np.count_nonzero(x <= DEGENERATE)) - 1e-16)
    if warm.any():
        b = _inverse_temperature(deficit[warm], x - centre)
        # The energy follows from the free energy and not from the state found: this form is stationary in beta, so that
        # an error of beta enters squared.
        energy[warm] = np.maximum(centre - (deficit[warm] + _log_mean(b, x - centre)[0]) / b, 0.0)
        beta[warm] = b
    return levels[0] + spread * energy, beta / spread


def gibbs_energy(deficit: ArrayLike, levels: ArrayLike) -> FloatArray:
    r"""Least energy of any state of given entropy: that of the Gibbs state :math:`e^{-\beta H}/Z`, beta >= 0.

    .. math:: E_G(S) = \frac{S - \ln Z(\beta)}{\beta} \quad\text{at}\quad S(\beta) = S

    Parameters
    ----------
    deficit : array_like, (...)
        ln d - S, from `entropy_deficit`; it resolves states near the maximally mixed one, which S does not.
    levels : array_like, (d,)
        Energy levels, in any order.

    Returns
    -------
    ndarray, (...)
        In the units of `levels`.

    Notes
    -----
    Good to 1e-14 of the spread of the levels. beta is searched on a logarithmic scale; levels within 1e-12 of the
    spread count as the ground level, whose states cost nothing.

    Examples
    --------
    >>> bool(abs(gibbs_energy(np.log(2), [0.0, 1.0])) < 1e-15), float(gibbs_energy(0.0, [0.0, 1.0]))
    (True, 0.5)
    """
    return gibbs_point(np.asarray(deficit, float), np.asarray(levels, float))[0]


def _power(values: FloatArray, n: int) -> tuple[FloatArray, list[int]]:
    """Sums of one value per copy over n copies, ascending, each with the exact number of ways to get it."""
    distinct, multiplicity = np.unique(values, return_counts=True)
    k = len(distinct)
    if (blocks := math.comb(n + k - 1, k - 1)) > MOST_BLOCKS:
        raise ValueError(
            f"{n} copies of a state with {k} different eigenvalues or levels have {blocks} "
            f"different ones together, more than {MOST_BLOCKS}; take fewer copies, or the limit (total_ergotropy)."
        )
    bars = np.array(list(combinations(range(n + k - 1), k - 1)), dtype=int).reshape(blocks, k - 1)
    # how many copies take each value: stars between bars
    counts = np.diff(bars, axis=1, prepend=np.full((blocks, 1), -1), append=np.full((blocks, 1), n + k - 1)) - 1
    factorial = [math.factorial(j) for j in range(n + 1)]
    powers = [[int(m) ** j for j in range(n + 1)] for m in multiplicity]
    ways = [
        factorial[n] * math.prod(map(getitem, powers, row)) // math.prod(map(factorial.__getitem__, row))
        for row in counts.tolist()
    ]
    sums = counts @ distinct
    order = np.argsort(sums, kind="stable")
    return sums[order], [ways[i] for i in order]


def passive_energy_per_copy(eigenvalues: ArrayLike, levels: ArrayLike, n: int) -> float:
    r"""Energy per copy that unitaries on n copies together must leave behind.

    .. math:: \frac1n \sum_k r_k\,\epsilon_k

    over the spectrum r of :math:`\rho^{\otimes n}`, descending, and the levels of n cells, ascending.

    Parameters
    ----------
    eigenvalues : array_like, (d,)
        Of the state of one copy; non-negative, of sum 1.
    levels : array_like, (d,)
        Of one copy, in any order.
    n : int
        Number of copies.

    Returns
    -------
    float
        In the units of `levels`; `gibbs_energy` is the limit of many copies.

    Raises
    ------
    ValueError
        If the two lengths differ, the eigenvalues are no distribution, or n copies have more than 5 million different
        eigenvalues.

    Notes
    -----
    Neither list is written out: eigenvalues and levels are kept with exact integer multiplicities, so that the
    cost grows as n^(d-1) and not as d^n.

    Examples
    --------
    >>> round(passive_energy_per_copy([0.3, 0.7, 0.0], [0, 1, 2], 1), 12)
    0.3
    """
    r, levels, n = as_distribution("eigenvalues", eigenvalues), as_real_array("levels", levels), as_count("n", n)
    if r.shape != levels.shape or r.ndim != 1:
        raise ValueError(
            f"Arguments eigenvalues and levels need one entry per level, but have shapes {r.shape} and {levels.shape}."
        )
    minus_logs, ways = _power(-np.log(r[r > 0]), n)  # empty levels take no part
    energies, places = _power(levels - levels.min(), n)
    log_count, which_r, which_e = _overlaps(ways, places)
    weights = np.exp(log_count - minus_logs[which_r])
    return float(levels.min() + weights @ energies[which_e] / n)


def _overlaps(ways: list[int], places: list[int]) -> tuple[FloatArray, NDArray[np.int64], NDArray[np.int64]]:
    """Lay one list of blocks along another: logarithm of the size of every overlap, and its two block numbers."""
    ends, others = list(accumulate(ways)), list(accumulate(places))  # exact integers, too large for numpy
    cuts = [b for a, b in pairwise(sorted([0, *ends, *others])) if a < b <= ends[-1]]
    first, second = (np.array([bisect_left(list_, cut) for cut in cuts]) for list_ in (ends, others))
    return np.array([math.log(b - a) for a, b in pairwise([0, *cuts])]), first, second
