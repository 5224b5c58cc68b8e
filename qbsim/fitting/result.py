"""Result of a fit: values, errors, what the data do not fix, pictures, and predictions with a band."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from .._checks import FitWarning, FloatArray, as_measured, as_real, as_tlist, nearest, warn
from .._html import facts, table
from ..measures.labels import attributes, time_attributes
from ..measures.table import read_measures
from .derivatives import Slopes, extent
from .identifiability import flat_words, uncertainty
from .minimize import Minimum
from .problem import Problem
from .profile import excess, interval
from .report import parameter_rows, parameters, statements

if TYPE_CHECKING:
    import xarray as xr

    from ..battery import Battery

__all__ = ["Estimate", "FitResult"]

FELT = 1e-4  # of the spread of a prediction: a change along a flat direction above it makes the prediction unknown


class Estimate(NamedTuple):
    """A number that follows from a fit.

    Attributes
    ----------
    value : float
        At the best parameters.
    stderr : float
        Standard error; infinite if it depends on what the data do not fix.
    """

    value: float
    stderr: float


class FitResult:
    """What `fit` found.

    The attributes have the names of lmfit, so that ``lmfit.fit_report(result)`` works.

    Attributes
    ----------
    params : lmfit.Parameters
        Values, standard errors, correlations, bounds. `stderr` is None where there is none: for what is fixed, on a
        bound, or not fixed by the data.
    var_names : list of str
        Free parameters, in the order of `covar`.
    covar : ndarray, (k, k)
        Covariance of the estimates; errors are not rescaled, the sigmas of the data count as they are.
    chisqr, redchi : float
        Chi squared, for counts the deviance; the same over `nfree`, the points less the free parameters.
    aic, bic : float
        chisqr + 2 k and chisqr + k ln n, up to a constant of the data.
    flat : str
        What the data do not fix, in words; empty if they fix all.
    notes : tuple of str
        All that a reader of the numbers must know: flat directions, bounds, limits, no convergence.
    success : bool
        Whether the minimum was found.
    residual : ndarray, (n,)
        Residuals of all points, in standard errors; of counts the signed square roots of the deviance.
    curves : tuple
        The data as they were read.
    """

    method = "Levenberg-Marquardt with bounds and limits"

    def __init__(self, problem: Problem, best: Minimum, start: Mapping[str, float]) -> None:
        self._problem, self._best = problem, best
        S = problem.likelihood.weights(best.f)[:, None] * best.slopes
        J = problem.likelihood.slopes(best.f, best.r)[:, None] * best.slopes
        self._errors = uncertainty(S, J.T @ best.r, best.x, (problem.low, problem.high), best.limits)
        self.var_names, self.curves = list(problem.free), problem.model.curves
        self.covar, self.residual, self.success = self._errors.covariance, best.r, best.success
        self.chisqr = best.cost
        self.ndata, self.nvarys, self.nfev = len(best.r), len(best.x), problem.model.evaluations
        self.nfree = self.ndata - self.nvarys
        self.redchi = self.chisqr / max(1, self.nfree)
        self.aic = self.chisqr + 2 * self.nvarys
        self.bic = self.chisqr + self.nvarys * float(np.log(self.ndata))
        self.flat = flat_words(self._errors.flat, self.var_names)
        self.notes = statements(problem, best, self._errors, self.flat)
        self.params = parameters(problem, best, self._errors, start)
        self.errorbars = True  # for lmfit: what has none is in the notes

    @property
    def values(self) -> dict[str, float]:
        """Best value of every parameter, fixed ones included."""
        return self._problem.named(self._best.x)

    @cached_property
    def battery(self) -> Battery:
        """The battery of the best values."""
        return self._problem.model.battery(self.values)

    @property
    def pvalue(self) -> float:
        """Probability of a chi squared at least as large, if the model is right."""
        from scipy.stats import chi2

        return float(chi2.sf(self.chisqr, self.nfree)) if self.nfree > 0 else float("nan")

    # --- intervals --------------------------------------------------------------------------------------------------

    def interval(self, name: str, level: float = 0.95, side: str = "both") -> tuple[float, float]:
        """Profile-likelihood interval of a parameter: the others are fitted anew for every value.

        Parameters
        ----------
        name : str
            A free parameter.
        level : float
            Probability that such an interval holds the true value, between 0.5 and 1.
        side : str
            "both"; "upper" or "lower" for one limit, the other end being the bound or infinite.

        Returns
        -------
        (float, float)
            Lower and upper end. Close to a bound the interval is that of [feldman1998], which keeps its level there.

        Raises
        ------
        ValueError
            For a parameter that is not free, another level or side.

        Warns
        -----
        FitWarning
            If a better fit is met on the way.
        """
        level, j = as_real("level", level, minimum=0.5, maximum=1 - 1e-9), self._index(name)
        if side not in ("both", "upper", "lower"):
            raise ValueError(nearest("side", side, ["both", "upper", "lower"]))
        if self._errors.flat[:, j].any():
            return self._problem.bounds[name]
        return interval(self._problem, self._best, self._errors.curvature, name, level, side)

    def contains(self, name: str, value: float, level: float = 0.95) -> bool:
        """Whether a value lies in the two-sided `interval` of a parameter, without searching for its ends."""
        level, j = as_real("level", level, minimum=0.5, maximum=1 - 1e-9), self._index(name)
        low, high = self._problem.bounds[name]
        if self._errors.flat[:, j].any() or not low <= as_real("value", value) <= high:
            return low <= value <= high
        return excess(self._problem, self._best, self._errors.curvature, name, level)(value) <= 0

    def _index(self, name: str) -> int:
        """Place of a free parameter."""
        if name not in self.var_names:
            raise ValueError(nearest("free parameter", name, self.var_names))
        return self.var_names.index(name)

    def intervals(self, level: float = 0.95) -> dict[str, tuple[float, float]]:
        """Profile-likelihood interval of every free parameter, as in `interval`."""
        return {name: self.interval(name, level) for name in self.var_names}

    # --- predictions ------------------------------------------------------------------------------------------------

    def predict(self, measure: Any, t: ArrayLike, *, rho0: Any = None) -> xr.Dataset:
        """A measure that follows from the fit, with its standard error, by linear propagation of the covariance.

        Parameters
        ----------
        measure : str, or dict of one
            Name of a measure, or {name: operator or function}, as in `evolve`.
        t : (T,)
            Increasing times from the preparation of the state, at least 0.
        rho0 : str, Qobj or sequence of Qobj, optional
            Initial state: a name of the fit, or as in `evolve`. By default the one of the data.

        Returns
        -------
        xarray.Dataset
            `measure` and `measure_sem` over time; `qbsim.plotting.curve` draws the second as a band. The error is
            infinite where the measure depends on what the data do not fix. A parameter on a bound counts as if there
            were no bound, which rather makes the band too wide.

        Raises
        ------
        TypeError, ValueError
            For times below 0, an unknown measure, or without `rho0` where the data have several states.

        Warns
        -----
        FitWarning
            If the measure depends on what the data do not fix.
        """
        import xarray as xr

        model = self._problem.model
        times = as_tlist(t, "t")
        if times[0] < 0:
            raise ValueError(f"Argument t must be at least 0, where the evolution starts, but is {times[0]:g}.")
        known = isinstance(measure, str) and measure in model.measures
        asked = {measure: model.measures[measure]} if known else measure
        rows = read_measures(asked)
        if len(rows) != 1:
            raise ValueError(f"Argument measure must be one measure, but holds {', '.join(rows)}.")
        ((name, row),) = rows.items()
        grid = np.union1d([0.0], times)
        state = self._state(rho0)

        def curve(battery: Battery) -> FloatArray:
            return model.run(battery, state, grid, rows)[name][-len(times) :]

        values, errors = self._propagated(curve, name)
        attrs = attributes(name, row, self.battery.unit)
        ds = xr.Dataset(
            {name: ("time", values, attrs), f"{name}_sem": ("time", errors, attrs | {"long_name": "standard error"})},
            coords={"time": ("time", times, time_attributes(self.battery.unit))},
        )
        ds.attrs = {"label": self.battery.label, "note": " ".join(self.notes)}
        return ds

    def estimate(self, function: Callable[[Battery], float]) -> Estimate:
        """A number that follows from the fit, with its standard error, by linear propagation of the covariance.

        Parameters
        ----------
        function : callable
            function(battery) -> one real number, such as a half-life.

        Returns
        -------
        Estimate
            value and stderr.

        Warns
        -----
        FitWarning
            If the number depends on what the data do not fix.
        """
        values, errors = self._propagated(lambda b: np.array([as_measured("function", function(b))]), "the number")
        return Estimate(float(values[0]), float(errors[0]))

    def _state(self, rho0: Any) -> Any:
        states = self._problem.model.states
        if rho0 is not None:
            return rho0
        if len(states) > 1:
            raise ValueError(f"Argument rho0 must name one of the initial states: {', '.join(states)}.")
        return next(iter(states))

    def _propagated(self, function: Callable[[Battery], FloatArray], name: str) -> tuple[FloatArray, FloatArray]:
        """Values and standard errors of a function of the battery."""
        problem, x = self._problem, self._best.x
        slopes = Slopes(
            lambda x: function(problem.model.battery(problem.named(x))), problem.low, problem.high, problem.least
        )
        values = function(self.battery)
        G = slopes(x, values)
        errors = np.sqrt(np.einsum("ij,jk,ik->i", G, self._errors.curvature, G))
        sizes = np.maximum(np.abs(x), problem.least)
        scale = extent(values)
        for row in self._errors.flat:
            moved = np.abs(G @ (row / np.abs(row / sizes).max()))
            errors[moved > FELT * scale] = np.inf
        if np.isinf(errors).any():
            warn(f"{self.flat} {name[:1].upper()}{name[1:]} depends on that, so its error is infinite.", FitWarning)
        return values, errors

    # --- pictures ---------------------------------------------------------------------------------------------------

    def plot(self) -> Any:
        """Figure of all curves with the fit, and of the residuals below them; one column for each measure and state."""
        from ..plotting.fits import draw_fit

        model, panels, first = self._problem.model, [], 0
        for curve in self.curves:
            fine = np.linspace(0.0, float(curve.t.max()) or 1.0, 201)
            rows = read_measures({curve.measure: model.measures[curve.measure]})
            line = model.run(self.battery, curve.state, fine, rows)[curve.measure]
            if curve.measure in model.readout:
                offset, contrast = (self.values[n] for n in model.readout[curve.measure])
                line = offset + contrast * line
            last = first + len(curve.t)
            panels.append((curve.title, curve.t, curve.y, curve.errors, fine, line, self.residual[first:last]))
            first = last
        return draw_fit(panels, time_attributes(self.battery.unit)["units"])

    def report(self) -> str:
        """Report of lmfit, and what it cannot say."""
        import lmfit

        return "\n".join([lmfit.fit_report(self), *(f"[[Note]] {note}" for note in self.notes)])

    __str__ = report

    def __repr__(self) -> str:
        rows = ", ".join(f"{name} = {text}" for name, text, *_ in parameter_rows(self.params))
        return f"FitResult({rows}; chi squared {self.chisqr:.4g} of {self.nfree})"

    def _repr_html_(self) -> str:
        names = ["parameter", "value", "standard error", "bounds", "correlations"]
        lines = [
            ("chi squared", f"{self.chisqr:.6g} for {self.nfree} degrees of freedom, p = {self.pvalue:.3g}"),
            ("AIC", f"{self.aic:.6g}"),
            *(("note", note) for note in self.notes),
        ]
        rows = [(n, v, e or "none", b, c) for n, v, e, b, c in parameter_rows(self.params, split=True)]
        return table(names, rows, "fit") + facts(lines)

    def to_html(self, path: str | Path | None = None) -> str:
        """Page with the parameters, the notes and the figure; written to `path` if given."""
        from .._files import atomic
        from ..plotting.figures import offscreen
        from ..plotting.fits import as_svg

        with offscreen():
            picture = as_svg(self.plot())
        page = (
            '<!DOCTYPE html><html><head><meta charset="utf-8"><title>fit</title></head>'
            f"<body>{self._repr_html_()}{picture}</body></html>\n"
        )
        if path is not None:
            with atomic(Path(path)) as temporary:
                temporary.write_text(page, encoding="utf-8")
        return page
