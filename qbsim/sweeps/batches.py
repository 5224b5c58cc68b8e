"""The folder of a sweep: one small verified file per finished batch, a manifest, a lock; or of trajectories.

    manifest.json                            arguments of the last call, and its progress
    batches/<key of the job>/<start>-<stop>.npz     rows start to stop - 1, written once by the worker
    sweep.nc                                 the averages

Only files that carry the identity of their job and the checksum of their content count; the rest is computed again.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from .._checks import SweepWarning, as_count, warn
from .._digest import digest, json_digest
from .._files import atomic, read_text, writable_folder
from .._readers import parse_json, read_arrays
from .jobs import Batch, Job
from .tasks import CHUNK

__all__ = ["BadBatch", "Piece", "Store", "chunks", "cover", "read_batch", "read_rows", "write_batch"]

FILE_NAME = re.compile(r"([0-9]{6,18})-([0-9]{6,18})\.npz")
TEMPORARY = re.compile(r"\.[0-9]{6,18}-[0-9]{6,18}-[^.]*\.npz")  # temporary file of a worker that was killed
DIGEST = re.compile(r"[0-9a-f]{64}")
NO_MANIFEST = re.compile(r"batches|\..*")  # files of a sweep that died at once, or of an operating system
SWEEP = "sweep"
KINDS = {SWEEP: "a sweep", "trajectories": "trajectories"}  # what a folder may be for, and how messages call it
Piece = tuple[Path | None, int, int]  # file (None: set aside), first and one past the last row to take from it


class BadBatch(Exception):
    """A file is not the batch its name promises."""


def curve_folder(store: Path, key: str) -> Path:
    """Folder of the batches of one job."""
    return store / "batches" / key[:24]


def write_batch(store: Path, job: Job, batch: Batch) -> Path:
    """Store a batch, atomically."""
    folder = curve_folder(store, job.key)
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = {**batch.arrays}
    head = {
        "key": job.key,
        "start": batch.start,
        "stop": batch.stop,
        "solvers": batch.solvers,
        "origin": batch.origin,
        "shapes": job.shapes,
        "identity": job.identity,
    }
    head["sha256"] = _checksum(head, arrays)
    path = folder / f"{batch.start:06d}-{batch.stop:06d}.npz"
    arrays["header"] = np.frombuffer(json.dumps(head).encode(), dtype=np.uint8)
    with atomic(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)
    return path


def _checksum(head: dict[str, Any], arrays: dict[str, Any]) -> dict[str, str]:
    """SHA-256 of the header and of every array, so that one array can be verified without the others."""
    return {"header": json_digest(head), **{name: digest(array) for name, array in arrays.items()}}


def read_batch(path: Path, key: str) -> Batch:
    """Batch in a file.

    Raises
    ------
    BadBatch
        If the file is truncated, changed, foreign, or belongs to another job or other rows.
    """
    head, arrays = _read(path, key, None)
    return Batch(head["start"], arrays, head["solvers"], head["origin"])


def read_rows(path: Path, key: str, name: str) -> np.ndarray:
    """One array of a batch, verified; the others are not read.

    Raises
    ------
    BadBatch
        As `read_batch`.
    """
    return _read(path, key, ("header", name))[1][name]


def _read(path: Path, key: str, names: tuple[str, ...] | None) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Header and arrays of a batch, all of them or those with these names."""
    match = FILE_NAME.fullmatch(path.name)
    if match is None:
        raise BadBatch("its name is not that of a batch")
    try:
        arrays = read_arrays(path, names)  # a disk that cannot be read is no fault of the file: not caught
        head = parse_json(bytes(arrays.pop("header")).decode(), "its header")
        wanted, found = {**head["sha256"]}, _checksum({name: x for name, x in head.items() if name != "sha256"}, arrays)
        if any(wanted.pop(name, None) != stamp for name, stamp in found.items()) or (names is None and wanted):
            raise BadBatch("its checksum differs")
        if (head["key"], head["start"], head["stop"]) != (key, int(match[1]), int(match[2])):
            raise BadBatch("it belongs to another job or to other rows")
        _check_shapes(head, arrays)
        return head, arrays
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadBatch(f"it cannot be read: {error}") from error


