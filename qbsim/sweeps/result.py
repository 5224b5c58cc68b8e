"""The result of a sweep as a labelled Dataset, and what its manifest says: names, units, provenance."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _version
from .._certificate import CERTIFICATE, combine
from .._checks import apart
from .._digest import digest, json_digest
from .._machine import available_memory
from ..measures.table import MEASURES
from .batches import Piece, chunks, cover
from .ensemble import Average
from .plan import Index, Plan
from .recipes import describe
from .tasks import NUMERICS, SEED_RULE, numerics, utc

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["check_memory", "label", "manifest", "now", "parameters"]

FORMAT = 1
SUMMARIES = {
    "half_life": ("half-life", "time"),
    "half_life_err": ("bootstrap error of the half-life", "time"),
    "gain": ("relative gain", "percent"),
    "gain_err": ("bootstrap error of the relative gain", "percent"),
}


def now() -> str:
    """Time of day, UTC."""
    return utc(time.time())


def parameters(plan: Plan) -> dict[str, Any]:
    """Everything that was asked for, defaults included, as plain data."""
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
        "measures": {name: own if isinstance(own, str) else describe(own) for name, own in plan.measures.items()},
        "realizations": counts[0] if len(set(counts)) == 1 else counts,
        "target_sem": plan.target_sem,
        "seed": plan.seed,
        "seed_rule": SEED_RULE,
        "solver": plan.solver,
        "rtol": plan.rtol,
        "atol": plan.atol,
        "passive_tol": plan.passive_tol,
    }


def manifest(plan: Plan, told: dict[str, Any]) -> dict[str, Any]:
    """What `qbsim show` and a later call need to know of this one."""
    asked = parameters(plan)
    return {
        "format": FORMAT,
        "sha256": plan.sha256,
        "parameters": asked,
        "parameters_sha256": json_digest(asked),
        "versions": _version.versions(),
        "numerics": numerics(),
        **told,
        "curves": [
            {"point": curve.point, "state": curve.state, "realizations": plan.counts[index], "identity": curve.key}
            for index, curves in plan.curves.items()
            for curve in curves
        ],
    }


def label(
    plan: Plan,
    averages: dict[tuple[Index, str], Average | None],
    files: dict[str, list[Piece]],
    told: dict[str, Any],
    *,
    keep: str,
) -> xr.Dataset:
    """Dataset of the averages, with names, units and provenance."""
    import xarray as xr

    grid, states = (*plan.axes, "state"), list(plan.states)
    time_unit = "1" if plan.unit == "1" else f"1/{plan.unit}"
    ds = xr.Dataset(
        coords={name: (name, values, {"long_name": name, "units": "1"}) for name, values in plan.axes.items()}
    )
    ds = ds.assign_coords(
        state=("state", states, {"long_name": "initial state"}),
        time=("time", plan.tlist, {"long_name": "time", "units": time_unit}),
    )
    found = {at: average for at, average in averages.items() if average is not None}
    names = [f"{n}_ratio" for n in ("ergotropy", "energy") if n in plan.measures]
    for name in [*plan.measures, *names]:
        attrs = _attrs(plan, name)
        for suffix, part in (("", "mean"), ("_sem", "sem")):
            block = np.full((*plan.shape, len(states), len(plan.tlist)), np.nan)
            for (index, state), average in found.items():
                block[*index, states.index(state)] = getattr(average, part)[name]
            head = "standard error of the " if suffix else ""
            variable = f"{name}_mean" if keep == "all" and name in plan.measures and not suffix else name + suffix
            ds[variable] = ((*grid, "time"), block, attrs | {"long_name": head + attrs["long_name"]})
    if "ergotropy" in plan.measures:
        for name, (long_name, unit) in SUMMARIES.items():
            block = np.full((*plan.shape, len(states)), np.nan)
            for (index, state), average in found.items():
                block[*index, states.index(state)] = getattr(average, name)
            ds[name] = (grid, block, {"long_name": long_name, "units": time_unit if unit == "time" else unit})
    counts = np.zeros(plan.shape, dtype=np.int64)
    keys = np.empty((*plan.shape, len(states)), dtype=object)
    for index, curves in plan.curves.items():
        have = [averages[index, curve.state] for curve in curves]
        counts[index] = min(0 if a is None else a.count for a in have)
        keys[index] = [curve.key for curve in curves]
    ds["realizations"] = (tuple(plan.axes), counts, {"long_name": "realizations averaged over", "units": "1"})
    ds["identity"] = (grid, keys.astype(str), {"long_name": "SHA-256 of all that the curve depends on", "units": "1"})
    if keep == "all":
        _add_realizations(ds, plan, files)
    asked = parameters(plan)
    ds.attrs = {
        "label": "sweep over " + ", ".join(plan.axes),
        "parameters": json.dumps(asked),
        "parameters_sha256": json_digest(asked),
        "seed": plan.seed,
        "seed_rule": SEED_RULE,
        **_solved(list(found.values())),
        "rtol": plan.rtol,
        "atol": plan.atol,
        "set_aside": json.dumps(told["set_aside"]),
        **_version.versions(),
        **{f"{name}_version": numerics()[name] for name in NUMERICS},
        "numerics_sha256": numerics()["qbsim_code"],
        "started": told["started"],
        "finished": told["finished"],
        "threads_per_worker": 1,
    }
    return ds


def _attrs(plan: Plan, name: str) -> dict[str, str]:
    """Long name and units of a measure or of a ratio."""
    own = plan.measures.get(name)
    if own is None:
        return {"long_name": f"{name.removesuffix('_ratio')} / initial value, mean of ratios", "units": "1"}
    if not isinstance(own, str):
        return {"long_name": name, "units": "1"}
    row = MEASURES[own]
    unit = plan.unit
    units = {"energy": unit, "power": "1" if unit == "1" else f"{unit}^2", "1": "1"}[row.units]
    attrs = {"long_name": row.long_name, "units": units}
    if own == "concurrence" and not plan.has_bonds:
        attrs["reason"] = "nan where a battery has no bonds to average the concurrence over"
    return attrs


def _solved(found: list[Average]) -> dict[str, str]:
    """Which solvers ran where, and the worst certificate."""
    solvers = {name: reason for average in found for name, reason in average.solvers.items()}
    worst = {name: combine(name, [average.certificate[name] for average in found]) for name in CERTIFICATE}
    return {
        "solver": ", ".join(sorted(solvers)),
        "solver_reason": "; ".join(solvers[name] for name in sorted(solvers)),
        "certificate": json.dumps(worst),
        "host_processor": ", ".join(sorted({p for average in found for p in average.processors})),
    }


def check_memory(plan: Plan, most: int) -> None:
    """Refuse to keep more curves than the memory holds, before they are computed and not after."""
    curves = int(np.prod(plan.shape)) * len(plan.states) * most
    need, free = 8 * curves * len(plan.tlist) * len(plan.measures), available_memory()
    if need > free:
        needed, left = apart(need / 2**30, free / 2**30, least=3)
        raise MemoryError(
            f"keep='all' needs {needed} GiB, but {left} GiB are free. Use keep='mean', or fewer realizations."
        )


def _add_realizations(ds: xr.Dataset, plan: Plan, files: dict[str, list[Piece]]) -> None:
    """Curves of every realization; nan where there is none."""
    most = int(ds.realizations.max())
    check_memory(plan, most)
    shape = (*plan.shape, len(plan.states), most, len(plan.tlist))
    blocks = {name: np.full(shape, np.nan) for name in plan.measures}
    for index, curves in plan.curves.items():
        for s, curve in enumerate(curves):
            pieces, _ = cover(files[curve.key], most)
            for numbers, batch in chunks(pieces, curve.key):
                for name, block in blocks.items():
                    block[(*index, s)][numbers] = batch.values[name]
    ds["realization"] = ("realization", np.arange(most), {"long_name": "number of the realization"})
    for name, block in blocks.items():
        ds[name] = ((*plan.axes, "state", "realization", "time"), block, _attrs(plan, name))
