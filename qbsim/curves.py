"""Numbers from a curve: half-life, crossing time, relative gain, efficiency, exponential fit."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ._checks import FloatArray, HalfLifeWarning, MeasureWarning, as_real, as_real_array, as_tlist, explained, warn

__all__ = ["ExponentialFit", "crossing_time", "efficiency", "fit_exponential", "half_life", "relative_gain"]

DIFFERENCE = 4 * np.finfo(float).eps  # of the ground energy: a difference to it below this is rounding
ROUNDING = 1e-9  # of the spread of H0, or of the largest value of a curve: a start below it is rounding


def _as_curve(tlist: ArrayLike, values: ArrayLike) -> tuple[FloatArray, FloatArray]:
    given, curve = as_real_array("tlist", tlist), as_real_array("values", values)
    if given.ndim == 1 and given.shape == curve.shape != (0,) and given[-1] < given[0] and (np.diff(curve) > 0).all():
        raise ValueError("Argument tlist must increase, but falls, and values rise: the times come before the values.")
    times = as_tlist(tlist)
    if curve.shape != times.shape:
        raise ValueError(f"Argument values must have the shape of tlist, {times.shape}, but has {curve.shape}.")
    return times, curve


def _no_ratio(values: ArrayLike, curve: FloatArray, scale: float | None) -> str:
    """Why nothing can be divided by the start of a curve; empty if it can."""
    if scale is not None and as_real("scale", scale) <= 0:
        raise ValueError(f"Argument scale must be positive, but is {scale:g}.")
    start, size = float(curve[0]), float(np.abs(curve).max())
    if start <= 0:
        return f"the curve starts at {start:g}, not above zero"
    # `evolve` knows the spread of H0 and marks the curves that start at rounding
    known = float(getattr(values, "attrs", {}).get("rounding", 0.0))
    floor = max(0.0 if scale is None else ROUNDING * float(scale), known, ROUNDING * size)
    if start <= floor:
        return f"the curve starts at {start:.3g}, which is rounding: below {floor:.3g}, 1e-9 of its scale"
    return ""


@explained
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
    return float(roots[(roots >= times[k - 1]) & (roots <= times[k])][0])


@explained
def half_life(tlist: ArrayLike, values: ArrayLike, *, scale: float | None = None) -> float:
    """End of the longest interval from the start on which a curve keeps half of its initial value.

    Parameters
    ----------
    tlist : (T,)
        Increasing times.
    values : (T,)
        Samples of the curve, usually the ergotropy.
    scale : float, optional
        Size that the curve is measured against, usually the spread of H0. A curve that starts below 1e-9 of it, or of
        its own largest value, is rounding and has no half-life. Curves of `evolve` know their scale without it.

    Returns
    -------
    float
        First down-crossing of half the initial value on the PCHIP curve through the samples, counted from
        ``tlist[0]``; nan, with a `HalfLifeWarning` that says why, if there is none. A half-life within the first step
        comes with a `HalfLifeWarning`, too.

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
    if reason := _no_ratio(values, curve, scale):
        warn(f"No half-life: {reason}.", HalfLifeWarning)
        return float("nan")
    tau = crossing_time(times, curve, curve[0] / 2)
    if np.isnan(tau):
        warn(
            f"No half-life: the curve keeps {curve.min() / curve[0]:.3g} of its initial value up to t = {times[-1]:g}; "
            "extend tlist.",
            HalfLifeWarning,
        )
    elif tau < times[1]:
        warn(
            f"The half-life {tau - times[0]:.3g} is shorter than the first step {times[1] - times[0]:.3g}, so it says "
            "more about the times than about the curve; choose times within the decay.",
            HalfLifeWarning,
        )
    return tau - float(times[0])


@explained
def relative_gain(values: ArrayLike, *, scale: float | None = None) -> float:
    r"""Relative gain in percent, :math:`\eta = 100\,(\max_t \varepsilon(t)/\varepsilon(0) - 1)`.

    Parameters
    ----------
    values : (T,)
        Samples of the curve.
    scale : float, optional
        Size that the curve is measured against, usually the spread of H0; see `half_life`.

    Returns
    -------
    float
        0 if the curve never exceeds its initial value; nan, with a `MeasureWarning` that says why, if that value is
        not positive or is rounding.

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
    if reason := _no_ratio(values, curve, scale):
        warn(f"No relative gain: {reason}.", MeasureWarning)
        return float("nan")
    return float(100 * (curve.max() / curve[0] - 1))


@explained
def efficiency(ergotropy: ArrayLike, energy: ArrayLike, ground_energy: float = 0.0) -> FloatArray:
    r"""Share of the stored energy that is extractable, :math:`\mathcal E / (U - E_\mathrm{ground})`; 0/0 is nan.

    Parameters
    ----------
    ergotropy, energy : (T,)
        Curves in the same unit and of the same shape.
    ground_energy : float
        Ground energy of H0.

    Returns
    -------
    ndarray, (T,)
        nan also where the energy above the ground level is only the rounding of the difference.

    Raises
    ------
    TypeError, ValueError
        If the curves are not real and finite, or their shapes differ.

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
    ground = as_real("ground_energy", ground_energy)
    above = stored - ground
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(np.abs(above) <= DIFFERENCE * abs(ground), np.nan, work / above)


