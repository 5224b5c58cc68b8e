r"""Ergotropy of a mixture of trajectories between two confidence limits.

The spectrum of the state cannot be estimated from trajectories without bias, but its ergotropy can be bounded from both
sides. `upper` and `lower` give samples whose means are bounds, `confidence` the limits of those means.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._checks import FloatArray
from .confidence import controlled, lower_limit, upper_limit
from .engines import Ensemble
from .lower import cross_fitted
from .upper import convexity, from_purity, purity

LEAST = 4  # trajectories


class Bracket(NamedTuple):
    """Limits of the ergotropy at one time."""

    lower: float
    upper: float
    lower_by: str
    upper_by: str
    purity: float
    purity_sem: float
    groups: int
    group_size: int


def bracket(
    ensemble: Ensemble,
    confidence: float,
    rng: np.random.Generator,
    *,
    controls: FloatArray | None = None,
    unseen: float = 1.0,
) -> Bracket:
    r"""Confidence limits of the ergotropy of the state whose trajectories are given.

    Parameters
    ----------
    ensemble : Ensemble
        R pure states with equal weights, independent of each other.
    confidence : float
        Probability that the ergotropy lies in the bracket, such as 0.95.
    rng : numpy.random.Generator
        Decides groups and folds; the same generator gives the same bracket.
    controls : ndarray (R, C), optional
        Numbers of the trajectories whose expectation is exactly zero, such as the number of excitations less its
        exact mean, or the jumps of a channel less the integral of their rate. What they explain of the samples is
        taken out of them.
    unseen : float
        Probability, if known, that a trajectory differs from the most frequent one: 0 for a closed battery and at the
        start, else the probability of any jump. It matters where hardly any trajectory has jumped.

    Returns
    -------
    Bracket
        `lower_by` is "gram", "smoothed", "cells", "identity", "none" or a unitary of the ensemble, several joined by
        "+"; `upper_by` is "gram", "purity" or "none". `groups` of `group_size` states each were taken for "gram".
        `purity` is nan for fewer than 4 trajectories, which give no limits but those of every state.

    Notes
    -----
    Each side has half of the risk 1 - `confidence`. Above, both bounds are evaluated on the same trajectories and the
    lower one is taken, so each has half of that half. Below, the unitary of each fold is chosen from the other folds,
    which leaves one bound with the whole half; that the ergotropy is not negative needs no confidence.

    Lower and upper limit cannot cross but where one of them is wrong, within the stated risk, or by rounding. Then both
    are returned in ascending order, so that the bracket reaches from one to the other.
    """
    levels, R = ensemble.levels, len(ensemble)
    width = levels.top - levels.ground
    if R < LEAST:
        return Bracket(0.0, width, "none", "none", math.nan, math.nan, 0, 0)
    risk = (1 - confidence) / 2
    found = purity(ensemble, rng)
    gram = convexity(ensemble, rng)
    share = risk if gram is None else risk / 2
    candidates = {"purity": from_purity(ensemble, found, min(-math.log(share) / R, unseen))}
    if gram is not None:
        candidates["gram"] = gram
    limits = {}
    for name, samples in candidates.items():
        values, change = controlled(samples.values, controls)
        limits[name] = upper_limit(values, share, samples.extreme + change, unseen)
    upper_by = min(limits, key=lambda name: limits[name])
    upper = limits[upper_by]
    if upper > width:
        upper, upper_by = width, "none"
    work, lower_by = cross_fitted(ensemble, rng)
    values, change = controlled(work.values, controls)
    lower = lower_limit(values, risk, work.extreme - change, unseen)
    if lower < 0:
        lower, lower_by = 0.0, "identity"
    if lower > upper:
        lower, upper = upper, lower
    size, groups = (gram.group_size, gram.groups) if gram is not None else (0, 0)
    return Bracket(lower, upper, lower_by, upper_by, found.mean, found.sem, groups, size)
