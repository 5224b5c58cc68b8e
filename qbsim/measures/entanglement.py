"""Entanglement: concurrence, averaged over the bonds, and negativity."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import qutip
from numpy.typing import NDArray
from qutip import Qobj

from .._checks import FloatArray, MeasureWarning, as_count, explained, warn
from .._checks.names import shown
from .._machine import require_dense
from ..geometry import read_edges
from ..states import check_state
from .reference import Measure, as_states
from .series import StateSeries

__all__ = [
    "NO_BONDS",
    "ROWS",
    "concurrence_of_pairs",
    "concurrence_over_time",
    "largest_negativity",
    "mean_concurrence",
    "negativity",
]


# sigma_y x sigma_y up to a sign: the same in either order of the levels
_FLIP = np.fliplr(np.diag([-1.0, 1.0, 1.0, -1.0]))


def concurrence_of_pairs(rho: NDArray[np.complex128]) -> FloatArray:
    """Wootters concurrence of two-qubit states, (..., 4, 4) to (...).

    With rho = q q^dagger the numbers of Wootters are the singular values of q^T (sy x sy) q: no product rho rho~ with
    its squared condition number, so pure states come out exact to rounding.
    """
    p, v = np.linalg.eigh(rho)
    q = v * np.sqrt(np.maximum(p, 0.0))[..., None, :]  # rounding below zero has no square root
    s = np.linalg.svd(np.swapaxes(q, -1, -2) @ _FLIP @ q, compute_uv=False)
    return np.maximum(0.0, s[..., 0] - s[..., 1] - s[..., 2] - s[..., 3])


NO_BONDS = "this battery has no bonds to average the concurrence over"


def concurrence_over_time(states: StateSeries, edges: Sequence[tuple[int, int]]) -> FloatArray:
    if not edges:
        warn(f"The concurrence is nan: {NO_BONDS}.", MeasureWarning)
        return np.full(len(states), np.nan)
    if any(states.cell_dims[k] != 2 for bond in edges for k in bond):
        raise ValueError("The concurrence is defined for two-level cells only.")
    kinds = states.kinds(edges)
    curves = [concurrence_of_pairs(states.pair(*bond)) for bond, _ in kinds]
    return np.average(curves, axis=0, weights=[count for _, count in kinds])


@explained
def mean_concurrence(rho: Qobj, edges: Any) -> float:
    r"""Wootters concurrence of the two cells of a bond, averaged over the bonds.

    .. math:: C = \max(0, \lambda_1 - \lambda_2 - \lambda_3 - \lambda_4)

    with the singular values :math:`\lambda` of :math:`q^T(\sigma_y\otimes\sigma_y)q`, :math:`\rho = q q^\dagger`.

    Parameters
    ----------
    rho : Qobj, (2^N, 2^N) or ket
        State of the cells.
    edges : iterable of pairs, or graph
        Bonds.

    Returns
    -------
    float
        In [0, 1]; nan, with a `MeasureWarning`, if there are no bonds.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state of two-level cells or a bond is out of range.

    References
    ----------
    Eq. (14) of [santos2021].

    Examples
    --------
    >>> import qutip
    >>> round(mean_concurrence(qutip.bell_state("00"), [(0, 1)]), 12)
    1.0
    """
    states = as_states(rho)
    bonds, _ = read_edges(edges, len(states.cell_dims))
    return float(concurrence_over_time(states, bonds)[0])


@explained
def negativity(rho: Qobj, part: Sequence[int]) -> float:
    r"""Negativity across a cut, :math:`\mathcal N = \sum_{\lambda<0}|\lambda|` of the partial transpose; Bell: 1/2.

    Parameters
    ----------
    rho : Qobj, density matrix or ket
        State.
    part : sequence of int
        Tensor factors on one side of the cut.

    Returns
    -------
    float

    Examples
    --------
    >>> round(negativity(qutip.bell_state("00"), [0]), 12)
    0.5
    """
    rho = check_state(rho)
    require_dense(rho.shape[0], "Argument rho")
    rho = rho.proj() if rho.isket else rho
    n = len(rho.dims[0])
    if isinstance(part, str) or not isinstance(part, Iterable):
        raise TypeError(f"Argument part must be a list of tensor factors such as [0], but is {shown(part)}.")
    part = [as_count("part", k, 0) for k in part]
    if any(k >= n for k in part):
        raise ValueError(f"Argument part must name tensor factors of the state, 0 to {n - 1}, but is {part}.")
    mask = [int(k in part) for k in range(n)]
    values = np.linalg.eigvalsh(qutip.partial_transpose(rho, mask).full())
    return float(np.abs(values[values < 0]).sum())


@explained
def largest_negativity(rho: Qobj) -> float:
    """Largest negativity over all cuts of a state, 0 if there is nothing to cut.

    Examples
    --------
    >>> round(largest_negativity(qutip.ghz_state(3)), 12)
    0.5
    """
    n = len(check_state(rho).dims[0])
    # a cut and its complement are the same; with factor 0 on the first side each is met once
    cuts = [(0, *rest) for size in range(n - 1) for rest in combinations(range(1, n), size)]
    return max((negativity(rho, cut) for cut in cuts), default=0.0)


ROWS = {
    "concurrence": Measure(
        lambda states, ref: concurrence_over_time(states, ref.battery.edges), "concurrence, mean over the bonds", "1"
    ),
}
