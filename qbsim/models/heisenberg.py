"""Heisenberg model on any graph, in local fields."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike
from qutip import Qobj

from .._checks import as_real_array, explained
from ..networks import Network
from .network import network

__all__ = ["heisenberg"]


@explained
def heisenberg(
    edges: Any,
    N: int | None = None,
    *,
    J: ArrayLike,
    omega: ArrayLike = 1.0,
    gamma: ArrayLike = 0.0,
    dephasing: ArrayLike = 0.0,
    nbar: ArrayLike = 0.0,
    H0: Qobj | str = "local",
) -> Network:
    r"""Heisenberg model on any graph, in local fields.

    .. math:: H = \sum_k \omega_k s^+_k s^-_k
              + \sum_{\text{bonds}} \frac{J}{4}\,\boldsymbol\sigma_i\cdot\boldsymbol\sigma_j

    Parameters
    ----------
    edges : iterable of pairs, or graph with ``.edges``
        Bonds, as in `network`.
    N : int, optional
        Number of cells, needed where cells without a bond come last.
    J : float, one per bond, or symmetric (N, N)
        Coupling J S.S in the normalisation above: positive is antiferromagnetic.
    omega : float or (N,)
        Local frequencies.
    gamma, dephasing, nbar : float or (N,)
        As in `network`.
    H0 : str or Qobj
        What energies are taken with, as in `network`: "local", the fields, or "battery", the coupling too.

    Returns
    -------
    Network
        ``network(edges, J=J/2, zz=J, ...)``.

    References
    ----------
    Heisenberg, Z. Phys. 49, 619 (1928).

    Examples
    --------
    The singlet lies by J below the triplet:

    >>> import numpy as np
    >>> np.linalg.eigvalsh(heisenberg([(0, 1)], J=1.0, omega=0.0).H.full()).round(6).tolist()
    [-0.75, 0.25, 0.25, 0.25]
    """
    coupling = as_real_array("J", J)
    return network(
        edges,
        N,
        omega=omega,
        J=coupling / 2,
        zz=coupling,
        gamma=gamma,
        dephasing=dephasing,
        nbar=nbar,
        H0=H0,
    )
