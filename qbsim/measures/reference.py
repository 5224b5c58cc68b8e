"""What the measures need to know of a battery, and `Measure`, a row of their table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import qutip
import scipy.sparse
import scipy.sparse.linalg
from qutip import Qobj, QobjEvo

from .._checks import FloatArray, as_hermitian
from .._machine import require_dense
from ..battery import Battery
from ..states import check_state
from .passive_energy import PassiveEnergy, passive_energy
from .series import CellStates, DenseStates, KetStates, StateSeries

__all__ = ["Measure", "Reference", "as_states", "prepare"]


def as_states(rho: Qobj) -> DenseStates:
    """One state as a stack of length 1."""
    rho = check_state(rho)
    if rho.isket:
        return KetStates(rho.full().T, np.zeros(1), rho.dims[0])
    require_dense(rho.shape[0], "Argument rho")
    return DenseStates(rho.full()[None], np.zeros(1), rho.dims[0])


def prepare(rho: Qobj, H: Qobj) -> tuple[DenseStates, Reference]:
    H = as_hermitian("H", H)
    states = as_states(rho)
    if [states.dims, states.dims] != H.dims:
        raise ValueError(f"Argument rho must have dims {H.dims}, but has {rho.dims}.")
    return states, Reference(Battery(H, H, N=len(H.dims[0])))


class Reference:
    """What the measures need to know of a battery: levels of H0, its passive energy, the operators of power.

    Parameters
    ----------
    battery : Battery
        The battery.
    passive_tol : float, optional
        Error aimed at in the passive energy, as a fraction of the spread of H0; None for none.
    start : float
        Time at which the evolution began.
    """

    def __init__(self, battery: Battery, passive_tol: float | None = None, start: float = 0.0) -> None:
        self.battery, self.passive_tol, self.start = battery, passive_tol, start
        self._passive: tuple[StateSeries, PassiveEnergy] | None = None
        self.bound = 0.0  # largest error of a passive energy of which only bounds are known

    @cached_property
    def H0(self) -> scipy.sparse.csr_matrix:
        """Reference Hamiltonian of the cells, sparse (d, d)."""
        return self.battery.H0.to("CSR").data.as_scipy()

    @cached_property
    def levels(self) -> FloatArray:
        """Energy levels of H0, ascending, (d,)."""
        battery = self.battery
        if battery.is_diagonal:
            return np.sort(battery.diagonal)
        require_dense(self.H0.shape[0], "H0")
        return np.linalg.eigvalsh(self.H0.toarray())

    @cached_property
    def fields(self) -> FloatArray:
        """Frequencies of two-level cells without coupling in H0, (N,), up to a constant."""
        return np.array([(h[1, 1] - h[0, 0]).real for h in self.battery.local_terms])

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest level of H0."""
        return self.battery.ends or (float(self.levels[0]), float(self.levels[-1]))

    @property
    def spread(self) -> float:
        """Largest minus smallest level of H0."""
        return self.ends[1] - self.ends[0]

    def passive(self, states: StateSeries) -> PassiveEnergy:
        """Passive energy of a segment, computed once for all measures."""
        if self._passive is None or self._passive[0] is not states:
            if isinstance(states, CellStates):
                values, bound = states.passive_energy(self.fields)
                self.bound = max(self.bound, bound)
                self._passive = states, PassiveEnergy(values, len(states), 0.0, states.lowest())
                return self._passive[1]
            tol = None if self.passive_tol is None else self.passive_tol * self.spread
            rate = None if tol is None else self.battery.loss_rate
            self._passive = states, passive_energy(states, self.levels, tol, rate=rate, start=self.start)
        return self._passive[1]

    def has_passive(self, states: StateSeries) -> bool:
        """Whether the passive energy of these states is known."""
        return self._passive is not None and self._passive[0] is states

    def forget(self) -> None:
        """Give back the memory of the last segment."""
        self._passive = None

    @cached_property
    def H0_full(self) -> Qobj:
        """H0 on all tensor factors, identity on chargers."""
        battery = self.battery
        if battery.cells == tuple(range(len(battery.dims))):
            return battery.H0
        return qutip.expand_operator(battery.H0, battery.dims, list(battery.cells))

    @cached_property
    def dissipated(self) -> scipy.sparse.csr_matrix:
        """Adjoint dissipator on H0: its expectation value is the power lost to the baths."""
        H0 = self.H0_full
        total = 0 * H0
        for c in self.battery.c_ops:
            if isinstance(c, QobjEvo):
                raise ValueError("Power needs c_ops that do not depend on time.")
            if c.issuper:  # tr(S(rho) H0) = tr(rho S^dagger(H0))
                total = total + qutip.vector_to_operator(c.dag() * qutip.operator_to_vector(H0))
            else:
                cdc = c.dag() * c
                total = total + c.dag() * H0 * c - 0.5 * (cdc * H0 + H0 * cdc)
        return total.to("CSR").data.as_scipy()

    def exchanged(self, t: float) -> scipy.sparse.csr_matrix:
        """-i [H0, H] at time t: its expectation value is the power of the interaction."""
        H = self.battery.H(t) if isinstance(self.battery.H, QobjEvo) else self.battery.H
        return (-1j * qutip.commutator(self.H0_full, H)).to("CSR").data.as_scipy()


@dataclass(frozen=True)
class Measure:
    """One row of the table of measures.

    Attributes
    ----------
    evaluate : callable
        (states, reference) to an array over time.
    long_name : str
        For labels.
    units : str
        "energy", "power" (the square of an energy) or "1"; `evolve` replaces the first two by the battery's unit.
    needs : str
        "product": the state in the product space of the cells, with its spectrum and matrix elements. "expectation":
        expectation values of operators of the battery only, which are right in any space.
    spectral : bool
        Whether it takes the eigenvalues of the states, which are part of the cost of a run.
    """

    evaluate: Callable[[StateSeries, Reference], FloatArray]
    long_name: str
    units: str
    needs: str = "product"
    spectral: bool = False
