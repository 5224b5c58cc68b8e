"""Kets under a constant Hamiltonian: exact to rounding, inside the block of H that the initial state reaches.

Small blocks by their eigenvectors; large sparse ones by the action of the matrix exponential, step after step.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse
import scipy.sparse.linalg
from numpy.typing import NDArray
from qutip import Qobj

from .._checks import FloatArray
from ..battery import Battery
from ..stack import KetStates, States

CHUNK_BYTES = 128 * 2**20  # amplitudes handed over at a time
DENSE_BYTES = 2**30  # eigenvectors of a larger block are not formed


def refuses(battery: Battery, rho0: Qobj, tlist: FloatArray) -> str:
    """Why not: losses, a Hamiltonian that depends on time, or a mixed initial state."""
    if not rho0.isket:
        return "its initial state is mixed"
    if not isinstance(battery.H, Qobj):
        return "its Hamiltonian depends on time"
    return "it has losses" if battery.c_ops else ""


def _block(battery: Battery, rho0: Qobj) -> tuple[Any, NDArray[np.complex128], NDArray[np.int64]]:
    """Sparse H and amplitudes inside the invariant block that holds `rho0`, and the block's basis states."""
    from scipy.sparse.csgraph import connected_components

    H = battery.H.to("CSR").data.as_scipy().tocsr()
    psi = rho0.full()[:, 0]
    pattern = scipy.sparse.csr_matrix((H.data != 0, H.indices, H.indptr), shape=H.shape)
    label = connected_components(pattern, directed=False)[1]
    keep = np.flatnonzero(np.isin(label, label[psi != 0]))
    H = H[keep][:, keep]
    return (H.real if not H.imag.count_nonzero() else H), psi[keep], keep


def _is_dense(H: Any, tlist: FloatArray) -> bool:
    """Whether eigenvectors cost less than stepping: flops of both, sparse ones counted tenfold."""
    d, steps = H.shape[0], len(tlist)
    stepping = 80 * H.nnz * (2 * scipy.sparse.linalg.norm(H, 1) * (tlist[-1] - tlist[0]) + 20 * steps)
    return 8 * d * d * 3 <= DENSE_BYTES and 10 * d**3 + 8 * steps * d * d <= stepping


def forecast(battery: Battery, rho0: Qobj, tlist: FloatArray) -> int:
    """Peak memory in bytes: eigenvectors or a few work vectors, and one chunk of amplitudes with its measures."""
    H, psi, _ = _block(battery, rho0)
    work = 3 * H.dtype.itemsize * psi.size**2 if _is_dense(H, tlist) else 50 * 16 * psi.size
    D = int(np.prod(battery.dims))
    return work + 4 * max(16 * D, min(CHUNK_BYTES, 16 * D * len(tlist)))


def run(
    battery: Battery, rho0: Qobj, tlist: FloatArray, *, rtol: float, atol: float, few: bool = False
) -> Iterator[States]:
    """Kets at all times; the tolerances are always met."""
    H, psi, keep = _block(battery, rho0)
    D = int(np.prod(battery.dims))
    kets = _by_eigenvectors(H, psi, tlist) if _is_dense(H, tlist) else _by_steps(H, psi, tlist)
    size = max(1, CHUNK_BYTES // (16 * D))
    for start in range(0, len(tlist), size):
        times = tlist[start : start + size]
        amplitudes = np.zeros((len(times), D), dtype=complex)
        for row in range(len(times)):
            amplitudes[row, keep] = next(kets)
        yield KetStates(amplitudes, times, battery.dims, battery.cells)


def _by_eigenvectors(H: Any, psi: NDArray[np.complex128], tlist: FloatArray) -> Iterator[NDArray[np.complex128]]:
    energies, vectors = np.linalg.eigh(H.toarray())
    overlaps = vectors.conj().T @ psi
    yield psi
    for t in tlist[1:] - tlist[0]:
        yield vectors @ (np.exp(-1j * energies * t) * overlaps)


def _by_steps(H: Any, psi: NDArray[np.complex128], tlist: FloatArray) -> Iterator[NDArray[np.complex128]]:
    from scipy.sparse.linalg import expm_multiply

    yield psi
    for dt in np.diff(tlist):
        psi = expm_multiply(-1j * dt * H, psi)
        yield psi
