r"""Trajectories of kets, for any battery of up to 2^16 levels.

Between jumps the ket evolves with :math:`H - \tfrac i2\sum_m L_m^\dagger L_m`, and its squared norm falls. Where it has
fallen to a number drawn evenly from (0, 1), jump m happens with a probability in proportion to
:math:`\|L_m\psi\|^2`, the ket is normalised, and a new number is drawn. The mean of the projectors on the normalised
kets solves the master equation [dalibard1992]. A mixed initial state is drawn from its eigenvectors. Chargers are
measured in their basis at the times asked for, which leaves the state of the cells as it is on average.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import accumulate
from typing import ClassVar

import numpy as np
import scipy.sparse
from qutip import Qobj

from .._checks import ComplexArray, FloatArray, IntArray
from .._machine import require_dense
from ..battery import Battery
from ..networks import Network
from ..states import InitialState
from .engines import Builder, Trajectory
from .levels import Levels
from .no_jump import Step, flow_of

__all__ = ["KetEngine", "KetEnsemble", "why_not"]

LARGEST = 2**16  # dimension
DENSE = 2048  # dimension up to which eigenvalues of H0, or eigenvectors of an initial state, are taken
KEPT_BYTES = 2**27  # of the path without jumps that all trajectories from one ket begin with


def why_not(battery: Battery, rho0: InitialState) -> str:
    """Why trajectories of kets cannot be taken, in words; empty if they can."""
    if not battery.cells_are_factors:
        return "its states are not in the product space of the cells"
    if "superoperators" in battery.terms:
        return "superoperators among c_ops have no jumps"
    if "negative rates" in battery.terms:
        return "a jump with a negative rate has no probability"
    if rho0.dimension > LARGEST:
        return f"{len(battery.dims)} tensor factors have more than {LARGEST} levels together"
    if not battery.is_diagonal and math.prod(battery.cell_dims) > DENSE:
        return f"the levels of an H0 that is not diagonal are found for at most {DENSE} of them"
    if not (rho0.isket or rho0.factors or rho0.cells is not None):
        matrix = rho0.whole.to("CSR").data.as_scipy()
        if rho0.dimension > DENSE and (matrix - scipy.sparse.diags(matrix.diagonal())).count_nonzero():
            return f"a mixed initial state of more than {DENSE} levels must be diagonal or a product of the cells"
    return ""


class KetEngine:
    """Trajectories of kets.

    Parameters
    ----------
    battery : Battery
        Of which `why_not` says nothing.
    rho0 : InitialState
        State at the first time.
    tlist : ndarray, (T,)
        Times.

    Attributes
    ----------
    shape : tuple of int
        Of a state of the cells, (d,).
    seconds : float
        Forecast for one trajectory on one core.
    """

    NAME: ClassVar[str] = "ket"

    def __init__(self, battery: Battery, rho0: InitialState, tlist: FloatArray) -> None:
        self.battery, self.tlist = battery, tlist
        self.shape: tuple[int, ...] = (math.prod(battery.cell_dims),)
        self._start = _Start(rho0)
        self._flow = flow_of(battery, tlist)
        self._path: _Path | None = None
        rate = battery.loss_rate
        jumps = 0.0 if rate is None else 2 * rate * float(tlist[-1] - tlist[0])
        self.seconds = (self._flow.count + jumps) * self._flow.seconds + 1e-3 * (1 + len(tlist) * rho0.dimension / 1e4)

    def run(self, rng: np.random.Generator) -> Trajectory:
        """One trajectory, by the numbers of `rng` alone."""
        times, ket = self.tlist, self._start.draw(rng)
        T = len(times)
        states, jumps, hazard = np.empty((T, len(ket)), dtype=complex), np.zeros(T, dtype=np.int64), np.zeros(T)
        draw = rng.random if self.battery.has_losses else lambda: -1.0  # a norm that is never reached
        states[0], at, count, passed, left = ket, 1, 0, 0.0, draw()
        path = self._steps(ket)
        while (step := next(path, None)) is not None:
            jump = step.falls_to(left)
            while at < T and times[at] <= (step.end if jump is None else jump):
                states[at], jumps[at], hazard[at] = step.ket(times[at]), count, passed - math.log(step.norm(times[at]))
                at += 1
            if jump is not None and jump < times[-1]:
                passed -= math.log(left)
                ket, count, left = self._jump(step.ket(jump), jump, rng), count + 1, draw()
                path = self._flow.steps(ket, jump)
        states /= np.linalg.norm(states, axis=1)[:, None]
        return Trajectory(_of_cells(states, self.battery, rng), jumps, hazard)

    def _steps(self, ket: ComplexArray) -> Iterator[Step]:
        """Steps from the initial ket; kept, if there is one for all trajectories, and worked out once."""
        if not self._start.is_certain or self._flow.count * self._flow.kept * 16 * len(ket) > KEPT_BYTES:
            return self._flow.steps(ket, float(self.tlist[0]))
        if self._path is None:
            self._path = _Path(self._flow.steps(ket, float(self.tlist[0])))
        return iter(self._path)

    def _jump(self, ket: ComplexArray, t: float, rng: np.random.Generator) -> ComplexArray:
        """Ket after a jump, normalised; which one is drawn."""
        sums = list(accumulate(float(np.vdot(after, after).real) for after in self._flow.jumps(ket, t)))
        chosen = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        after = next(k for m, k in enumerate(self._flow.jumps(ket, t)) if m == min(chosen, len(sums) - 1))
        return np.asarray(after / np.linalg.norm(after))

    def ensemble(self, states: ComplexArray) -> KetEnsemble:
        """States of many trajectories at one time, (R, d)."""
        return KetEnsemble(states, self.battery)


class _Path:
    """Steps that are worked out when they are first asked for, and kept without their terms."""

    def __init__(self, steps: Iterator[Step]) -> None:
        self._steps, self._kept = steps, list[Step]()

    def __iter__(self) -> Iterator[Step]:
        for k in range(2**63):
            if k == len(self._kept):
                step = next(self._steps, None)
                if step is None:
                    return
                self._kept.append(step)
            step = self._kept[k]
            yield step
            step.forget()


class _Start:
    """Initial kets and their probabilities."""

    def __init__(self, rho0: InitialState) -> None:
        self._parts: list[
            tuple[FloatArray, ComplexArray | None]
        ]  # probabilities; kets as columns, None for basis states
        if rho0.isket:
            self._parts = [(np.ones(1), rho0.whole.full())]
        elif rho0.factors:
            self._parts = [_eigenvectors(state) for state in rho0.factors]
        elif rho0.cells is not None:
            self._parts = [_eigenvectors(Qobj(cell)) for cell in rho0.cells]
        else:
            self._parts = [_eigenvectors(rho0.whole)]
        self.is_certain = all(len(p) == 1 for p, _ in self._parts)

    def draw(self, rng: np.random.Generator) -> ComplexArray:
        """Initial ket of a trajectory."""
        ket = np.ones(1, dtype=complex)
        for p, kets in self._parts:
            k = 0 if len(p) == 1 else min(int(np.searchsorted(np.cumsum(p), rng.random(), side="right")), len(p) - 1)
            one = np.eye(1, len(p), k)[0] if kets is None else kets[:, k]
            ket = np.multiply.outer(ket, one).ravel()
        return ket / np.linalg.norm(ket)


def _eigenvectors(state: Qobj) -> tuple[FloatArray, ComplexArray | None]:
    """Probabilities and kets of a state; basis states without their kets."""
    if state.isket:
        return np.ones(1), state.full()
    matrix = state.to("CSR").data.as_scipy()
    if not (matrix - scipy.sparse.diags(matrix.diagonal())).count_nonzero():
        p, kets = matrix.diagonal().real, None
    else:
        require_dense(matrix.shape[0], "The initial state")
        p, kets = np.linalg.eigh(matrix.toarray())
    p = np.maximum(p, 0)
    p = p / p.sum()
    if kets is not None and (pure := p > 1 - 1e-12).any():
        return np.ones(1), kets[:, pure]
    return p, kets


def _of_cells(kets: ComplexArray, battery: Battery, rng: np.random.Generator) -> ComplexArray:
    """Kets of the cells, (T, d), after a measurement of all other tensor factors."""
    N = len(battery.dims)
    if battery.cells == tuple(range(N)):
        return kets
    rest = [k for k in range(N) if k not in battery.cells]
    order = [0, *(1 + k for k in (*battery.cells, *rest))]
    kets = kets.reshape(-1, *battery.dims).transpose(order).reshape(len(kets), math.prod(battery.cell_dims), -1)
    p = np.cumsum((np.abs(kets) ** 2).sum(axis=1), axis=1)
    drawn = [min(int(np.searchsorted(row, rng.random() * row[-1], side="right")), len(row) - 1) for row in p]
    kets = kets[np.arange(len(kets)), :, drawn]
    return np.asarray(kets / np.linalg.norm(kets, axis=1)[:, None])


class KetEnsemble:
    """Normalised kets of the cells with equal weights; see `engines.Ensemble`.

    Parameters
    ----------
    states : ndarray, (R, d)
        Kets.
    battery : Battery
        Whose H0 measures them.
    """

    def __init__(self, states: ComplexArray, battery: Battery) -> None:
        self.kets, dims = states, battery.cell_dims
        self.energies = _energies(states, battery)
        self.cells = np.zeros((len(states), 0, 2, 2), dtype=complex)
        if set(dims) == {2}:
            N = len(dims)
            split = (states.reshape(len(states), 2**k, 2, -1) for k in range(N))
            self.cells = np.stack([np.einsum("raib,rajb->rij", x, x.conj()) for x in split], axis=1)
        self.levels = levels_of(battery)

    def __len__(self) -> int:
        return len(self.kets)

    def overlaps(self, rows: IntArray, columns: IntArray) -> ComplexArray:
        """<psi_r|psi_s>, (len(rows), len(columns))."""
        return np.asarray(self.kets[rows].conj() @ self.kets[columns].T)

    def squared_overlaps(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """|<psi_r|psi_s>|^2, (len(rows), len(columns))."""
        return np.abs(self.overlaps(rows, columns)) ** 2

    def overlap_seconds(self) -> float:
        """Forecast for one overlap."""
        return 1e-8 + 1e-9 * self.kets.shape[1]

    def unitaries(self) -> dict[str, Builder]:
        """None besides those made of overlaps."""
        return {}


def _energies(kets: ComplexArray, battery: Battery) -> FloatArray:
    if battery.is_diagonal:
        return np.asarray((kets.real**2 + kets.imag**2) @ battery.diagonal)
    H0 = battery.H0.to("CSR").data.as_scipy()
    return np.einsum("rd,dr->r", kets.conj(), H0 @ kets.T).real


def levels_of(battery: Battery) -> Levels:
    """Levels of H0."""
    if isinstance(battery, Network) and not battery.has_own_H0:
        return Levels(battery.omega)
    if battery.is_diagonal:
        return Levels.of_spectrum(np.sort(battery.diagonal))
    return Levels.of_spectrum(np.linalg.eigvalsh(battery.H0.full()))
