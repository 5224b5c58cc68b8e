"""Decay matrix of a network: its modes, the limit of positivity, and the report on both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ._checks import FloatArray, UnphysicalWarning, per_bond, toward_zero, warn
from ._html import facts
from .geometry import Edges

__all__ = ["NetworkReport", "bond_factor_limits", "decay_modes", "is_positive", "largest_gamma_bond"]

# Relative size below which a negative decay rate is rounding: the five-cell star sits exactly on its limit.
POSITIVITY_TOLERANCE = 1e-12


def _bonds(K: FloatArray) -> FloatArray:
    """Off-diagonal part of a decay matrix."""
    return K - np.diag(np.diag(K))


def decay_modes(K: FloatArray) -> tuple[list[float], list[FloatArray]]:
    """Non-vanishing rates and normalised modes of a rate matrix; cells that decay alone keep their own mode."""
    if not _bonds(K).any():
        keep = np.flatnonzero(np.diag(K))
        return [float(K[k, k]) for k in keep], list(np.eye(len(K))[keep])
    rates, vectors = np.linalg.eigh(K)
    keep = np.flatnonzero(np.abs(rates) > POSITIVITY_TOLERANCE * np.abs(rates).max())
    return [float(rates[m]) for m in keep], [vectors[:, m] for m in keep]


def is_positive(K: FloatArray, allow_unphysical: bool) -> bool:
    """Whether a decay matrix is positive semidefinite; if not, it is refused, or warned about.

    Neither trace nor Hermiticity of the state would ever show negative rates.

    Raises
    ------
    ValueError
        If it has a negative rate beyond 1e-12 of the largest one, unless `allow_unphysical`.
    """
    if not _bonds(K).any():
        return True  # the diagonal is not negative
    rates = np.linalg.eigvalsh(K)
    if rates[0] >= -POSITIVITY_TOLERANCE * np.abs(rates).max():
        return True
    _, high = bond_factor_limits(K)  # below 1: factor 1 is not positive and factor 0 is
    uniform = _uniform_bond(K)
    if uniform is not None:
        side = "largest" if uniform > 0 else "smallest"
        remedy = f"the {side} gamma_bond this graph allows is {toward_zero(high * uniform)}"
    else:
        remedy = f"the largest common factor on gamma_bond that these rates allow is {toward_zero(high)}"
    message = (
        f"The decay matrix is not positive semidefinite: its most negative rate is {rates[0]:.6g}, so states would "
        f"get negative probabilities; {remedy}."
    )
    if not allow_unphysical:
        raise ValueError(message + " Lower gamma_bond, or pass allow_unphysical=True to go on regardless.")
    warn(message, UnphysicalWarning)
    return False


def _uniform_bond(K: FloatArray) -> float | None:
    """The one gamma_bond of all bonds, where all cells decay alike; None if there is no such number."""
    bonds = K[np.nonzero(np.triu(K, 1))]
    return float(bonds[0]) if bonds.size and np.ptp(bonds) == 0 and np.ptp(np.diag(K)) == 0 else None


def bond_factor_limits(K: FloatArray) -> tuple[float, float]:
    """Smallest and largest f for which diag(gamma) + f * (off-diagonal part) is positive semidefinite."""
    gamma, bonds = np.diag(K), _bonds(K)
    if not bonds.any():
        return -np.inf, np.inf
    touched = bonds.any(axis=1)
    if (gamma[touched] == 0).any():
        return 0.0, 0.0
    scale = 1 / np.sqrt(gamma[touched])
    spectrum = np.linalg.eigvalsh(scale[:, None] * bonds[np.ix_(touched, touched)] * scale)
    return -1 / spectrum[-1], -1 / spectrum[0]  # trace zero: the spectrum has both signs


def largest_gamma_bond(K: FloatArray, edges: Edges) -> float | None:
    """Largest uniform gamma_bond that the graph allows; None if the rates are not uniform."""
    uniform = _uniform_bond(K)
    if uniform is not None:
        low, high = bond_factor_limits(K)
        return uniform * (high if uniform > 0 else low)
    gamma = np.diag(K)
    if np.ptp(gamma) > 0 or _bonds(K).any() or not edges:
        return None
    return float(-gamma[0] / np.linalg.eigvalsh(per_bond("adjacency", 1.0, edges, len(K)))[0])


@dataclass(frozen=True)
class NetworkReport:
    """Decay modes of a `Network`.

    Attributes
    ----------
    decay_matrix : ndarray, (N, N)
        K: rates gamma_k on the diagonal, gamma_bond off it.
    edges : tuple of (int, int)
        Bonds.
    has_dephasing : bool
        Whether any cell dephases.
    rates : ndarray, (N,)
        Eigenvalues of the decay matrix, ascending.
    modes : ndarray, (N, N)
        Column m is the cell amplitude of mode m.
    bond_factor_limits : (float, float)
        gamma_bond may be multiplied by any factor in this interval before the decay matrix turns negative.
    largest_gamma_bond : float or None
        Largest uniform gamma_bond the graph allows, -gamma / lambda_min(adjacency); None for non-uniform rates, where
        `bond_factor_limits` says the same as a factor.
    notes : tuple of str
        What the network has beside its arrays.
    """

    decay_matrix: FloatArray
    edges: Edges
    has_dephasing: bool
    rates: FloatArray
    modes: FloatArray
    bond_factor_limits: tuple[float, float]
    largest_gamma_bond: float | None
    notes: tuple[str, ...] = ()

    @property
    def kinds(self) -> list[str]:
        """For every mode: dark, subradiant, independent, superradiant or unphysical, against the mean cell rate."""
        scale, mean = np.abs(self.rates).max(initial=0.0), float(np.mean(np.diag(self.decay_matrix)))
        tests = {
            "unphysical": self.rates < -POSITIVITY_TOLERANCE * scale,
            "dark": self.rates <= POSITIVITY_TOLERANCE * scale,
            "independent": np.abs(self.rates - mean) <= 1e-9 * mean,
            "subradiant": self.rates < mean,
        }
        return np.select(list(tests.values()), list(tests), "superradiant").tolist()

    @property
    def margin(self) -> float:
        """Distance to the limit of positivity: the smallest decay rate."""
        return float(self.rates[0])

    def _lines(self) -> list[tuple[str, str]]:
        bonds = ", ".join(f"{i}-{j}" for i, j in self.edges) or "none"
        modes = [" ".join(f"{a:+.3f}" for a in mode) for mode in self.modes.T]
        decay = zip(self.rates, self.kinds, modes, strict=True)
        rows = [
            ("cells", str(len(self.decay_matrix))),
            ("bonds", f"{len(self.edges)}: {bonds}"),
            *((f"mode {m}", f"rate {rate:.6g}  {kind:12s} [{mode}]") for m, (rate, kind, mode) in enumerate(decay)),
            ("distance to the limit", f"{self.margin:.6g}"),
        ]
        if self.largest_gamma_bond is not None:
            rows.append(("largest gamma_bond", toward_zero(self.largest_gamma_bond)))
        elif np.isfinite(self.bond_factor_limits[1]):
            rows.append(("largest common factor on gamma_bond", toward_zero(self.bond_factor_limits[1])))
        if self.has_dephasing and "dark" in self.kinds:
            rows.append(("note", "dark modes do not decay, but dephasing still reaches them"))
        return rows + [("note", note) for note in self.notes]

    def __str__(self) -> str:
        rows = self._lines()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return facts(self._lines())
