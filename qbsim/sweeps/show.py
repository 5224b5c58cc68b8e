"""What `qbsim show` prints: axes, progress and provenance of a sweep or of any other result."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._readers import parse_json
from ..solvers._certificate import CERTIFICATE
from .batches import FILE_NAME, SWEEP, Store, cover, curve_folder

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["of_file", "of_store"]

Rows = list[tuple[str, str]]
ROWS = {SWEEP: "realizations", "trajectories": "trajectories"}


def of_store(folder: Path) -> Rows:
    """Progress of a sweep, by the names of its batches; whoever resumes it verifies them."""
    manifest = Store.read_manifest(folder)
    wanted = have = 0
    for curve in manifest["curves"]:
        names = (FILE_NAME.fullmatch(p.name) for p in curve_folder(folder, curve["identity"]).glob("*.npz"))
        gaps = cover([(folder, int(m[1]), int(m[2])) for m in names if m], curve["realizations"])[1]
        wanted += curve["realizations"]
        have += curve["realizations"] - sum(b - a for a, b in gaps)
    finished = manifest["finished"]
    kind = manifest.get("kind", SWEEP)
    resumes = "`qbsim sweep` resumes" if kind == SWEEP else "call of qbsim.trajectories resumes"
    state = f"finished {finished}" if finished else f"not finished: the same {resumes}"
    rows = [
        (kind, f"{len(manifest['curves'])} curves, started {manifest['started']}, {state}"),
        ("stored", f"{have} of {wanted} {ROWS[kind]} ({100 * have / wanted:.0f} %)"),
    ]
    if manifest["parameters"]["target_sem"] is not None:
        what = "standard error" if kind == SWEEP else "width of the bracket"
        rows.append(("target", f"{what} {manifest['parameters']['target_sem']:g}; the count is a limit"))
    rows += [("set aside", line) for line in manifest["set_aside"]]
    if not finished:
        rows += [(f"axis {name}", _values(values)) for name, values in manifest["parameters"]["axes"].items()]
    return rows


def of_file(ds: xr.Dataset) -> Rows:
    """Axes, variables and every attribute of a result."""
    rows = [(f"axis {name}", _values(ds[name].values.tolist())) for name in ds.dims if name in ds.coords]
    for name, variable in ds.data_vars.items():
        unit = variable.attrs.get("units", "1")
        text = variable.attrs.get("long_name", "")
        rows.append(
            (f"variable {name}", f"({', '.join(map(str, variable.dims))})  {text}" + f" [{unit}]" * (unit != "1"))
        )
    return rows + [row for name, value in ds.attrs.items() for row in _attribute(str(name), value)]


def _attribute(name: str, value: Any) -> Rows:
    """One line; a JSON object gets one per entry."""
    try:
        content = parse_json(value, name) if isinstance(value, str) else value
    except ValueError:
        content = value
    if name == "certificate" and isinstance(content, dict):
        return [
            (f"{name}.{key}", f"{json.dumps(entry)}  {row.long_name} [{row.units}]")
            for key, entry in content.items()
            if (row := CERTIFICATE.get(key)) is not None
        ]
    if isinstance(content, dict):
        return [(f"{name}.{key}", json.dumps(entry)) for key, entry in content.items()]
    return [(name, str(value))]


def _values(values: list[Any]) -> str:
    """All of a few values, the ends of many."""
    shown = [f"{v:g}" if isinstance(v, float) else str(v) for v in values]
    if len(shown) <= 12:
        return f"{len(shown)}: {', '.join(shown)}"
    even = np.allclose(np.diff(values), np.diff(values)[0]) if isinstance(values[0], int | float) else False
    return f"{len(shown)}: {shown[0]}, {shown[1]}, ..., {shown[-1]}" + (" (even)" if even else "")
