r"""The three functionals of an output state that are maximised over inputs, each with its gradient.

Stacks in, stacks out. A functional returns its values f (n,) and operators X (n, d, d) with
:math:`f = \mathrm{tr}(X\sigma)` and :math:`\mathrm df = \mathrm{tr}(X\,\mathrm d\sigma)`. Ergotropy and free energy are
convex: X then supports them from below, and `bound` extends them, still convex and not lower, to Hermitian operators of
trace 1 with small negative eigenvalues. `is_convex` says whether no state has more than the mean of those it mixes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import xlogy

from .._checks import FloatArray
from ..measures.many_copies import entropy_deficit, gibbs_point

ComplexArray = NDArray[np.complex128]
SMALLEST = 1e-30  # an eigenvalue below has a logarithm that only has to be finite


def _spectral(vectors: ComplexArray, values: FloatArray) -> ComplexArray:
    return (vectors * values[:, None, :]) @ vectors.conj().transpose(0, 2, 1)


def _energies(sigma: ComplexArray, levels: FloatArray) -> FloatArray:
    return np.einsum("...ii,i->...", sigma, levels).real


@dataclass(frozen=True, eq=False)
class Ergotropy:
    """Ergotropy on ascending `levels` of a diagonal Hamiltonian."""

    levels: FloatArray
    is_convex = True

    def __call__(self, sigma: ComplexArray) -> tuple[FloatArray, ComplexArray]:
        r, vectors = np.linalg.eigh(sigma)
        passive = np.broadcast_to(self.levels[::-1], r.shape)
        return _energies(sigma, self.levels) - r @ self.levels[::-1], np.diag(self.levels) - _spectral(vectors, passive)

    def bound(self, sigma: ComplexArray) -> FloatArray:
        """The same formula: a maximum of linear functions is convex everywhere. (n, k, d, d) to (n, k)."""
        return _energies(sigma, self.levels) - np.linalg.eigvalsh(sigma) @ self.levels[::-1]


@dataclass(frozen=True, eq=False)
class FreeEnergy:
    """Energy minus T times entropy, plus T ln Z(1/T): work at one temperature, an upper bound of the total ergotropy.

    Entropy and ln Z are taken relative to ln d: at high temperature only their small differences to it count.
    """

    levels: FloatArray
    T: float
    is_convex = True

    @property
    def offset(self) -> float:
        """T ln(Z/d); minus the ground energy at T = 0."""
        e = self.levels - self.levels[0]
        mean = np.expm1(-e / self.T).mean() if self.T > 0 else -1.0
        return float(self.T * np.log1p(mean) if mean > -1 else 0.0) - float(self.levels[0])

    def __call__(self, sigma: ComplexArray) -> tuple[FloatArray, ComplexArray]:
        r, vectors = np.linalg.eigh(sigma)
        r = np.maximum(r, 0.0)
        r = r / r.sum(axis=-1, keepdims=True)
        f = _energies(sigma, self.levels) + self.T * entropy_deficit(r) + self.offset
        logs = _spectral(vectors, np.log(np.maximum(len(self.levels) * r, SMALLEST)))
        return f, np.diag(self.levels + self.offset) + self.T * logs

    def bound(self, sigma: ComplexArray) -> FloatArray:
        """x ln x raised to (x + c) ln(x + c) - c ln c, convex down to -c and nowhere lower for x >= 0.

        One c for every row of the stack (n, k, d, d): minus its lowest eigenvalue.
        """
        r = np.linalg.eigvalsh(sigma)
        c = np.maximum(-r.min(axis=(1, 2), initial=0.0), 0.0)[:, None, None]
        x = np.maximum(r + c, 0.0)
        raised = (xlogy(x, x) - xlogy(c, c)).sum(axis=-1) + np.log(len(self.levels))
        return _energies(sigma, self.levels) + self.T * raised + self.offset


@dataclass(frozen=True, eq=False)
class TotalErgotropy:
    """Total ergotropy: the free energy at the temperature that has the entropy of the state; not convex."""

    levels: FloatArray
    is_convex = False

    def __call__(self, sigma: ComplexArray) -> tuple[FloatArray, ComplexArray]:
        r, vectors = np.linalg.eigh(sigma)
        r = np.maximum(r, 0.0)
        deficit = entropy_deficit(r / r.sum(axis=-1, keepdims=True))
        thermal, beta = gibbs_point(deficit, self.levels)
        T = 1 / np.maximum(beta, 1e-12)  # the maximally mixed state: any large T gives the same ascent
        offset = T * (np.log(r.shape[-1]) - deficit) - thermal
        X = _spectral(vectors, T[:, None] * np.log(np.maximum(r, SMALLEST)) + offset[:, None])
        return _energies(sigma, self.levels) - thermal, np.diag(self.levels) + X

    def temperature(self, sigma: ComplexArray) -> float:
        """Temperature of the Gibbs state with the entropy of one state."""
        r = np.maximum(np.linalg.eigvalsh(sigma), 0.0)
        return 1 / max(float(gibbs_point(entropy_deficit(r / r.sum()), self.levels)[1]), 1e-12)


Convex = Ergotropy | FreeEnergy
Functional = Convex | TotalErgotropy
