"""Operators on cell k of N two-level cells, and the basis they act in; the lowest layer.

Level k of a cell is ``qutip.basis(d, k)``, ascending in energy: ``|g> = basis(2, 0)``, ``|e> = basis(2, 1)``, so the
lowering operator is ``qutip.destroy(2)``. QuTiP's ``sigmam()`` and ``sigmaz()`` use the opposite order. Cell 0 is the
first tensor factor, the most significant bit of a basis index. No other module writes basis vectors.
"""

from __future__ import annotations

import numpy as np
import qutip
from numpy.typing import NDArray
from qutip import Qobj

from ._checks import as_count
from ._machine import require_cells

__all__ = [
    "excitation",
    "excited",
    "ground",
    "lowering",
    "occupations",
    "on_cell",
    "raising",
    "sigma_x",
    "sigma_y",
    "sigma_z",
    "transition",
]


def ground() -> Qobj:
    """Ground state ``|g>`` of one cell, a ket of dims [[2], [1]]."""
    return qutip.basis(2, 0)


def excited() -> Qobj:
    """Excited state ``|e>`` of one cell, a ket of dims [[2], [1]]."""
    return qutip.basis(2, 1)


def on_cell(op: Qobj, k: int, N: int) -> Qobj:
    """Operator `op` of one cell acting on cell k of N, identity on the others.

    Parameters
    ----------
    op : Qobj, (2, 2)
        Operator of one cell.
    k : int
        Cell, 0 <= k < N.
    N : int
        Number of cells.

    Returns
    -------
    Qobj, (2^N, 2^N)
        dims [[2]*N, [2]*N].
    """
    N = as_count("N", N)
    k = as_count("k", k, minimum=0)
    if k >= N:
        raise ValueError(f"Argument k must be smaller than N = {N}, but is {k}.")
    if not isinstance(op, Qobj) or op.dims != [[2], [2]]:
        given = f"has dims {op.dims}" if isinstance(op, Qobj) else f"is {type(op).__name__}"
        raise TypeError(f"Argument op must be an operator (Qobj) of one two-level cell, dims [[2], [2]], but {given}.")
    require_cells(N, 32, f"An operator on N = {N} cells")
    return qutip.tensor([op if j == k else qutip.qeye(2) for j in range(N)])


def lowering(k: int = 0, N: int = 1) -> Qobj:
    """Lowering operator ``s- = |g><e|`` of cell k of N."""
    return on_cell(qutip.destroy(2), k, N)


def raising(k: int = 0, N: int = 1) -> Qobj:
    """Raising operator ``s+ = |e><g|`` of cell k of N."""
    return on_cell(qutip.create(2), k, N)


def excitation(k: int = 0, N: int = 1) -> Qobj:
    """Excitation number ``s+ s- = |e><e|`` of cell k of N."""
    return on_cell(qutip.num(2), k, N)


def sigma_z(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_z = |e><e| - |g><g|`` of cell k of N: positive on the excited state."""
    return on_cell(2 * qutip.num(2) - qutip.qeye(2), k, N)


def sigma_x(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_x = s- + s+`` of cell k of N."""
    return on_cell(qutip.destroy(2) + qutip.create(2), k, N)


def sigma_y(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_y = i (s- - s+)`` of cell k of N, so that [sigma_x, sigma_y] = 2i sigma_z."""
    return on_cell(1j * (qutip.destroy(2) - qutip.create(2)), k, N)


def occupations(N: int) -> NDArray[np.int64]:
    """Occupation of every cell in every basis state.

    Returns
    -------
    ndarray, (2^N, N)
        Entry (x, k) is 1 if cell k is excited in basis state x, else 0.
    """
    N = as_count("N", N)
    require_cells(N, 16 * N, f"The table of basis states of N = {N} cells")
    x = np.arange(1 << N)[:, None]
    return (x >> np.arange(N - 1, -1, -1)) & 1


def transition(d: int, upper: int, lower: int) -> Qobj:
    """Operator ``|lower><upper|`` of one cell with d levels: it takes level `upper` to level `lower`."""
    d, upper, lower = as_count("d", d, minimum=2), as_count("upper", upper, 0), as_count("lower", lower, 0)
    for name, level in (("upper", upper), ("lower", lower)):
        if level >= d:
            raise ValueError(f"Argument {name} must be a level below d = {d}, but is {level}.")
    return qutip.projection(d, lower, upper)
