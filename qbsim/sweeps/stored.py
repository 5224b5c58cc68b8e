"""A stored result, opened again: a file, or the folder of a sweep, finished or not."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from .._checks import FloatArray, SweepWarning, explained, warn
from .._machine import one_thread
from .._readers import parse_json, read_arrays, read_netcdf
from .batches import KINDS, SWEEP, BadBatch, Piece, Store, chunks, cover, curve_folder, read_batch
from .ensemble import Average, average
from .plan import Index
from .result import Outline, label

if TYPE_CHECKING:
    import xarray as xr

__all__ = ["load"]


@explained
def load(path: str | os.PathLike[str]) -> xr.Dataset:
    """Open what `save` or `sweep` has stored.

    Parameters
    ----------
    path : path
        A NetCDF file, or the folder given to `sweep` or `trajectories` as `store`. A sweep that runs or was interrupted
        is opened too: the averages are those over the realizations stored so far.

    Returns
    -------
    xarray.Dataset
        As it was saved, in memory, complex variables included. For a sweep that is not finished, the attribute
        `partial` says how much of it there is, `realizations` how many every point has, and what is missing is nan.

    Raises
    ------
    OSError
        If there is nothing at `path`, or nothing stored yet, or it may not be read.
    ValueError
        If it is not a file of qbsim, or asks for more memory than it may; or if trajectories are not finished.
    TypeError
        If `path` is not a path.

    Warns
    -----
    SweepWarning
        If the sweep is not finished.

    Examples
    --------
    >>> import os, tempfile
    >>> from qbsim import evolve, load, plus, save, single_cell
    >>> ds = evolve(single_cell(gamma=1.0), plus(1), [0, 1], states=True)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     save(ds, os.path.join(folder, "cell.nc"))
    ...     load(os.path.join(folder, "cell.nc")).identical(ds)
    True
    """
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"Argument path must be the path of a file or of a sweep's folder, but is {path!r}.")
    path = Path(path)
    if not path.is_dir():
        return read_netcdf(path)
    manifest = Store.read_manifest(path)
    kind = manifest.get("kind", SWEEP)
    result = path / f"{kind}.nc"
    if result.is_file() and (not manifest or manifest["finished"]):
        return read_netcdf(result)
    if not manifest:
        raise FileNotFoundError(f"There is no result at {path}: no sweep.nc, and no manifest.json of a sweep.")
    if kind != SWEEP:
        raise ValueError(
            f"The {KINDS[kind]} in {path} are not finished: call qbsim.{kind} again with the same arguments, which "
            "computes what is missing."
        )
    return _partial(path, manifest)


def _partial(folder: Path, manifest: dict[str, Any]) -> xr.Dataset:
    """Averages over the batches in a folder; nothing in it is changed, since another process may be at work."""
    curves = manifest["curves"]
    files = {c["identity"]: _pieces(folder, c["identity"]) for c in curves}
    if not any(files.values()):
        raise FileNotFoundError(f"The sweep in {folder} has stored no batch yet.")
    outline = _outline(manifest, next(pieces[0][0] for pieces in files.values() if pieces))
    averages: dict[tuple[Index, str], Average] = {}
    wanted = have = 0
    with one_thread():
        for (at, key), curve in zip(outline.keys.items(), curves, strict=True):
            pieces = cover(files[key], curve["realizations"])[0]
            if (found := average(outline.tlist, chunks(pieces, key), outline.request["seed"])) is not None:
                averages[at] = found
                have += found.count
            wanted += curve["realizations"]
    log = {"set_aside": manifest["set_aside"], "started": manifest["started"], "finished": "not finished"}
    ds = label(outline, averages, files, log, keep="mean")
    limit = "at most " if outline.request["target_sem"] is not None else ""
    ds.attrs["partial"] = f"{have} of {limit}{wanted} realizations ({100 * have / wanted:.0f} %)"
    warn(f"The sweep in {folder} is not finished: it has {ds.attrs['partial']}.", SweepWarning)
    return ds


def _pieces(folder: Path, key: str) -> list[Piece]:
    """Batches of a curve that can be read, by first realization."""
    pieces: list[Piece] = []
    for file in sorted(curve_folder(folder, key).glob("[!.]*.npz")):
        try:
            batch = read_batch(file, key)
        except BadBatch:
            continue
        pieces.append((file, batch.start, batch.stop))
    return sorted(pieces, key=lambda piece: piece[1:])


def _outline(manifest: dict[str, Any], file: Path | None) -> Outline:
    """Outline of a sweep from its manifest, and the times from one of its batches.

    Raises
    ------
    ValueError
        If the manifest is not complete.
    """
    assert file is not None
    request = manifest["parameters"]
    try:
        axes, curves = request["axes"], manifest["curves"]
        places = {str(at): index for index, at in _grid(axes)}
        keys = {(places[str([*c["point"].values()])], c["state"]): c["identity"] for c in curves}
        return Outline(
            request=request,
            axes=axes,
            states=[*request["states"]],
            tlist=_times(file),
            measures=request["measures"],
            unit=manifest.get("unit", "1"),
            has_bonds=manifest.get("has_bonds", True),
            keys=keys,
            versions=manifest["versions"],
            numerics=manifest["numerics"],
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"The manifest beside {file.parent.parent} is not complete: {error!r}.") from error


def _grid(axes: dict[str, list[Any]]) -> list[tuple[Index, list[Any]]]:
    """Position and values of every point."""
    shape = tuple(len(values) for values in axes.values())
    return [(i, [values[k] for values, k in zip(axes.values(), i, strict=True)]) for i in np.ndindex(shape)]


def _times(file: Path) -> FloatArray:
    """Times of a batch that has been read and checked."""
    head = parse_json(bytes(read_arrays(file)["header"]).decode(), "its header")
    return np.array(head["identity"]["tlist"], dtype=float)
