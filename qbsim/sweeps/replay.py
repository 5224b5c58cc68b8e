"""`replay`: one realization of a sweep alone, the same bits."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from .. import _version
from .._checks import SweepWarning, as_count, as_real, explained, nearest, warn
from .._checks.names import shown
from .._digest import json_digest
from .._machine import one_thread
from .._readers import parse_json
from ..battery import Battery
from ..solvers import Settings
from .plan import Plan, read_states, start_of
from .recipes import BUILDERS, STATES, resolve
from .tasks import NUMERICS, Curve, build_battery, takes_rng

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["remember", "replay"]

_RECENT = 16
# Functions of the last sweeps of this process, by the identities of their curves: a lambda cannot be found by its name.
_functions: OrderedDict[str, tuple[set[str], dict[str, Any]]] = OrderedDict()


def remember(plan: Plan) -> None:
    """Keep the functions of a sweep for `replay`."""
    keys = {curve.key for curves in plan.curves.values() for curve in curves}
    _functions[plan.sha256] = (keys, {"build": plan.build, "states": plan.states, "measures": plan.measures})
    while len(_functions) > _RECENT:
        _functions.popitem(last=False)


@explained
def replay(
    dataset: xr.Dataset,
    k: int,
    /,
    *,
    build: Callable[..., Battery] | None = None,
    states: Any = None,
    measures: dict[str, Any] | None = None,
    **point: Any,
) -> xr.Dataset:
    """Compute one realization of a sweep again.

    Parameters
    ----------
    dataset : xarray.Dataset
        From `sweep`, or read from the file it wrote.
    k : int
        Number of the realization, from 0; it may lie beyond those of the sweep.
    build, states, measures : optional
        The functions given to `sweep`, where neither this process has swept with them nor they are qbsim's own: a
        dataset names functions for its readers, and replay runs none that the caller has not given.
    **point
        One value for every axis; an axis with a single value may be left out.

    Returns
    -------
    xarray.Dataset
        Dimensions (state, time), one variable per measure: bit for bit the curves of this realization in the sweep, on
        a processor of the same kind.

    Raises
    ------
    TypeError, ValueError
        If there is no such point, or the functions are not those that made the dataset.

    Notes
    -----
    With other versions of the numerical libraries than those of the dataset a `SweepWarning` says so: the last digits
    may then differ.

    Examples
    --------
    >>> from functools import partial
    >>> import numpy as np
    >>> from qbsim import disordered_chain, replay, sweep
    >>> chain = partial(disordered_chain, N=2, B0=10.0, exchange=10.0, gamma=1.0)
    >>> ds = sweep(chain, {"delta": [0.0, 1.0]}, states="plus", tlist=np.linspace(0, 1, 11), realizations=3,
    ...            keep="all", executor="serial")
    >>> one = replay(ds, 2, delta=1.0)
    >>> bool((one.ergotropy == ds.ergotropy.sel(delta=1.0, realization=2)).all())
    True
    """
    import xarray as xr

    k = as_count("k", k, 0)
    request = _read_request(dataset)
    at = _find_point(dataset, point)
    identities = dataset["identity"].sel(at)
    given = {"build": build, "states": states, "measures": measures}
    build, makers, table = _find_functions(request, set(map(str, identities.values.ravel().tolist())), given)
    plain = {name: value.item() if hasattr(value, "item") else value for name, value in at.items()}
    battery = build_battery(build, plain, request["seed"], k, takes_rng(build))
    settings = Settings(**{name: request[name] for name in Settings._fields if name in request}).checked()
    times, names = np.asarray(dataset["time"].values, dtype=float), [str(s) for s in dataset["state"].values]
    runs = []
    with one_thread():
        for name in names:
            rho0 = start_of(makers[name], battery, name)
            curve = Curve(build, plain, name, rho0, times, table, settings, request["seed"])
            _check_identity(curve, str(identities.sel(state=name).item()), dataset)
            runs.append(curve.compute(k, k + 1).values)
    parameters = battery.parameters()
    return xr.Dataset(
        {
            name: (("state", "time"), np.concatenate([run[name] for run in runs]), dataset[name].attrs)
            for name in request["measures"]
        },
        coords={**dataset[["state", "time"]].coords, **{name: dataset[name].sel({name: at[name]}) for name in at}},
        attrs={
            "label": f"realization {k}",
            "realization": k,
            "seed": request["seed"],
            "seed_rule": request["seed_rule"],
            "parameters": json.dumps(parameters),
            "parameters_sha256": json_digest(parameters),
            **_version.versions(),
        },
    )


def _read_request(dataset: xr.Dataset) -> dict[str, Any]:
    """Arguments of the sweep that made a dataset; checked, since it may come from any file."""
    if not hasattr(dataset, "data_vars"):
        raise TypeError(f"Argument dataset must be the Dataset of a sweep, but is {shown(dataset)}.")
    reason = ""
    if "parameters" not in dataset.attrs or "identity" not in dataset:
        reason = "it has no variable 'identity' or no parameters"
    elif missing := [n for n in ("time", *map(str, dataset["identity"].dims)) if n not in dataset.indexes]:
        reason = f"it has no values of {missing[0]!r}"
    elif "state" not in dataset["identity"].dims:
        reason = "it has no states"
    if reason:
        raise ValueError(f"Argument dataset must come from sweep: {reason}.")
    request = parse_json(dataset.attrs["parameters"], "Attribute 'parameters' of the dataset")
    try:
        as_count("seed", request["seed"], 0)
        tolerances = [
            request["rtol"],
            request["atol"],
            0.0 if request["passive_tol"] is None else request["passive_tol"],
        ]
        _ = [as_real("a tolerance", x, minimum=0) for x in tolerances]
        texts = [request["solver"], request["seed_rule"], *request["states"], *request["measures"]]
        tables = [request["build"], request["states"], request["measures"]]
        right = (
            all(isinstance(x, str) for x in texts)
            and all(isinstance(x, dict) for x in tables)
            and set(map(str, dataset["state"].values)) <= set(request["states"])
            and set(request["measures"]) <= set(dataset.data_vars)
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(
            f"Argument dataset must come from sweep: its parameters are not those of one ({error})."
        ) from error
    if not right:
        raise ValueError("Argument dataset must come from sweep: its parameters are not those of one.")
    return request


def _find_point(dataset: xr.Dataset, point: dict[str, Any]) -> dict[str, Any]:
    """Value of every axis as the dataset has it."""
    axes = [str(name) for name in dataset["identity"].dims if name != "state"]
    if unknown := [name for name in point if name not in axes]:
        raise ValueError(nearest("axis", unknown[0], axes))
    at = {}
    for name in axes:
        values = dataset[name].values
        if name not in point and len(values) > 1:
            raise ValueError(f"Argument {name} must be given: one of {', '.join(map(str, values.tolist()))}.")
        hits = np.flatnonzero(values == point[name]) if name in point else [0]
        if len(hits) == 0:
            raise ValueError(
                f"Argument {name} must be one of {', '.join(map(str, values.tolist()))}, but is {point[name]!r}."
            )
        at[name] = values[hits[0]]
    return at


def _find_functions(
    request: dict[str, Any], keys: set[str], given: dict[str, Any]
) -> tuple[Callable[..., Battery], dict[str, Any], dict[str, Any]]:
    """Builder, states and measures: those given, of the sweep of this process that made these curves, or of qbsim."""
    known = next((functions for made, functions in reversed(_functions.values()) if keys <= made), {})
    known = known | {name: function for name, function in given.items() if function}
    foreign = [name for name, measure in request["measures"].items() if not isinstance(measure, str)]
    build = known.get("build") or resolve(request["build"], BUILDERS, "The builder", "replay(..., build=...)")
    states = known.get("states") or {
        name: resolve(made, STATES, f"The state {name!r}", "replay(..., states=...)")
        for name, made in request["states"].items()
    }
    makers = read_states(states)
    if foreign and not known.get("measures"):
        raise ValueError(
            f"The measure {foreign[0]!r} was a function or an operator of its own; pass all measures again, as "
            "replay(..., measures={...})."
        )
    return build, makers, known.get("measures") or request["measures"]


def _check_identity(curve: Curve, key: str, dataset: xr.Dataset) -> None:
    """Refuse functions that did not make this dataset; warn of other library versions."""
    if curve.key == key:
        return
    versions = {name: dataset.attrs.get(f"{name}_version") for name in ("qbsim", *NUMERICS)}
    versions["qbsim_code"] = dataset.attrs.get("numerics_sha256")
    if json_digest(curve.identity | {"versions": versions}) != key:
        raise ValueError(
            "The builder, states or measures are not those that made this dataset: they give another battery, state or "
            "value now."
        )
    ours = curve.identity["versions"]
    other = ", ".join(
        f"{name} {str(versions[name])[:12]} (now {ours[name][:12]})" for name in ours if ours[name] != versions[name]
    )
    warn(f"The dataset was made with {other}: the last digits may differ.", SweepWarning)
