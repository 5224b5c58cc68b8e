"""Two-level cells seen only through their total spin; between the measures and the models.

Exchangeable cells need no tensor product: the symmetric states of n cells are the n + 1 levels of a spin n/2, and
whatever keeps the cells exchangeable stays in the blocks of total spin j = n/2, n/2 - 1, ..., each of which stands for
several equal copies in the full space. Level m of a block is ascending in J_z, as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import scipy.sparse
from numpy.typing import ArrayLike
from qutip import Qobj

from ._checks import FloatArray, as_count, as_flag, as_real, as_real_array, explained, other_roads
from ._html import collective_html
from ._machine import require
from .battery import Battery
from .curves import efficiency
from .measures.ergotropy import ergotropy
from .measures.passive_energy import counted_passive_energy
from .measures.reference import Reference
from .measures.series import StateSeries, surprise
from .measures.table import MEASURES
from .operators import copies, lowering, raising, sigma_z, spins

__all__ = [
    "Collective",
    "choose_space",
    "collective_losses",
    "local_losses",
    "symmetric_ergotropy",
]

__getattr__ = other_roads(__name__, {name: f"qbsim.operators.{name}" for name in ("embedding", "j_minus", "j_z")})

COHERENCE = 1e-8  # between different total spins, that passes for rounding
CHECKED = 128  # dimension of H0 up to which its levels are compared with those given
LEVEL_TOLERANCE = 1e-9  # of the largest level


def collective_losses(n: int, *, gamma: float = 0.0, dephasing: float = 0.0, nbar: float = 0.0) -> list[Qobj]:
    r"""Jump operators, on the blocks of total spin, of relaxation and dephasing of every cell for itself.

    .. math:: \mathcal D\rho = \sum_k \gamma(\bar n+1)\left(s^-_k\rho s^+_k - \tfrac12\{s^+_ks^-_k,\rho\}\right)
              + \gamma\bar n\left(s^+_k\rho s^-_k - \tfrac12\{s^-_ks^+_k,\rho\}\right)
              + \tfrac{\phi}{2}\left(\sigma^z_k\rho\sigma^z_k - \rho\right)

    Parameters
    ----------
    n : int
        Number of cells.
    gamma, dephasing : float
        Decay rate of the population and extra decay rate of the coherence of a cell, as in `network`.
    nbar : float
        Thermal occupation of every cell's bath, as in `network`.

    Returns
    -------
    list of Qobj
        For `Battery.c_ops`. A block holds the sum over its equal copies in the full space, so its trace is the
        probability of its total spin.

    Raises
    ------
    TypeError, ValueError
        For a rate or occupation below 0.
    MemoryError
        For more cells than fit.

    Notes
    -----
    :math:`\sum_k s_k\rho s_k^\dagger = \sum_{jj'} K_{jj'}\rho K_{jj'}^\dagger` with :math:`j' = j, j \pm 1`, where
    :math:`K_{jj'}` moves m as s does, and has the elements below times the square root of a number of j:

    ===============  ==========================================  ===============================================
    j'               s-                                          square of the factor
    ===============  ==========================================  ===============================================
    j                :math:`\sqrt{(j+m)(j-m+1)}`                 :math:`(n/2+1) / (2j(j+1))`
    j - 1            :math:`\sqrt{(j+m)(j+m-1)}`                 :math:`(n/2+j+1) / (2j(2j+1))`
    j + 1            :math:`\sqrt{(j-m+1)(j-m+2)}`               :math:`(n/2-j) / (2(j+1)(2j+1))`
    ===============  ==========================================  ===============================================

    For s+ replace m by -m; for sigma_z / 2 the elements are m, :math:`\sqrt{(j+m)(j-m)}` and
    :math:`\sqrt{(j+m+1)(j-m+1)}`. After Chase and Geremia,
    Phys. Rev. A 78, 052101 (2008).

    Examples
    --------
    >>> total = sum(L.dag() * L for L in collective_losses(3, gamma=1.0))  # the number of excitations
    >>> [round(x, 12) for x in total.diag().tolist()]
    [0.0, 1.0, 2.0, 3.0, 1.0, 2.0]
    """
    n = as_count("n", n)
    levels = (n // 2 + 1) * ((n + 1) // 2 + 1)
    require(90 * n * levels, f"Losses of n = {n} single cells on the blocks of total spin", "Use fewer cells.")
    gamma, dephasing = as_real("gamma", gamma, minimum=0), as_real("dephasing", dephasing, minimum=0)
    nbar = as_real("nbar", nbar, minimum=0)
    # sigma_z = 2 (sigma_z / 2), so phi / 2 becomes 2 phi
    rates = {-1: gamma * (nbar + 1), 1: gamma * nbar, 0: 2 * dephasing}
    return [math.sqrt(rate) * K for step, rate in rates.items() if rate > 0 for K in _local_jumps(n, step)]


def _local_jumps(n: int, step: int) -> list[Qobj]:
    """Operators K with sum_k s_k rho s_k^+ = sum K rho K^+ on the blocks; step -1, 1, 0: s = s-, s+, sigma_z / 2."""
    every_j = spins(n, symmetric=False)
    starts = np.cumsum([0, *(round(2 * j + 1) for j in every_j)])
    jumps = []
    for row, j in enumerate(every_j):
        m = np.arange(-j, j + 1)
        up = m if step == 0 else -step * m  # for s+ everything is that of s- upside down
        if step == 0:
            inside, lower, higher = m**2, (j + m) * (j - m), (j + m + 1) * (j - m + 1)
        else:
            inside, lower, higher = (j + up) * (j - up + 1), (j + up) * (j + up - 1), (j - up + 1) * (j - up + 2)
        # block that is reached, squares of the elements, their common factor
        tables = [(row, inside, (n / 2 + 1) / (2 * j * (j + 1)))] if j > 0 else []
        tables += [(row + 1, lower, (n / 2 + j + 1) / (2 * j * (2 * j + 1)))] if j >= 1 else []
        tables += [(row - 1, higher, (n / 2 - j) / (2 * (j + 1) * (2 * j + 1)))] if row > 0 else []
        for target, squares, factor in tables:
            elements = np.sqrt(factor * squares) * (np.sign(m) if target == row and step == 0 else 1)
            nonzero = squares > 0
            rows = starts[target] + (m + step + every_j[target]).round().astype(int)
            entries = elements[nonzero], (rows[nonzero], (starts[row] + np.arange(m.size))[nonzero])
            jumps.append(Qobj(scipy.sparse.csr_matrix(entries, shape=(starts[-1], starts[-1]))))
    return jumps


def choose_space(space: str, *, symmetric: bool, lossy: bool) -> str:
    """Where to put the cells: "symmetric", "blocks" or "tensor"; "auto" takes the smallest space that will do."""
    if space not in ("auto", "symmetric", "blocks", "tensor"):
        raise ValueError(f"Argument space must be 'auto', 'symmetric', 'blocks' or 'tensor', but is {space!r}.")
    if space in ("symmetric", "blocks") and not symmetric:
        raise ValueError("These cells are not exchangeable; use space='tensor'.")
    if space == "symmetric" and lossy:
        raise ValueError("Losses of single cells leave the symmetric states; use space='blocks' or 'tensor'.")
    if space == "auto":
        return ("blocks" if lossy else "symmetric") if symmetric else "tensor"
    return space


def _collective(ref: Reference) -> Collective:
    if not isinstance(ref.battery, Collective):
        raise TypeError(f"This measure needs a Collective battery, but the battery is {ref.battery!r}.")
    return ref.battery


def _ergotropy(states: StateSeries, ref: Reference) -> FloatArray:
    return MEASURES["energy"].evaluate(states, ref) - _collective(ref).passive_energies(states)


def _efficiency(states: StateSeries, ref: Reference) -> FloatArray:
    return efficiency(_ergotropy(states, ref), MEASURES["energy"].evaluate(states, ref), _collective(ref).ground)


def _entropy(states: StateSeries, ref: Reference) -> FloatArray:
    p, times = _collective(ref).spectrum(states)
    return surprise(p) @ times


def _purity(states: StateSeries, ref: Reference) -> FloatArray:
    p, times = _collective(ref).spectrum(states)
    return (times * p**2).sum(axis=1)


def _active_energies(states: StateSeries, ref: Reference) -> FloatArray:
    return -_collective(ref).passive_energies(states, sign=-1)


def _antiergotropy(states: StateSeries, ref: Reference) -> FloatArray:
    return MEASURES["energy"].evaluate(states, ref) - _active_energies(states, ref)


def _battery_capacity(states: StateSeries, ref: Reference) -> FloatArray:
    return _active_energies(states, ref) - _collective(ref).passive_energies(states)


_FORMULAS: dict[str, Callable[[StateSeries, Reference], FloatArray]] = {
    "ergotropy": _ergotropy,
    "efficiency": _efficiency,
    "antiergotropy": _antiergotropy,
    "battery_capacity": _battery_capacity,
    "entropy": _entropy,
    "purity": _purity,
}


def local_losses(n: int, *, gamma: float = 0.0, dephasing: float = 0.0, nbar: float = 0.0) -> list[Qobj]:
    """Jump operators of the same losses in the full tensor space: relaxation and dephasing of every cell.

    Examples
    --------
    >>> len(local_losses(3, gamma=0.1, dephasing=0.2))
    6
    """
    gamma, dephasing = as_real("gamma", gamma, minimum=0), as_real("dephasing", dephasing, minimum=0)
    nbar = as_real("nbar", nbar, minimum=0)
    rates = {lowering: gamma * (nbar + 1), raising: gamma * nbar, sigma_z: dephasing / 2}
    return [math.sqrt(rate) * op(k, n) for op, rate in rates.items() if rate > 0 for k in range(n)]


class Collective(Battery):
    r"""Battery whose cells are one tensor factor, the total spin of n two-level cells.

    The ergotropy is that of the n cells, with all of their :math:`2^n` levels: a unitary may leave the symmetric
    states. What unitaries on the levels of the spin alone can extract is `symmetric_ergotropy`, never more. Measures
    that need the cells one by one are refused; a user measure gets the state of the spin, block by block,
    each block summed over its equal copies.

    Parameters
    ----------
    H0, H, c_ops, label, unit, truncation, args
        As in `Battery`; the cells are tensor factor 0.
    n : int
        Number of cells.
    levels : (K,)
        Different energies of H0 in the full space.
    multiplicities : sequence of K int
        How often each occurs; they sum to 2^n.
    symmetric : bool
        Whether the factor holds spin n/2 alone or all blocks.
    """

    own_measures = MappingProxyType(
        {MEASURES[name]: replace(MEASURES[name], evaluate=evaluate) for name, evaluate in _FORMULAS.items()}
    )
    cells_are_factors = False

    @explained
    def __init__(
        self,
        H0: Qobj,
        H: Any,
        c_ops: Any = (),
        *,
        n: int,
        levels: ArrayLike,
        multiplicities: Sequence[int],
        symmetric: bool = True,
        label: str = "",
        unit: str = "1",
        truncation: Qobj | None = None,
        args: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(H0, H, c_ops, N=n, cells=[0], label=label, unit=unit, truncation=truncation, args=args)
        symmetric, energies = as_flag("symmetric", symmetric), as_real_array("levels", levels)
        multiplicities = [as_count("multiplicities", m) for m in multiplicities]
        if energies.shape != (len(multiplicities),):
            raise ValueError(
                f"Arguments levels and multiplicities must be lists of the same length, but have shape "
                f"{energies.shape} and length {len(multiplicities)}."
            )
        own = np.linalg.eigvalsh(H0.full()) if H0.shape[0] <= CHECKED else energies
        away = np.abs(own[:, None] - energies).min(axis=1).max()
        if away > LEVEL_TOLERANCE * max(np.abs(own).max(), np.abs(energies).max()):
            raise ValueError(
                f"Argument levels must hold every level of H0, but one is {away:.3g} away from all of them."
            )
        if sum(multiplicities) != 2**n:
            raise ValueError(f"Argument multiplicities must sum to 2^{n}, but sums to {sum(multiplicities)}.")
        self.symmetric = symmetric
        self._levels, self._multiplicities = energies, multiplicities
        needed = H0.shape[0] if symmetric else 2**n  # a symmetric state has no more eigenvalues than that
        self._copies = np.array([float(min(m, needed)) for m in multiplicities])
        self.ground = float(energies.min())

    def _with_reference(self, H0: Qobj) -> Battery:
        raise ValueError("Argument H0 goes with the levels and multiplicities of this battery: build another one.")

    def parameters(self) -> dict[str, Any]:
        """Parameters as plain numbers and lists, for files and hashes."""
        levels = {"levels": self._levels.tolist(), "multiplicities": self._multiplicities}
        return {**super().parameters(), "symmetric": self.symmetric, **levels}

    def _repr_html_(self) -> str:
        return collective_html(self)

    def spectrum(self, states: StateSeries) -> tuple[FloatArray, FloatArray]:
        """Eigenvalues of the n cells' states, (T, K), and how often each occurs, (K,); the missing ones vanish."""
        if self.symmetric:
            p = states.eigenvalues
            return p, np.ones(p.shape[1])
        parts, times, start, outside = [], [], 0, np.abs(states.dense) ** 2
        for j in spins(self.N, symmetric=False):
            size, number = round(2 * j + 1), float(copies(self.N, j))
            block = states.dense[:, start : start + size, start : start + size]
            outside[:, start : start + size, start : start + size] = 0
            parts.append(np.linalg.eigvalsh(block) / number)
            times += [number] * size
            start += size
        if outside.sum(axis=(1, 2)).max() > COHERENCE**2:
            raise ValueError(
                "The state has coherence between different total spins, so it needs the cells one by one; build "
                'the battery in the full tensor space (space="tensor").'
            )
        return np.concatenate(parts, axis=1), np.array(times)

    def passive_energies(self, states: StateSeries, sign: int = 1) -> FloatArray:
        """Least energy of the n cells with the spectrum of the states, (T,), for H0 or, with sign -1, for -H0."""
        return counted_passive_energy(*self.spectrum(states), sign * self._levels, self._copies)


@explained
def symmetric_ergotropy(rho: Qobj, battery: Battery) -> float:
    r"""What unitaries on the levels of the total spin can extract, out of a symmetric state.

    Never more than the ergotropy of the cells, which takes unitaries on all :math:`2^n` levels.

    Parameters
    ----------
    rho : Qobj, (n + 1, n + 1)
        State of the total spin, as ``evolve(..., {"symmetric_ergotropy": symmetric_ergotropy})`` gives it.
    battery : Collective
        With spin n/2 alone.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the battery is not one of symmetric states.

    Examples
    --------
    >>> import qutip
    >>> from qbsim import spin_chain
    >>> battery = spin_chain(3, coupling="uni", g=0.0)  # H0 = sum sigma_z: levels -3, -1, 1, 3
    >>> round(symmetric_ergotropy(qutip.basis(4, 3).proj(), battery), 12)
    6.0
    """
    if not isinstance(battery, Collective) or not battery.symmetric:
        raise ValueError("The symmetric ergotropy needs a battery that holds the symmetric states alone.")
    return ergotropy(rho, battery.H0)
