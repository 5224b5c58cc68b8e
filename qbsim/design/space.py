"""Where an optimisation searches: named parameters between bounds, as points of the unit cube, and constraints."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from .._checks import FloatArray, apart, as_count, as_real, as_real_array
from .._checks.names import shown

__all__ = ["Constraint", "Range", "Space", "accepted", "read_constraints", "read_first", "read_space"]

EDGE = 1e-4  # of the width of a range: nearer to its end a parameter is at its bound
MET = 1e-6  # by how much a constraint may be missed, of the size of its limit or of 1

Point = dict[str, Any]


class Range(NamedTuple):
    """Bounds of a parameter, and how many numbers it holds: None for a number, else the length of a vector."""

    low: float
    high: float
    n: int | None

    @property
    def size(self) -> int:
        """How many numbers it holds."""
        return 1 if self.n is None else self.n


@dataclass(frozen=True)
class Space:
    """Named ranges; a point is {name: number or vector}, or x in the unit cube."""

    ranges: dict[str, Range]

    @cached_property
    def labels(self) -> list[str]:
        """Name of every number, such as omega[2]."""
        return [name if r.n is None else f"{name}[{k}]" for name, r in self.ranges.items() for k in range(r.size)]

    @cached_property
    def low(self) -> FloatArray:
        """Lower bound of every number."""
        return np.repeat([r.low for r in self.ranges.values()], [r.size for r in self.ranges.values()])

    @cached_property
    def width(self) -> FloatArray:
        """Distance of the bounds of every number."""
        return np.repeat([r.high - r.low for r in self.ranges.values()], [r.size for r in self.ranges.values()])

    def point(self, x: FloatArray) -> Point:
        """Parameters at a place in the unit cube; its ends are the bounds to the last bit."""
        low, high = self.low, self.low + self.width
        numbers = np.clip(np.where(x >= 1, high, low + x * self.width), low, high)
        point: Point = {}
        at = 0
        for name, r in self.ranges.items():
            point[name] = float(numbers[at]) if r.n is None else numbers[at : at + r.size].copy()
            at += r.size
        return point

    def place(self, point: Point) -> FloatArray:
        """Place in the unit cube of parameters."""
        numbers = np.concatenate([np.atleast_1d(point[name]) for name in self.ranges])
        return np.clip((numbers - self.low) / self.width, 0.0, 1.0)

    def at_bounds(self, x: FloatArray) -> tuple[str, ...]:
        """Which parameters are at which of their bounds, in words."""
        sides = [(self.low, x < EDGE, "lower"), (self.low + self.width, x > 1 - EDGE, "upper")]
        return tuple(
            f"{self.labels[k]} at its {side} bound {bound[k]:g}"
            for k in range(len(x))
            for bound, holds, side in sides
            if holds[k]
        )


def read_space(space: Any) -> Space:
    """Space of the argument {name: (low, high)} or {name: (low, high, n)}."""
    wanted = "Argument space must be a dict {name: (low, high)}, or (low, high, n) for a vector of n numbers"
    if not isinstance(space, Mapping) or not space or not all(isinstance(name, str) for name in space):
        raise TypeError(f"{wanted}, but is {shown(space)}.")
    ranges = {}
    for name, bounds in space.items():
        if not isinstance(bounds, Sequence) or isinstance(bounds, str) or len(bounds) not in (2, 3):
            raise TypeError(f"{wanted}, but space[{name!r}] is {shown(bounds)}.")
        label = f"space[{name!r}]"
        low, high = as_real(label, bounds[0]), as_real(label, bounds[1])
        if not low < high:
            first, second = apart(low, high)
            raise ValueError(f"Argument {label} must have its lower bound first, but is ({first}, {second}).")
        ranges[name] = Range(low, high, as_count(label, bounds[2]) if len(bounds) == 3 else None)
    return Space(ranges)


def read_first(first: Mapping[str, Any] | None, space: Space) -> FloatArray:
    """Place of the first start: the middle, or what the caller gives."""
    x = np.full(len(space.labels), 0.5)
    if first is None:
        return x
    if not isinstance(first, Mapping) or set(first) != set(space.ranges):
        raise TypeError(f"Argument first must be a dict with {', '.join(space.ranges)}, but is {shown(first)}.")
    for name, r in space.ranges.items():
        numbers = as_real_array(f"first[{name!r}]", first[name])
        if numbers.size != r.size or (numbers < r.low).any() or (numbers > r.high).any():
            raise ValueError(
                f"Argument first[{name!r}] must hold {r.size} between {r.low:g} and {r.high:g}, but is {first[name]}."
            )
    return space.place(dict(first))


class Constraint(NamedTuple):
    """low <= function(parameters) <= high."""

    function: Callable[..., float]
    low: float
    high: float

    @property
    def is_equality(self) -> bool:
        """Whether only one value is allowed."""
        return self.low == self.high

    def value(self, point: Point) -> float:
        """What is constrained, at a point."""
        return as_real("constraints", self.function(**accepted(self.function, point)))

    def missed(self, point: Point) -> float:
        """By how much a point misses it; 0 if it does not, to within what counts as met."""
        value = self.value(point)
        beyond = max(self.low - value, value - self.high, 0.0)
        size = max(1.0, *(abs(limit) for limit in (self.low, self.high) if np.isfinite(limit)))
        return beyond if beyond > MET * size else 0.0


def read_constraints(constraints: Any) -> tuple[Constraint, ...]:
    """Constraints of the argument: (function, low, high), None for a limit that is not there."""
    wanted = "Argument constraints must hold (function of the parameters, low, high)"
    if not isinstance(constraints, Sequence):
        raise TypeError(f"{wanted}, but is {shown(constraints)}.")
    found = []
    for row in constraints:
        if not isinstance(row, Sequence) or len(row) != 3 or not callable(row[0]):
            raise TypeError(f"{wanted}, but holds {shown(row)}; None stands for no limit.")
        low = -np.inf if row[1] is None else as_real("constraints", row[1])
        high = np.inf if row[2] is None else as_real("constraints", row[2])
        if low > high:
            raise ValueError(f"{wanted}, but low = {low:g} is above high = {high:g}.")
        found.append(Constraint(row[0], low, high))
    return tuple(found)


def accepted(function: Callable[..., Any], point: Mapping[str, Any]) -> Point:
    """Those parameters that a function takes."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # nothing is known of its arguments
        return dict(point)
    if any(p.kind is p.VAR_KEYWORD for p in parameters):
        return dict(point)
    names = {p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY}
    return {name: value for name, value in point.items() if name in names}
