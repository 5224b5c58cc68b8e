"""What the machinery of sweeps needs to know of what it computes, stores and resumes: a job, with its numbered rows."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple, Protocol, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["VALUE", "Batch", "Cost", "Job", "Shapes", "row_bytes"]

VALUE = "value:"  # begins the names of arrays that hold curves of measures
Shapes = dict[str, tuple[str, tuple[int, ...]]]  # name of an array to the type of its numbers and the shape of a row


@dataclass
class Batch:
    """Rows start, ..., start + n - 1 of one job.

    Attributes
    ----------
    start : int
        Number of the first row.
    arrays : dict of ndarray, (n, ...)
        One row for every number, of the shapes that the job states.
    solvers : dict
        Solvers that ran, and why each was chosen.
    origin : dict
        Processor, thread cap, start and end of the computation.
    """

    start: int
    arrays: dict[str, NDArray[Any]]
    solvers: dict[str, str] = field(default_factory=dict)
    origin: dict[str, Any] = field(default_factory=dict)

    @property
    def stop(self) -> int:
        """One past the last row."""
        return self.start + len(next(iter(self.arrays.values())))

    @property
    def values(self) -> dict[str, NDArray[Any]]:
        """Curves of the measures by name, (n, T); a batch of something else has none."""
        return {name.removeprefix(VALUE): rows for name, rows in self.arrays.items() if name.startswith(VALUE)}


class Cost(NamedTuple):
    """What one row of a job is forecast to cost.

    Attributes
    ----------
    solver : str
        Solver that will run.
    seconds : float
        Time on one core.
    memory : int
        Peak in bytes.
    """

    solver: str
    seconds: float
    memory: int


class Job(Protocol):
    """Rows 0, 1, 2, ..., each a pure function of the job and of its number: it does not matter who computes which."""

    ROWS: ClassVar[str]
    """What its rows are called, such as realizations."""

    @property
    def title(self) -> str:
        """What they are rows of, for messages."""

    @property
    def place(self) -> str:
        """Where it stands in what was asked for, for messages."""

    @property
    def identity(self) -> dict[str, Any]:
        """Everything its rows depend on, as plain data; `versions` is what they are computed with."""

    @property
    def key(self) -> str:
        """Digest of the identity: the name under which its batches are stored."""

    @property
    def cost(self) -> Cost:
        """Forecast for one row."""

    @property
    def kind(self) -> tuple[Any, ...]:
        """The forecasts for jobs of one kind are off by about the same factor."""

    @property
    def sample(self) -> int:
        """Rows of the first batch of its kind, which tells how fast it is."""

    @property
    def shapes(self) -> Shapes:
        """Arrays of its batches."""

    @property
    def functions(self) -> list[Any]:
        """Functions of the user that it calls: sent by value."""

    def compute(self, start: int, stop: int) -> Batch:
        """Rows start to stop - 1."""

    def __hash__(self) -> int:
        """By what it is, not by what it says."""

    def fresh(self) -> Self:
        """A copy without what was worked out."""

    def differences(self, theirs: dict[str, Any]) -> list[str]:
        """What is other here than in the identity that a worker was sent, in words."""


def row_bytes(job: Job) -> int:
    """Bytes of one row in a file."""
    return sum(np.dtype(kind).itemsize * math.prod(shape) for kind, shape in job.shapes.values())
