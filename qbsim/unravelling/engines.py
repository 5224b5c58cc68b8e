"""What computes trajectories: interfaces of an engine and of the states of many trajectories, and which one to take."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from .._checks import ComplexArray, FloatArray, IntArray
from ..battery import Battery
from ..states import InitialState
from .levels import Levels

__all__ = ["Builder", "Chosen", "Engine", "EngineClass", "Ensemble", "Trajectory", "choose"]

Builder = Callable[[IntArray, IntArray, np.random.Generator], FloatArray]
"""``build(train, test, rng)``: unbiased samples, (len(test),), of the energy of every test state after a unitary, or a
doubly stochastic map of levels, that was made from the train states only."""


class Trajectory(NamedTuple):
    """One trajectory.

    Attributes
    ----------
    states : ndarray, (T, *shape)
        Normalised states at the times.
    jumps : ndarray, (T,)
        Number of jumps so far.
    hazard : ndarray, (T,)
        Integral of the rate of all jumps so far, along this trajectory: what is expected of `jumps` minus `hazard` is
        exactly zero. Between jumps it grows by minus the logarithm of the squared norm.
    """

    states: ComplexArray
    jumps: IntArray
    hazard: FloatArray


class Ensemble(Protocol):
    """R normalised pure states with equal weights."""

    @property
    def energies(self) -> FloatArray:
        """Expectation values of H0, (R,)."""

    @property
    def cells(self) -> ComplexArray:
        """States of the cells in the basis (g, e), (R, N, 2, 2); N = 0 if the cells have other dimensions."""

    @property
    def levels(self) -> Levels:
        """Levels of H0."""

    def __len__(self) -> int:
        """Number of states."""

    def squared_overlaps(self, rows: IntArray, columns: IntArray) -> FloatArray:
        """|<psi_r|psi_s>|^2, (len(rows), len(columns))."""

    def overlaps(self, rows: IntArray, columns: IntArray) -> ComplexArray:
        """<psi_r|psi_s>, up to one phase for every state, which is the same in all calls."""

    def overlap_seconds(self) -> float:
        """Forecast for one complex overlap."""

    def unitaries(self) -> dict[str, Builder]:
        """More unitaries for the lower bound, by name, besides those made of overlaps."""


class Engine(Protocol):
    """Computes trajectories of one battery from one initial state at given times."""

    NAME: ClassVar[str]
    """For attributes of results."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one state."""

    @property
    def seconds(self) -> float:
        """Forecast for one trajectory on one core."""

    def run(self, rng: np.random.Generator) -> Trajectory:
        """One trajectory, by the numbers of `rng` alone."""

    def ensemble(self, states: ComplexArray) -> Ensemble:
        """States of many trajectories at one time, (R, *shape)."""


EngineClass = Callable[..., Engine]  # of a battery, an initial state and times


class Chosen(NamedTuple):
    """Engine for a run, and why it was taken."""

    make: EngineClass
    name: str
    reason: str


def choose(battery: Battery, rho0: InitialState) -> Chosen:
    """The engine for Gaussian states where trajectories stay Gaussian, that for kets elsewhere.

    Raises
    ------
    ValueError
        If neither can do it, with both reasons.
    """
    from . import gaussian, kets

    if not (against := gaussian.why_not(battery, rho0)):
        return Chosen(gaussian.GaussianEngine, gaussian.GaussianEngine.NAME, "trajectories stay Gaussian")
    if not (beyond := kets.why_not(battery, rho0)):
        return Chosen(kets.KetEngine, kets.KetEngine.NAME, f"kets, since trajectories do not stay Gaussian: {against}")
    raise ValueError(
        f"No trajectories can be taken of this battery from this state. They do not stay Gaussian: {against}. Nor can "
        f"they be kets: {beyond}."
    )
