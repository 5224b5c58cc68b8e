"""What a worker computes and a store keeps: trajectories, one array of their states for every time.

Trajectory k of seed s draws from ``default_rng(SeedSequence([s, k]))``, so it is the same whoever computes it, and in
any number of others.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from qutip import QobjEvo

from .._checks import ComplexArray, FloatArray, IntArray
from .._digest import json_digest
from .._drives import functions
from .._machine import one_thread
from ..battery import Battery
from ..networks import Network
from ..states import InitialState
from ..sweeps.batches import Piece, read_rows
from ..sweeps.jobs import Batch, Cost, Shapes, row_bytes
from ..sweeps.tasks import SEED_RULE, battery_stamp, now, numerics, origin, state_digest
from .engines import Chosen, Engine, choose

__all__ = ["Trajectories", "excess_of", "jumps_of", "states_at"]

JUMPS, HAZARD = "jumps", "hazard"
STATES_IN_MEMORY = 4  # copies of the states of a trajectory while it is computed and written


def _states(time: int) -> str:
    """Name of the array with the states at one time."""
    return f"states:{time:06d}"


@dataclass(frozen=True, eq=False)
class Trajectories:
    """Trajectories of one battery from one initial state; a `Job` of the machinery of sweeps.

    Attributes
    ----------
    battery : Battery
        What evolves.
    rho0 : InitialState
        Initial state.
    tlist : ndarray, (T,)
        Times.
    seed : int
        Master seed.
    """

    ROWS: ClassVar[str] = "trajectories"

    battery: Battery
    rho0: InitialState
    tlist: FloatArray
    seed: int

    def __getstate__(self) -> dict[str, Any]:
        """Without the engine, which every worker makes for itself."""
        return {name: value for name, value in vars(self).items() if name not in ("engine", "chosen")}

    @property
    def title(self) -> str:
        """Its battery, for messages."""
        return self.battery.label or type(self.battery).__name__

    place = title

    @cached_property
    def chosen(self) -> Chosen:
        """Which engine, and why."""
        return choose(self.battery, self.rho0)

    @cached_property
    def engine(self) -> Engine:
        """The engine."""
        return self.chosen.make(self.battery, self.rho0, self.tlist)

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything the trajectories depend on, as plain data."""
        return {
            "rows": self.ROWS,
            "engine": self.chosen.name,
            "state": state_digest(self.rho0),
            "tlist": self.tlist.tolist(),
            "seed": self.seed,
            "seed_rule": SEED_RULE,
            "versions": numerics(),
            "batteries": [battery_stamp(self.battery, self.tlist)],
        }

    @cached_property
    def key(self) -> str:
        """Digest of the identity."""
        return json_digest(self.identity)

    @cached_property
    def cost(self) -> Cost:
        """Forecast of the engine for one trajectory."""
        return Cost(self.engine.NAME, self.engine.seconds, STATES_IN_MEMORY * row_bytes(self))

    @property
    def kind(self) -> tuple[Any, ...]:
        """One kind only."""
        return (self.engine.NAME,)

    @property
    def sample(self) -> int:
        """Trajectories of the first batch."""
        return 1

    @property
    def shapes(self) -> Shapes:
        """The states at every time; the number of jumps before it, and the integral of their rate."""
        state, T = ("complex128", tuple(map(int, self.engine.shape))), len(self.tlist)
        return {_states(i): state for i in range(T)} | {JUMPS: ("int64", (T,)), HAZARD: ("float64", (T,))}

    @property
    def functions(self) -> list[Any]:
        """Functions of time of the user in H and c_ops."""
        operators = () if isinstance(self.battery, Network) else (self.battery.H, *self.battery.c_ops)
        moving = [op for op in operators if isinstance(op, QobjEvo)]
        if isinstance(self.battery, Network):
            moving += [op for op in (self.battery.extra, *(d.bare for d in self.battery.drives)) if op is not None]
        return [function for op in moving for function in functions(op)]

    @property
    def is_whole(self) -> bool:
        """Whether all tensor factors are cells, so that a trajectory without jumps depends on its initial ket only."""
        return len(self.battery.cells) == len(self.battery.dims)

    def unseen(self, time: int) -> float:
        """Bound on the probability that a trajectory is another one than that without jumps."""
        if not (self.rho0.isket and self.is_whole):
            return 1.0
        rate = self.battery.loss_rate if self.battery.has_losses else 0.0
        span = float(self.tlist[time] - self.tlist[0])
        return -math.expm1(-rate * span) if rate is not None else float(span > 0)

    def compute(self, start: int, stop: int) -> Batch:
        """Trajectories start to stop - 1."""
        began = now()
        arrays = {name: np.empty((stop - start, *shape), dtype=kind) for name, (kind, shape) in self.shapes.items()}
        with one_thread():
            for row, k in enumerate(range(start, stop)):
                found = self.engine.run(np.random.default_rng(np.random.SeedSequence([self.seed, k])))
                for i, state in enumerate(found.states):
                    arrays[_states(i)][row] = state
                arrays[JUMPS][row], arrays[HAZARD][row] = found.jumps, found.hazard
        return Batch(start, arrays, {self.chosen.name: self.chosen.reason}, origin(began))

    def fresh(self) -> Trajectories:
        """A copy without what was worked out."""
        return replace(self)

    def differences(self, theirs: dict[str, Any]) -> list[str]:
        """Whether the battery is another one here."""
        return ["the battery is another one"] if theirs["batteries"] != self.identity["batteries"] else []


def _rows(pieces: list[Piece], key: str, name: str) -> Iterator[np.ndarray]:
    """One array of all trajectories, file after file."""
    for path, start, stop in pieces:
        if path is not None:
            first = int(path.name.split("-")[0])
            yield read_rows(path, key, name)[start - first : stop - first]


def states_at(pieces: list[Piece], key: str, time: int) -> ComplexArray:
    """States of all trajectories at one time, (R, *shape)."""
    return np.concatenate([*_rows(pieces, key, _states(time))])


def jumps_of(pieces: list[Piece], key: str) -> IntArray:
    """Number of jumps of all trajectories at all times, (R, T)."""
    return np.concatenate([*_rows(pieces, key, JUMPS)])


def excess_of(pieces: list[Piece], key: str) -> FloatArray:
    """Number of jumps less the integral of their rate, of all trajectories at all times, (R, T): zero on average."""
    return jumps_of(pieces, key) - np.concatenate([*_rows(pieces, key, HAZARD)])
