"""Phase-insensitive Gaussian channels and the Gaussian states of bosonic modes they act on.

Modes are resonant: every one has the Hamiltonian of photon number, in units of the mode's quantum.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from operator import mul

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._checks import FloatArray, apart, as_real, as_real_array, explained

__all__ = ["GaussianChannel", "GaussianState", "additive_noise", "amplifier", "attenuator", "thermal_entropy"]

PHYSICAL = 1e-9  # below one half of a quantum by this much a symplectic eigenvalue is rounding
ROUNDING = 1e-14  # of the largest entry of a covariance
NEGLIGIBLE = 1e-20  # weight of an eigenvalue, relative to the largest, that the passive energy does not feel
MOST_EIGENVALUES = 20_000_000


@explained
def thermal_entropy(n: ArrayLike) -> FloatArray:
    r"""Entropy of a thermal mode of n photons, :math:`g(n) = (n+1)\ln(n+1) - n\ln n`, in nats.

    Examples
    --------
    >>> float(thermal_entropy(0.0)), round(float(thermal_entropy(1.0)), 6)
    (0.0, 1.386294)
    """
    n = as_real_array("n", n)
    if (n < 0).any():
        raise ValueError(f"Argument n must be at least 0, but holds {n.min():g}.")
    cold = n < 1e-300  # no difference of large numbers for hot modes, no division by zero for cold ones
    return np.log1p(n) + np.where(cold, 0.0, n * np.log1p(1 / np.where(cold, 1.0, n)))


@dataclass(frozen=True, eq=False)
class GaussianState:
    r"""Gaussian state of k resonant modes, by its moments.

    Attributes
    ----------
    mean : ndarray, (2k,)
        Mean quadratures (x_1, p_1, x_2, ...), with :math:`a = (x + ip)/\sqrt2`.
    covariance : ndarray, (2k, 2k)
        Symmetrised covariance; one half of the identity for the vacuum.

    Raises
    ------
    ValueError
        If the shapes do not fit or the covariance breaks the uncertainty relation.
    """

    mean: FloatArray
    covariance: FloatArray

    def __post_init__(self) -> None:
        mean, V = as_real_array("mean", self.mean), as_real_array("covariance", self.covariance)
        if mean.ndim != 1 or mean.size == 0 or mean.size % 2 or V.shape != (mean.size, mean.size):
            raise ValueError(
                "Arguments mean and covariance must have shapes (2k,) and (2k, 2k), "
                f"but have shapes {mean.shape} and {V.shape}."
            )
        largest, skew = float(np.abs(V).max()), float(np.abs(V - V.T).max())
        if skew > PHYSICAL * largest:
            raise ValueError(f"Argument covariance must be symmetric, but differs from its transpose by {skew:.3g}.")
        object.__setattr__(self, "mean", mean)
        object.__setattr__(self, "covariance", V)
        lowest = float(np.linalg.eigvalsh(V + 0.5j * self._form())[0])
        if lowest < -max(PHYSICAL, ROUNDING * largest):
            raise ValueError(
                "Argument covariance must obey the uncertainty relation, "
                f"but V + i Omega/2 has the eigenvalue {lowest:.3g}."
            )

    @classmethod
    def coherent(cls, *amplitudes: complex) -> GaussianState:
        """Product of coherent states of these amplitudes, one per mode, of energy |amplitude|^2 each."""
        mean = math.sqrt(2) * np.array(amplitudes, complex).view(float)  # real and imaginary parts in turn
        return cls(mean, np.eye(len(mean)) / 2)

    @classmethod
    def thermal(cls, *photons: float) -> GaussianState:
        """Product of thermal states of these mean photon numbers, one per mode."""
        n = np.array([as_real("photons", x, minimum=0) for x in photons])
        return cls(np.zeros(2 * len(n)), np.diag(np.repeat(n + 0.5, 2)))

    def _form(self) -> FloatArray:
        return np.kron(np.eye(self.modes), [[0.0, 1.0], [-1.0, 0.0]]).astype(float)

    @property
    def modes(self) -> int:
        """Number of modes."""
        return len(self.mean) // 2

    @property
    def energy(self) -> float:
        """Mean number of photons of all modes."""
        return float((np.trace(self.covariance) + self.mean @ self.mean - self.modes) / 2)

    @property
    def photons(self) -> FloatArray:
        """Photon numbers of the thermal normal modes that have the spectrum of this state, ascending, (k,)."""
        symplectic = np.sort(np.abs(np.linalg.eigvals(1j * self._form() @ self.covariance).real))[::2]
        return np.maximum(symplectic - 0.5, 0.0)  # rounding of a pure mode

    @property
    def entropy(self) -> float:
        """Von Neumann entropy, in nats."""
        return float(thermal_entropy(self.photons).sum())

    @property
    def passive_energy(self) -> float:
        r"""Energy that unitaries on all modes must leave.

        The eigenvalues :math:`\prod_k (1-x_k) x_k^{m_k}`, :math:`x = n/(n+1)`, go in descending order on the levels
        M of degeneracy :math:`\binom{M+k-1}{k-1}`; eigenvalues below 1e-20 of the largest are left out.
        """
        n = self.photons[self.photons > 0]
        weights = np.ones(1)
        for x in n / (n + 1):
            ladder = x ** np.arange(math.ceil(math.log(NEGLIGIBLE) / math.log(x)) + 1)
            if len(weights) * len(ladder) > MOST_EIGENVALUES:
                raise ValueError("These modes are too hot and too many to sort their eigenvalues one by one.")
            weights = np.outer(weights, ladder).ravel()
            weights = weights[weights > NEGLIGIBLE]
        weights = np.sort(weights)[::-1] / np.prod(n + 1)
        counts: list[int] = []
        while sum(counts) < len(weights):
            counts.append(math.comb(len(counts) + self.modes - 1, self.modes - 1))
        return float(weights @ np.repeat(np.arange(len(counts)), counts)[: len(weights)])

    @property
    def ergotropy(self) -> float:
        """Work that a unitary on all modes can extract."""
        return self.energy - self.passive_energy

    @property
    def total_ergotropy(self) -> float:
        """Work per copy that unitaries on many copies can extract: the Gibbs state spreads its entropy evenly."""
        return self.energy - self.modes * photons_of_entropy(self.entropy / self.modes)


def photons_of_entropy(entropy: float) -> float:
    """Photon number of the thermal mode of this entropy: inverse of `thermal_entropy`."""
    from scipy.optimize import brentq

    if entropy <= 0:
        return 0.0
    # g(n) >= ln(n + 1) bounds n from above, and g(n) <= 2 sqrt(n) from below; the root is sought in ln n
    low, high = 2 * math.log(entropy / 2) - 1, math.log(math.expm1(entropy)) + 1e-9
    return math.exp(brentq(lambda x: float(thermal_entropy(math.exp(x))) - entropy, low, high, xtol=1e-15, rtol=1e-15))


@dataclass(frozen=True)
class GaussianChannel:
    r"""Phase-insensitive channel of several modes, each on its own.

    .. math:: |\alpha\rangle \mapsto \text{thermal state of } m \text{ photons displaced to } \sqrt\tau\,\alpha

    Composed with ``@`` (the right one acts first), set side by side with ``&``.

    Attributes
    ----------
    gain : tuple of float
        tau of every mode.
    noise : tuple of float
        Photon number m that the vacuum comes out with, at least max(0, tau - 1).
    """

    gain: tuple[float, ...]
    noise: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.gain) != len(self.noise) or not self.gain:
            raise ValueError("Arguments gain and noise must have one entry per mode.")
        for tau, m in zip(self.gain, self.noise, strict=True):
            as_real("gain", tau, minimum=0)
            least = max(0.0, tau - 1)
            if as_real("noise", m) < least - PHYSICAL * max(1.0, least):
                bound, value = apart(least, m)
                raise ValueError(
                    f"Argument noise must be at least max(0, gain - 1) = {bound} for a quantum channel, but is {value}."
                )

    def __matmul__(self, first: GaussianChannel) -> GaussianChannel:
        if len(first.gain) != len(self.gain):
            raise ValueError(f"Channels of {len(self.gain)} and {len(first.gain)} modes cannot follow each other.")
        noise = tuple(tau * m_1 + m for tau, m, m_1 in zip(self.gain, self.noise, first.noise, strict=True))
        return GaussianChannel(tuple(map(mul, self.gain, first.gain)), noise)

    def __and__(self, other: GaussianChannel) -> GaussianChannel:
        return GaussianChannel(self.gain + other.gain, self.noise + other.noise)

    def __call__(self, state: GaussianState) -> GaussianState:
        """State after the channel."""
        if state.modes != len(self.gain):
            raise ValueError(f"The state must have {len(self.gain)} modes, but has {state.modes}.")
        tau, m = np.repeat(self.gain, 2), np.repeat(self.noise, 2)
        root: NDArray[np.float64] = np.sqrt(tau)
        return GaussianState(root * state.mean, root[:, None] * state.covariance * root + np.diag(m + (1 - tau) / 2))


@explained
def attenuator(lam: float, N: float = 0.0) -> GaussianChannel:
    """Thermal attenuator of transmissivity `lam` in [0, 1] with an environment of N photons: m = (1 - lam) N.

    Examples
    --------
    >>> round(attenuator(0.6, 0.5)(GaussianState.coherent(1.0)).energy, 12)
    0.8
    """
    lam, N = as_real("lam", lam, minimum=0, maximum=1), as_real("N", N, minimum=0)
    return GaussianChannel((lam,), ((1 - lam) * N,))


@explained
def amplifier(mu: float, N: float = 0.0) -> GaussianChannel:
    """Thermal amplifier of gain `mu` >= 1 with an environment of N photons: m = (mu - 1)(N + 1)."""
    mu, N = as_real("mu", mu, minimum=1), as_real("N", N, minimum=0)
    return GaussianChannel((mu,), ((mu - 1) * (N + 1),))


@explained
def additive_noise(N: float) -> GaussianChannel:
    """Random displacements that add N photons."""
    return GaussianChannel((1.0,), (as_real("N", N, minimum=0),))
