r"""Levels of H0 for any number of cells: the lowest ones, the mean of the rest, and least energies.

For cells without coupling, :math:`H_0 = \sum_k \omega_k n_k`, the levels are the sums over subsets of the fields. Only
those asked for are listed: the n lowest sums of k fields are among the n lowest sums of k - 1 fields, with and without
the k-th one.
"""

from __future__ import annotations

import math

import numpy as np
from scipy.optimize import brentq

from .._checks import FloatArray
from ..measures.many_copies import gibbs_energy

MOST = 2**17  # levels listed for `tangent`
BLOCK = 64  # levels listed first
FLATTEST = 1e-8  # relative distance of a purity from that of the maximally mixed state


class Levels:
    r"""Energy levels of cells without coupling, or of any Hamiltonian.

    Parameters
    ----------
    omega : array_like, (N,)
        Fields; the levels are the sums over their subsets. They may be negative, zero or equal.

    Attributes
    ----------
    omega : ndarray (N,) or None
        None for a spectrum.
    size : int
        Number of levels, :math:`2^N`.
    ground, top, mean : float
        Lowest and highest level, and the mean of all.
    """

    def __init__(self, omega: FloatArray) -> None:
        self.omega: FloatArray | None = np.array(omega, dtype=float)
        self._steps = np.sort(np.abs(self.omega))  # a negative field is a positive one above a lower ground level
        self.size: int = 2 ** len(self._steps)
        self.ground = float(np.minimum(self.omega, 0).sum())
        self.top = float(np.maximum(self.omega, 0).sum())
        self.mean = float(self.omega.sum() / 2)
        self._above = np.zeros(0)  # the lowest levels, above the ground level, as many as were asked for so far

    @classmethod
    def of_spectrum(cls, values: FloatArray) -> Levels:
        """Levels given one by one, in any order."""
        levels = cls(np.zeros(0))
        ordered = np.sort(np.asarray(values, dtype=float))
        levels.omega, levels.size = None, len(ordered)
        levels.ground, levels.top, levels.mean = float(ordered[0]), float(ordered[-1]), float(ordered.mean())
        levels._above = ordered - ordered[0]
        return levels

    def lowest(self, n: int) -> FloatArray:
        """The n lowest levels, ascending; all of them where n is larger."""
        n = min(int(n), self.size)
        if len(self._above) < n:
            self._above = _smallest_sums(self._steps, n)
        return self.ground + self._above[:n]

    def mean_above(self, n: int) -> float:
        """Mean of all levels but the n lowest, from the trace; the highest level where none is left."""
        n = int(n)
        if n >= self.size:
            return self.top
        if n == 0:
            return self.mean
        # Python divides integers of any length: 2^N is never a float
        return float(self.mean + (self.mean - self.lowest(n).mean()) * (n / (self.size - n)))

    def gibbs_energy(self, entropy: float) -> float:
        r"""Least energy of any state of this entropy, that of the Gibbs state, for temperatures from 0 to infinity.

        .. math:: E_G(S) = \max_\beta \frac{S - \ln Z(\beta)}{\beta}

        Parameters
        ----------
        entropy : float
            In nats. From :math:`\ln d` on the result is the mean level, up to :math:`\ln g` the ground level, which is
            g-fold.
        """
        return self._gibbs_point(entropy)[0]

    def tangent(self, purity: float) -> tuple[float, float]:
        r"""Bound of the energy of every state from its purity.

        .. math:: \mathrm{tr}(\rho H_0) \ge a - c\,\mathrm{tr}\rho^2

        By Cauchy and Schwarz, with the levels :math:`\epsilon_i`, their populations :math:`p_i`, and any number
        :math:`\lambda`,

        .. math:: \lambda - \sum_i p_i\epsilon_i \le \sum_i p_i(\lambda-\epsilon_i)_+ \le \sqrt{P\,Q(\lambda)}, \qquad
                  Q(\lambda) = \sum_i (\lambda-\epsilon_i)_+^2, \qquad P = \sum_i p_i^2 \le \mathrm{tr}\rho^2 .

        The best :math:`\lambda` gives the least energy of all states of this purity, of populations
        :math:`p_i\propto(\lambda-\epsilon_i)_+`. It lies above the Gibbs energy at the entropy :math:`-\ln P`, since
        that state has at least this entropy. As a function of the purity it is convex, so its tangent bounds the energy
        of every state.

        Parameters
        ----------
        purity : float
            Where the bound is the best one, up to 1. Near that of the maximally mixed state, where the tangent is
            vertical, the point is moved away from it by a 1e-8 of it.

        Returns
        -------
        a, c : float
            `c` is not negative.

        Notes
        -----
        Only levels below :math:`\lambda` count. Where more than 131072 lie below the best one, :math:`\lambda` stays at
        the last level listed, which is still a bound, and the tangent of the Gibbs energy is taken if that is better.
        """
        purity = min(max(float(purity), (1 + FLATTEST) / self.size), 1.0)
        e, complete = self._listed(purity)
        energy, slope = _least(e, purity, open_end=complete)
        if not complete:
            gibbs, temperature = self._gibbs_point(-math.log(purity))
            if gibbs - self.ground > energy:
                energy, slope = gibbs - self.ground, temperature / purity
        return self.ground + energy + slope * purity, slope

    def _listed(self, purity: float) -> tuple[FloatArray, bool]:
        """Lowest levels above the ground, enough for `tangent`, and whether they are all levels."""
        n = min(self.size, max(BLOCK, math.ceil(4 / purity)))
        while True:
            n = min(n, self.size, MOST)
            e = self.lowest(n) - self.ground
            if n == self.size:
                return e, True
            if n == MOST or np.argmax(_below(e, purity)) < n - 2:  # the best point is inside
                return e, False
            n *= 4

    def _gibbs_point(self, entropy: float) -> tuple[float, float]:
        """Gibbs energy, and the temperature at it."""
        if self.omega is None:
            return self._gibbs_of_spectrum(entropy)
        steps = self._steps[self._steps > 1e-12 * (self.top - self.ground)]
        entropy = entropy - math.log(2) * (len(self._steps) - len(steps))
        if entropy <= 0 or not len(steps):
            return self.ground, 0.0
        if entropy >= len(steps) * math.log(2):
            return self.mean, math.inf

        def missing(log_beta: float) -> float:
            x = math.exp(log_beta) * steps
            return float(np.sum(np.log1p(np.exp(-x)) + x * np.exp(-x) / (1 + np.exp(-x)))) - entropy

        low, high = -math.log(steps[-1]) - 20, -math.log(steps[0]) + 7
        if missing(low) <= 0:  # too near the mixed state to be resolved
            return self.mean, math.inf
        beta = math.exp(low if missing(low) <= 0 else high if missing(high) >= 0 else brentq(missing, low, high))
        return self.ground + (entropy - float(np.log1p(np.exp(-beta * steps)).sum())) / beta, 1 / beta

    def _gibbs_of_spectrum(self, entropy: float) -> tuple[float, float]:
        """As `_gibbs_point`, the temperature from the difference of two energies."""
        deficit = max(math.log(self.size) - entropy, 0.0)
        energies = gibbs_energy(np.array([deficit, deficit + 1e-6]), self.lowest(self.size))
        return float(energies[0]), float((energies[0] - energies[1]) / 1e-6)


