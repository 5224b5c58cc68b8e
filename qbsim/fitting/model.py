"""The model of a fit: parameters to a battery, to curves at the times of the data, to what a readout shows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from .._checks import FloatArray
from .._checks.names import shown
from ..battery import Battery
from ..evolution import series
from ..measures.table import read_measures
from ..solvers import Settings
from ..states import InitialState, read_state
from .data import Curve

__all__ = ["Model", "Refused"]

Values = Mapping[str, float]
RECENT = 32  # points whose curves are kept: readouts change, the evolution does not
ROUNDING = 1e-6  # how far a probability may leave [0, 1] by errors of a solver


class Refused(Exception):
    """These values make no battery, or no probability; the text says why."""


class Model:
    """Curves as a function of the parameters.

    Parameters
    ----------
    build : callable
        build(**values) -> Battery.
    states : dict
        Name to initial state, as in `evolve`.
    measures : dict
        Name in the data to measure, operator or function.
    curves : sequence of Curve
        The data.
    readout : dict
        Measure to the names of its offset and contrast.
    settings : Settings
        Solver and tolerances.
    """

    def __init__(
        self,
        build: Callable[..., Battery],
        states: Mapping[str, Any],
        measures: Mapping[str, Any],
        curves: Sequence[Curve],
        readout: Mapping[str, tuple[str, str]],
        settings: Settings,
    ) -> None:
        self.build, self.states, self.measures = build, dict(states), dict(measures)
        self.curves, self.readout, self.settings = tuple(curves), dict(readout), settings
        self._own = {name for names in self.readout.values() for name in names}
        self._read: dict[tuple[str, tuple[int, ...]], InitialState] = {}
        self._plans = {state: self._plan(state) for state in self.states}
        self._recent: dict[tuple[float, ...], dict[str, dict[str, FloatArray]]] = {}
        self.evaluations = 0

    def _plan(self, state: str) -> tuple[FloatArray, dict[str, Any]]:
        """All times from 0 and all measures that the data have of a state: one run for all of them."""
        own = [curve for curve in self.curves if curve.state == state]
        times = np.unique(np.concatenate([[0.0], *(curve.t for curve in own)]))
        return times, read_measures({curve.measure: self.measures[curve.measure] for curve in own})

    def battery(self, values: Values) -> Battery:
        """The battery of these values.

        Raises
        ------
        Refused
            If `build` refuses the values, as a network does beyond the limit of a positive decay matrix.
        """
        try:
            battery = self.build(**{name: value for name, value in values.items() if name not in self._own})
        except (ValueError, ArithmeticError) as error:
            raise Refused(str(error)) from error
        if not isinstance(battery, Battery):
            raise TypeError(f"Argument build must return a Battery, but returns {shown(battery)}.")
        return battery

    def run(self, battery: Battery, state: Any, times: FloatArray, table: dict[str, Any]) -> dict[str, FloatArray]:
        """Curves of a battery from a state, by name or as in `evolve`, at increasing times from 0."""
        named = isinstance(state, str) and state in self.states
        key = (state if named else "", tuple(battery.dims))
        start = self._read.get(key) if named else None
        if start is None:
            start = read_state(self.states[state] if named else state, battery.dims)
            if named:
                self._read[key] = start
        self.evaluations += 1
        try:
            return series(battery, start, times, table, self.settings).values
        except ArithmeticError as error:
            raise Refused(str(error)) from error

    def __call__(self, values: Values) -> FloatArray:
        """Values of the model at all points of the data, curve after curve, as the readout shows them."""
        runs, parts = self._runs(values), []
        for curve in self.curves:
            at = np.searchsorted(self._plans[curve.state][0], curve.t)
            f = runs[curve.state][curve.measure][at]
            if curve.measure in self.readout:
                offset, contrast = (values[name] for name in self.readout[curve.measure])
                f = offset + contrast * f
            if not np.isfinite(f).all():
                raise Refused(f"the measure {curve.measure!r} is not finite at time {curve.t[~np.isfinite(f)][0]:g}")
            if curve.shots is not None and (f.min() < -ROUNDING or f.max() > 1 + ROUNDING):
                wrong = f.min() if f.min() < -ROUNDING else f.max()
                raise Refused(f"{curve.measure!r} would be the probability {wrong:.6g}, outside of 0 to 1")
            parts.append(f)
        return np.concatenate(parts)

    def _runs(self, values: Values) -> dict[str, dict[str, FloatArray]]:
        """Curves of all initial states, without readout; those of the last points are kept."""
        key = tuple(value for name, value in sorted(values.items()) if name not in self._own)
        if key not in self._recent:
            battery = self.battery(values)
            runs = {state: self.run(battery, state, *plan) for state, plan in self._plans.items()}
            if len(self._recent) >= RECENT:
                del self._recent[next(iter(self._recent))]
            self._recent[key] = runs
        return self._recent[key]
