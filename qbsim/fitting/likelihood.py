r"""Residuals whose sum of squares is the deviance, so that least squares is maximum likelihood.

Gaussian errors: (y - f)/sigma. Counts of n shots: the signed square root of the deviance of a binomial distribution,

.. math:: r = \mathrm{sign}(y - p) \sqrt{2n\left[y\ln\frac yp + (1-y)\ln\frac{1-y}{1-p}\right]}
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .._checks import FloatArray
from .data import Curve

__all__ = ["Likelihood"]

EDGE = 1e-12  # probabilities are kept so far from 0 and 1: there the deviance is infinite
CLOSE = 1e-9  # a difference of y and p below which the deviance is its first term


class Likelihood:
    """Residuals of the data, curve after curve.

    Parameters
    ----------
    curves : sequence of Curve
    """

    def __init__(self, curves: Sequence[Curve]) -> None:
        self.y = np.concatenate([curve.y for curve in curves])
        self.is_count = np.concatenate([np.full(len(curve.t), curve.shots is not None) for curve in curves])
        # sigma of Gaussian values, shots of counts
        self.scale = np.concatenate([c.sigma if c.sigma is not None else c.shots for c in curves])

    def residuals(self, f: FloatArray) -> FloatArray:
        """Residuals of model values, (n,)."""
        r = np.empty_like(self.y)
        g, c = ~self.is_count, self.is_count
        r[g] = (self.y[g] - f[g]) / self.scale[g]
        r[c] = _binomial(self.y[c], f[c], self.scale[c])
        return r

    def slopes(self, f: FloatArray, r: FloatArray) -> FloatArray:
        """Derivative of every residual by its model value, (n,)."""
        d = np.empty_like(self.y)
        g, c = ~self.is_count, self.is_count
        d[g] = -1 / self.scale[g]
        y, p, n = self.y[c], np.clip(f[c], EDGE, 1 - EDGE), self.scale[c]
        near = np.abs(y - p) < CLOSE
        with np.errstate(divide="ignore", invalid="ignore"):
            d[c] = np.where(near, -np.sqrt(n / (p * (1 - p))), n * (p - y) / (p * (1 - p) * r[c]))
        return d

    def weights(self, f: FloatArray) -> FloatArray:
        """Square root of the Fisher information of every model value, (n,): 1/sigma, or sqrt(n / (p (1 - p)))."""
        p = np.clip(f, EDGE, 1 - EDGE)
        with np.errstate(invalid="ignore"):
            return np.where(self.is_count, np.sqrt(self.scale / (p * (1 - p))), 1 / self.scale)


def _binomial(y: FloatArray, f: FloatArray, n: FloatArray) -> FloatArray:
    p = np.clip(f, EDGE, 1 - EDGE)
    off = p - y
    with np.errstate(divide="ignore", invalid="ignore"):
        # log1p of the exact difference: y ln(y/p) itself cancels where y is close to p
        ones = np.where(y > 0, -y * np.log1p(off / y), 0.0)
        zeros = np.where(y < 1, -(1 - y) * np.log1p(-off / (1 - y)), 0.0)
    r = -np.sign(off) * np.sqrt(2 * n * np.maximum(ones + zeros, 0.0))
    return np.where(np.abs(off) < CLOSE, -off * np.sqrt(n / (p * (1 - p))), r)
