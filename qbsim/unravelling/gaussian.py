r"""Engine "gaussian": quantum trajectories of open chains, whose states stay fermionic Gaussian, at any N.

The waiting time until a jump is that at which the norm of the state has fallen to a random number, found on the exact
norm: at logarithms of the norm accurate to ACCURACY, by inverse Hermite interpolation with the rate of jumps as slope.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from functools import cached_property
from typing import ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._checks import ComplexArray, FloatArray
from ..battery import Battery
from ..networks import Network
from ..states import InitialState
from .engines import Trajectory
from .gaussian_model import Chain, orthonormal
from .gaussian_states import GaussianEnsemble
from .gaussian_steps import basis_state, product_state

__all__ = ["GaussianEngine", "why_not"]

BoolArray = NDArray[np.bool_]
TERMS = frozenset({"fields", "exchange", "pair", "dm", "loss", "pumping", "dephasing"})
ACCURACY = 1e-12  # of the logarithm of the probability of no jump
DIAGONAL = 1e-14  # coherences of cells up to here count as none
TRIES = 60  # evaluations of the norm per jump; four are usual


def why_not(battery: Battery, rho0: InitialState) -> str:
    """Why trajectories do not stay Gaussian; empty if they do."""
    if not isinstance(battery, Network):
        return "it must be a network of two-level cells"
    others = sorted(battery.terms - TERMS)
    if others or battery.has_own_operators:
        return f"its terms must be {', '.join(sorted(TERMS))}, but it has {', '.join(others) or 'operators of its own'}"
    if battery.has_own_H0:
        return "its H0 must be that of the fields"
    far = np.abs(np.subtract.outer(range(battery.N), range(battery.N))) > 1
    if any(matrix[far].any() for matrix in (battery.J, battery.pair, battery.dm, battery.decay_matrix)):
        return "its bonds, and those of its decay, must join neighbours k and k + 1 of an open chain"
    if rho0.cells is None:
        return "its state must be a product of states of single cells"
    return ""


class Moment(NamedTuple):
    """A state on the way without a jump: its time, annihilators, logarithm of its norm squared, rates of jumps."""

    t: float
    state: ComplexArray
    log_p: float
    rates: FloatArray

    @property
    def rate(self) -> float:
        """Rate of all jumps."""
        return float(self.rates.sum())


class Stretch:
    """Evolution without a jump from one state on.

    Parameters
    ----------
    chain : Chain
        What moves the state.
    state : ndarray, (2M, M)
        Its annihilators.
    t : float
        Its time.
    stops : sequence of float
        Times at which the state is found once for all, for many trajectories that begin alike.
    """

    def __init__(self, chain: Chain, state: ComplexArray, t: float, stops: Sequence[float] = ()) -> None:
        self.chain, self.start = chain, t
        self.end = t + chain.longest
        self.low = Moment(t, state, 0.0, chain.rates(state))
        parts = np.split(state, len(chain.flow))
        self._parts = [flow.prepare(part) for flow, part in zip(chain.flow, parts, strict=True)]
        last = min(self.end, max(stops, default=t))
        self._known = {stop: self.at(stop) for stop in (*stops, last) if t < stop <= last}

    def at(self, t: float) -> Moment:
        """The state at a later time."""
        parts = zip(self.chain.flow, self._parts, strict=True)
        state, log_r = orthonormal(np.vstack([flow.apply(t - self.start, part) for flow, part in parts]))
        return Moment(t, state, log_r - self.chain.constant * (t - self.start), self.chain.rates(state))

    def until(self, stop: float, left: float) -> tuple[Moment, bool]:
        """The moment at which the logarithm of the norm squared falls to -left, or else `stop`; whether it falls."""
        before, low, high = None, self.low, None
        for count in range(TRIES):
            if count == 0 and stop in self._known:
                moment = self._known[stop]
            elif count % 8 == 7 and high is not None:
                moment = self.at((low.t + high.t) / 2)
            else:
                moment = self.at(_guess(before, low, high, left, stop))
            distance = left + moment.log_p
            if distance > ACCURACY:
                if moment.t >= stop:
                    self.low = moment
                    return moment, False
                before, low = low, moment
            elif distance < -ACCURACY:
                high = moment
            else:
                break
        return moment, True


def _guess(before: Moment | None, low: Moment, high: Moment | None, left: float, stop: float) -> float:
    """Where the logarithm of the norm squared falls to -left: by time as a cubic function of it, else by Newton."""
    y, rate = left + low.log_p, low.rate
    other = high or before
    if other is not None and rate > 0 and other.rate > 0 and other.log_p != low.log_p:
        step = other.log_p - low.log_p
        s, first, last = -y / step, -step / rate, -step / other.rate
        move = s * s * (3 - 2 * s) * (other.t - low.t) + s * (1 - s) * ((1 - s) * first - s * last)
        if move > 0 and (high is None or low.t + move < high.t):
            return min(low.t + move, stop)
    if high is not None:
        return (low.t + high.t) / 2
    return min(low.t + y / rate, stop) if rate > 0 else stop


class GaussianEngine:
    """Trajectories of one chain from one state.

    Parameters
    ----------
    battery : Network
        An open chain; `why_not` says what it may have.
    rho0 : InitialState
        A product of states of the cells. Mixed cells start in one of their eigenstates, drawn for every trajectory.
    tlist : ndarray, (T,)
        Times, increasing.
    """

    NAME: ClassVar[str] = "gaussian"

    def __init__(self, battery: Network, rho0: InitialState, tlist: FloatArray) -> None:
        cells = rho0.cells
        assert cells is not None
        self.omega, self.tlist = battery.omega, np.asarray(tlist, dtype=float)
        self.ancilla = bool(np.abs(cells[:, 0, 1]).max() > DIAGONAL)
        weights, self._vectors = _levels(cells, self.ancilla)
        self._upper = np.clip(weights[:, 1] / weights.sum(axis=1), 0, 1)
        self._upper[self._upper < DIAGONAL] = 0
        self._upper[self._upper > 1 - DIAGONAL] = 1
        self.chain = Chain.of(battery, self.ancilla)
        M = battery.N + self.ancilla
        self.shape = (2 * M, M)

    @property
    def seconds(self) -> float:
        """Forecast for one trajectory on one core."""
        M, span = self.shape[1], float(self.tlist[-1] - self.tlist[0])
        evaluations = len(self.tlist) + 2 * self.chain.fastest * span + span / self.chain.longest
        return float(evaluations * (2e-4 + 1.7e-9 * M**3))

    @cached_property
    def _common(self) -> Stretch | None:
        """The way without a jump, if all trajectories begin in the same state."""
        if not np.isin(self._upper, (0, 1)).all():
            return None
        return Stretch(self.chain, self._state(self._upper == 1), float(self.tlist[0]), self.tlist[1:].tolist())

    def _state(self, upper: BoolArray) -> ComplexArray:
        """State with every cell in the first or second of its eigenstates."""
        if not self.ancilla:
            return basis_state(upper)
        return product_state(self._vectors[np.arange(len(upper)), :, upper.astype(int)])

    def run(self, rng: np.random.Generator) -> Trajectory:
        """One trajectory."""
        T = len(self.tlist)
        states, jumps, hazard = np.empty((T, *self.shape), dtype=complex), np.zeros(T, dtype=int), np.zeros(T)
        if self._common is not None:
            stretch = copy.copy(self._common)
        else:
            state = self._state(rng.random(len(self.omega)) < self._upper)
            stretch = Stretch(self.chain, state, float(self.tlist[0]))
        states[0], count, left = stretch.low.state, 0, rng.exponential()
        drawn = left
        for i, stop in enumerate(self.tlist[1:].tolist(), 1):
            while True:
                end = min(stop, stretch.end)
                moment, jumping = stretch.until(end, left)
                if jumping:
                    count, state, left = count + 1, self._jumped(moment, rng), rng.exponential()
                    drawn += left
                elif end < stop:
                    state, left = moment.state, left + moment.log_p
                else:
                    break
                stretch = Stretch(self.chain, state, moment.t)
            states[i], jumps[i], hazard[i] = moment.state, count, drawn - left - moment.log_p
        return Trajectory(states, jumps, hazard)

    def _jumped(self, moment: Moment, rng: np.random.Generator) -> ComplexArray:
        """The state after a jump, drawn by the rates."""
        sums = np.cumsum(moment.rates)
        number = int(np.searchsorted(sums, rng.random() * sums[-1], side="right"))
        return self.chain.jump(moment.state, min(number, int(np.flatnonzero(moment.rates)[-1])))

    def ensemble(self, states: ComplexArray) -> GaussianEnsemble:
        """Measures of the states of all trajectories at one time, (R, 2M, M)."""
        return GaussianEnsemble(states, self.omega, self.ancilla)


def _levels(cells: ComplexArray, coherent: bool) -> tuple[FloatArray, ComplexArray]:
    """Weights and kets of the levels that the states of cells are mixed of."""
    if coherent:
        weights, kets = np.linalg.eigh(cells)
        return weights, kets
    return cells[:, [0, 1], [0, 1]].real, np.tile(np.eye(2, dtype=complex), (len(cells), 1, 1))
