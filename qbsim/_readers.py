"""Reading files that somebody else may have written.

Nothing in a file is run, imported or unpickled, and its sizes are checked before anything is loaded: a file of a few
bytes can claim 10^12 numbers. What qbsim does not write itself (links to other files, nested groups, compound types,
unknown compression) is refused.
"""

from __future__ import annotations

import io
import itertools
import json
import math
import re
import zipfile
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ._files import COMPLEX
from ._machine import available_memory

if TYPE_CHECKING:
    import xarray as xr

JSON_DEPTH = 64  # levels of nesting
SMALL = 2**26  # bytes that any file may ask for
EXPANSION = 100  # above that, what a file asks for beyond its own size, before it is taken for a bomb


def allowance(size: int) -> int:
    """Bytes that a file of this size may take in memory."""
    return min(available_memory() // 2, max(SMALL, EXPANSION * size))


def parse_json(text: Any, what: str) -> Any:
    """Plain data from JSON.

    Raises
    ------
    ValueError
        If it is not JSON, or nested too deeply to be meant.
    """
    if not isinstance(text, str):
        raise ValueError(f"{what} must be a JSON text, but is {type(text).__name__}.")
    try:
        value = json.loads(text)
    except RecursionError as error:
        raise ValueError(f"{what} is nested more than {JSON_DEPTH} levels deep.") from error
    except ValueError as error:
        raise ValueError(f"{what} is not valid JSON: {error}.") from error
    level = [value]
    for _ in range(JSON_DEPTH):
        level = [x for v in level if isinstance(v, dict | list) for x in (v.values() if isinstance(v, dict) else v)]
        if not level:
            return value
    raise ValueError(f"{what} is nested more than {JSON_DEPTH} levels deep.")


# --- arrays in a zip file ---------------------------------------------------------------------------------------------

_NPY = re.compile(
    rb"\x93NUMPY\x01\x00..\{'descr': '([<|](?:[biuf][1248]|c16))', 'fortran_order': False, "
    rb"'shape': \(((?:[0-9]{1,18}, ?)*(?:[0-9]{1,18})?)\), \} *\n",
    re.DOTALL,
)


def read_arrays(path: Path, names: Collection[str] | None = None) -> dict[str, np.ndarray]:
    """Arrays of numbers from a .npz file, as `numpy.savez` writes it: not compressed, no pickles.

    With `names` only these arrays are read.

    Raises
    ------
    OSError
        If it cannot be read.
    ValueError
        If it is anything else, claims more numbers than it holds, or has none of these names.
    """
    if path.exists() and not path.is_file():
        raise ValueError("it is not a regular file")
    if (size := path.stat().st_size) > allowance(size):
        raise ValueError(f"it has {size} bytes, more than half of the free memory")
    try:
        # all of it at once, but where only a part is wanted
        with (
            open(path, "rb") if names is not None else io.BytesIO(path.read_bytes()) as content,
            zipfile.ZipFile(content) as file,
        ):
            members = file.infolist()
            if any(member.compress_type != zipfile.ZIP_STORED for member in members):
                raise ValueError("it is compressed")
            if sum(member.file_size for member in members) > size:
                raise ValueError("it claims to hold more than its own size")
            wanted = members if names is None else [file.getinfo(f"{name}.npy") for name in names]
            return {member.filename.removesuffix(".npy"): _array(file.read(member)) for member in wanted}
    except (EOFError, KeyError, RuntimeError, zipfile.BadZipFile) as error:
        raise ValueError(f"it is not a file of arrays: {error}") from error


def _array(data: bytes) -> np.ndarray:
    """Array of numbers from the content of a .npy file as `numpy.save` writes it, without a copy."""
    found = _NPY.match(data)
    if found is None:
        raise ValueError("an array holds no plain numbers")
    dtype, shape = np.dtype(found[1].decode()), tuple(int(n) for n in found[2].split(b",") if n.strip())
    if math.prod(shape) * dtype.itemsize != len(data) - found.end():
        raise ValueError(f"an array claims the shape {shape}, which is not what it holds")
    return np.frombuffer(data, dtype, offset=found.end()).reshape(shape)


# --- NetCDF -----------------------------------------------------------------------------------------------------------


def read_netcdf(path: Path) -> xr.Dataset:
    """Dataset from a NetCDF file, loaded, once its declared sizes and types have been checked.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    ValueError
        If it is not a NetCDF file as qbsim writes it, or asks for more memory than it may.
    """
    import xarray as xr

    if path.exists() and not path.is_file():
        raise ValueError(f"{path} is not a regular file.")
    open(path, "rb").close()
    try:
        _check_netcdf(path)
        # units are names here: a time in seconds stays a number
        with xr.open_dataset(path, engine="h5netcdf", decode_times=False) as ds:
            return _as_saved(ds.load())
    except Exception as error:  # HDF5 and its readers raise what they like on a broken file
        raise ValueError(f"{path} is not a NetCDF file of qbsim: {error}") from error


def _as_saved(ds: xr.Dataset) -> xr.Dataset:
    """The Dataset that was given to `save`, with real and imaginary parts joined."""
    names = parse_json(ds.attrs.pop(COMPLEX, "[]"), COMPLEX)
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(f"its attribute {COMPLEX} is not a list of names")
    for name in names:
        re, im = f"{name}_re", f"{name}_im"
        if re not in ds.data_vars or im not in ds.data_vars or ds[re].dims != ds[im].dims or name in ds:
            raise ValueError(f"it has no real and imaginary part of {name!r}")
        joined = ds[re].variable + 1j * ds[im].variable
        joined.attrs = ds[re].attrs
        ds = ds.drop_vars([re, im]).assign({name: joined})
    return ds


def _check_netcdf(path: Path) -> None:
    """Refuse a file that asks for too much memory, leads to other files or holds anything but numbers and texts."""
    import h5py

    size = path.stat().st_size
    allowed = allowance(size)
    with h5py.File(path, "r") as file:
        need = _attribute_bytes(file.id, "the file", size)
        for name in file:
            if not isinstance(file.get(name, getlink=True), h5py.HardLink):
                raise ValueError(f"{name!r} is a link")
            if file.get(name, getclass=True) is not h5py.Dataset:
                raise ValueError(f"{name!r} is not a variable")
            variable = h5py.h5d.open(file.id, name.encode())
            need += _attribute_bytes(variable, repr(name), size) + _variable_bytes(variable, repr(name))
            if need > allowed:
                break
            if _is_text(variable.get_type()):
                need += _text_bytes(file[name], allowed - need, size)
        if need > allowed:
            raise ValueError(
                f"it asks for {need / 2**30:.3g} GiB up to the variable {name!r}; its {size} bytes may take "
                f"{allowed / 2**30:.3g} GiB here"
            )


def _is_text(kind: Any) -> bool:
    """Whether entries are texts of any length, which HDF5 keeps apart from the variable."""
    import h5py

    return kind.get_class() == h5py.h5t.STRING and kind.is_variable_str()


def _variable_bytes(variable: Any, name: str) -> int:
    """Bytes that a variable declares; one of its chunks is unpacked as a whole."""
    import h5py

    kind, space, layout = variable.get_type(), variable.get_space(), variable.get_create_plist()
    if kind.get_class() not in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
        raise ValueError(f"{name} holds neither numbers nor texts")
    if layout.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED):
        raise ValueError(f"{name} is put together from other files")
    if layout.get_external_count():
        raise ValueError(f"{name} is kept in another file")
    known = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE, h5py.h5z.FILTER_FLETCHER32)
    if any(layout.get_filter(k)[0] not in known for k in range(layout.get_nfilters())):
        raise ValueError(f"{name} is compressed in an unknown way")
    if space.get_simple_extent_type() == h5py.h5s.NULL:
        raise ValueError(f"{name} has no values")
    if space.get_simple_extent_dims() != space.get_simple_extent_dims(True):
        raise ValueError(f"{name} has no fixed size")
    entries = math.prod(space.get_simple_extent_dims())
    if layout.get_layout() == h5py.h5d.CHUNKED:
        entries = max(entries, math.prod(layout.get_chunk()))
    # a text that is read becomes an object of Python
    return entries * max(kind.get_size(), 64 if _is_text(kind) else 1)


