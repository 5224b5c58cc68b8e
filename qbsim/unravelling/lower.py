r"""Lower bounds of the ergotropy of a mixture from trajectories: what an explicit unitary extracts.

A unitary U built from some trajectories and judged on others gives the samples
:math:`\langle H_0\rangle_r - \langle U^\dagger H_0 U\rangle_r`, whose mean is the work of U on the mixture, and never
above its ergotropy. With folds every trajectory is judged once, by a unitary that was built, and chosen among the
candidates, from the other folds alone. The mean of the works of all folds is a lower bound, and the mean of all samples
estimates it; its error is that of independent samples, since the unitaries hardly differ (Bayle, Bayle, Janson and
Mackey, NeurIPS 33, 16339 (2020)).

Candidates are

- "gram": the eigenvectors of the empirical state of the training rows, sent to the lowest levels in the order of their
  weights, and their complement to the other levels. The complement is averaged over all its unitaries, so a state
  outside has the mean of those levels.
- "cells": a unitary on every cell that makes the mean state of the cell passive.
- "smoothed", where the ensemble has kets of at most 1024 dimensions, see `smoothed`.
- those the ensemble offers.
"""

from __future__ import annotations

import math
from collections import Counter

import numpy as np

from .._checks import FloatArray, IntArray
from .engines import Builder, Ensemble
from .smoothed import LARGEST, final_energies
from .upper import FEWEST, GROUP, SECONDS, Samples, dense, spread

FOLDS = 5  # at most
PILOT = 400  # training rows from which a candidate is chosen
SURE = 200  # trajectories from which on "smoothed" is better than "cells", even for cells without coupling
RESOLVED = 1e-11  # smallest weight of an eigenvector


def cross_fitted(ensemble: Ensemble, rng: np.random.Generator) -> tuple[Samples, str]:
    """Samples of the extracted work, each by a unitary built without it, and the names of the unitaries."""
    R, levels = len(ensemble), ensemble.levels
    folds = np.array_split(rng.permutation(R), _folds(ensemble))
    candidates = builders(ensemble, len(folds))
    values, names = np.empty(R), Counter[str]()
    for k, test in enumerate(folds):
        train = np.concatenate(folds[:k] + folds[k + 1 :])
        name = _best(ensemble, candidates, train, rng)
        names[name] += 1
        values[test] = ensemble.energies[test] - candidates[name](train, test, rng)
    by = "+".join(sorted(names, key=lambda name: (-names[name], name)))
    return Samples(values, levels.ground - levels.top, R, len(folds)), by


def _folds(ensemble: Ensemble) -> int:
    """As few folds as train a whole group, or a large matrix."""
    R, kets = len(ensemble), dense(ensemble)
    if R < 4 * FOLDS:
        return 2
    most = FOLDS if kets is None or kets.shape[1] < LARGEST else 3
    return max(2, min(most, math.ceil(R / max(R - GROUP, 1))))


def _best(ensemble: Ensemble, candidates: dict[str, Builder], train: IntArray, rng: np.random.Generator) -> str:
    """Name of the candidate that extracts most from a quarter of a pilot, built from the rest of it."""
    if len(candidates) == 1:
        return next(iter(candidates))
    pilot = rng.permutation(train)[:PILOT]
    cut = len(pilot) - max(len(pilot) // 4, 1)
    final = {name: build(pilot[:cut], pilot[cut:], rng).mean() for name, build in candidates.items()}
    return min(final, key=lambda name: final[name])


def builders(ensemble: Ensemble, folds: int) -> dict[str, Builder]:
    """All candidates that can be afforded."""
    found: dict[str, Builder] = dict(ensemble.unitaries())
    kets, levels = dense(ensemble), ensemble.levels
    whole = kets is not None and kets.shape[1] == 2 ** ensemble.cells.shape[1]
    if (
        levels.omega is not None
        and len(levels.omega) == ensemble.cells.shape[1]
        and not (whole and len(ensemble) > SURE)
    ):
        found["cells"] = lambda train, test, rng: _cells(ensemble, train, test)
    if kets is not None and whole:
        found["smoothed"] = lambda train, test, rng: final_energies(kets, train, test, levels)
        return found  # the same eigenvectors as "gram", completed
    most = SECONDS / (2 * folds * ensemble.overlap_seconds())  # every fold builds twice
    if math.sqrt(most / 1.5) >= min(FEWEST, len(ensemble) // 2):
        found["gram"] = lambda train, test, rng: _gram(ensemble, train, test, most, rng)
    return found


def _gram(ensemble: Ensemble, train: IntArray, test: IntArray, most: float, rng: np.random.Generator) -> FloatArray:
    """Energies after the eigenvectors of the training rows were sent to the lowest levels, from `most` overlaps."""
    m = min(len(train), GROUP, int(math.sqrt(most / 1.5)))
    n = min(len(test), max(int(most / m - m / 2), m))
    rows = train if m == len(train) else rng.permutation(train)[:m]
    chosen = rng.permutation(len(test))[:n] if n < len(test) else np.arange(n)
    w, v = np.linalg.eigh(ensemble.overlaps(rows, rows) / m)
    keep = np.flatnonzero(w > RESOLVED)[::-1]
    low = ensemble.levels.lowest(len(keep))
    keep = keep[: len(low)]
    amplitudes = (v[:, keep] / np.sqrt(m * w[keep])).conj().T @ ensemble.overlaps(rows, test[chosen])
    inside = np.abs(amplitudes) ** 2
    outside = np.maximum(1 - inside.sum(axis=0), 0)
    return spread(low @ inside + outside * ensemble.levels.mean_above(len(low)), chosen, len(test))


def _cells(ensemble: Ensemble, train: IntArray, test: IntArray) -> FloatArray:
    """Energies after the mean state of every cell was made passive."""
    omega = ensemble.levels.omega
    assert omega is not None
    _, v = np.linalg.eigh(ensemble.cells[train].mean(axis=0))  # ascending: the first vector goes to the upper level
    upper = np.einsum("ka,rkab,kb->rk", v[:, :, 0].conj(), ensemble.cells[test], v[:, :, 0]).real
    return ensemble.levels.ground + upper @ np.abs(omega)
