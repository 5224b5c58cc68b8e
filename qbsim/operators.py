"""Operators on cell k of N two-level cells and on their total spin, and the basis they act in.

Level k of a cell is ``qutip.basis(d, k)``, ascending in energy: ``|g> = basis(2, 0)``, ``|e> = basis(2, 1)``, so the
lowering operator is ``qutip.destroy(2)``. QuTiP's ``sigmam()`` and ``sigmaz()`` use the opposite order. Cell 0 is the
first tensor factor, the most significant bit of a basis index. No other module writes basis vectors.
"""

from __future__ import annotations

import math

import numpy as np
import qutip
import scipy.sparse
from qutip import Qobj

from ._checks import IntArray, as_count, explained
from ._machine import require_cells

__all__ = [
    "copies",
    "embedding",
    "excitation",
    "excited",
    "ground",
    "j_minus",
    "j_z",
    "lowering",
    "occupations",
    "on_cell",
    "raising",
    "sigma_x",
    "sigma_y",
    "sigma_z",
    "spins",
    "transition",
]


@explained
def ground() -> Qobj:
    """Ground state ``|g>`` of one cell, a ket of dims [[2], [1]]."""
    return qutip.basis(2, 0)


@explained
def excited() -> Qobj:
    """Excited state ``|e>`` of one cell, a ket of dims [[2], [1]]."""
    return qutip.basis(2, 1)


@explained
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
    N, k = as_count("N", N), as_count("k", k, minimum=0)
    if k >= N:
        raise ValueError(f"Argument k must be smaller than N = {N}, but is {k}.")
    if not isinstance(op, Qobj) or op.dims != [[2], [2]]:
        given = f"has dims {op.dims}" if isinstance(op, Qobj) else f"is {type(op).__name__}"
        raise TypeError(f"Argument op must be an operator (Qobj) of one two-level cell, dims [[2], [2]], but {given}.")
    require_cells(N, 32, f"An operator on N = {N} cells")
    return qutip.tensor([op if j == k else qutip.qeye(2) for j in range(N)])


@explained
def lowering(k: int = 0, N: int = 1) -> Qobj:
    """Lowering operator ``s- = |g><e|`` of cell k of N."""
    return on_cell(qutip.destroy(2), k, N)


@explained
def raising(k: int = 0, N: int = 1) -> Qobj:
    """Raising operator ``s+ = |e><g|`` of cell k of N."""
    return on_cell(qutip.create(2), k, N)


@explained
def excitation(k: int = 0, N: int = 1) -> Qobj:
    """Excitation number ``s+ s- = |e><e|`` of cell k of N."""
    return on_cell(qutip.num(2), k, N)


@explained
def sigma_z(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_z = |e><e| - |g><g|`` of cell k of N: positive on the excited state."""
    return on_cell(2 * qutip.num(2) - qutip.qeye(2), k, N)


@explained
def sigma_x(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_x = s- + s+`` of cell k of N."""
    return on_cell(qutip.destroy(2) + qutip.create(2), k, N)


@explained
def sigma_y(k: int = 0, N: int = 1) -> Qobj:
    """``sigma_y = i (s- - s+)`` of cell k of N, so that [sigma_x, sigma_y] = 2i sigma_z."""
    return on_cell(1j * (qutip.destroy(2) - qutip.create(2)), k, N)


@explained
def occupations(N: int) -> IntArray:
    """Occupation of every cell in every basis state.

    Returns
    -------
    ndarray, (2^N, N)
        Entry (x, k) is 1 if cell k is excited in basis state x, else 0.
    """
    N = as_count("N", N)
    require_cells(N, 16 * N, f"The table of basis states of N = {N} cells")
    return (np.arange(1 << N)[:, None] >> np.arange(N - 1, -1, -1)) & 1


@explained
def transition(d: int, upper: int, lower: int) -> Qobj:
    """Operator ``|lower><upper|`` of one cell with d levels: it takes level `upper` to level `lower`."""
    d, upper, lower = as_count("d", d, minimum=2), as_count("upper", upper, 0), as_count("lower", lower, 0)
    for name, level in (("upper", upper), ("lower", lower)):
        if level >= d:
            raise ValueError(f"Argument {name} must be a level below d = {d}, but is {level}.")
    return qutip.projection(d, lower, upper)


# --- total spin ------------------------------------------------------------------------------------------------------


@explained
def spins(n: int, *, symmetric: bool = True) -> list[float]:
    """Total spins of n cells, descending: n/2 alone, or every block down to 0 or 1/2."""
    n = as_count("n", n)
    return [n / 2] if symmetric else [n / 2 - k for k in range(n // 2 + 1)]


@explained
def copies(n: int, j: float) -> int:
    r"""How often total spin j occurs among n cells, :math:`\binom{n}{n/2-j} - \binom{n}{n/2-j-1}`."""
    k = round(n / 2 - j)
    return math.comb(n, k) - (math.comb(n, k - 1) if k > 0 else 0)


@explained
def j_z(n: int, *, symmetric: bool = True) -> Qobj:
    """Total J_z of n cells, diag(-j, ..., j) in every block.

    Examples
    --------
    >>> j_z(2).diag().tolist()
    [-1.0, 0.0, 1.0]
    """
    diagonal = np.concatenate([np.arange(-j, j + 1) for j in spins(n, symmetric=symmetric)])
    return Qobj(scipy.sparse.diags(diagonal, format="csr"))


@explained
def j_minus(n: int, *, symmetric: bool = True) -> Qobj:
    r"""Total lowering operator :math:`\sum_k s^-_k`, elements :math:`\sqrt{(j+m)(j-m+1)}` from m to m - 1.

    Examples
    --------
    >>> j_minus(1).full().real.tolist()
    [[0.0, 1.0], [0.0, 0.0]]
    """
    blocks = []
    for j in spins(n, symmetric=symmetric):
        m = np.arange(-j + 1, j + 1)
        blocks.append(scipy.sparse.diags([np.sqrt((j + m) * (j - m + 1))], [1], shape=(m.size + 1, m.size + 1)))
    return Qobj(scipy.sparse.block_diag(blocks, format="csr"))


@explained
def embedding(n: int) -> Qobj:
    """Isometry from the n + 1 symmetric levels into the n cells, dims [[2]*n, [n + 1]].

    Examples
    --------
    >>> round((embedding(3).dag() * embedding(3)).tr(), 12)
    4.0
    """
    n = as_count("n", n)
    excited = occupations(n).sum(axis=1)
    weights = 1 / np.sqrt([math.comb(n, k) for k in range(n + 1)])
    return Qobj(
        scipy.sparse.csr_matrix((weights[excited], (np.arange(excited.size), excited)), shape=(excited.size, n + 1)),
        dims=[[2] * n, [n + 1]],
    )
