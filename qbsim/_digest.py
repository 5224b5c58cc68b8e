"""Digests of parameters, arrays and sources; the lowest layer."""

from __future__ import annotations

import hashlib
import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse


def digest(*arrays: Any) -> str:
    """SHA-256 of arrays: dtype, shape and bytes in C order; sparse matrices by their canonical CSR form."""
    sha = hashlib.sha256()
    for array in arrays:
        if scipy.sparse.issparse(array):
            matrix = scipy.sparse.csr_matrix(array, copy=True)
            matrix.sum_duplicates()
            matrix.eliminate_zeros()
            parts = [
                np.asarray(matrix.shape),
                matrix.indptr.astype(np.int64),
                matrix.indices.astype(np.int64),
                matrix.data,
            ]
        else:
            parts = [np.asarray(array)]
        for block in map(np.ascontiguousarray, parts):
            sha.update(f"{block.dtype.str}{block.shape}".encode())
            sha.update(block.tobytes())
    return sha.hexdigest()


def json_digest(value: Any) -> str:
    """SHA-256 of plain data: JSON with sorted keys and shortest round-trip numbers."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


NOT_NUMERIC = (
    "__init__",
    "__main__",
    "_html",
    "cli",
    "ledger",
    "plotting",
    "scenarios",
    "solvers/_progress",
    "sweeps/executors",
    "sweeps/forecast",
    "sweeps/show",
    "sweeps/work",
)
"""Files and folders of qbsim that decide no number; everything else counts, a new module too."""

_TOKEN = re.compile(
    r'''"""(?:[^\\"]++|\\.|"(?!""))*+"""|'{3}(?:[^\\']++|\\.|'(?!''))*+'{3}'''
    r"""|"(?:[^"\\\n]++|\\.)*+"|'(?:[^'\\\n]++|\\.)*+'|\#[^\n]*+""",
    re.DOTALL,
)
_DOCSTRING_AFTER = re.compile(r":[ \t]*\n[ \t]*[rR]?\Z|\A[rR]?\Z")


def normalised(source: str) -> str:
    """Source without comments, docstrings and empty lines.

    Faster by far than a parser, which would cost more than the rest of a small sweep.

    Examples
    --------
    >>> print(normalised('x = "#"  # a comment\\n\\ndef f():\\n    \\"\\"\\"What it does.\\"\\"\\"\\n    return 1'))
    x = "#"
    def f():
        ""
        return 1
    """
    parts, at = [], 0
    for token in _TOKEN.finditer(source):
        start, stop = token.span()
        if source[start] == "#":
            parts.append(source[at:start].rstrip(" "))
        elif source.startswith('"""', start) and _DOCSTRING_AFTER.search(source[max(0, start - 200) : start]):
            parts += [source[at:start].removesuffix("r"), '""']
        else:
            continue
        at = stop
    parts.append(source[at:])
    return re.sub(r"\n\s*\n", "\n", "".join(parts))


@cache
def numerics_sha256() -> str:
    """SHA-256 of the modules of qbsim that decide numbers, by name."""
    package = Path(__file__).resolve().parent
    sha = hashlib.sha256()
    for path in sorted(package.rglob("*.py")):
        name = path.relative_to(package).with_suffix("").as_posix()
        if not any(name == other or name.startswith(f"{other}/") for other in NOT_NUMERIC):
            sha.update(f"{name}\n{normalised(path.read_text(encoding='utf-8'))}\0".encode())
    return sha.hexdigest()


numerics_sha256()  # now: what has been imported is what counts, and files may change while a session lasts
