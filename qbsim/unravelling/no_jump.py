r"""Evolution of a ket between two jumps, with the time at which its squared norm falls to a given number.

.. math:: \dot\psi = A\psi, \qquad A = -iH - \tfrac12\sum_m L_m^\dagger L_m, \qquad
          \psi(t + s) = \sum_k \frac{s^k}{k!} A^k\psi(t)

Where H and all L_m are constant, a step is this series; its length keeps the norm of sA below REACH, so the terms that
are left out and the rounding of those that are not stay below 1e-12 of the ket. The squared norm is a polynomial in s,
and the time of a jump its root. Where they depend on time a step is one of an eighth-order Runge-Kutta method with its
interpolation [hairer1993].
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import scipy.integrate
import scipy.optimize
import scipy.sparse
from qutip import QobjEvo
from qutip.core import data as _data

from .._checks import ComplexArray, FloatArray
from ..battery import Battery
from ..solvers._pulses import check_hermitian, pieces

__all__ = ["ConstantFlow", "Flow", "MovingFlow", "Step", "flow_of"]

REACH = 4.0  # norm of A times the length of a step
TERMS = next(k for k in range(1, 100) if REACH**k / math.factorial(k) < 1e-16)
RTOL, ATOL = 1e-9, 1e-11  # of the Runge-Kutta method, per step


class Step(ABC):
    """Kets without a jump from `start` to `end`."""

    def __init__(self, start: float, end: float) -> None:
        self.start, self.end = start, end

    @abstractmethod
    def ket(self, t: float) -> ComplexArray:
        """Ket at a time inside the step, not normalised."""

    @abstractmethod
    def norm(self, t: float) -> float:
        """Its squared norm."""

    def forget(self) -> None:  # noqa: B027  nothing to forget, unless a step says otherwise
        """Give back memory that can be filled again."""

    def falls_to(self, norm: float) -> float | None:
        """Time at which the squared norm is this number, or None if it is still larger at the end of the step."""
        if self.norm(self.end) > norm:
            return None
        if self.norm(self.start) <= norm:  # by rounding: it was larger at the end of the step before
            return self.start
        close = 1e-14 * (self.end - self.start)
        return float(scipy.optimize.brentq(lambda t: self.norm(t) - norm, self.start, self.end, xtol=close, rtol=1e-15))


class Series(Step):
    """Step of a generator that is constant; the ket at its start and the norms are kept, the terms may be forgotten."""

    def __init__(self, A: scipy.sparse.csr_matrix, ket: ComplexArray, start: float, end: float) -> None:
        super().__init__(start, end)
        self._A, self._first = A, ket
        self._terms: ComplexArray | None = None
        gram = self.terms.conj() @ self.terms.T
        n = len(gram)
        self._powers = np.array([np.trace(gram[:, ::-1], offset=n - 1 - k).real for k in range(2 * n - 1)])

    @property
    def terms(self) -> ComplexArray:
        """Terms of the series for the whole step, (k, d)."""
        if self._terms is None:
            rows, h = [self._first], self.end - self.start
            while len(rows) < TERMS:
                rows.append((self._A @ rows[-1]) * (h / len(rows)))
            self._terms = np.array(rows)
        return self._terms

    def forget(self) -> None:
        self._terms = None

    def _share(self, t: float) -> float:
        return (t - self.start) / (self.end - self.start)

    def ket(self, t: float) -> ComplexArray:
        terms = self.terms
        return np.asarray(self._share(t) ** np.arange(len(terms)) @ terms)

    def norm(self, t: float) -> float:
        return float(np.polynomial.polynomial.polyval(self._share(t), self._powers))


class Interpolated(Step):
    """Step of an integrator, with its interpolation."""

    def __init__(self, solver: scipy.integrate.DOP853) -> None:
        super().__init__(float(solver.t_old), float(solver.t))
        self._dense, self._last = solver.dense_output(), solver.y

    def ket(self, t: float) -> ComplexArray:
        return np.asarray(self._dense(t))

    def norm(self, t: float) -> float:
        ket = self._last if t == self.end else self.ket(t)
        return float(np.vdot(ket, ket).real)


class Flow(ABC):
    """Evolution without jumps, and the jumps.

    Attributes
    ----------
    count : float
        Steps that the whole span takes, by forecast.
    seconds : float
        Forecast for one of them.
    kept : int
        Kets that a step holds once it has forgotten what it can.
    """

    count: float
    seconds: float
    kept: int

    @abstractmethod
    def steps(self, ket: ComplexArray, start: float) -> Iterator[Step]:
        """Steps from a ket to the end of the span."""

    @abstractmethod
    def jumps(self, ket: ComplexArray, t: float) -> Iterator[ComplexArray]:
        """The ket after every jump, not normalised: the squared norms are the rates."""


class ConstantFlow(Flow):
    """H and all jumps are constant."""

    kept = 1

    def __init__(self, battery: Battery, tlist: FloatArray) -> None:
        H = battery.H.to("CSR").data.as_scipy()
        self._jumps = [c.to("CSR").data.as_scipy() for c in battery.c_ops]
        ends = [f(H.diagonal().real) for f in (np.min, np.max)]  # half of their sum only turns the phase
        A = -1j * (H - sum(ends) / 2 * scipy.sparse.eye(H.shape[0]))
        A = A - 0.5 * sum((c.conj().T @ c for c in self._jumps), start=0 * A)
        self.A = scipy.sparse.csr_matrix(A)
        size = abs(self.A)
        bound = math.sqrt(float(size.sum(axis=0).max()) * float(size.sum(axis=1).max()))
        self._end, self._length = float(tlist[-1]), REACH / max(bound, 1e-300)
        self.count = max(1.0, float(tlist[-1] - tlist[0]) / self._length)
        entries, d = self.A.nnz + sum(c.nnz for c in self._jumps), H.shape[0]
        self.seconds = TERMS * (1e-5 + 4e-9 * entries + 4e-8 * d)

    def steps(self, ket: ComplexArray, start: float) -> Iterator[Step]:
        while start < self._end:
            end = min(start + self._length, self._end)
            step = Series(self.A, ket, start, end)
            ket = step.ket(end)
            yield step
            start = end

    def jumps(self, ket: ComplexArray, t: float) -> Iterator[ComplexArray]:
        return (c @ ket for c in self._jumps)


class MovingFlow(Flow):
    """H or a jump depends on time."""

    kept = 9  # the interpolation, of seventh order

    def __init__(self, battery: Battery, tlist: FloatArray) -> None:
        moving = [op for op in (battery.H, *battery.c_ops) if isinstance(op, QobjEvo)]
        if isinstance(battery.H, QobjEvo):
            check_hermitian(battery.H, tlist)
        self._jumps = [QobjEvo(c) for c in battery.c_ops]
        self._A = QobjEvo(-1j * battery.H)
        for c in self._jumps:
            self._A = self._A - 0.5 * (c.dag() * c)
        self._pieces = pieces(moving, tlist) if len(tlist) > 1 else []
        span, d = float(tlist[-1] - tlist[0]), battery.H.shape[0]
        at = QobjEvo(battery.H)(float(tlist[0])).to("CSR").data.as_scipy()
        self.count = 1 + span * float(abs(at).sum(axis=0).max())
        self.seconds = 12 * (5e-5 + 1e-8 * at.nnz + 1e-7 * d)

    def _slope(self, t: float, ket: ComplexArray) -> ComplexArray:
        return np.asarray(self._A.matmul_data(t, _data.Dense(ket)).to_array()[:, 0])

    def steps(self, ket: ComplexArray, start: float) -> Iterator[Step]:
        for end, longest in self._pieces:
            if end <= start:
                continue
            options = {"max_step": longest or np.inf, "rtol": RTOL, "atol": ATOL}
            solver = scipy.integrate.DOP853(self._slope, start, ket.astype(complex), end, **options)
            while solver.status == "running":
                if message := solver.step():
                    raise ArithmeticError(f"A trajectory broke down at time {solver.t:g}: {message}")
                yield Interpolated(solver)
            start, ket = end, solver.y

    def jumps(self, ket: ComplexArray, t: float) -> Iterator[ComplexArray]:
        return (np.asarray(c.matmul_data(t, _data.Dense(ket)).to_array()[:, 0]) for c in self._jumps)


def flow_of(battery: Battery, tlist: FloatArray) -> Flow:
    """Evolution of the kets of a battery between jumps."""
    moves = any(isinstance(op, QobjEvo) for op in (battery.H, *battery.c_ops))
    return MovingFlow(battery, tlist) if moves else ConstantFlow(battery, tlist)
