"""Exponential of the dense Liouvillian, for batteries so small that nothing else repays its overhead.

No compiled code, no expansion: exp(L dt) for every different step of the grid, applied step by step.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cache, lru_cache

import numpy as np
import qutip

from .._checks import ComplexArray, FloatArray
from .._machine import interruptible, tell
from ..battery import GENERAL_LOSSES, GENERAL_OPERATORS, Battery
from ..measures.series import DenseStates, StateSeries
from ..networks import MORE_ARRAYS, NETWORK_TERMS, Network
from ..operators import lowering, occupations
from ..states import InitialState
from . import Settings
from ._cost import FLOP, eigenvalues, generator_norm

TERMS = NETWORK_TERMS | {*MORE_ARRAYS, GENERAL_OPERATORS, GENERAL_LOSSES, "superoperators"}
MATRICES = True
LEAST = 3e-4
TOLERANCES = ()  # exact to rounding
MAX_DIMENSION = 32  # of the Hilbert space: a 1024 x 1024 exponential takes half a minute
PADE_NORM = 5.4  # up to here an exponential needs no squaring


def why_not(battery: Battery, rho0: InitialState, tlist: FloatArray) -> str:
    """Large batteries."""
    small = math.prod(battery.dims) <= MAX_DIMENSION
    return "" if small else f"it is for Hilbert spaces of dimension up to {MAX_DIMENSION}"


def seconds(battery: Battery, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """One exponential for every different step, by scaling and squaring, and a product for every time."""
    D = math.prod(battery.dims)
    steps = np.diff(tlist)
    different = np.unique(np.round(steps / steps.max(initial=1e-300), 12)).size
    squarings = np.log2(max(1.0, generator_norm(battery) * steps.max(initial=0.0) / PADE_NORM))
    products = 8.0 * D**6 * FLOP
    exponentials = different * (3e-4 + (10 + squarings) * products)
    spectra = eigenvalues([math.prod(battery.cell_dims)], len(tlist)) if spectrum else 0.0
    return LEAST + exponentials + len(tlist) * (2e-6 + 2e-9 * D**4) + spectra


def forecast(battery: Battery, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: the states and a few exponentials."""
    D = math.prod(battery.dims)
    return 16 * D**2 * (4 * len(tlist) + 20 * D**2)


def run(battery: Battery, rho0: InitialState, tlist: FloatArray, settings: Settings) -> Iterator[StateSeries]:
    """All states at once, exact to rounding."""
    from scipy.linalg import expm

    D = math.prod(battery.dims)
    L = _liouvillian(battery)
    rho = np.empty((len(tlist), D * D), dtype=complex)
    rho[0] = (rho0.whole.proj() if rho0.isket else rho0.whole).full().ravel()
    propagator = cache(lambda step: interruptible(expm, L * step))
    for k, step in enumerate(np.diff(tlist)):
        # 12 digits tell real differences from rounding: steps of a linspace differ in the last bits
        rho[k + 1] = propagator(float(f"{step:.12e}")) @ rho[k]
        tell((k + 1) / len(tlist))
    yield DenseStates(rho.reshape(-1, D, D), tlist, battery.dims, battery.cells)


def _liouvillian(battery: Battery) -> ComplexArray:
    """Generator on row-major vectors, vec(A rho B) = (A x B^T) vec(rho)."""
    if not isinstance(battery, Network) or battery.has_own_operators:
        D = math.prod(battery.dims)
        jumps = [c for c in battery.c_ops if not c.issuper]
        L = qutip.liouvillian(battery.H, jumps) + sum(c for c in battery.c_ops if c.issuper)
        return L.full().reshape(D, D, D, D).transpose(1, 0, 3, 2).reshape(D * D, D * D)  # QuTiP stacks columns
    N, D = battery.N, 2**battery.N
    s, n = _lowering_matrices(N), occupations(N)
    up = s.transpose(0, 2, 1)
    loss, pump = battery.loss_matrix, battery.pump_matrix
    if battery.terms.isdisjoint(MORE_ARRAYS):
        H = np.diag(battery.levels) + np.einsum("ij,iab,jbc->ac", battery.J, up, s)
    else:
        H = battery.H.full()
    G = np.einsum("ij,jab,ibc->ac", loss, up, s) + np.einsum("ij,jab,ibc->ac", pump, s, up)
    A = -1j * H - G / 2
    jumps = np.einsum("ij,iab,jcd->acbd", loss, s, s) + np.einsum("ij,iab,jcd->acbd", pump, up, up)
    L = np.kron(A, np.eye(D)) + np.kron(np.eye(D), A.conj()) + jumps.reshape(D * D, D * D)
    L[np.diag_indices(D * D)] -= ((n[:, None, :] != n[None, :, :]) @ battery.dephasing).ravel()
    return L


@lru_cache(maxsize=8)
def _lowering_matrices(N: int) -> FloatArray:
    """Lowering operators of all cells as dense arrays, (N, 2^N, 2^N)."""
    return np.array([lowering(k, N).full().real for k in range(N)])
