"""What is said about a fit: the parameters of lmfit, the notes, and the rows of tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .identifiability import Uncertainty
from .minimize import Minimum
from .model import Refused
from .problem import Problem

__all__ = ["need_lmfit", "parameter_rows", "parameters", "statements"]


DOUBT = 1e-4  # probability of so large a chi squared below which a fit is doubted


def need_lmfit() -> Any:
    """The module lmfit.

    Raises
    ------
    ImportError
        If it is not installed; the message says how to install it.
    """
    try:
        import lmfit
    except ImportError as error:
        raise ImportError("Fits need lmfit: pip install 'qbsim[fit]'.") from error
    return lmfit


def parameters(problem: Problem, best: Minimum, errors: Uncertainty, start: Mapping[str, float]) -> Any:
    """Values, standard errors and correlations as lmfit.Parameters."""
    params = need_lmfit().Parameters()
    for name in start:
        low, high = problem.bounds.get(name, (-np.inf, np.inf))
        params.add(name, value=start[name], vary=name in problem.free, min=low, max=high)
        params[name].init_value = start[name]
    sigma = np.sqrt(np.diag(errors.covariance))
    known = [j for j in range(len(best.x)) if sigma[j] > 0 and not errors.flat[:, j].any()]
    for j, name in enumerate(problem.free):
        params[name].value = float(best.x[j])
        if j in known:
            params[name].stderr = float(sigma[j])
            params[name].correl = {
                problem.free[k]: float(errors.covariance[j, k] / (sigma[j] * sigma[k])) for k in known if k != j
            }
    return params


def statements(problem: Problem, best: Minimum, errors: Uncertainty, flat: str) -> tuple[str, ...]:
    """Notes on a fit, most important first."""
    from scipy.stats import chi2

    notes = [] if best.success else ["The fit has not converged: try other start values or bounds."]
    count = len(best.r) - len(best.x)
    if count > 0 and chi2.sf(best.cost, count) < DOUBT:
        notes.append(
            f"Chi squared is {best.cost:.4g} for {count} degrees of freedom: the model does not describe the data, "
            "their errors are too small, or the fit has found a minimum that is not the lowest. Try other start values."
        )
    if flat:
        notes.append(
            f"{flat} What is not fixed has a value near its start, or an arbitrary one, and no standard error."
        )
        if _bends(problem, best, errors):
            notes.append(
                "That holds close to these values only: farther away the curves change. Try other start values."
            )
    sigma = np.sqrt(np.diag(errors.covariance))
    for name, x, error, row in zip(problem.free, best.x, sigma, errors.flat.T, strict=True):
        if error > 2 * max(abs(x), problem.least) and not row.any():
            notes.append(
                f"The data hardly fix {name}: its standard error is far larger than its value; see its interval."
            )
    for name, x, on, (low, _) in zip(problem.free, best.x, errors.on_bound, problem.bounds.values(), strict=True):
        if on:
            side = "lowest" if x == low else "highest"
            notes.append(
                f"{name} lies on its {side} allowed value, {x:g}: it has no standard error; its interval has one side."
            )
    for limit in best.limits:
        part = np.abs(limit.normal) * np.maximum(np.abs(best.x), 1e-12)
        names = [name for name, a in zip(problem.free, part, strict=True) if a > 1e-3 * part.max()]
        verb = "lies" if len(names) == 1 else "lie"
        if "decay matrix is not positive" in limit.reason:
            what = "the limit of a positive decay matrix"
        else:
            what = f"a limit beyond which the model says: {limit.reason.rstrip('.')}"
        notes.append(f"{' and '.join(names)} {verb} on {what}; standard errors are those along the limit.")
    return tuple(notes)


def _bends(problem: Problem, best: Minimum, errors: Uncertainty) -> bool:
    """Whether a flat direction is flat to first order only, as that of J is at J = 0 where curves depend on J^2."""
    weights = problem.likelihood.weights(best.f)
    size = np.maximum(np.abs(best.x), problem.least)
    for row in errors.flat:
        for step in (row / np.abs(row / size).max(), -row / np.abs(row / size).max()):
            room = np.where(step > 0, problem.high - best.x, best.x - problem.low)[step != 0] / np.abs(step[step != 0])
            try:
                moved = problem.values(best.x + min(1.0, 0.99 * room.min()) * step) - best.f
            except Refused:
                continue
            if np.linalg.norm(weights * moved) > 1:
                return True
    return False


def parameter_rows(params: Any, split: bool = False) -> list[tuple[str, ...]]:
    """Name and value with its error; `split`: name, value, error, bounds and correlations."""
    rows: list[tuple[str, ...]] = []
    for name, p in params.items():
        if not split:
            error = f"+-{p.stderr:.2g}" if p.stderr is not None else " (fixed)" if not p.vary else " (no error)"
            rows.append((name, f"{p.value:.6g}{error}"))
            continue
        error = f"{p.stderr:.2g}" if p.stderr is not None else "fixed" if not p.vary else ""
        bounds = f"{p.min:g} to {p.max:g}" if p.vary else ""
        pairs = "; ".join(f"{other} {c:+.3f}" for other, c in (p.correl or {}).items())
        rows.append((name, f"{p.value:.6g}", error, bounds, pairs))
    return rows
