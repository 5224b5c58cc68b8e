"""What every capacitance returns: the value, a bound from above, and whether the two are proven."""

from __future__ import annotations

from dataclasses import dataclass, field

from qutip import Qobj

from .._html import facts


@dataclass(frozen=True, eq=False)
class Capacitance:
    """Value of a work capacitance, with what is known about it.

    Attributes
    ----------
    value : float
        Reached by `ensemble`, so never more than the true value.
    upper : float
        The dual problem at its best multipliers. Where `exact` is True never less than the true value, up to 1e-9 of
        the spread; otherwise only as sure as the search from many starts behind it.
    exact : bool
        True where `value` and `upper` agree within 1e-9 of the spread of levels and a closed form or a bounded search
        over all input states proves it.
    ensemble : tuple of (float, Qobj)
        Weights and input kets that reach `value`.
    assumed : str
        In words: what the numbers rest on.
    """

    value: float
    upper: float
    exact: bool
    ensemble: tuple[tuple[float, Qobj], ...] = field(default=(), repr=False)
    assumed: str = ""

    @property
    def state(self) -> Qobj | None:
        """Best input ket, where a single one is enough."""
        return self.ensemble[0][1] if len(self.ensemble) == 1 else None

    @property
    def gap(self) -> float:
        """Distance of the bound from the value."""
        return self.upper - self.value

    def __float__(self) -> float:
        return self.value

    def _repr_html_(self) -> str:
        weights = ", ".join(f"{weight:.4g}" for weight, _ in self.ensemble)
        rows = [
            ("value", f"{self.value:.10g}"),
            ("bound from above", f"{self.upper:.10g}"),
            ("exact", "yes" if self.exact else "not proven"),
            ("rests on", self.assumed or "-"),
        ]
        if self.ensemble:
            rows.append(("reached by", f"{len(self.ensemble)} input kets with weights {weights}"))
        return facts(rows, "Capacitance")
