"""A single two-level cell."""

from __future__ import annotations

from .._checks import as_real, explained
from ..networks import Network
from .network import network

__all__ = ["single_cell"]


@explained
def single_cell(
    *,
    omega: float = 1.0,
    gamma: float = 0.0,
    dephasing: float = 0.0,
    nbar: float = 0.0,
    label: str = "",
    unit: str = "1",
) -> Network:
    r"""One two-level cell that relaxes and dephases.

    .. math:: \rho_{ee}(t) = \rho_{ee}(0)\,e^{-\gamma t}, \qquad
              |\rho_{eg}(t)| = |\rho_{eg}(0)|\,e^{-(\gamma/2 + \phi)\,t} \qquad (\bar n = 0)

    Parameters
    ----------
    omega : float
        Frequency of the cell.
    gamma : float
        Decay rate of the population.
    dephasing : float
        Extra decay rate of the coherence.
    nbar : float
        Thermal occupation of the bath.
    label, unit : str
        Legend text; unit of energy, such as "1/us" for rates in 1/us and times in us.

    Returns
    -------
    Network
        With N = 1 and no bonds.

    References
    ----------
    Eqs. (4)-(7) of [santos2021], whose cell is gamma = Gamma/2, dephasing = Gamma/4.

    Examples
    --------
    >>> single_cell(gamma=1.0).H0.diag().tolist()
    [0.0, 1.0]
    """
    return network(
        (),
        1,
        omega=as_real("omega", omega),
        gamma=as_real("gamma", gamma, minimum=0),
        dephasing=as_real("dephasing", dephasing, minimum=0),
        nbar=as_real("nbar", nbar, minimum=0),
        label=label,
        unit=unit,
    )