UNDETERMINED = (
    "The points do not determine alpha + beta exp(-gamma x): {}. Take x over a range in which the curve bends and "
    "levels off, or more precise points."
)


def _simpler(x: FloatArray, y: FloatArray, sigma: FloatArray | None, fitted: FloatArray) -> str:
    """Which limit of an exponential, with one parameter less, describes the points as well; empty if none does."""
    w = np.ones_like(y) if sigma is None else 1 / sigma
    rest = float(np.sum((w * (fitted - y)) ** 2))
    rounding = float(np.sum((w * 1e-13 * np.abs(y).max()) ** 2))
    unit = 1.0 if sigma is not None else max(rest, rounding) / max(y.size - 3, 1)
    for name, column in (("a straight line", x), ("a step behind the first x", (x == x.min()).astype(float))):
        design = w[:, None] * np.stack([np.ones_like(x), column], axis=1)
        solution, *_ = np.linalg.lstsq(design, w * y, rcond=None)
        if float(np.sum((design @ solution - w * y) ** 2)) - rest < unit:
            return f"{name} describes them as well"
    return ""


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


@explained
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
    TypeError, ValueError
        For fewer than four points, less than three different x, different lengths, errors that are not positive, or
        points that do not determine the fit: a straight line, or a constant with one point off at the start, describes
        them as well.

    Notes
    -----
    The limits gamma -> 0 (a straight line) and gamma -> infinity (a step behind the first x) have one parameter less.
    A line or a step describes the points as well if it raises chi^2 by less than one, the square of one standard error;
    towards a line alpha and beta diverge, so alpha must also be known better than the spread of the points.

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
    if np.unique(xs).size < 3:
        raise ValueError(f"Argument x must hold at least three different values, but holds {np.unique(xs).size}.")
    weights = None if sigma is None else as_real_array("sigma", sigma)
    if weights is not None and weights.shape != xs.shape:
        raise ValueError(f"Argument sigma must have the shape of y, {ys.shape}, but has {weights.shape}.")
    if weights is not None and (weights <= 0).any():
        raise ValueError(f"Argument sigma must be positive, but holds {weights.min():g}; leave it out if unknown.")

    def model(z: FloatArray, alpha: float, beta: float, gamma: float) -> FloatArray:
        return alpha + beta * np.exp(-gamma * z)

    # for a given gamma the fit is linear: the best of a ladder of rates is a safe start
    starts = []
    for rate in np.geomspace(0.05, 20, 25) / np.ptp(xs):
        design = np.stack([np.ones_like(xs), np.exp(-rate * xs)], axis=1)
        (alpha, beta), *_ = np.linalg.lstsq(design, ys, rcond=None)
        starts.append((np.sum((design @ [alpha, beta] - ys) ** 2), alpha, beta, rate))
    with warnings.catch_warnings():
        warnings.simplefilter("error", OptimizeWarning)
        try:
            absolute = weights is not None
            best, cov = curve_fit(
                model, xs, ys, p0=min(starts)[1:], sigma=weights, absolute_sigma=absolute, maxfev=20000
            )
        except (RuntimeError, OptimizeWarning) as error:
            raise ValueError(UNDETERMINED.format("no rate gamma is better than its neighbours")) from error
    err = np.sqrt(np.diag(cov))
    reason = _simpler(xs, ys, weights, model(xs, *best))
    if not reason and not err[0] <= np.ptp(ys):  # towards a straight line alpha and beta diverge
        reason = "their limit is known no better than they are spread"
    if reason:
        raise ValueError(UNDETERMINED.format(reason))
    rms = float(np.sqrt(np.mean((model(xs, *best) - ys) ** 2)))
    return ExponentialFit(*[*best.tolist(), *err.tolist(), rms])
