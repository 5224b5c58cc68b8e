r"""Work from product inputs and collective extraction, by its single-letter formula and the dual of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from qutip import Qobj
from scipy.optimize import minimize_scalar

from .._checks import FloatArray, explained
from ..measures.many_copies import entropy_deficit, gibbs_energy
from ._closed import depolarizing_capacitance, depolarizing_strength
from ._functionals import ComplexArray, FreeEnergy
from ._hull import upper_hull
from ._proof import provable, proven_bound
from ._result import Capacitance
from ._search import Cell, Search
from .single_letter import BOUNDED, CLOSED_FORM, EXACT, HOTTEST, PROVEN, SEARCHED, check_energy

__all__ = ["separable_capacitance"]

CLOSED = 1e-10  # of the spread: where adding states stops
ROUNDS = 80
PATIENCE = 6  # rounds that must halve the gap, or the rest is rounding
COLDEST = 1e-13  # of the spread: temperatures searched are between this and HOTTEST


@dataclass(eq=False)
class Columns:
    """Input kets with their input energy, output energy and entropy deficit ln d - S: what the formula mixes."""

    cell: Cell
    psi: ComplexArray
    energy: FloatArray
    output: FloatArray
    deficit: FloatArray

    @classmethod
    def of(cls, cell: Cell, psi: ComplexArray) -> Columns:
        """Columns of kets (n, d)."""
        sigma = cell.output(psi[:, :, None] * psi[:, None, :].conj())
        r = np.maximum(np.linalg.eigvalsh(sigma), 0.0)
        deficit = entropy_deficit(r / r.sum(axis=1, keepdims=True))
        return cls(cell, psi, np.abs(psi) ** 2 @ cell.levels, np.einsum("nii,i->n", sigma, cell.levels).real, deficit)

    def __add__(self, other: Columns) -> Columns:
        names = ("psi", "energy", "output", "deficit")
        return Columns(self.cell, *(np.concatenate([getattr(self, n), getattr(other, n)]) for n in names))

    def best_mixture(self, T: float, e: float) -> tuple[float, float, FloatArray]:
        """Largest mean of output + T deficit at mean energy at most e: value, multiplier, weights of all columns."""
        height = self.output + T * self.deficit
        hull = upper_hull(self.energy, height)
        x, y = self.energy[hull], height[hull]
        weights = np.zeros(len(height))
        k = int(np.argmax(y))
        if x[k] <= e:
            weights[hull[k]] = 1.0
            return float(y[k]), 0.0, weights
        j = max(int(np.searchsorted(x, e, side="right")), 1)
        rise, part = (y[j] - y[j - 1]) / (x[j] - x[j - 1]), (e - x[j - 1]) / (x[j] - x[j - 1])
        weights[hull[j - 1]], weights[hull[j]] = 1 - part, part
        return float((1 - part) * y[j - 1] + part * y[j]), float(rise), weights

    def work(self, weights: FloatArray) -> float:
        """Output energy of a mixture of cells minus the Gibbs energy of its mean entropy."""
        return float(weights @ self.output - gibbs_energy(weights @ self.deficit, self.cell.levels))


def _restricted(columns: Columns, e: float) -> tuple[float, float, FloatArray]:
    """The formula with these kets only: best temperature and multiplier of the dual, weights that reach the primal."""
    levels, scale = columns.cell.levels, columns.cell.spread

    def dual(log_T: float) -> float:
        T = float(np.exp(log_T))
        return FreeEnergy(levels, T).offset + columns.best_mixture(T, e)[0]

    # convex in T, hence with one minimum also in ln T
    bounds = (np.log(COLDEST * scale), np.log(HOTTEST * scale))
    T = float(np.exp(minimize_scalar(dual, bounds=bounds, method="bounded", options={"xatol": 1e-11}).x))
    # at the best temperature two mixtures may tie, one of less and one of more entropy: the optimum lies between them
    mixtures = [columns.best_mixture(T * (1 + shift), e) for shift in (0.0, -1e-7, 1e-7)]
    one, two = mixtures[1][2], mixtures[2][2]
    part = minimize_scalar(
        lambda p: -columns.work((1 - p) * one + p * two), bounds=(0, 1), method="bounded", options={"xatol": 1e-12}
    ).x
    weights = max((one, two, (1 - part) * one + part * two, mixtures[0][2]), key=columns.work)
    return T, mixtures[0][1], weights


@explained
def separable_capacitance(channel: Qobj, H: Qobj, energy: float) -> Capacitance:
    r"""Work per cell from very many noisy cells: product inputs, collective extraction.

    .. math:: C_\mathrm{sep}(\Lambda; e) = \max_{\{p_j,\psi_j\}}\Big[\sum_j p_j E_\mathrm{out}(\psi_j)
              - E_G\big(\textstyle\sum_j p_j S(\Lambda\psi_j)\big)\Big], \quad \sum_j p_j\langle H\rangle_{\psi_j} \le e

    .. math:: = \min_{T,\mu\ge0}\Big[T\ln Z(1/T) + \mu e
              + \max_\psi\big(E_\mathrm{out}(\psi) - T S(\Lambda\psi) - \mu\langle H\rangle_\psi\big)\Big]

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
        `ensemble`: the kinds of cells to prepare and their shares. A lower bound for entangled inputs.

    Raises
    ------
    TypeError, ValueError
        If `channel` is not a channel, `H` is not Hermitian, or `energy` is outside the spectrum.

    Notes
    -----
    Never less than `total_ergotropy_capacitance`: blocks of different cells are emptied together, so that only the mean
    of their entropies counts. For a qubit with dephasing it can exceed `local_capacitance`, although the total
    ergotropy of a qubit is its ergotropy. States are added where the dual finds them until primal and dual meet.

    References
    ----------
    [tirone2023] defines it below Eq. (3) and bounds it by Eq. (12); the single-letter formula follows from convexity of
    the ergotropy and typicality.

    Examples
    --------
    >>> import qutip
    >>> from qbsim.channels import amplitude_damping, dephasing
    >>> noise = dephasing(0.9) @ amplitude_damping(0.2)
    >>> round(separable_capacitance(noise, qutip.num(2), 0.5).value, 8)
    0.33132378
    """
    cell = Cell(channel, H)
    energy, scale = check_energy(cell, energy), cell.spread
    if scale == 0:
        return Capacitance(0.0, 0.0, True, ((1.0, cell.ket(np.eye(1, cell.d)[0])),), CLOSED_FORM)
    lam = depolarizing_strength(cell)
    search = Search(cell)
    columns = Columns.of(cell, np.concatenate([np.eye(cell.d, dtype=complex), search.states()]))
    upper, found_at = np.inf, (1.0, 0.0, 0.0)
    gaps: list[float] = []
    for _ in range(ROUNDS):
        T, mu, weights = _restricted(columns, energy)
        value = columns.work(weights)
        search = Search(cell, FreeEnergy(cell.levels, T), tol=1e-13)
        found = search.maxima(mu, columns.psi[weights > 0])
        lagrangian = found.value - mu * found.energy
        height = float(lagrangian.max())
        if mu * energy + height < upper:
            upper, found_at = mu * energy + height, (T, mu, height)
        gaps.append(upper - value)
        if gaps[-1] <= CLOSED * scale or (len(gaps) > PATIENCE and gaps[-1] > 0.5 * gaps[-PATIENCE]):
            break
        keep = lagrangian > height - 1e-3 * scale
        _, first = np.unique(np.round(found.energy[keep] / scale, 9), return_index=True)
        columns = columns + Columns.of(cell, found.psi[keep][first])
    ensemble = tuple((float(weights[k]), cell.ket(columns.psi[k])) for k in np.flatnonzero(weights > 0))
    upper = max(upper, value)
    if lam is not None:
        known = depolarizing_capacitance(cell, lam, energy, total=True)
        if abs(known - value) <= EXACT * scale:
            return Capacitance(value, max(known, value), True, ensemble, CLOSED_FORM)
    T, mu, height = found_at
    exact = (
        upper - value <= EXACT * scale
        and T / scale < HOTTEST
        and provable(cell)
        and proven_bound(cell, FreeEnergy(cell.levels, T), mu, height, PROVEN * scale) <= height + PROVEN * scale
    )
    return Capacitance(value, upper, exact, ensemble, BOUNDED if exact else SEARCHED)
