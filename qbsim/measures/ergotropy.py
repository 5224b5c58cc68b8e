"""Internal energy, efficiency, passive state, and ergotropy: coherent, incoherent, per copy, and total."""

from __future__ import annotations

import numpy as np
from qutip import Qobj

from .._checks import FloatArray, explained
from ..curves import efficiency
from .many_copies import as_distribution, entropy_deficit, gibbs_energy, passive_energy_per_copy
from .reference import Measure, Reference, prepare
from .series import CellStates, StateSeries

__all__ = [
    "ROWS",
    "coherent_ergotropy",
    "coherent_ergotropy_over_time",
    "efficiency_over_time",
    "energy",
    "energy_over_time",
    "ergotropy",
    "ergotropy_over_time",
    "ergotropy_per_copy",
    "incoherent_ergotropy",
    "incoherent_ergotropy_over_time",
    "passive_state",
    "total_ergotropy",
]


# --- formulas over a series of states ------------------------------------------------------------------------------


def energy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if isinstance(states, CellStates):
        return sum(np.einsum("tij,ji->t", states.cell(k), h).real for k, h in enumerate(ref.battery.local_terms))
    if ref.battery.is_diagonal:
        return states.populations @ ref.battery.diagonal
    return states.expect(ref.H0_full.to("CSR").data.as_scipy())  # no density matrix of a ket is formed


def ergotropy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return energy_over_time(states, ref) - ref.passive(states).values


def efficiency_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return efficiency(ergotropy_over_time(states, ref), energy_over_time(states, ref), ref.ends[0])


def incoherent_ergotropy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    if isinstance(states, CellStates):
        values, bound = states.incoherent_passive_energy(ref.fields)
        ref.bound = max(ref.bound, bound)
        return energy_over_time(states, ref) - values
    return states.populations @ ref.battery.diagonal - np.sort(states.populations, axis=1)[:, ::-1] @ ref.levels


def coherent_ergotropy_over_time(states: StateSeries, ref: Reference) -> FloatArray:
    return ergotropy_over_time(states, ref) - incoherent_ergotropy_over_time(states, ref)


# --- functions of one state ----------------------------------------------------------------------------------------


@explained
def energy(rho: Qobj, H: Qobj) -> float:
    r"""Internal energy :math:`U = \mathrm{tr}(\rho H)`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    References
    ----------
    Below Eq. (2) of [arjmandi2022].

    Examples
    --------
    >>> from qbsim import plus, network, linear
    >>> round(energy(plus(3), network(linear(3)).H0), 12)
    1.5
    """
    return float(energy_over_time(*prepare(rho, H))[0])


