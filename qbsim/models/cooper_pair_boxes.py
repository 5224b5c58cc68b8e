"""Two Cooper-pair boxes as two-level cells, charged by tunnelling or by a two-body pair flip."""

from __future__ import annotations

from .._checks import as_real, explained
from ..battery import Battery
from ..collective import local_losses
from ..operators import excitation, lowering, raising, sigma_x, sigma_z

__all__ = ["cooper_pair_boxes"]


@explained
def cooper_pair_boxes(
    *,
    E_J: float = 0.0,
    E_m: float = 0.0,
    pair_flip: float = 0.0,
    splitting: float = 0.0,
    exchange: float = 0.0,
    gamma: float = 0.0,
    dephasing: float = 0.0,
) -> Battery:
    r"""Two coupled boxes; the energy is the number of extra Cooper pairs.

    .. math:: H = -\frac{E_J}{2}(X_1 + X_2) + \frac{E_m}{4} Z_1 Z_2 + K X_1 X_2 + \frac D2 (Z_1 + Z_2)
              + J(s^+_1 s^-_2 + \mathrm{h.c.}), \qquad H_0 = n_1 + n_2

    Parameters
    ----------
    E_J : float
        Josephson energy of each box: tunnelling from the reservoir, a one-body drive.
    E_m : float
        Coupling capacitance.
    pair_flip : float
        K: both boxes flip together, the two-body drive.
    splitting : float
        D: what is left of the levels' distance while charging.
    exchange : float
        J: a junction between the islands; it moves a pair from box to box and charges neither.
    gamma, dephasing : float
        Decay rate of the charge and extra decay rate of the coherence of every box.

    Returns
    -------
    Battery
        Two cells; start from ``empty(2)``.

    Raises
    ------
    TypeError, ValueError
        If an argument is not a real number, or if nothing drives the charge: E_J = pair_flip = 0.

    Notes
    -----
    At the charge degeneracy point the energy basis is that of X, where the capacitive coupling acts as the pair flip
    with K = E_m / 4 and the Josephson terms as the splitting D = E_J. A flip by (X1 X2 - Y1 Y2)/2 does the same to the
    empty state.

    References
    ----------
    Section "Coupled Cooper Pair Boxes" of [campaioli2018]; [pashkin2009].

    Examples
    --------
    >>> from qbsim import empty, evolve
    >>> import numpy as np
    >>> ds = evolve(cooper_pair_boxes(pair_flip=1.0), empty(2), [0, np.pi / 2])
    >>> ds.energy.values.round(9).tolist()
    [0.0, 2.0]
    """
    E_J, E_m, K = as_real("E_J", E_J), as_real("E_m", E_m), as_real("pair_flip", pair_flip)
    D, J = as_real("splitting", splitting), as_real("exchange", exchange)
    if E_J == 0 and K == 0:
        raise ValueError("Arguments E_J and pair_flip are both zero, so that nothing is charged.")
    X, Z = [sigma_x(k, 2) for k in (0, 1)], [sigma_z(k, 2) for k in (0, 1)]
    hop = raising(0, 2) * lowering(1, 2)
    H = -E_J / 2 * (X[0] + X[1]) + E_m / 4 * Z[0] * Z[1] + K * X[0] * X[1]
    H = H + D / 2 * (Z[0] + Z[1]) + J * (hop + hop.dag())
    return Battery(
        excitation(0, 2) + excitation(1, 2),
        H,
        local_losses(2, gamma=gamma, dephasing=dephasing),
        N=2,
        edges=[(0, 1)],
        label="two Cooper-pair boxes",
    )
