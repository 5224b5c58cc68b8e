"""What an optimisation returns: the best battery, and how sure it is."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _html
from .._checks import FloatArray
from ..battery import Battery
from .curvature import Curvature
from .methods import REFUSED, UNDEFINED
from .space import Space

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Optimum"]

AGREES = 1e-4  # of the best value: a start that ends nearer agrees with it
APART = 0.05  # of the ranges: agreeing starts that end farther apart have found other points
NEAR = 1e-2  # of the ranges: a refused point nearer to the optimum shows that it stands at an edge


@dataclass
class Optimum:
    """Result of `optimize`.

    Attributes
    ----------
    parameters : dict
        The best parameters by name: numbers, or vectors.
    value : float
        Objective there; averaged over the realizations where `build` is random.
    battery : Battery
        The best battery; of the first realization where `build` is random.
    rho0 : Qobj, list of Qobj or str
        Its initial state.
    dataset : xarray.Dataset
        Its run.
    at_bounds : tuple of str
        Parameters that are at a bound, in words: a wider range might be better.
    edge : str
        Why points next to the optimum cannot be built; empty if they can.
    curvature : Curvature
        Second derivatives at the optimum.
    history : xarray.Dataset
        All evaluations: value, outcome and parameters (start, evaluation).
    minimised : bool
        Whether small values were asked for.
    """

    parameters: dict[str, Any]
    value: float
    battery: Battery
    rho0: Any
    dataset: xr.Dataset
    at_bounds: tuple[str, ...]
    edge: str
    curvature: Curvature
    history: xr.Dataset
    minimised: bool
    space: Space = field(repr=False)

    @property
    def values(self) -> FloatArray:
        """Best value of every start, nan if it has none, (starts,)."""
        return np.asarray(self.history.best_value.values)

    @property
    def agreement(self) -> int:
        """Number of starts that end within 1e-4 of the best value."""
        return int(self._agree().sum())

    @property
    def spread(self) -> float:
        """Largest difference of a parameter among the starts that agree, in widths of the ranges."""
        ends = self.history.best_place.values[self._agree()]
        return float(np.ptp(ends, axis=0).max())

    def _agree(self) -> np.ndarray:
        best = np.nanmin(self.values) if self.minimised else np.nanmax(self.values)
        return np.asarray(np.abs(self.values - best) <= AGREES * abs(best))

    def count(self, outcome: int) -> int:
        """How many evaluations had an outcome."""
        return int((self.history.outcome.values == outcome).sum())

    def _lines(self) -> list[tuple[str, str]]:
        """Names and texts of the report."""
        starts, evaluations = self.history.sizes["start"], int(np.isfinite(self.history.outcome.values).sum())
        rows = [("smallest value" if self.minimised else "largest value", f"{self.value:.8g}")]
        rows += [(name, _numbers(value)) for name, value in self.parameters.items()]
        rows.append(("starts that agree", f"{self.agreement} of {starts}, within {AGREES:g} of the value"))
        if self.agreement == 1 < starts:
            rows.append(("note", "no other start found this value: ask for more starts"))
        if self.spread > APART:
            rows.append(("note", f"they differ by up to {self.spread:.2g} of a range: the optimum is not one point"))
        rows += [("at a bound", text) for text in self.at_bounds]
        if self.edge:
            rows.append(("at an edge", self.edge))
        rows += self.curvature.lines()
        rows.append(("evaluations", str(evaluations)))
        spent = int(starts - self.history.finished.values.sum())
        rows += [("note", f"{spent} starts had spent their evaluations before the end")] * (spent > 0)
        undefined, refused = self.count(UNDEFINED), self.count(REFUSED)
        rows += [("without a value", f"{undefined} evaluations: nan counts as the worst")] * (undefined > 0)
        rows += [("refused", f"{refused} evaluations: nothing can be built there")] * (refused > 0)
        return rows

    def __str__(self) -> str:
        rows = self._lines()
        width = max(len(name) for name, _ in rows)
        return "\n".join(f"{name:<{width}}  {text}" for name, text in rows)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return _html.facts(self._lines())


def _numbers(value: Any) -> str:
    return ", ".join(f"{x:.6g}" for x in np.atleast_1d(value))


def as_history(arrays: dict[str, np.ndarray], space: Space, sign: float) -> xr.Dataset:
    """Dataset of all evaluations from the rows of the starts; `sign` undoes that all values were made small."""
    import xarray as xr

    longest = max(1, int(arrays["count"].max()))
    best = arrays["best"].astype(int)
    rows = np.arange(len(best))
    values, places = sign * arrays["values"][:, :longest], arrays["places"][:, :longest]
    dims = ("start", "evaluation")
    ends = np.where((best < 0)[:, None], np.nan, places[rows, best])
    variables: dict[str, Any] = {
        "value": (dims, values, {"long_name": "objective", "units": "1"}),
        "outcome": (
            dims,
            arrays["outcomes"][:, :longest],
            {"long_name": "0: a value, 1: nan, 2: cannot be built, 3: misses a constraint", "units": "1"},
        ),
        "best_value": ("start", np.where(best < 0, np.nan, values[rows, best]), {"long_name": "best value of a start"}),
        "best_place": (("start", "number"), ends, {"long_name": "where it is, in the unit cube"}),
        "finished": ("start", arrays["finished"], {"long_name": "whether the search came to its end"}),
    }
    for k, name in enumerate(space.labels):
        variables[name] = (dims, space.low[k] + places[..., k] * space.width[k], {"long_name": f"parameter {name}"})
    ds = xr.Dataset(variables, {"start": rows, "evaluation": np.arange(longest), "number": space.labels})
    for variable in ds.variables.values():
        variable.attrs.setdefault("units", "1")
    ds.attrs["space"] = json.dumps({name: list(r) for name, r in space.ranges.items()})
    return ds