@explained
def ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Maximal energy a unitary can extract from a state.

    .. math:: \mathcal{E}(\rho, H) = \mathrm{tr}(\rho H) - \sum_k p_k \epsilon_k,
              \quad p_1 \ge p_2 \ge \dots, \quad \epsilon_1 \le \epsilon_2 \le \dots

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    float
        In the units of `H`; between 0 and ``energy(rho, H)`` minus the ground energy; nothing is clipped.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    Notes
    -----
    Independent of the zero of energy and of degeneracies in the spectrum of `H`.

    References
    ----------
    Eq. (4) of [arjmandi2022]; [allahverdyan2004].

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> round(ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return float(ergotropy_over_time(*prepare(rho, H))[0])


@explained
def total_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Work per copy that unitaries on very many copies can extract.

    .. math:: \mathcal E_\mathrm{tot}(\rho, H) = \lim_{n\to\infty}\frac{\mathcal E(\rho^{\otimes n}, H^{(n)})}{n}
              = \mathrm{tr}(\rho H) - E_G(S(\rho)), \qquad
              E_G(S) = \frac{S - \ln Z(\beta)}{\beta}, \quad \beta \ge 0

    with the Gibbs state of the same entropy, of inverse temperature :math:`\beta`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of one copy, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian of one copy.

    Returns
    -------
    float
        In the units of `H`; between ``ergotropy(rho, H)``, which it equals for d = 2, and the energy above the ground
        level.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, with its trace 1 within 1e-9, or the dims differ.

    Notes
    -----
    Good to 1e-12 of the spread of `H`: the Gibbs energy is taken from the free energy, which is stationary in beta. Not
    convex in `rho` for d >= 3, unlike the ergotropy.

    References
    ----------
    Below Eq. (12) of [tirone2023]; [alicki2013].

    Examples
    --------
    A passive state from which many copies still give work:

    >>> import qutip
    >>> rho, H = qutip.qdiags([0.6, 0.2, 0.2], 0), qutip.num(3)
    >>> round(ergotropy(rho, H), 12), round(total_ergotropy(rho, H), 12)
    (0.0, 0.036322403028)
    """
    states, ref = prepare(rho, H)
    r = as_distribution("the eigenvalues of rho", states.eigenvalues, "use rho.unit()")
    return float((energy_over_time(states, ref) - gibbs_energy(entropy_deficit(r), ref.levels))[0])


@explained
def ergotropy_per_copy(rho: Qobj, H: Qobj, n: int) -> float:
    r"""Work per copy that unitaries on n copies together can extract, :math:`\mathcal E(\rho^{\otimes n}, H^{(n)})/n`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of one copy, unit trace.
    H : Qobj, (d, d)
        Reference Hamiltonian of one copy; n cells do not interact.
    n : int
        Number of copies.

    Returns
    -------
    float
        In the units of `H`; the ergotropy for n = 1, never more than `total_ergotropy`, its limit for large n.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state, the dims differ, or n copies have more than 5 million different eigenvalues.

    Notes
    -----
    The cost grows as n^(d-1), see `passive_energy_per_copy`. For d = 2 the result is the ergotropy for every n. The
    limit is approached slowly: the distance falls as 1/n, and as ln(n)/(2 beta n) where all eigenvalues but zeros are
    equal, with the inverse temperature beta of the Gibbs state of the same entropy.

    References
    ----------
    [alicki2013]; Eq. (2) of [tirone2023] for identical cells.

    Examples
    --------
    >>> import qutip
    >>> rho, H = qutip.qdiags([0.3, 0.7, 0.0], 0), qutip.num(3)
    >>> [round(ergotropy_per_copy(rho, H, n), 6) for n in (1, 2, 4, 16)]
    [0.4, 0.4, 0.420925, 0.437879]
    """
    states, ref = prepare(rho, H)
    r = as_distribution("the eigenvalues of rho", states.eigenvalues[0], "use rho.unit()")
    return float(energy_over_time(states, ref)[0] - passive_energy_per_copy(r, ref.levels, n))


@explained
def passive_state(rho: Qobj, H: Qobj) -> Qobj:
    r"""State of least energy with the spectrum of `rho`: :math:`\sum_k p_k |\epsilon_k\rangle\langle\epsilon_k|`.

    Parameters
    ----------
    rho : Qobj, (d, d) or ket
        State of the cells.
    H : Qobj, (d, d)
        Reference Hamiltonian.

    Returns
    -------
    Qobj, (d, d)
        Passive state; unique up to the choice of basis inside degenerate levels of `H`.

    Raises
    ------
    TypeError, ValueError
        If `rho` is not a state or the dims differ.

    References
    ----------
    Below Eq. (4) of [arjmandi2022]; [allahverdyan2004].

    Examples
    --------
    >>> from qbsim import full, single_cell
    >>> passive_state(full(1), single_cell().H0).diag().tolist()
    [1.0, 0.0]
    """
    states, ref = prepare(rho, H)
    if ref.battery.is_diagonal:
        vectors = np.eye(len(ref.battery.diagonal))[:, np.argsort(ref.battery.diagonal, kind="stable")]
    else:
        vectors = np.linalg.eigh(ref.H0.toarray())[1]
    return Qobj((vectors * states.eigenvalues[0, ::-1]) @ vectors.conj().T, dims=H.dims)


@explained
def incoherent_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""Ergotropy of the state dephased in the product basis of the cells, :math:`\mathcal E(\Delta\rho, H)`.

    Parameters, errors and units as in `ergotropy`; see `coherent_ergotropy` for the rest.

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> incoherent_ergotropy(plus(1), single_cell().H0)
    0.0
    """
    return float(incoherent_ergotropy_over_time(*prepare(rho, H))[0])


@explained
def coherent_ergotropy(rho: Qobj, H: Qobj) -> float:
    r"""What the coherence adds: :math:`\mathcal E(\rho, H) - \mathcal E(\Delta\rho, H)`.

    Not negative where `H` is diagonal in the product basis. Parameters, errors and units as in `ergotropy`.

    Examples
    --------
    >>> from qbsim import plus, single_cell
    >>> round(coherent_ergotropy(plus(1), single_cell().H0), 12)
    0.5
    """
    return float(coherent_ergotropy_over_time(*prepare(rho, H))[0])


ROWS = {
    "energy": Measure(energy_over_time, "internal energy", "energy", "expectation"),
    "ergotropy": Measure(ergotropy_over_time, "ergotropy", "energy", spectral=True),
    "efficiency": Measure(efficiency_over_time, "efficiency (ergotropy / energy)", "1", spectral=True),
    "incoherent_ergotropy": Measure(incoherent_ergotropy_over_time, "ergotropy of the dephased state", "energy"),
    "coherent_ergotropy": Measure(coherent_ergotropy_over_time, "ergotropy due to coherence", "energy", spectral=True),
}
