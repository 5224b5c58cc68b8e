"""Digests of parameters and arrays; the lowest layer."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import numpy as np
import scipy.sparse

__all__ = ["digest", "json_digest"]


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
        for part in parts:
            block = np.ascontiguousarray(part)
            sha.update(f"{block.dtype.str}{block.shape}".encode())
            sha.update(block.tobytes())
    return sha.hexdigest()


def json_digest(value: Any) -> str:
    """SHA-256 of plain data: JSON with sorted keys and shortest round-trip numbers."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
