r"""The redundancy protocol: a given energy spread over ever more cells, against the same energy in few.

Three limits of dilution are kept apart. The coherent one prepares every cell in
:math:`\sqrt{1-e}|0\rangle + \sqrt e|1\rangle`; the local one takes the best cell for extraction cell by cell; the
separable one takes the best product input for collective extraction, where empty cells serve as a bath.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from qutip import Qobj

from .._checks import FloatArray, apart, as_count, as_hermitian, as_real, explained
from ..measures.many_copies import passive_energy_per_copy
from ._functionals import Ergotropy, FreeEnergy
from ._result import Capacitance
from ._search import Cell, Search
from .single_letter import max_output_ergotropy

__all__ = [
    "coherent_redundancy_ratio",
    "local_redundancy_ratio",
    "redundancy_curve",
    "separable_redundancy_ratio",
    "single_shot_ratio",
]

SAME = 1e-9  # eigenvalues closer than this are one when perturbed; coherence below its root is rounding
STEPS = 60


def _dilution_slope(cell: Cell) -> float:
    r"""Limit of the ergotropy of the diluted coherent state over its energy, by second-order perturbation theory.

    With output :math:`\sigma_0 + \sqrt\epsilon\,\sigma_1 + \epsilon\,\sigma_2`, eigenvalues move by the spectrum of
    :math:`\sigma_2 + \sigma_1 (r - \sigma_0)^{-1} \sigma_1` inside every group of equal ones; what is left of the
    energy after the moved eigenvalues have been sorted along the levels is work.
    """
    d, levels = cell.d, cell.levels
    zero, one = np.eye(d)[0], np.eye(d)[1]
    operators = np.array([np.outer(zero, zero), np.outer(zero, one) + np.outer(one, zero), np.outer(one, one)], complex)
    sigma_0, sigma_1, excited = cell.output(operators)
    sigma_2 = excited - sigma_0
    tilt = SAME * 1e-3 * (cell.spread or 1.0)
    # eigenvalues descend along ascending levels; among equal ones, eigenvectors of the Hamiltonian in this order
    V = np.linalg.eigh(sigma_0 - tilt * np.diag(np.arange(d)) / d)[1]
    r, V = np.einsum("ia,ij,ja->a", V.conj(), sigma_0, V).real[::-1], V[:, ::-1]
    if np.diag(sigma_0).real @ levels - r @ levels > SAME * cell.spread:
        return np.inf  # the noise charges empty cells
    first, second = V.conj().T @ sigma_1 @ V, V.conj().T @ sigma_2 @ V
    work = float(np.diag(sigma_2).real @ levels)
    cuts = [0, *(np.flatnonzero(-np.diff(r) > SAME) + 1).tolist(), d]
    groups = [slice(a, b) for a, b in pairwise(cuts)]  # of equal eigenvalues
    for group in groups:
        if np.ptp(levels[group]) > 0 and np.abs(first[group, group]).max() > SAME:
            return np.inf  # coherence between equal populations: work of the order of the amplitude
        block = second[group, group].copy()
        for other in groups:
            if other != group:
                block += first[group, other] @ first[other, group] / (r[group].mean() - r[other].mean())
        work -= float(np.linalg.eigvalsh(block)[::-1] @ levels[group])
    return work / float(levels[1] - levels[0])


def _two_level_cell(channel: Qobj, H: Qobj) -> Cell:
    cell = Cell(channel, H)
    if cell.d < 2 or cell.levels[1] - cell.levels[0] <= 1e-12 * (cell.spread or 1.0):
        raise ValueError("Argument H must have a single ground level and a level above it to hold diluted energy.")
    return cell


@explained
def coherent_redundancy_ratio(channel: Qobj, H: Qobj) -> Capacitance:
    r"""Work per input energy of the coherent state diluted over infinitely many cells.

    .. math:: J_\mathrm{coh}(\Lambda) = \lim_{n\to\infty} \frac{\mathcal E(\Lambda^{\otimes n}(\psi_n))}{E}, \qquad
              \psi_n = \Big(\sqrt{1-\tfrac En}\,|0\rangle + \sqrt{\tfrac En}\,|1\rangle\Big)^{\otimes n}

    Parameters
    ----------
    channel : Qobj, superoperator
        Noise of every cell.
    H : Qobj, (d, d)
        Hamiltonian of every cell, with a single ground level; the energy goes to the next one.

    Returns
    -------
    Capacitance
        The limit in closed form, exact; inf where the noise alone charges empty cells or leaves them at equal
        populations. For d > 2 with extraction cell by cell.

    Raises
    ------
    TypeError, ValueError
        If `channel` is not a channel, `H` is not Hermitian, or its ground level is degenerate.

    Notes
    -----
    (1 - gamma)/(1 - 2 gamma eta) for generalized amplitude damping with gamma eta < 1/2. The supremum in Eq. (5) as
    printed also holds the undiluted states; see `local_redundancy_ratio` and `separable_redundancy_ratio`.

    References
    ----------
    Eqs. (5) and (6) of [tirone_poster].

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import generalized_amplitude_damping
    >>> round(coherent_redundancy_ratio(generalized_amplitude_damping(0.3, 0.2), qutip.num(2)).value, 10)
    0.7954545455
    """
    slope = _dilution_slope(_two_level_cell(channel, H))
    return Capacitance(slope, slope, True, (), "closed form of the diluted coherent state")


@explained
def single_shot_ratio(channel: Qobj, H: Qobj, energy: float = 1.0) -> Capacitance:
    r"""Work per input energy of the best single cell, :math:`\mathcal E_{1,e}(\Lambda)/e`.

    Parameters
    ----------
    channel : Qobj, superoperator
        Noise of the cell.
    H : Qobj, (d, d)
        Hamiltonian of the cell.
    energy : float
        Input energy above the ground level.

    Returns
    -------
    Capacitance
        `max_output_ergotropy` over `energy`, also where the best state uses less.

    Raises
    ------
    TypeError, ValueError
        As `max_output_ergotropy`, and for an energy that is not positive.

    References
    ----------
    Eq. (7) of [tirone_poster] for n = 1.

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import amplitude_damping
    >>> round(single_shot_ratio(amplitude_damping(0.2), qutip.num(2)).value, 10)
    0.6
    """
    energy = as_real("energy", energy)
    if energy <= 0:
        raise ValueError(f"Argument energy must be positive, but is {energy:g}.")
    ground = float(np.linalg.eigvalsh(as_hermitian("H", H).full())[0])
    best = max_output_ergotropy(channel, H, ground + energy)
    return Capacitance(best.value / energy, best.upper / energy, best.exact, best.ensemble, best.assumed)


@explained
def redundancy_curve(channel: Qobj, H: Qobj, cells: Iterable[int], energy: float = 1.0) -> FloatArray:
    r"""Work per input energy of a coherent energy spread over n cells.

    .. math:: \frac{\mathcal E(\Lambda^{\otimes n}(\psi_n))}{E} \quad\text{for each n}

    Parameters
    ----------
    channel : Qobj, superoperator
        Noise of every cell.
    H : Qobj, (d, d)
        Hamiltonian of every cell.
    cells : sequence of int
        Numbers of cells n, each able to hold the energy: ``energy <= n`` gaps.
    energy : float
        Total input energy E above the ground level.

    Returns
    -------
    ndarray, (len(cells),)
        For d = 2 the collective work is that of the cells one by one.

    Raises
    ------
    TypeError, ValueError
        If an argument is wrong, or the energy does not fit into n cells.

    References
    ----------
    Eq. (6) of [tirone_poster] at finite n.

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import generalized_amplitude_damping
    >>> redundancy_curve(generalized_amplitude_damping(0.3, 0.2), qutip.num(2), [1, 2, 4]).round(6).tolist()
    [0.52, 0.675804, 0.735439]
    """
    cell = _two_level_cell(channel, H)
    energy = as_real("energy", energy)
    gap = float(cell.levels[1] - cell.levels[0])
    ratios = []
    for n in cells:
        n = as_count("cells", n)
        share = energy / (n * gap)
        if not 0 < share <= 1:
            most, value = apart(n * gap, energy)
            raise ValueError(
                f"Argument energy must be positive and fit into {n} cells of gap {gap:g}, at most {most} together, "
                f"but is {value}."
            )
        psi = np.zeros((1, cell.d), complex)
        psi[0, :2] = np.sqrt([1 - share, share])
        if cell.d == 2:
            work = Search(cell).evaluate(psi).value[0]
        else:
            sigma = cell.output(psi[:, :, None] * psi[:, None, :].conj())[0]
            eigenvalues = np.linalg.eigvalsh(sigma)
            work = np.diag(sigma).real @ cell.levels - passive_energy_per_copy(eigenvalues, cell.levels, n)
        ratios.append(n * work / energy)
    return np.array(ratios)


def _best_ratio(search: Search, start: float) -> tuple[float, tuple[tuple[float, Qobj], ...]]:
    """Supremum of f over the input energy above the ground level, by Dinkelbach's method; at least `start`."""
    ratio, cell = start, search.cell
    ensemble: tuple[tuple[float, Qobj], ...] = ()
    for _ in range(STEPS):
        found = search.maxima(ratio)
        # energies near zero divide rounding by rounding: they are the limit of dilution, which `start` has exactly
        found = found.take(found.energy - cell.levels[0] > 1e-6 * cell.spread)
        if not len(found):
            break
        ratios = found.value / (found.energy - cell.levels[0])
        k = int(np.argmax(ratios))
        if ratios[k] <= ratio + 1e-12:
            break
        ratio, ensemble = float(ratios[k]), ((1.0, cell.ket(found.psi[k])),)
    return ratio, ensemble


