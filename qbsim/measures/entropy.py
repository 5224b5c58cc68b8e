"""Von Neumann entropy and purity."""

from __future__ import annotations

from qutip import Qobj

from .._checks import FloatArray, explained
from .reference import Measure, Reference, as_states
from .series import StateSeries

__all__ = ["ROWS", "entropy", "entropy_over_time", "purity", "purity_over_time"]


def entropy_over_time(states: StateSeries, ref: Reference | None = None) -> FloatArray:
    return states.entropy()


def purity_over_time(states: StateSeries, ref: Reference | None = None) -> FloatArray:
    return states.purity()


@explained
def entropy(rho: Qobj) -> float:
    r"""Von Neumann entropy :math:`-\mathrm{tr}\,\rho\ln\rho`, in nats.

    Examples
    --------
    >>> from qbsim import classical
    >>> round(entropy(classical(2, p=0.5)), 6)
    1.386294
    """
    return float(entropy_over_time(as_states(rho))[0])


@explained
def purity(rho: Qobj) -> float:
    r"""Purity :math:`\mathrm{tr}\,\rho^2`.

    Examples
    --------
    >>> from qbsim import classical
    >>> purity(classical(1, p=0.5))
    0.5
    """
    return float(purity_over_time(as_states(rho))[0])


ROWS = {
    "entropy": Measure(entropy_over_time, "von Neumann entropy (nats)", "1", spectral=True),
    "purity": Measure(purity_over_time, "purity", "1"),
}
