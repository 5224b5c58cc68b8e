"""Qubit cells on any graph with exchange, collective decay, dephasing and thermal baths."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import FloatArray, as_real_array, explained, per_arrow, per_bond, per_cell
from .._machine import require
from ..geometry import Edges, along, read_arrows
from ..networks import Network
from ..networks.drives import read_drives

__all__ = ["Moving", "network"]

Moving = ArrayLike | Callable[[float], Any] | Sequence[Any]
"""Numbers, or functions of time in their place."""


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
    zz: ArrayLike = 0.0,
    pair: Moving = 0.0,
    dm: ArrayLike = 0.0,
    x: Moving = 0.0,
    y: Moving = 0.0,
    H0: Qobj | str = "local",
    allow_unphysical: bool = False,
    label: str = "",
    unit: str = "1",
) -> Network:
    r"""Network of two-level cells.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k + \sum_{\text{bonds}} \Big[J\,(s^+_i s^-_j + \mathrm{h.c.})
              + \tfrac{\mathit{zz}}{4}\,\sigma^z_i\sigma^z_j + \mathit{pair}\,(s^+_i s^+_j + \mathrm{h.c.})
              + \mathit{dm}\,(i s^+_i s^-_j + \mathrm{h.c.})\Big] + \sum_k \left(\tfrac x2 \sigma^x_k
              + \tfrac y2 \sigma^y_k\right)

    .. math:: \mathcal D\rho = \sum_{ij} K_{ij}\left(s^-_i\rho s^+_j - \tfrac12\{s^+_j s^-_i,\rho\}\right) + \dots

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
    zz : float, one per bond, or symmetric (N, N)
        ZZ coupling of every bond.
    pair : float, one per bond, symmetric (N, N), or function of time
        Double excitation of every bond. A function f(t) holds for all bonds, in a list for one.
    dm : float, one per bond, or antisymmetric (N, N)
        Dzyaloshinskii-Moriya coupling, dm[i, j] from cell i to j. One per bond: along the bond as it is written, so
        that (j, i) reverses its sign. A number points from every cell to the next, on a ring from the last to the first
        too; other graphs need one per bond.
    x, y : float, (N,), or function of time
        Transverse fields, also drives: f(t) holds for all cells, in a list for one. Samples are a function as
        ``qutip.coefficient(values, tlist=times)``.
    H0 : str or Qobj
        What energies are taken with: "local", the fields; "battery", all of H that is constant in time; an operator.
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
        For anything that is not a graph, a rate or a frequency, for a decay matrix that is not positive, and for one
        number as dm on a graph without a direction.
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

    sigma_y is i (s- - s+), so that dm (i s+_i s-_j + h.c.) = (dm/2)(sx_i sy_j - sy_i sx_j). QuTiP's ``sigmay()`` has
    the opposite sign in this basis, where level 0 is the lowest: use `qbsim.operators.sigma_y`.

    References
    ----------
    Eqs. (11)-(13) of [santos2021]; Eqs. (1)-(3) of [arjmandi2022].

    Examples
    --------
    >>> from qbsim import central
    >>> star = network(central(5), J=2.0, gamma=0.5, gamma_bond=0.25)
    >>> star.report().kinds
    ['dark', 'independent', 'independent', 'independent', 'superradiant']

    Two cells of an XXZ chain, charged by a pulse:

    >>> from qbsim import empty, evolve, linear
    >>> pulse = network(linear(2), J=0.1, zz=0.2, x=lambda t: np.sqrt(np.pi) * np.exp(-((t - 5) ** 2)))
    >>> evolve(pulse, empty(2), [0, 10], "energy").energy.values.round(2).tolist()
    [0.0, 1.14]
    """
    arrows, N = read_arrows(edges, N)
    bonds = tuple((min(arrow), max(arrow)) for arrow in arrows)
    require(64 * N**2, f"A network of N = {N} cells", "Use fewer cells.")  # J and the decay matrix, and their checks
    pairs, moving_pairs = read_drives("pair", pair, lambda value: per_bond("pair", value, bonds, N))
    fields_x, moving_x = read_drives("x", x, lambda value: per_cell("x", value, N))
    fields_y, moving_y = read_drives("y", y, lambda value: per_cell("y", value, N))
    return Network(
        bonds,
        omega=per_cell("omega", omega, N),
        J=per_bond("J", J, bonds, N),
        decay_matrix=np.diag(per_cell("gamma", gamma, N, minimum=0)) + per_bond("gamma_bond", gamma_bond, bonds, N),
        dephasing=per_cell("dephasing", dephasing, N, minimum=0),
        nbar=per_cell("nbar", nbar, N, minimum=0),
        zz=per_bond("zz", zz, bonds, N),
        pair=pairs,
        dm=_directed(dm, arrows, N),
        x=fields_x,
        y=fields_y,
        drives=(*moving_pairs, *moving_x, *moving_y),
        H0=H0,
        allow_unphysical=allow_unphysical,
        label=label,
        unit=unit,
    )


def _directed(dm: ArrayLike, arrows: Edges, N: int) -> FloatArray:
    """Antisymmetric couplings, along the bonds as they are written or, for one number, along a line or a ring."""
    numbers = as_real_array("dm", dm)
    if numbers.ndim:
        return per_arrow("dm", numbers, arrows, N)
    if numbers == 0:
        return np.zeros((N, N))
    forward = along(arrows, N)
    if forward is None:
        raise ValueError(
            f"Argument dm must be one per bond or an antisymmetric ({N}, {N}) matrix on this graph, but is "
            f"{numbers:g}: one number has a direction on a line and on a ring only."
        )
    return per_arrow("dm", np.full(len(forward), float(numbers)), forward, N)
