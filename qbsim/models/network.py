"""Qubit cells on any graph with exchange, collective decay, dephasing and thermal baths."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .._checks import explained, per_bond, per_cell
from .._machine import require
from ..geometry import read_edges
from ..networks import Network

__all__ = ["network"]


@explained
def network(
    edges: Any,
    N: int | None = None,
    *,
    omega: ArrayLike = 1.0,
    J: ArrayLike = 0.0,
    gamma: ArrayLike = 0.0,
    gamma_bond: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    allow_unphysical: bool = False,
    label: str = "",
    unit: str = "1",
) -> Network:
    r"""Network of two-level cells.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{\text{bonds}} J\,(s^+_i s^-_j + \mathrm{h.c.}), \qquad
              \mathcal D\rho = \sum_{ij} K_{ij}\left(s^-_i\rho s^+_j - \tfrac12\{s^+_j s^-_i,\rho\}\right) + \dots

    Parameters
    ----------
    edges : iterable of pairs, or graph with ``.edges``
        Bonds, each once, between cells counted from 0; a networkx graph is numbered in graph order.
    N : int, optional
        Number of cells, needed where cells without a bond come last.
    omega : float or (N,)
        Local frequencies; negative ones are allowed.
    J : float, one per bond, or symmetric (N, N)
        Exchange element of every bond; as a matrix it may be non-zero off the bonds.
    gamma : float or (N,)
        Decay rate: an isolated cell's population falls as exp(-gamma t), its coherence as exp(-gamma t / 2).
    gamma_bond : float, one per bond, or symmetric (N, N)
        Off-diagonal elements of the decay matrix.
    dephasing : float or (N,)
        Extra decay rate of every cell's coherence, exp(-dephasing t).
    nbar : float or (N,)
        Thermal occupation: an isolated cell relaxes at gamma (2 nbar + 1) to p_e = nbar / (2 nbar + 1).
    allow_unphysical : bool
        Go on, with a warning, although the decay matrix is not positive semidefinite.
    label, unit : str
        Name for legends and files; name of the unit of energy.

    Returns
    -------
    Network

    Raises
    ------
    TypeError, ValueError
        For anything that is not a graph, a rate or a frequency, and for a decay matrix that is not positive.
    MemoryError
        If the matrices of so many cells do not fit into memory.

    Warns
    -----
    ModelWarning
        If `N` is not given and cell 0 alone has no bond, as in bonds counted from 1.

    Notes
    -----
    [santos2021] writes Gamma for twice our gamma; [arjmandi2022] writes (J/4)(sx sx + sy sy), our exchange element is
    J/2. The conversion belongs in the scenario.

    References
    ----------
    Eqs. (11)-(13) of [santos2021]; Eqs. (1)-(3) of [arjmandi2022].

    Examples
    --------
    >>> from qbsim import central
    >>> star = network(central(5), J=2.0, gamma=0.5, gamma_bond=0.25)
    >>> star.report().kinds
    ['dark', 'independent', 'independent', 'independent', 'superradiant']
    """
    bonds, N = read_edges(edges, N)
    require(64 * N**2, f"A network of N = {N} cells", "Use fewer cells.")  # J and the decay matrix, and their checks
    return Network(
        bonds,
        omega=per_cell("omega", omega, N),
        J=per_bond("J", J, bonds, N),
        decay_matrix=np.diag(per_cell("gamma", gamma, N, minimum=0)) + per_bond("gamma_bond", gamma_bond, bonds, N),
        dephasing=per_cell("dephasing", dephasing, N, minimum=0),
        nbar=per_cell("nbar", nbar, N, minimum=0),
        allow_unphysical=allow_unphysical,
        label=label,
        unit=unit,
    )
