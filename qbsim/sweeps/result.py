"""The result of a sweep as a labelled Dataset, and its manifest: names, units, provenance."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _version
from .._checks import FloatArray
from .._digest import digest, json_digest
from .._machine import require
from ..measures.labels import attributes, time_attributes
from ..solvers._certificate import CERTIFICATE, combine
from .batches import SWEEP, Piece, chunks, cover
from .ensemble import Average
from .plan import Index, Plan
from .recipes import describe
from .tasks import NUMERICS, SEED_RULE, numerics

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["Outline", "check_memory", "label", "manifest", "parameters"]

FORMAT = 1
SUMMARIES = {
    "half_life": ("half-life", "time"),
    "half_life_err": ("bootstrap error of the half-life", "time"),
    "gain": ("relative gain", "percent"),
    "gain_err": ("bootstrap error of the relative gain", "percent"),
}


@dataclass(frozen=True)
class Outline:
    """What the Dataset of a sweep shows of its request, from the plan or from the manifest of its folder.

    Attributes
    ----------
    request : dict
        All arguments that decide the numbers, as plain data.
    axes : dict
        Name of every axis to its values.
    states : list of str
        Names of the states.
    tlist : ndarray, (T,)
        Times.
    measures : dict
        Name of every measure to the name of a row of MEASURES, or to anything else for a function of the user.
    unit : str
        Unit of energy of the batteries.
    has_bonds : bool
        Whether every battery has bonds.
    keys : dict
        Key of every curve, by its position on the grid and its state.
    versions, numerics : dict
        Versions of what computed the numbers.
    """

    request: dict[str, Any]
    axes: dict[str, list[Any]]
    states: list[str]
    tlist: FloatArray
    measures: Mapping[str, Any]
    unit: str
    has_bonds: bool
    keys: dict[tuple[Index, str], str]
    versions: dict[str, str]
    numerics: dict[str, str]

    @classmethod
    def of(cls, plan: Plan) -> Outline:
        """Outline of a plan."""
        keys = {(index, curve.state): curve.key for index, curves in plan.curves.items() for curve in curves}
        shown = (plan.tlist, plan.measures, plan.unit, plan.has_bonds)
        return cls(parameters(plan), dict(plan.axes), [*plan.states], *shown, keys, _version.versions(), numerics())

    @property
    def shape(self) -> Index:
        """Number of values of every axis."""
        return tuple(len(values) for values in self.axes.values())


def parameters(plan: Plan) -> dict[str, Any]:
    """All arguments that decide the numbers, defaults included, as plain data."""
    counts = list(plan.counts.values())
    return {
        "build": describe(plan.build),
        "axes": plan.axes,
        "states": {name: describe(make) for name, make in plan.states.items()},
        "times": {
            "first": plan.tlist[0],
            "last": plan.tlist[-1],
            "number": len(plan.tlist),
            "sha256": digest(plan.tlist),
        },
        "measures": {name: m if isinstance(m, str) else describe(m) for name, m in plan.measures.items()},
        "realizations": counts[0] if len(set(counts)) == 1 else counts,
        "target_sem": plan.target_sem,
        "seed": plan.seed,
        "seed_rule": SEED_RULE,
        **plan.settings.plain(),
    }


def manifest(plan: Plan, log: dict[str, Any]) -> dict[str, Any]:
    """What `qbsim show` and a later call read of this one."""
    request = parameters(plan)
    return {
        "format": FORMAT,
        "kind": SWEEP,
        "sha256": plan.sha256,
        "parameters": request,
        "parameters_sha256": json_digest(request),
        "versions": _version.versions(),
        "numerics": numerics(),
        "unit": plan.unit,
        "has_bonds": plan.has_bonds,
        **log,
        "curves": [
            {"point": curve.point, "state": curve.state, "realizations": plan.counts[index], "identity": curve.key}
            for index, curves in plan.curves.items()
            for curve in curves
        ],
    }


def label(
    plan: Outline,
    averages: dict[tuple[Index, str], Average],
    files: dict[str, list[Piece]],
    log: dict[str, Any],
    *,
    keep: str,
) -> xr.Dataset:
    """Dataset of the averages, with names, units and provenance."""
    import xarray as xr

    axes = {name: (name, values, {"long_name": name, "units": "1"}) for name, values in plan.axes.items()}
    state = ("state", list(plan.states), {"long_name": "initial state"})
    ds = xr.Dataset(coords=axes | {"state": state, "time": ("time", plan.tlist, time_attributes(plan.unit))})
    _add_curves(ds, plan, averages, keep)
    if "ergotropy" in plan.measures:
        for name, (long_name, unit) in SUMMARIES.items():
            block = _block(plan, {at: average.summary.get(name, np.nan) for at, average in averages.items()})
            units = time_attributes(plan.unit)["units"] if unit == "time" else unit
            ds[name] = ((*plan.axes, "state"), block, {"long_name": long_name, "units": units})
    counts = np.zeros(plan.shape, dtype=np.int64)
    keys = np.empty((*plan.shape, len(plan.states)), dtype=object)
    for index in np.ndindex(plan.shape):
        counts[index] = min(averages[index, s].count if (index, s) in averages else 0 for s in plan.states)
        keys[index] = [plan.keys[index, s] for s in plan.states]
    attrs = {"long_name": "SHA-256 of all that the curve depends on", "units": "1"}
    ds["realizations"] = (tuple(plan.axes), counts, {"long_name": "realizations averaged over", "units": "1"})
    ds["identity"] = ((*plan.axes, "state"), keys.astype(str), attrs)
    if keep == "all":
        _add_realizations(ds, plan, files)
    ds.attrs = _provenance(plan, list(averages.values()), log)
    return ds


def _block(plan: Outline, numbers: Mapping[tuple[Index, str], Any], *shape: int) -> np.ndarray:
    """Numbers of all curves as one array, (*axes, state, *shape); nan where there are none."""
    states = plan.states
    block = np.full((*plan.shape, len(states), *shape), np.nan)
    for (index, state), values in numbers.items():
        block[*index, states.index(state)] = values
    return block


def _add_curves(ds: xr.Dataset, plan: Outline, averages: dict[tuple[Index, str], Average], keep: str) -> None:
    """Mean and standard error of every measure and ratio."""
    for name in [*plan.measures, *(f"{n}_ratio" for n in ("ergotropy", "energy") if n in plan.measures)]:
        attrs = _attrs(plan, name)
        mean = f"{name}_mean" if keep == "all" and name in plan.measures else name
        for variable, part, head in ((mean, "mean", ""), (f"{name}_sem", "sem", "standard error of the ")):
            curves = {at: getattr(average, part)[name] for at, average in averages.items()}
            block = _block(plan, curves, len(plan.tlist))
            ds[variable] = ((*plan.axes, "state", "time"), block, attrs | {"long_name": head + attrs["long_name"]})


def _attrs(plan: Outline, name: str) -> dict[str, str]:
    """Long name and units of a measure or of a ratio."""
    if name not in plan.measures:
        return {"long_name": f"{name.removesuffix('_ratio')} / initial value, mean of ratios", "units": "1"}
    attrs = attributes(name, plan.measures[name], plan.unit)
    if plan.measures[name] == "concurrence" and not plan.has_bonds:
        attrs["reason"] = "nan where a battery has no bonds to average the concurrence over"
    return attrs


def _provenance(plan: Outline, averages: list[Average], log: dict[str, Any]) -> dict[str, Any]:
    """Attributes of the result: the request, the solvers that ran, the worst certificate, versions and times."""
    request = plan.request
    solvers = {name: reason for average in averages for name, reason in average.solvers.items()}
    worst = {name: combine(name, [average.certificate[name] for average in averages]) for name in CERTIFICATE}
    return {
        "label": "sweep over " + ", ".join(plan.axes),
        "parameters": json.dumps(request),
        "parameters_sha256": json_digest(request),
        "seed": request["seed"],
        "seed_rule": SEED_RULE,
        "solver": ", ".join(sorted(solvers)),
        "solver_reason": "; ".join(solvers[name] for name in sorted(solvers)),
        "certificate": json.dumps(worst),
        "host_processor": ", ".join(sorted({p for average in averages for p in average.processors})),
        "rtol": request["rtol"],
        "atol": request["atol"],
        "set_aside": json.dumps(log["set_aside"]),
        **plan.versions,
        **{f"{name}_version": plan.numerics[name] for name in NUMERICS},
        "numerics_sha256": plan.numerics["qbsim_code"],
        "started": log["started"],
        "finished": log["finished"],
        "threads_per_worker": 1,
    }


def check_memory(plan: Plan | Outline, most: int) -> None:
    """Refuse to keep more curves than fit the free memory, before they are computed."""
    need = 8 * math.prod(plan.shape) * len(plan.states) * most * len(plan.tlist) * len(plan.measures)
    require(need, "keep='all'", "Use keep='mean', or fewer realizations.")


def _add_realizations(ds: xr.Dataset, plan: Outline, files: dict[str, list[Piece]]) -> None:
    """Curves of every realization; nan where there is none."""
    most = int(ds.realizations.max())
    check_memory(plan, most)
    shape = (*plan.shape, len(plan.states), most, len(plan.tlist))
    blocks = {name: np.full(shape, np.nan) for name in plan.measures}
    for (index, state), key in plan.keys.items():
        for numbers, batch in chunks(cover(files[key], most)[0], key):
            for name, block in blocks.items():
                block[(*index, plan.states.index(state))][numbers] = batch.values[name]
    ds["realization"] = ("realization", np.arange(most), {"long_name": "number of the realization"})
    for name, block in blocks.items():
        ds[name] = ((*plan.axes, "state", "realization", "time"), block, _attrs(plan, name))
