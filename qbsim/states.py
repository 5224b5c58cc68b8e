"""Initial states of N two-level cells: full, empty, plus, classical."""

from __future__ import annotations

import numpy as np
import qutip
import scipy.sparse
from qutip import Qobj

from ._checks import as_count, as_real
from ._memory import require_cells
from .operators import excited, ground, occupations

__all__ = ["classical", "empty", "full", "plus"]


def _product(cell: Qobj, N: int) -> Qobj:
    """The same ket on every cell, refused before it is built if it cannot fit into memory."""
    N = as_count("N", N)
    require_cells(N, 24, f"A ket of N = {N} cells")  # the ket, and half of it before the last product
    return qutip.tensor([cell] * N)


def full(N: int) -> Qobj:
    """Fully charged state ``|e...e>``, a ket of dims [[2]*N, [1]*N]."""
    return _product(excited(), N)


def empty(N: int) -> Qobj:
    """Ground state ``|g...g>``, a ket of dims [[2]*N, [1]*N]."""
    return _product(ground(), N)


def plus(N: int) -> Qobj:
    """Coherent product state ``|+...+>``, ``|+> = (|g> + |e>)/sqrt(2)``; the "quantum" state of [santos2021].

    Half of the energy of `full`, all of it extractable.

    Examples
    --------
    >>> from qbsim import ergotropy, single_cell
    >>> round(ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return _product((ground() + excited()).unit(), N)


def classical(N: int, p: float = 0.75) -> Qobj:
    r"""Incoherent product state :math:`(p\,|e\rangle\langle e| + (1-p)\,|g\rangle\langle g|)^{\otimes N}`.

    The default p = 3/4 has the ergotropy of `plus` for equal cells, N/2 [santos2021].

    Parameters
    ----------
    N : int
        Number of cells.
    p : float
        Excited population of every cell, in [0, 1].

    Returns
    -------
    Qobj, (2^N, 2^N)
        Density matrix, stored as its diagonal.

    Examples
    --------
    >>> classical(1).diag().tolist()
    [0.25, 0.75]
    """
    N = as_count("N", N)
    p = as_real("p", p, minimum=0.0, maximum=1.0)
    require_cells(N, 100, f"A density matrix of N = {N} cells")  # its diagonal, and what sorts it
    n = occupations(N).sum(axis=1)
    weights = np.array([p**k * (1 - p) ** (N - k) for k in range(N + 1)])[n]
    return Qobj(scipy.sparse.diags(weights, format="csr"), dims=[[2] * N, [2] * N])
