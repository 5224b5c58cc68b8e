"""Files: written whole or not at all (temporary name, fsync, rename), and text read up to a limit."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import xarray as xr

COMPLEX = "complex_variables"  # attribute of a file: names of the variables that it holds in two parts
TEXT_LIMIT = 2**28  # bytes of a text file


@contextmanager
def atomic(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Path to write to; on success it is flushed to disk and renamed to `path`, on failure it is removed.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; nothing is left behind then.
    """
    target = Path(path)
    if not target.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, "No such folder", str(target.parent))
    handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        with open(temporary, "rb") as written:
            os.fsync(written.fileno())
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        os.replace(temporary, target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def read_text(path: Path) -> str:
    """Text of a file in UTF-8.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is not a regular file, too large, or not text.
    """
    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a regular file.")
    if (size := path.stat().st_size) > TEXT_LIMIT:
        raise ValueError(f"{path} has {size} bytes, more than the limit of {TEXT_LIMIT} for a text file.")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not a text file in UTF-8: {error}.") from error


def writable_folder(path: str | os.PathLike[str]) -> Path:
    """Folder that exists, made if need be, and can be written to.

    Raises
    ------
    OSError
        With the reason, if it cannot be made or written.
    """
    folder = Path(path)
    folder.mkdir(parents=True, exist_ok=True)
    tempfile.TemporaryFile(dir=folder).close()
    return folder


def save(ds: xr.Dataset, path: str | os.PathLike[str]) -> None:
    """Write a Dataset to NetCDF, atomically.

    Parameters
    ----------
    ds : xarray.Dataset
        From `evolve` or `sweep`. NetCDF has no complex numbers: a complex variable `x` is written as `x_re` and `x_im`,
        which `load` joins again.
    path : path
        File to write; an existing one is replaced only once the new one is complete.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; no half-written file is left.

    Examples
    --------
    >>> import numpy as np, tempfile, os
    >>> from qbsim import evolve, full, load, single_cell
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = os.path.join(folder.name, "cell.nc")
    >>> save(evolve(single_cell(gamma=1.0), full(1), np.linspace(0, 1, 3)), file)
    >>> load(file).energy.values.round(3).tolist()
    [1.0, 0.607, 0.368]
    >>> folder.cleanup()
    """
    if not hasattr(ds, "data_vars"):
        raise TypeError(f"Argument ds must be a Dataset, of evolve or of sweep, but is a {type(ds).__name__}.")
    if not isinstance(path, str | os.PathLike):
        raise TypeError(f"Argument path must be the path of a file, but is {path!r}.")
    split = {name: variable for name, variable in ds.data_vars.items() if np.iscomplexobj(variable)}
    parts = {
        f"{name}_{part[:2]}": getattr(variable, part).assign_attrs(variable.attrs)
        for name, variable in split.items()
        for part in ("real", "imag")
    }
    # xarray need not ask a dask cluster for the lock of a file that is only in memory
    clustered = "distributed" in sys.modules
    alone = sys.modules["dask"].config.set(scheduler="synchronous") if clustered else nullcontext()
    # made in memory: HDF5 that meets a full disk in the middle of a file can take the interpreter down with it
    with alone:
        real = ds.drop_vars(split).assign(parts).assign_attrs({COMPLEX: json.dumps([*split])} if split else {})
        content = real.to_netcdf(engine="h5netcdf")
    with atomic(path) as temporary:
        temporary.write_bytes(content)
