"""Numbers of many trajectories at one time, and the labelled Dataset of all times."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import _version
from .._checks import ComplexArray, FloatArray
from .._digest import json_digest
from ..measures.labels import attributes, time_attributes
from ..sweeps.tasks import NUMERICS, SEED_RULE, numerics
from .bounds import Bracket
from .engines import Ensemble
from .tasks import Trajectories

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["MEASURES", "Point", "label", "local_ergotropy", "mean"]

MEASURES = ("energy", "ergotropy", "local_ergotropy", "purity")
RULE = (
    "the ergotropy lies in the bracket with this confidence at one time, not at all times together; each side has half "
    "of the risk; above, it is divided evenly among the bounds that compete; below, the unitary is chosen on other "
    "trajectories than it is judged on"
)


class Point(NamedTuple):
    """What is known at one time: means with their standard errors, and the bracket of the ergotropy."""

    energy: tuple[float, float]
    local_ergotropy: tuple[float, float]
    bracket: Bracket | None
    ground: float
    spread: float


def mean(values: FloatArray) -> tuple[float, float]:
    """Mean and its standard error."""
    return float(values.mean()), float(values.std(ddof=1) / math.sqrt(len(values)))


def local_ergotropy(ensemble: Ensemble, terms: Sequence[ComplexArray]) -> FloatArray:
    r"""Samples, (R,), whose mean is the local ergotropy of the mean states of the cells: those of the jackknife.

    .. math:: R\,\mathcal E(\bar\rho) - (R - 1)\,\mathcal E(\bar\rho_{-r})

    with the mean states without trajectory r. The ergotropy is convex, so that of a mean of R samples is too large on
    average; the mean of these numbers is free of that to first order in 1/R. A two-level cell with
    :math:`\rho = \tfrac12(1 + \vec r\vec\sigma)` has the populations :math:`(1 \pm |\vec r|)/2`.

    Parameters
    ----------
    ensemble : Ensemble
        States with equal weights.
    terms : sequence of ndarray, (2, 2)
        Local Hamiltonians.
    """
    h, cells, R = np.array(terms), ensemble.cells, len(ensemble)
    levels = np.linalg.eigvalsh(h)

    def of(rho: ComplexArray) -> FloatArray:
        """Of states (..., N, 2, 2)."""
        energy = np.einsum("...kij,kji->...k", rho, h).real
        radius = np.hypot((rho[..., 0, 0] - rho[..., 1, 1]).real / 2, np.abs(rho[..., 0, 1]))
        return np.asarray((energy - levels.mean(axis=1) + radius * (levels[:, 1] - levels[:, 0])).sum(axis=-1))

    total = cells.sum(axis=0)
    return np.asarray(R * of(total / R) - (R - 1) * of((total - cells) / (R - 1)))


def label(
    job: Trajectories,
    points: list[Point],
    jumps: FloatArray,
    measures: Sequence[str],
    more: dict[str, Any],
) -> xr.Dataset:
    """Dataset with names, units and provenance; `more` are attributes."""
    import xarray as xr

    battery, times = job.battery, job.tlist
    variables: dict[str, Any] = {}
    for name in measures:
        attrs = attributes(name, name, battery.unit)
        for variable, values, words in _columns(name, points):
            variables[variable] = ("time", values, attrs | {"long_name": words.format(attrs["long_name"])})
    variables["jumps"] = ("time", jumps, {"long_name": "mean number of jumps", "units": "1"})
    coords: dict[str, Any] = {"time": ("time", times, time_attributes(battery.unit))}
    if "ergotropy" in measures:
        coords |= _how(points)
    parameters = battery.parameters()
    attrs = {
        "label": battery.label,
        "parameters": json.dumps(parameters),
        "parameters_sha256": json_digest(parameters),
        "engine": job.chosen.name,
        "engine_reason": job.chosen.reason,
        "seed": job.seed,
        "seed_rule": SEED_RULE,
        "identity": job.key,
        **({"confidence_rule": RULE} if "ergotropy" in measures else {}),
        **more,
        **_version.versions(),
        **{f"{name}_version": numerics()[name] for name in NUMERICS},
        "numerics_sha256": numerics()["qbsim_code"],
        "threads_per_worker": 1,
    }
    return xr.Dataset(variables, coords=coords, attrs=attrs)


def _columns(name: str, points: list[Point]) -> list[tuple[str, FloatArray, str]]:
    """Variables of a measure: name, values and what to make of its long name."""
    brackets = [p.bracket for p in points if p.bracket is not None]
    sem = "standard error of the {}"
    if name == "ergotropy":
        lower, upper = (np.array([getattr(b, side) for b in brackets]) for side in ("lower", "upper"))
        return [
            ("ergotropy_lower", lower, "lower bound of the {}"),
            ("ergotropy_upper", upper, "upper bound of the {}"),
        ]
    if name == "purity":
        pairs = [(b.purity, b.purity_sem) for b in brackets]
    else:
        pairs = [getattr(p, name) for p in points]
    columns = np.array(pairs, dtype=float).T
    return [(name, columns[0], "{}"), (f"{name}_sem", columns[1], sem)]


def _how(points: list[Point]) -> dict[str, Any]:
    """Which bounds the bracket consists of, at every time."""
    brackets = [p.bracket for p in points if p.bracket is not None]
    words = {
        "lower_by": "unitary that gave the lower bound",
        "upper_by": "bound that was the least upper one",
        "groups": "groups of trajectories of the bound by convexity",
        "group_size": "trajectories of a group",
    }
    return {
        name: ("time", np.array([getattr(b, name) for b in brackets]), {"long_name": text, "units": "1"})
        for name, text in words.items()
    }
