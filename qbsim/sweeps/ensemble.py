"""Averages over realizations, in one pass and in a fixed order.

Realizations arrive in chunks that depend on their numbers only, so the sums are the same bits whatever computed them.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .._checks import FloatArray, HalfLifeWarning
from ..curves import ROUNDING, half_life, relative_gain
from ..solvers._certificate import CERTIFICATE, combine
from .jobs import Batch
from .tasks import CHUNK

__all__ = ["Average", "average"]

REPLICAS = 200  # bootstrap replicas: the error of an error is 1 / sqrt(2 * 200) = 5 percent
BOOTSTRAP = 1  # separates the weights from the draws of the realizations


class Moments:
    """Mean and standard error of curves, merged chunk by chunk (Chan, Golub and LeVeque 1979)."""

    def __init__(self) -> None:
        self.count, self.mean, self.m2 = 0, np.zeros(0), np.zeros(0)

    def add(self, rows: FloatArray) -> None:
        """Take in curves, (n, T)."""
        n, mean = len(rows), rows.mean(axis=0)
        m2 = ((rows - mean) ** 2).sum(axis=0)
        total = self.count + n
        if self.count:
            shift = mean - self.mean
            mean = self.mean + shift * (n / total)
            m2 = self.m2 + m2 + shift**2 * (self.count * n / total)
        self.count, self.mean, self.m2 = total, mean, m2

    @property
    def sem(self) -> FloatArray:
        """Standard error of the mean; nan for a single realization."""
        if self.count < 2:
            return np.full_like(self.mean, np.nan)
        return np.sqrt(self.m2 / (self.count - 1) / self.count)


@lru_cache(maxsize=256)  # 3 MB
def poisson_weights(seed: int, chunk: int) -> NDArray[np.int8]:
    """Bootstrap weights of the realizations of a chunk, (CHUNK, REPLICAS): how often each replica draws each.

    They depend on the seed, the number k of the realization and the replica alone, so a longer ensemble repeats those
    of a shorter one, and every curve is resampled in the same way.
    """
    rng = np.random.default_rng(np.random.SeedSequence([seed, chunk], spawn_key=(BOOTSTRAP,)))
    weights = rng.poisson(1.0, size=(CHUNK, REPLICAS)).astype(np.int8)
    weights.flags.writeable = False
    return weights


@dataclass
class Average:
    """Ensemble averages of one curve.

    Attributes
    ----------
    count : int
        Realizations averaged over.
    mean, sem : dict of ndarray, (T,)
        For every measure, and for the ratios <measure>_ratio to the initial value.
    summary : dict
        half_life, half_life_err, gain and gain_err of the mean ratio of the ergotropy, as far as they exist.
    certificate : dict
        Worst values over the realizations.
    solvers : dict
        Solvers that ran, and why.
    processors : set
        Processors they ran on.
    """

    count: int
    mean: dict[str, FloatArray]
    sem: dict[str, FloatArray]
    summary: dict[str, float]
    certificate: dict[str, float | None]
    solvers: dict[str, str]
    processors: set[str]


def average(tlist: FloatArray, stream: Iterable[tuple[np.ndarray, Batch]], seed: int) -> Average | None:
    """Average the realizations of one curve; None if there are none."""
    moments: dict[str, Moments] = {}
    # of the replicas of the streaming (Poisson) bootstrap: sums of the weights and of the weighted curves
    weight, total = np.zeros(REPLICAS), np.zeros((REPLICAS, 1))
    worst: dict[str, float | None] = dict.fromkeys(CERTIFICATE)
    solvers: dict[str, str] = {}
    processors: set[str] = set()
    count = 0
    for numbers, batch in stream:
        rows = batch.values | _ratios(batch)
        for name, curves in rows.items():
            moments.setdefault(name, Moments()).add(curves)
        if "ergotropy_ratio" in rows:
            drawn = poisson_weights(seed, int(numbers[0]) // CHUNK)[numbers % CHUNK].astype(float)
            weight = weight + drawn.sum(axis=0)
            total = total + drawn.T @ rows["ergotropy_ratio"]
        columns = zip(CERTIFICATE, batch.arrays["certificate"].T, strict=True)
        worst = {name: combine(name, [worst[name], *column]) for name, column in columns}
        solvers |= batch.solvers
        processors |= set(batch.origin["processors"])
        count += len(numbers)
    if count == 0:
        return None
    mean, sem = {n: m.mean for n, m in moments.items()}, {n: m.sem for n, m in moments.items()}
    replicas = total[weight > 0] / weight[weight > 0, None]
    summary = _summary(tlist, mean["ergotropy_ratio"], replicas, count) if "ergotropy_ratio" in mean else {}
    return Average(count, mean, sem, summary, worst, solvers, processors)


def _ratios(batch: Batch) -> dict[str, FloatArray]:
    """Curves divided by their initial value; nan where that is rounding."""
    ratios = {}
    for name in ("ergotropy", "energy"):
        if name in batch.values:
            initial = batch.values[name][:, :1]
            defined = np.abs(initial) > ROUNDING * batch.arrays["spread"][:, None]
            ratios[f"{name}_ratio"] = batch.values[name] / np.where(defined, initial, np.nan)
    return ratios


def _summary(tlist: FloatArray, curve: FloatArray, replicas: FloatArray, count: int) -> dict[str, float]:
    """Half-life and gain of the mean ratio, (T,), with errors from the replicas, (B, T), that drew a realization."""
    if not np.isfinite(curve).all():
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", HalfLifeWarning)  # nan says the same, once per point
        summary = {"half_life": half_life(tlist, curve), "gain": relative_gain(curve)}
    if count > 1:
        summary["half_life_err"] = _spread(half_lives(tlist, replicas))
        summary["gain_err"] = _spread(100 * (replicas.max(axis=1) / replicas[:, 0] - 1))
    return summary


def _spread(values: FloatArray) -> float:
    """Standard deviation over the replicas; nan if any of them has no value, as near the end of the time window."""
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan


def half_lives(tlist: FloatArray, curves: FloatArray) -> FloatArray:
    """`half_life` of many curves, (B, T) to (B,), without warnings."""
    from scipy.interpolate import PchipInterpolator

    shifted = curves - curves[:, :1] / 2
    below = shifted < 0
    crosses = below.any(axis=1) & (curves[:, 0] > 0)
    times = np.full(len(curves), np.nan)
    if not crosses.any():
        return times
    rows = np.flatnonzero(crosses)
    step = below[rows].argmax(axis=1) - 1  # the curve crosses between step and step + 1
    # on one interval PCHIP is a monotonic cubic, coefficients (4, interval, curve), in the time since its left end
    cubic = PchipInterpolator(tlist, shifted[rows].T).c[:, step, np.arange(len(rows))]
    low, high = np.zeros(len(rows)), np.diff(tlist)[step]
    for _ in range(60):  # bisection to the last bit
        middle = (low + high) / 2
        above = ((cubic[0] * middle + cubic[1]) * middle + cubic[2]) * middle + cubic[3] >= 0
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    times[rows] = tlist[step] + (low + high) / 2 - tlist[0]
    return times