def _check_shapes(head: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Refuse a batch whose arrays are not those of its header."""
    n = head["stop"] - head["start"]
    for name, array in arrays.items():
        kind, shape = head["shapes"][name]
        if array.shape != (n, *shape) or array.dtype != kind:
            raise ValueError(f"{name} is {array.dtype} {array.shape} and not {kind} {(n, *shape)}")
    if not all(isinstance(text, str) for text in (*head["solvers"].values(), *head["origin"]["processors"])):
        raise ValueError("its header is not that of a batch")


class Store:
    """Folder of a sweep or of trajectories, for one process at a time.

    Parameters
    ----------
    folder : path
        Made if need be.
    kind : str
        What it is for; the result goes to the file of this name.

    Raises
    ------
    OSError
        If the folder cannot be made or written.
    TypeError, ValueError
        If `folder` is no path or empty text, or the folder is of another kind or holds other files.
    """

    def __init__(self, folder: str | os.PathLike[str], kind: str = SWEEP) -> None:
        if not isinstance(folder, str | os.PathLike):
            raise TypeError(f"Argument store must be the path of a folder, but is {folder!r}.")
        if not os.fspath(folder):
            raise ValueError("Argument store must be the path of a folder, but is empty.")
        path = Path(folder)
        manifest = self.read_manifest(path) if path.is_dir() else {}
        if manifest and manifest.get("kind", SWEEP) != kind:
            raise ValueError(
                f"Argument store must be a folder of its own, but {path} holds {KINDS[manifest.get('kind', SWEEP)]}: "
                "use another folder."
            )
        if path.is_dir() and not manifest:
            others = sorted(p.name for p in path.iterdir() if not NO_MANIFEST.fullmatch(p.name))
            if others:
                raise ValueError(
                    f"Argument store must be the folder of {KINDS[kind]} or an empty one, but {path} holds other "
                    f"files: {', '.join(others[:3])}{', ...' if len(others) > 3 else ''}. Use a folder of its own, "
                    f"such as {path / kind}."
                )
        if path.exists() and not path.is_dir():
            raise ValueError(f"Argument store must be the path of a folder, but {path} is a file.")
        try:
            self.folder = writable_folder(path).resolve()
        except OSError as error:
            raise OSError(error.errno, f"cannot write to the store ({error.strerror})", str(path)) from error
        self.kind = kind
        self.rejected: dict[str, str] = {}  # file to what is wrong with it

    @property
    def result(self) -> Path:
        """File of the finished result."""
        return self.folder / f"{self.kind}.nc"

    def begin(self, manifest: dict[str, Any]) -> None:
        """Clean up, write the manifest of a new call, and warn if what is there was made by other code."""
        self.clean()
        before, now = self.read_manifest(self.folder).get("numerics"), manifest["numerics"]
        if before not in (None, now):
            changed = ", ".join(name for name, made in now.items() if before.get(name) != made)
            warn(
                f"The store was filled by other code ({changed}): its batches stay, but are not used, and all is "
                "computed anew.",
                SweepWarning,
            )
        self.keep_earlier(manifest)
        self.write_manifest(manifest)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """Lock the folder; a second process gets an error at once."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.folder / ".lock", timeout=0):
                yield
        except Timeout as error:
            raise BlockingIOError(
                errno.EWOULDBLOCK,
                "another process is at work in this store; wait for it, or use another store",
                str(self.folder),
            ) from error

    def ranges(self, job: Job) -> list[Piece]:
        """Verified batches of a job, by first row; a bad file is renamed to .bad and noted."""
        pieces: list[Piece] = []
        # not the temporary files of workers that were killed: their names begin with a dot
        for path in sorted(curve_folder(self.folder, job.key).glob("[!.]*.npz")):
            try:
                batch = read_batch(path, job.key)
                pieces.append((path, batch.start, batch.stop))
            except BadBatch as error:
                self.rejected[str(path.relative_to(self.folder))] = str(error)
                path.replace(path.with_suffix(".bad"))
        return sorted(pieces, key=lambda piece: piece[1:])

    def clean(self) -> None:
        """Remove temporary files of killed workers; no other process writes any while the folder is locked."""
        for path in (self.folder / "batches").glob("*/.*.npz"):
            if TEMPORARY.fullmatch(path.name):
                path.unlink(missing_ok=True)

    @staticmethod
    def read_manifest(folder: Path) -> dict[str, Any]:
        """Manifest of the last call; empty if there was none.

        Raises
        ------
        ValueError
            If there is a manifest.json that is not that of a sweep.
        """
        path = folder / "manifest.json"
        if not path.exists():
            return {}
        manifest = parse_json(read_text(path), str(path))
        try:
            for curve in manifest["curves"]:
                as_count("realizations", curve["realizations"])
                if not DIGEST.fullmatch(curve["identity"]):
                    raise ValueError(f"{curve['identity']!r} is not the identity of a curve")
            if (
                not manifest["curves"]
                or not DIGEST.fullmatch(manifest["sha256"])
                or not isinstance(manifest["parameters"]["axes"], dict)
            ):
                raise ValueError("it has no curves or no axes")
            if not isinstance(manifest.get("numerics", {}), dict):
                raise ValueError("it has no versions")
            _ = [*manifest["set_aside"]], manifest["parameters"]["target_sem"]
            _ = manifest["started"], manifest["finished"], KINDS[manifest.get("kind", SWEEP)]
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"{path} is not the manifest of a sweep ({error}): use another folder.") from error
        return manifest

    def keep_earlier(self, manifest: dict[str, Any]) -> None:
        """Give earlier averages another name before new ones take theirs, unless the new ones contain them."""
        last = self.read_manifest(self.folder)
        after = {c["identity"]: c["realizations"] for c in manifest["curves"]}
        contained = all(after.get(c["identity"], 0) >= c["realizations"] for c in last.get("curves", []))
        if self.result.exists() and not contained:
            self.result.replace(self.folder / f"{self.kind}-{last['sha256'][:8]}.nc")

    def write_manifest(self, content: dict[str, Any]) -> None:
        """Replace the manifest, atomically."""
        with atomic(self.folder / "manifest.json") as temporary:
            temporary.write_text(json.dumps(content, indent=1) + "\n")


