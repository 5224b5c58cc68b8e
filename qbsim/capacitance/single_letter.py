"""Best output ergotropy of one cell, and the two capacitances that are its concave majorants."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from qutip import Qobj

from .._checks import apart, as_real, as_real_array, explained
from ._closed import depolarizing_capacitance, depolarizing_strength
from ._functionals import Ergotropy, FreeEnergy, TotalErgotropy
from ._hull import Envelope, Point
from ._proof import provable, proven_bound
from ._result import Capacitance
from ._search import Candidates, Cell, Search

__all__ = ["capacitance_curve", "local_capacitance", "max_output_ergotropy", "total_ergotropy_capacitance"]

EXACT = 1e-9  # of the spread of levels: value and proven bound agree
PROVEN = 5e-10  # of the spread: where the bounded search stops
LESSONS = 10  # rounds in which a single ket may still do better than the majorant
HOTTEST = 1e6  # of the spread: beyond, the free energy at this temperature is all rounding

SEARCHED = "every input ket searched from many starts; the bound is as sure as this search"
CLOSED_FORM = "proven by a closed form"
BOUNDED = "proven by a bounded search over all input kets"


def check_energy(cell: Cell, energy: float) -> float:
    """Input energy inside the spectrum of H."""
    energy = as_real("energy", energy)
    low, high = cell.levels[0], cell.levels[-1]
    slack = 1e-12 * max(cell.spread, abs(low), abs(high))
    if not low - slack <= energy <= high + slack:
        least, most, value = apart(low, high, energy)
        raise ValueError(f"Argument energy must lie in the spectrum of H, between {least} and {most}, but is {value}.")
    return energy


def search_for(cell: Cell, total: bool) -> Search:
    """Search for the best ergotropy or total ergotropy; for two levels they are the same."""
    return Search(cell, TotalErgotropy(cell.levels) if total and cell.d > 2 else Ergotropy(cell.levels))


def proof(search: Search, point: Point) -> str:
    """What proves that a point of the majorant is the maximum over all input kets; SEARCHED if nothing does."""
    cell, scale = search.cell, search.cell.spread or 1.0
    if point.upper - point.value > EXACT * scale:
        return SEARCHED
    if not np.isfinite(point.mu):  # the lowest energy: proven where only one state has it
        return CLOSED_FORM if cell.d == 1 or cell.levels[1] > cell.levels[0] + 1e-12 * scale else SEARCHED
    lam = depolarizing_strength(cell)
    if lam is not None:
        total = isinstance(search.functional, TotalErgotropy)
        known = depolarizing_capacitance(cell, lam, point.energy, total)
        return CLOSED_FORM if abs(known - point.value) <= EXACT * scale else SEARCHED
    return BOUNDED if _is_bounded(search, point, scale) else SEARCHED


def _is_bounded(search: Search, point: Point, scale: float) -> bool:
    """Whether a bounded search confirms the supporting line of a point for all input kets."""
    cell = search.cell
    if not provable(cell):
        return False
    functional, height = search.functional, point.upper - point.mu * point.energy
    if isinstance(functional, TotalErgotropy):
        # not convex, but at any one temperature the free energy is, and it is never below
        psi = point.ends.psi[int(np.argmax(point.weights))]
        T = functional.temperature(cell.output(np.outer(psi, psi.conj()))[0])
        if T / scale > HOTTEST:
            return False
        functional = FreeEnergy(cell.levels, T)
        found = Search(cell, functional).maxima(point.mu, point.ends.psi)
        if (found.value - point.mu * found.energy).max() > height + PROVEN * scale:
            return False  # one temperature does not do for all states: different cells emptied together give more
    return proven_bound(cell, functional, point.mu, height, PROVEN * scale) <= height + PROVEN * scale


def _settle(envelope: Envelope, energy: float) -> tuple[Point, Candidates]:
    """Majorant at an energy, and the best single ket near the ends of its chord; each learns from the other."""
    for _ in range(LESSONS):
        point = envelope.at(np.array([energy]))[0]
        if len(point.weights) == 1:
            return point, point.ends
        best = envelope.search.climb_below(point.ends.psi, point.energy)
        if best.value[0] <= point.value + envelope.tol:
            break
        envelope.learn(best)
    return point, best


@explained
def max_output_ergotropy(channel: Qobj, H: Qobj, energy: float, *, total: bool = False) -> Capacitance:
    r"""Most work that one cell gives after a channel, over all inputs of at most this energy.

    .. math:: \mathcal E^{(1)}(\Lambda; e) = \max_{\rho:\,\mathrm{tr}(\rho H)\le e} \mathcal E(\Lambda(\rho), H)

    Parameters
    ----------
    channel : Qobj, superoperator
        Of any finite dimension.
    H : Qobj, (d, d)
        Hamiltonian of the cell.
    energy : float
        Input energy, within the spectrum of `H`.
    total : bool
        The total ergotropy instead, over pure inputs.

    Returns
    -------
    Capacitance
        `state` is the best input ket; `upper` is the dual of the concave majorant, so the distance to it shows where
        the function is not concave, and `exact` is then False although `value` may well be the maximum.

    Raises
    ------
    TypeError, ValueError
        If `channel` is not a channel, `H` is not Hermitian, or `energy` is outside the spectrum.

    Notes
    -----
    Pure inputs are enough for the ergotropy, which is convex: every extreme point of the states of bounded energy is
    pure. The search is deterministic.

    References
    ----------
    Eq. (2) of [tirone2023] for one cell.

    Examples
    --------
    Amplitude damping of 1/2 leaves the most work in a superposition, not in the full cell:

    >>> import qutip
    >>> from qbsim.channels import amplitude_damping
    >>> best = max_output_ergotropy(amplitude_damping(0.5), qutip.num(2), 1.0)
    >>> round(best.value, 10), best.exact, round(float(abs(best.state[1, 0])) ** 2, 6)
    (0.2071067812, True, 0.707107)
    """
    cell = Cell(channel, H)
    energy = check_energy(cell, energy)
    search, scale = search_for(cell, total), cell.spread or 1.0
    point, best = _settle(Envelope(search), energy)
    if point.upper - best.value[0] > EXACT * scale:  # the majorant is a chord here: search this energy
        best = search.climb_below(np.concatenate([best.psi, point.ends.psi, search.states()]), energy)
    value = float(best.value[0])
    why = proof(search, point) if point.upper - value <= EXACT * scale else SEARCHED
    return Capacitance(value, max(point.upper, value), why != SEARCHED, ((1.0, cell.ket(best.psi[0])),), why)


@explained
def capacitance_curve(
    channel: Qobj, H: Qobj, energies: Iterable[float], *, total: bool = False, prove: bool = False
) -> list[Capacitance]:
    """`local_capacitance`, or with `total` the `total_ergotropy_capacitance`, at many energies with shared work.

    Parameters
    ----------
    channel, H
        As in `local_capacitance`.
    energies : sequence of float
        Within the spectrum of `H`.
    total : bool
        Of the total ergotropy.
    prove : bool
        Run the bounded search at every energy too; without it no result is marked exact.

    Returns
    -------
    list of Capacitance
        In the order of `energies`.

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import amplitude_damping
    >>> [round(float(c), 6) for c in capacitance_curve(amplitude_damping(0.5), qutip.num(2), [0.0, 0.5, 1.0])]
    [0.0, 0.183013, 0.207107]
    """
    grid, cell = as_real_array("energies", list(energies)), Cell(channel, H)
    for e in grid:
        check_energy(cell, float(e))
    search, scale = search_for(cell, total), cell.spread or 1.0
    envelope, results = Envelope(search), []
    for energy, shared in zip(grid, envelope.at(grid), strict=True):
        point, best = _settle(envelope, float(energy)) if prove else (shared, None)
        why = proof(search, point) if prove else SEARCHED
        weights, psi, value = point.weights, point.ends.psi, point.value
        if best is not None and best.value[0] >= value - EXACT * scale:  # not a chord here: one ket is enough
            weights, psi, value = np.ones(1), best.psi, max(value, float(best.value[0]))
        ensemble = tuple((float(w), cell.ket(k)) for w, k in zip(weights, psi, strict=True) if w > 0)
        results.append(Capacitance(value, max(point.upper, value), why != SEARCHED, ensemble, why))
    return results


@explained
def local_capacitance(channel: Qobj, H: Qobj, energy: float) -> Capacitance:
    r"""Work per cell from very many noisy cells, if every cell is emptied on its own.

    .. math:: C_\mathrm{loc}(\Lambda; e) = \chi(\Lambda; e)
              = \sup_{\{p_j, e_j\}} \sum_j p_j\,\mathcal E^{(1)}(\Lambda; e_j),
              \qquad \sum_j p_j e_j \le e

    Parameters
    ----------
    channel : Qobj, superoperator
        Noise of every cell.
    H : Qobj, (d, d)
        Hamiltonian of every cell.
    energy : float
        Input energy per cell, within the spectrum of `H`.

    Returns
    -------
    Capacitance
        `ensemble` holds the at most two kinds of cells to prepare. Entangled inputs give no more.

    Raises
    ------
    TypeError, ValueError
        If `channel` is not a channel, `H` is not Hermitian, or `energy` is outside the spectrum.

    References
    ----------
    Eqs. (5) and (6) of [tirone2023].

    Examples
    --------
    Strong dephasing makes the single-cell function convex, so that full and empty cells are best:

    >>> import qutip
    >>> from qbsim.channels import amplitude_damping, dephasing
    >>> half = local_capacitance(dephasing(0.9) @ amplitude_damping(0.2), qutip.num(2), 0.5)
    >>> round(half.value, 10), half.exact, len(half.ensemble)
    (0.3, True, 2)
    """
    return capacitance_curve(channel, H, [as_real("energy", energy)], prove=True)[0]


@explained
def total_ergotropy_capacitance(channel: Qobj, H: Qobj, energy: float) -> Capacitance:
    r"""Work per cell from blocks of equal cells, each block emptied collectively.

    .. math:: \chi_\mathrm{tot}(\Lambda; e)
              = \sup_{\{p_j, e_j\}} \sum_j p_j\,\mathcal E_\mathrm{tot}^{(1)}(\Lambda; e_j),
              \qquad \sum_j p_j e_j \le e

    over pure inputs. Lies between `local_capacitance`, which it equals for d = 2, and `separable_capacitance`.

    Parameters, returns and errors as in `local_capacitance`.

    References
    ----------
    Eq. (12) of [tirone2023].

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import depolarizing
    >>> round(total_ergotropy_capacitance(depolarizing(0.5, d=3), qutip.num(3), 0.0).value, 10)
    0.0384899209
    """
    return capacitance_curve(channel, H, [as_real("energy", energy)], total=True, prove=True)[0]
