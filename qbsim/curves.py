"""Numbers from a curve: half-life, crossing time, relative gain, efficiency, exponential fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ._checks import FloatArray, HalfLifeWarning, as_real, as_real_array, as_tlist

__all__ = ["ExponentialFit", "crossing_time", "efficiency", "fit_exponential", "half_life", "relative_gain"]


def _as_curve(tlist: ArrayLike, values: ArrayLike) -> tuple[FloatArray, FloatArray]:
    times, curve = as_tlist(tlist), as_real_array("values", values)
    if curve.shape != times.shape:
        raise ValueError(f"Argument values must have the shape of tlist, {times.shape}, but has {curve.shape}.")
    return times, curve


def crossing_time(tlist: ArrayLike, values: ArrayLike, level: float) -> float:
    """First time at which a curve falls below a level.

    Parameters
    ----------
    tlist : (T,)
        Increasing times.
    values : (T,)
        Samples of the curve.
    level : float
        Level to cross downwards.

    Returns
    -------
    float
        Zero of the PCHIP curve through the samples minus `level`; nan if the curve stays at or above the level, and
        ``tlist[0]`` if it starts below.

    Raises
    ------
    TypeError, ValueError
        If the times do not increase or the lengths differ.

    Examples
    --------
    >>> import numpy as np
    >>> t = np.linspace(0, 2, 201)
    >>> round(crossing_time(t, np.exp(-t), 0.5), 6)
    0.693147
    """
    from scipy.interpolate import PchipInterpolator

    times, curve = _as_curve(tlist, values)
    below = np.flatnonzero(curve < as_real("level", level))
    if below.size == 0:
        return float("nan")
    k = int(below[0])
    if k == 0:
        return float(times[0])
    if curve[k - 1] == level:  # touches the level at the last sample above it, then falls
        return float(times[k - 1])
    roots = PchipInterpolator(times, curve - level, extrapolate=False).roots(extrapolate=False)
    inside = roots[(roots >= times[k - 1]) & (roots <= times[k])]
    return float(inside[0])


def half_life(tlist: ArrayLike, values: ArrayLike) -> float:
    """End of the longest interval from the start on which a curve keeps half of its initial value.

    Parameters
    ----------
    tlist : (T,)
        Increasing times.
    values : (T,)
        Samples of the curve, usually the ergotropy.

    Returns
    -------
    float
        First down-crossing of half the initial value on the PCHIP curve through the samples, counted from
        ``tlist[0]``; nan, with a `HalfLifeWarning` that says why, if there is none.

    Raises
    ------
    TypeError, ValueError
        If the times do not increase or the lengths differ.

    References
    ----------
    Below Eq. (9) of [arjmandi2022].

    Examples
    --------
    >>> import numpy as np
    >>> t = np.linspace(0, 2, 201)
    >>> round(half_life(t, 2 * np.exp(-t)), 6)
    0.693147
    """
    times, curve = _as_curve(tlist, values)
    if curve[0] <= 0:
        warnings.warn(f"No half-life: the curve starts at {curve[0]:g}, not above zero.", HalfLifeWarning, stacklevel=2)
        return float("nan")
    tau = crossing_time(times, curve, curve[0] / 2)
    if np.isnan(tau):
        warnings.warn(
            f"No half-life: the curve keeps {curve.min() / curve[0]:.3g} of its initial value up to t = {times[-1]:g}; "
            "extend tlist.",
            HalfLifeWarning,
            stacklevel=2,
        )
    return tau - float(times[0])


def relative_gain(values: ArrayLike) -> float:
    r"""Relative gain in percent, :math:`\eta = 100\,(\max_t \varepsilon(t)/\varepsilon(0) - 1)`.

    Parameters
    ----------
    values : (T,)
        Samples of the curve, the first one not zero.

    Returns
    -------
    float
        0 if the curve never exceeds its initial value; nan if that value is 0.

    References
    ----------
    Eq. (9) of [arjmandi2022].

    Examples
    --------
    >>> round(relative_gain([1.0, 1.05, 0.7]), 12)
    5.0
    """
    curve = as_real_array("values", values)
    if curve.ndim != 1 or curve.size == 0:
        raise ValueError(f"Argument values must be a non-empty curve, but has shape {curve.shape}.")
    return float(100 * (curve.max() / curve[0] - 1)) if curve[0] != 0 else float("nan")


def efficiency(ergotropy: ArrayLike, energy: ArrayLike, ground_energy: float = 0.0) -> FloatArray:
    r"""Share of the stored energy that is extractable, :math:`\mathcal E / (U - E_\mathrm{ground})`; 0/0 is nan.

    Parameters
    ----------
    ergotropy, energy : (T,)
        Curves in the same unit.
    ground_energy : float
        Ground energy of H0.

    Returns
    -------
    ndarray, (T,)

    Raises
    ------
    TypeError, ValueError
        For what is not a finite real curve, or curves of different shape.

    References
    ----------
    Below Eq. (9) of [santos2021].

    Examples
    --------
    >>> efficiency([0.5, 0.0], [0.75, 0.0]).round(6).tolist()
    [0.666667, nan]
    """
    work, stored = as_real_array("ergotropy", ergotropy), as_real_array("energy", energy)
    if work.shape != stored.shape:
        raise ValueError(
            f"Arguments ergotropy and energy must have the same shape, but have {work.shape} and {stored.shape}."
        )
    above = stored - as_real("ground_energy", ground_energy)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(above == 0, np.nan, work / above)


@dataclass(frozen=True)
class ExponentialFit:
    """Result of `fit_exponential`: alpha + beta exp(-gamma x), with standard errors.

    Attributes
    ----------
    alpha, beta, gamma : float
        Parameters of the fit.
    alpha_err, beta_err, gamma_err : float
        Their standard errors.
    rms : float
        Root mean square of the residuals.
    """

    alpha: float
    beta: float
    gamma: float
    alpha_err: float
    beta_err: float
    gamma_err: float
    rms: float

    def __call__(self, x: ArrayLike) -> FloatArray:
        """Value of the fitted curve."""
        return self.alpha + self.beta * np.exp(-self.gamma * np.asarray(x, dtype=float))


def fit_exponential(x: ArrayLike, y: ArrayLike, sigma: ArrayLike | None = None) -> ExponentialFit:
    r"""Least-squares fit of :math:`y = \alpha + \beta e^{-\gamma x}`.

    Parameters
    ----------
    x, y : (n,)
        At least four points.
    sigma : (n,), optional
        Standard errors of y; with them the parameter errors are absolute, without them they follow the scatter.

    Returns
    -------
    ExponentialFit

    Raises
    ------
    ValueError
        For fewer than four points, different lengths, or a fit that does not converge.

    References
    ----------
    Below Fig. 2 of [arjmandi2022].

    Examples
    --------
    >>> import numpy as np
    >>> x = np.linspace(0, 5, 11)
    >>> fit = fit_exponential(x, 5 - 2 * np.exp(-0.5 * x))
    >>> round(fit.gamma, 6)
    0.5
    """
    from scipy.optimize import OptimizeWarning, curve_fit

    xs, ys = as_real_array("x", x), as_real_array("y", y)
    if xs.ndim != 1 or xs.shape != ys.shape or xs.size < 4:
        raise ValueError(f"Arguments x and y must be equally long, at least 4, but have {xs.shape} and {ys.shape}.")
    weights = None if sigma is None else as_real_array("sigma", sigma)

    def model(z: FloatArray, alpha: float, beta: float, gamma: float) -> FloatArray:
        return alpha + beta * np.exp(-gamma * z)

    # for a given gamma the fit is linear: the best of a ladder of rates is a safe start
    starts = []
    for rate in np.geomspace(0.05, 20, 25) / np.ptp(xs):
        design = np.stack([np.ones_like(xs), np.exp(-rate * xs)], axis=1)
        (alpha, beta), *_ = np.linalg.lstsq(design, ys, rcond=None)
        starts.append((np.sum((design @ [alpha, beta] - ys) ** 2), alpha, beta, rate))
    start = min(starts)[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("error", OptimizeWarning)
        try:
            best, cov = curve_fit(
                model, xs, ys, p0=start, sigma=weights, absolute_sigma=weights is not None, maxfev=20000
            )
        except (RuntimeError, OptimizeWarning) as error:
            raise ValueError("The points do not determine alpha + beta exp(-gamma x).") from error
    err = np.sqrt(np.diag(cov))
    rms = float(np.sqrt(np.mean((model(xs, *best) - ys) ** 2)))
    (alpha, beta, gamma), (alpha_err, beta_err, gamma_err) = best.tolist(), err.tolist()
    return ExponentialFit(alpha, beta, gamma, alpha_err, beta_err, gamma_err, rms)
