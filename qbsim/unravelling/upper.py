r"""Upper bounds of the ergotropy of a mixture from trajectories: samples whose mean is not below it.

**Convexity** ("gram"). The ergotropy is a maximum over unitaries of linear functions of the state, hence convex. The
empirical state :math:`\rho_R = \frac1R\sum_r|\psi_r\rangle\langle\psi_r|` has the mean :math:`\rho`, so
:math:`\mathbb E\,\mathcal E(\rho_R) \ge \mathcal E(\rho)`; the excess falls as 1/R, so one group of all trajectories is
narrower than many small ones. The spectrum of :math:`\rho_R` is that of the Gram matrix
:math:`\langle\psi_r|\psi_s\rangle/R = \sum_j w_j v_j v_j^\dagger`, and its ergotropy is a mean over the trajectories,

.. math:: \mathcal E(\rho_R) = \frac1R\sum_r \bigl(\langle H_0\rangle_r - F_r\bigr), \qquad
          F_r = R\sum_j w_j |v_{rj}|^2\,\epsilon_j .

The terms are also the derivatives of the ergotropy by the weights of the trajectories (a maximum does not change in
first order with the unitary that attains it), so their variance over R is that of the infinitesimal jackknife. They
include the correlation of the energy with the passive energy.

**Purity** ("purity"). `Levels.tangent` bounds the passive energy of every state by
:math:`a - c\,\mathrm{tr}\rho^2`. The purity is the mean of :math:`|\langle\psi_r|\psi_s\rangle|^2` over pairs of
different trajectories. Its jackknife pseudo-values :math:`\varphi_r` have exactly this mean, and their variance is
biased upwards (Efron and Stein, Ann. Stat. 9, 586 (1981)). So :math:`\langle H_0\rangle_r - a + c\varphi_r` are
samples as above. The tangent holds at any point; it is taken at the estimated purity, which changes the bound in second
order of the error only.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from .engines import Ensemble
from .smoothed import LARGEST, mean_state

SECONDS = 4.0  # for the overlaps of one bound
GROUP = 1000  # states whose Gram matrix is diagonalised
GROUPS = 2  # at most
FEWEST = 20  # states in a group, if there are so many


class Samples(NamedTuple):
    """Samples whose mean bounds the ergotropy, and what none of them can pass."""

    values: FloatArray  # (R,)
    extreme: float
    group_size: int
    groups: int


class Purity(NamedTuple):
    values: FloatArray  # (R,) pseudo-values
    mean: float
    sem: float


def spread(values: FloatArray, chosen: IntArray, R: int) -> FloatArray:
    """R samples with the mean of the values of a random choice of them, and R times the variance of that mean."""
    mean = values.mean()
    full = np.full(R, mean)
    full[chosen] += (R / len(chosen)) * (values - mean)
    return full


def group_size(ensemble: Ensemble) -> int:
    """States in a group whose Gram matrix can be had; 0 where it is too small to be of use."""
    R = len(ensemble)
    m = min(R, GROUP, int(math.sqrt(2 * SECONDS / ensemble.overlap_seconds())))
    return m if m >= min(R, FEWEST) else 0


def dense(ensemble: Ensemble) -> ComplexArray | None:
    """Kets (R, d) of an ensemble that has them, in a space small enough for its matrices."""
    kets: ComplexArray | None = getattr(ensemble, "kets", None)
    return kets if kets is not None and kets.shape[1] <= LARGEST else None


def convexity(ensemble: Ensemble, rng: np.random.Generator) -> Samples | None:
    """Samples of the ergotropy of the empirical state, or None where overlaps are too expensive."""
    R, m, levels = len(ensemble), group_size(ensemble), ensemble.levels
    kets = dense(ensemble)
    if kets is not None and kets.shape[1] < R:  # the empirical state itself is smaller than the Gram matrix
        _, v = np.linalg.eigh(mean_state(kets))
        passive = np.abs(kets.conj() @ v[:, ::-1]) ** 2 @ levels.lowest(kets.shape[1])
        return Samples(ensemble.energies - passive, levels.top - levels.ground, R, 1)
    if not m:
        return None
    affordable = int(2 * SECONDS / (ensemble.overlap_seconds() * m**2))
    groups = max(min(R // m, affordable, GROUPS), 1)
    chosen = rng.permutation(R)[: groups * m]
    finals = []
    for rows in np.split(chosen, groups):
        w, v = np.linalg.eigh(ensemble.overlaps(rows, rows) / m)
        weights = m * np.maximum(w[::-1], 0) * np.abs(v[:, ::-1]) ** 2
        low = levels.lowest(m)  # fewer where the states are more than the levels: the other weights are zero
        finals.append(weights[:, : len(low)] @ low)
    values = ensemble.energies - spread(np.concatenate(finals), chosen, R)
    return Samples(values, levels.top - levels.ground, m, groups)


def purity(ensemble: Ensemble, rng: np.random.Generator) -> Purity:
    """Pseudo-values of the mean squared overlap of two trajectories, in groups of as many as can be afforded."""
    R = len(ensemble)
    pairs = SECONDS / ensemble.overlap_seconds()
    groups = math.ceil(R / max(min(R, 2 * GROUP, 2 * pairs / R), min(R, 6)))
    values = np.empty(R)
    for rows in np.array_split(rng.permutation(R), groups):
        g = len(rows)
        squares = ensemble.squared_overlaps(rows, rows)
        partners = squares.sum(axis=1) - np.diagonal(squares)
        total = partners.sum()
        # g times the mean over all pairs less g - 1 times that without one state
        values[rows] = total / (g - 1) - (total - 2 * partners) / (g - 2)
    return Purity(values, float(values.mean()), float(values.std(ddof=1) / math.sqrt(R)))


def from_purity(ensemble: Ensemble, found: Purity, unseen: float) -> Samples:
    """Samples of the bound from the purity; `unseen` is the probability of what no trajectory shows."""
    levels = ensemble.levels
    a, c = levels.tangent(max(found.mean, 2 * unseen**2))
    # <psi|rho|psi> is at most the largest eigenvalue: the root of the purity, or the weight of a state not seen yet
    largest = 2 * max(math.sqrt(max(found.mean, 0.0)), unseen) - found.mean
    values = ensemble.energies - a + c * found.values
    return Samples(values, levels.top - a + c * largest, len(ensemble), 1)