def cover(ranges: list[Piece], count: int) -> tuple[list[Piece], list[tuple[int, int]]]:
    """Pieces of files that hold rows 0 to count - 1, each once and in order, and the gaps between them."""
    pieces: list[Piece] = []
    gaps: list[tuple[int, int]] = []
    at = 0
    while at < count:
        reach = max((r for r in ranges if r[1] <= at < r[2]), key=lambda r: r[2], default=None)
        if reach is not None:
            stop = min(reach[2], count)
            pieces.append((reach[0], at, stop))
        else:
            stop = min([count, *(r[1] for r in ranges if r[1] > at)])
            gaps.append((at, stop))
        at = stop
    return pieces, gaps


def chunks(pieces: list[Piece], key: str) -> Iterator[tuple[np.ndarray, Batch]]:
    """Realizations of a curve in steps that end at multiples of CHUNK, with their numbers; few files in memory at once.

    The steps depend on which realizations there are, and not on how files divide them: sums over them are the same bits
    whatever the batches were.
    """
    for _, parts in itertools.groupby(_parts(pieces, key), key=lambda part: part.start // CHUNK):
        yield _join(list(parts))


def _parts(pieces: list[Piece], key: str) -> Iterator[Batch]:
    """Batches in the files, cut at multiples of CHUNK."""
    for path, start, stop in pieces:
        if path is None:
            continue
        batch = read_batch(path, key)
        for a, b in itertools.pairwise([start, *range((start // CHUNK + 1) * CHUNK, stop, CHUNK), stop]):
            rows = slice(a - batch.start, b - batch.start)
            arrays = {name: array[rows] for name, array in batch.arrays.items()}
            yield Batch(a, arrays, batch.solvers, batch.origin)


def _join(batches: list[Batch]) -> tuple[np.ndarray, Batch]:
    """One batch of several, contiguous in memory, and the numbers of its realizations."""
    joined = Batch(
        batches[0].start,
        {name: np.concatenate([b.arrays[name] for b in batches]) for name in batches[0].arrays},
        {name: reason for b in batches for name, reason in b.solvers.items()},
        {"processors": sorted({p for b in batches for p in b.origin["processors"]})},
    )
    return np.concatenate([np.arange(b.start, b.stop) for b in batches]), joined
