"""Likelihood ratio of two nested fits: does the data need the further parameters?"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from .._checks import explained
from .._checks.names import shown
from .._html import facts
from .result import FitResult

__all__ = ["Comparison", "compare"]


class Comparison(NamedTuple):
    """Likelihood-ratio test of a fit against one with more free parameters.

    Attributes
    ----------
    extra : tuple of str
        What is free in the full fit only.
    ratio : float
        Chi squared of the nested fit less that of the full one, -2 ln of the likelihood ratio.
    pvalue : float
        Probability of a ratio at least as large if the nested model is right.
    weights : tuple of float
        Of chi squared with 0, 1, ... degrees of freedom in the distribution of the ratio.
    delta_aic : float
        AIC of the nested fit less that of the full one; positive: the full one is better.
    """

    extra: tuple[str, ...]
    ratio: float
    pvalue: float
    weights: tuple[float, ...]
    delta_aic: float

    def _lines(self) -> list[tuple[str, str]]:
        terms = [f"{w:.3g} chi2_{k}" for k, w in enumerate(self.weights) if w]
        verdict = "needed" if self.pvalue < 0.05 else "not needed"
        return [
            ("free in the full fit only", ", ".join(self.extra)),
            ("likelihood ratio", f"{self.ratio:.4g}, distributed as {' + '.join(terms)}"),
            ("p value", f"{self.pvalue:.3g}: {verdict} at the 5 % level"),
            ("difference of AIC", f"{self.delta_aic:.4g}"),
        ]

    def __str__(self) -> str:
        width = max(len(name) for name, _ in self._lines())
        return "\n".join(f"{name:<{width}}  {text}" for name, text in self._lines())

    def _repr_html_(self) -> str:
        return facts(self._lines())


@explained
def compare(nested: FitResult, full: FitResult) -> Comparison:
    r"""Test whether a fit needs its further free parameters.

    .. math:: \Lambda = \chi^2_\text{nested} - \chi^2_\text{full} \sim
              \begin{cases}\chi^2_k & \text{inside} \\ \tfrac12\chi^2_{k-1} + \tfrac12\chi^2_k &
              \text{one of them on its bound}\end{cases}

    Parameters
    ----------
    nested : FitResult
        Fit in which some parameters are held.
    full : FitResult
        Fit of the same data in which they are free. Whether a held value lies on a bound is told by its bounds.

    Returns
    -------
    Comparison
        Ratio, p value, and the mixture of chi squared that it comes from.

    Raises
    ------
    TypeError, ValueError
        If the fits are not of the same data, or not nested.

    References
    ----------
    Cases 5 and 7 of [self1987].

    Examples
    --------
    >>> import numpy as np
    >>> from qbsim import fit, single_cell
    >>> t = np.linspace(0, 2, 20)
    >>> data = {"energy": (t, 0.5 * np.exp(-t), 0.01)}
    >>> start = {"gamma": 0.8, "nbar": 0.0}
    >>> full = fit(single_cell, data, start, rho0="plus")
    >>> nested = fit(single_cell, data, start, rho0="plus", fixed=["nbar"])
    >>> compare(nested, full).weights
    (0.5, 0.5)
    """
    for name, value in (("nested", nested), ("full", full)):
        if not isinstance(value, FitResult):
            raise TypeError(f"Argument {name} must be the result of qbsim.fit, but is {shown(value)}.")
    if not set(nested.var_names) < set(full.var_names):
        raise ValueError(
            f"Argument nested must have fewer free parameters than full, and no others, but has "
            f"{', '.join(nested.var_names)}, and full has {', '.join(full.var_names)}."
        )
    same = len(nested.curves) == len(full.curves) and all(
        a[:2] == b[:2] and all(np.array_equal(p, q) for p, q in zip(a[2:], b[2:], strict=True))  # type: ignore[arg-type]
        for a, b in zip(nested.curves, full.curves, strict=True)
    )
    if not same:
        raise ValueError("Argument nested must be a fit of the same data as full.")
    extra = tuple(name for name in full.var_names if name not in nested.var_names)
    unknown = [name for name in extra if name not in nested.values]
    if unknown:
        raise ValueError(f"Argument nested must hold {unknown[0]} at a value: give it in start, and name it in fixed.")
    if flat := [name for name in extra if full._errors.flat[:, full.var_names.index(name)].any()]:
        raise ValueError(f"The data do not fix {', '.join(flat)}, so they cannot tell whether it is needed.")
    weights = _weights(nested, full, extra)
    ratio = nested.chisqr - full.chisqr
    from scipy.stats import chi2

    tail = sum(w * (chi2.sf(max(ratio, 0.0), k) if k else float(ratio <= 0)) for k, w in enumerate(weights))
    return Comparison(extra, ratio, float(tail), weights, nested.aic - full.aic)


def _weights(nested: FitResult, full: FitResult, extra: tuple[str, ...]) -> tuple[float, ...]:
    """Weights of chi squared with 0 to k degrees of freedom."""
    bounds, held = full._problem.bounds, nested.values
    on = [name for name in extra if held[name] in bounds[name]]
    free = len(extra) - len(on)
    if len(on) > 2:
        raise ValueError(f"{len(on)} of the parameters lie on a bound: compare in steps of at most two of them.")
    if not on:
        weights = [1.0]
    elif len(on) == 1:
        weights = [0.5, 0.5]
    else:
        at = [full.var_names.index(name) for name in on]
        V = full._errors.curvature[np.ix_(at, at)]
        signs = [1 if held[name] == bounds[name][0] else -1 for name in on]
        both = math.asin(signs[0] * signs[1] * V[0, 1] / math.sqrt(V[0, 0] * V[1, 1])) / (2 * math.pi)
        weights = [0.25 - both, 0.5, 0.25 + both]
    return (*[0.0] * free, *weights)
