r"""One-sided confidence limits of a mean, also where the event that matters has not been seen.

The limit above the mean of R samples of standard deviation s, at the risk :math:`\alpha`, is

.. math:: \bar x + t\frac{s}{\sqrt R} + \frac{1 + 2t^2}{6R}\,g_+ s + \frac{x_{\max}-\bar x}{R}
          + \frac{b - \bar x}{1+k}\,\min\Bigl(\frac{\ln(1/\alpha)}{R},\,q\Bigr)

- t: quantile of Student's distribution. The second term corrects it for a positive skewness g (Johnson, J. Am. Stat.
  Assoc. 73, 536 (1978)), and the third one adds an observation at the largest sample. For rare jumps of one size the
  three give nearly the limit of Clopper and Pearson: 17.6 + 1 jumps where 10 were seen and theirs is 18.4.
- The last term is for what no sample shows. An event of probability p is missed by all R with the probability
  :math:`(1-p)^R`, so what was never seen has less than :math:`\ln(1/\alpha)/R` (the rule of three), or less than q if
  something is known about it, and it may lie as high as the largest possible value b.
- k counts the samples that differ from the median, :math:`(\sum|d_r|)^2/\sum d_r^2`. With k = 0 the limit is that of
  Clopper and Pearson for events of the worst size. The more samples differ, the better they show how far one can lie:
  here the limit relies on the samples, as every interval of Student's does, and not on a proof.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.special import stdtrit

from .._checks import FloatArray

MOST = 1  # controls, of all that an engine gives: with more of them limits failed where few trajectories jump
ROUNDING = 1e-8  # of the largest number: controls that vary less do not vary
MOVING = 8  # trajectories, at least, that a control must differ in
SHARE = 6  # samples for every control
SAME = 1e-12  # of the range: samples closer than this are equal


def upper_limit(samples: FloatArray, risk: float, largest: float, unseen: float = 1.0) -> float:
    """Limit above the mean of which `samples` are drawn, wrong with the probability `risk`.

    Parameters
    ----------
    samples : ndarray, (R,)
        Independent, R at least 2.
    risk : float
        Probability, such as 0.025.
    largest : float
        No sample can be larger.
    unseen : float
        Probability, if known, of a sample that differs from the most frequent one.
    """
    R = len(samples)
    mean, room = float(samples.mean()), max(largest - float(samples.mean()), 0.0)
    limit = mean
    d = samples - np.median(samples)
    d[np.abs(d) <= SAME * max(abs(largest), float(np.abs(samples).max()))] = 0
    k = float(np.abs(d).sum() ** 2 / (d @ d)) if d.any() else 0.0
    if k:
        s = float(samples.std(ddof=1))
        t = float(stdtrit(R - 1, 1 - risk))
        skewness = float(np.mean((samples - mean) ** 3)) / s**3
        limit += t * s / math.sqrt(R) + max(skewness, 0.0) * s * (1 + 2 * t**2) / (6 * R)
        limit += (float(samples.max()) - mean) / R
    return limit + room / (1 + k) * min(-math.log(risk) / R, unseen)


def lower_limit(samples: FloatArray, risk: float, smallest: float, unseen: float = 1.0) -> float:
    """Limit below the mean, as `upper_limit`; no sample can be smaller than `smallest`."""
    return -upper_limit(-samples, risk, -smallest, unseen)


def controlled(samples: FloatArray, controls: FloatArray | None) -> tuple[FloatArray, float]:
    r"""Samples less what controls of mean zero explain of them, and the largest change.

    .. math:: x_r - \sum_c \beta_c\,y_{rc}

    has the mean of x for any :math:`\beta`; that of least squares leaves the least variance. It is fitted to the same
    samples. So what is returned are the pseudo-values of the jackknife, about the mean that the fit gives,

    .. math:: (R-1)\,w_r\,\frac{e_r}{1-h_r}, \qquad w_r = \frac1R - \bar y^T S^{-1}(y_r - \bar y), \quad
              S = \sum_r (y_r-\bar y)(y_r-\bar y)^T

    with the residuals e and the leverages h, whose variance is that of the mean, biased upwards (Efron and Stein).
    Taken are the first MOST controls, if MOVING or more trajectories move them, at most one for SHARE samples.
    """
    R = len(samples)
    if controls is None:
        return samples, 0.0
    controls = controls[:, :MOST]
    centred = controls - controls.mean(axis=0)
    off = np.abs(controls - np.median(controls, axis=0))
    off[off <= ROUNDING * max(1.0, np.abs(controls).max(initial=0.0))] = 0  # it has no mean of zero
    square = np.square(off).sum(axis=0)
    moved = off.sum(axis=0) ** 2 >= MOVING * np.where(square > 0, square, np.inf)
    kept = np.flatnonzero(moved)[: max(R // SHARE - 1, 0)]
    if not kept.size:
        return samples, 0.0
    u, sizes, vt = np.linalg.svd(centred[:, kept] / np.linalg.norm(centred[:, kept], axis=0), full_matrices=False)
    u, sizes, vt = (part[..., : np.sum(sizes > 1e-8 * sizes[0])] for part in (u, sizes, vt.T))
    x = samples - samples.mean()
    residuals, leverages = x - u @ (u.T @ x), 1 / R + np.square(u).sum(axis=1)
    mean_control = (controls[:, kept].mean(axis=0) / np.linalg.norm(centred[:, kept], axis=0)) @ vt / sizes
    weights = 1 / R - u @ mean_control
    deviations = (R - 1) * weights * residuals / np.maximum(1 - leverages, 1 / R)
    mean = float(samples.mean() - mean_control @ (u.T @ x))
    change = u @ (u.T @ x) + mean_control @ (u.T @ x)
    return mean + deviations - deviations.mean(), float(np.abs(change).max())