@explained
def local_redundancy_ratio(channel: Qobj, H: Qobj) -> Capacitance:
    r"""Most work per input energy at any dilution, if every cell is emptied on its own.

    .. math:: J_\mathrm{loc} = \sup_e \mathcal E^{(1)}(\Lambda; e)/e

    For two-level cells. `state` is None where the supremum is the limit of dilution, `coherent_redundancy_ratio`.

    Parameters and errors as in `coherent_redundancy_ratio`.

    Examples
    --------
    With strong dephasing the full cell keeps more than the diluted coherent state:

    >>> import qutip
    >>> from qbsim.channels import amplitude_damping, dephasing
    >>> round(local_redundancy_ratio(dephasing(0.9) @ amplitude_damping(0.2), qutip.num(2)).value, 10)
    0.6
    """
    return _redundancy(channel, H, collective=False)


@explained
def separable_redundancy_ratio(channel: Qobj, H: Qobj) -> Capacitance:
    r"""Most work per input energy at any dilution from product inputs, with collective extraction.

    .. math:: J_\mathrm{sep} = \sup_\psi \frac{D(\Lambda\psi\,\|\,\Lambda|0\rangle\langle0|)}
              {\beta_0\,\langle H\rangle_\psi}

    Empty cells come out of the noise as a bath of inverse temperature beta_0; where they stay empty, the ratio is that
    of output to input energy. For two-level cells.

    Parameters and errors as in `coherent_redundancy_ratio`.

    Examples
    --------
    Full and empty cells beat dilution here, without any coherence:

    >>> import qutip
    >>> from qbsim.channels import amplitude_damping, dephasing
    >>> round(separable_redundancy_ratio(dephasing(0.9) @ amplitude_damping(0.2), qutip.num(2)).value, 10)
    0.8
    """
    return _redundancy(channel, H, collective=True)


def _redundancy(channel: Qobj, H: Qobj, collective: bool) -> Capacitance:
    cell = _two_level_cell(channel, H)
    if cell.d != 2:
        raise ValueError(f"This ratio is defined here for two-level cells, but H has {cell.d} levels.")
    slope = _dilution_slope(cell)
    if not np.isfinite(slope):
        return Capacitance(slope, slope, True, (), "empty cells already give work after the noise")
    search = Search(cell, FreeEnergy(cell.levels, _bath_temperature(cell)) if collective else Ergotropy(cell.levels))
    ratio, ensemble = _best_ratio(search, slope)
    return Capacitance(ratio, ratio, False, ensemble, "every input ket searched from many starts")


def _bath_temperature(cell: Cell) -> float:
    """Temperature of an empty two-level cell after the noise."""
    q = float(cell.output(np.diag([1.0, 0.0]).astype(complex)[None])[0, 1, 1].real)
    return float(cell.spread / np.log((1 - q) / q)) if q > 1e-300 else 0.0
