"""Report on the decay modes of a network: dark, subradiant, superradiant, and how far from turning negative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ._checks import toward_zero

if TYPE_CHECKING:
    from .battery import Network

__all__ = ["POSITIVITY_TOLERANCE", "NetworkReport"]

# Relative size below which a negative decay rate is rounding: the five-cell star sits exactly on its limit.
POSITIVITY_TOLERANCE = 1e-12


@dataclass(frozen=True)
class NetworkReport:
    """Decay modes of a `Network`.

    Attributes
    ----------
    network : Network
        What is reported on.
    rates : ndarray, (N,)
        Eigenvalues of the decay matrix, ascending.
    modes : ndarray, (N, N)
        Column m is the cell amplitude of mode m.
    bond_factor_limits : (float, float)
        gamma_bond may be multiplied by any factor in this interval before the decay matrix turns negative.
    largest_gamma_bond : float or None
        Largest uniform gamma_bond the graph allows, -gamma / lambda_min(adjacency); None for non-uniform rates, where
        `bond_factor_limits` says the same as a factor.
    """

    network: Network
    rates: NDArray[np.float64]
    modes: NDArray[np.float64]
    bond_factor_limits: tuple[float, float]
    largest_gamma_bond: float | None

    @property
    def kinds(self) -> list[str]:
        """For every mode: dark, subradiant, independent, superradiant or unphysical, against the mean cell rate."""
        scale, mean = np.abs(self.rates).max(initial=0.0), float(np.mean(np.diag(self.network.decay_matrix)))
        names = []
        for rate in self.rates:
            if rate < -POSITIVITY_TOLERANCE * scale:
                names.append("unphysical")
            elif rate <= POSITIVITY_TOLERANCE * scale:
                names.append("dark")
            elif abs(rate - mean) <= 1e-9 * mean:
                names.append("independent")
            else:
                names.append("subradiant" if rate < mean else "superradiant")
        return names

    @property
    def margin(self) -> float:
        """Distance to the limit of positivity: the smallest decay rate."""
        return float(self.rates[0])

    def _lines(self) -> list[tuple[str, str]]:
        net = self.network
        bonds = ", ".join(f"{i}-{j}" for i, j in net.edges) or "none"
        rows = [("cells", str(net.N)), ("bonds", f"{len(net.edges)}: {bonds}")]
        for m, (rate, kind) in enumerate(zip(self.rates, self.kinds, strict=True)):
            amplitudes = " ".join(f"{a:+.3f}" for a in self.modes[:, m])
            rows.append((f"mode {m}", f"rate {rate:.6g}  {kind:12s} [{amplitudes}]"))
        rows.append(("distance to the limit", f"{self.margin:.6g}"))
        if self.largest_gamma_bond is not None:
            rows.append(("largest gamma_bond", toward_zero(self.largest_gamma_bond)))
        elif np.isfinite(self.bond_factor_limits[1]):
            rows.append(("largest common factor on gamma_bond", toward_zero(self.bond_factor_limits[1])))
        if net.dephasing.any() and "dark" in self.kinds:
            rows.append(("note", "dark modes do not decay, but dephasing still reaches them"))
        return rows

    def __str__(self) -> str:
        rows = self._lines()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        cells = "".join(f"<tr><th>{name}</th><td><code>{text}</code></td></tr>" for name, text in self._lines())
        return f"<table>{cells}</table>"