def _smallest_sums(steps: FloatArray, n: int) -> FloatArray:
    """The n smallest sums over subsets of positive numbers, which are ascending."""
    sums = np.zeros(1)
    for step in steps:
        if len(sums) == n and step >= sums[-1]:
            break
        sums = np.sort(np.concatenate([sums, sums + step]), kind="stable")[:n]  # a merge of two sorted lists
    return sums


def _below(e: FloatArray, purity: float) -> FloatArray:
    """The bound of `tangent` with lambda at every level but the first."""
    shifted = e[1:]
    counts = np.arange(1, len(e))
    first, second = np.cumsum(e)[:-1], np.cumsum(e**2)[:-1]
    Q = np.maximum(counts * shifted**2 - 2 * shifted * first + second, 0)
    return shifted - np.sqrt(purity * Q)


def _least(e: FloatArray, purity: float, *, open_end: bool) -> tuple[float, float]:
    """Bound of `tangent` at the best lambda, and its slope; lambda may pass the last level if there are no others."""
    best = int(np.argmax(_below(e, purity))) + 1 if len(e) > 1 else 0
    candidates = [float(e[best])]
    for n in {best, min(best + 1, len(e))} - {0}:  # lambda between the levels n and n + 1
        mean, variance = float(e[:n].mean()), float(e[:n].var())
        if n * purity > 1:
            inside = mean + math.sqrt(variance / (n * purity - 1))
            end = e[n] if n < len(e) else (math.inf if open_end else e[-1])
            candidates.append(float(min(max(inside, e[n - 1]), end)))
    bounds = [lam - math.sqrt(purity * float(np.sum(np.maximum(lam - e, 0) ** 2))) for lam in candidates]
    k = int(np.argmax(bounds))
    Q = float(np.sum(np.maximum(candidates[k] - e, 0) ** 2))
    return bounds[k], math.sqrt(Q / purity) / 2