def _attribute_bytes(owner: Any, name: str, size: int) -> int:
    """Bytes that the attributes of a variable or of the file declare."""
    import h5py

    need = 0
    for k in range(h5py.h5a.get_num_attrs(owner)):
        attribute = h5py.h5a.open(owner, index=k)
        kind, space = attribute.get_type(), attribute.get_space()
        entries = 0 if space.get_simple_extent_type() == h5py.h5s.NULL else math.prod(space.get_simple_extent_dims())
        if kind.get_class() in (h5py.h5t.INTEGER, h5py.h5t.FLOAT, h5py.h5t.STRING):
            need += entries * (size if _is_text(kind) and entries > 1 else kind.get_size())
        elif attribute.name in (b"DIMENSION_LIST", b"REFERENCE_LIST"):  # which dimension is which variable
            need += entries * kind.get_size()
        else:
            raise ValueError(f"the attribute {attribute.name.decode(errors='replace')!r} of {name} is of unknown type")
    return need


def _text_bytes(variable: Any, allowed: int, size: int) -> int:
    """Bytes of the texts of a variable: many entries may share one long text, so they are read a few at a time."""
    total = 0
    for part in _parts(variable.shape, max(1, allowed // size)):
        total += sum(map(len, np.ravel(variable[part])))
        if total > allowed:
            break
    return total


def _parts(shape: tuple[int, ...], most: int) -> Iterator[tuple[slice, ...]]:
    """Blocks of an array with at most so many entries each."""
    steps = []
    for n in reversed(shape):  # whole rows as long as they fit
        steps.append(max(1, min(n, most)))
        most = most // n if steps[-1] == n else 1
    starts = [range(0, n, step) for n, step in zip(shape, reversed(steps), strict=True)]
    for corner in itertools.product(*starts):
        yield tuple(slice(a, a + step) for a, step in zip(corner, reversed(steps), strict=True))
