"""The starts of an optimisation as a job of the machinery of sweeps: start k is row k, whoever computes it."""

from __future__ import annotations

import inspect
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar

import numpy as np

from .._checks import CutoffWarning, FloatArray, HalfLifeWarning, MeasureWarning, ModelWarning
from .._checks.names import shown
from .._digest import json_digest, normalised
from ..battery import Battery
from ..evolution import evolve, needs_of
from ..measures.table import read_measures
from ..solvers import Settings, choose
from ..states import read_state
from ..sweeps.jobs import Batch, Cost, Shapes
from ..sweeps.tasks import battery_stamp, build_battery, now, numerics, origin, state_digest, takes_rng
from .methods import OK, REFUSED, UNDEFINED, VIOLATED, Meter, search
from .space import Constraint, Point, Space, accepted

__all__ = ["Starts"]

TRIES = 200  # places that are drawn for a start before it is given up
QUIET = (CutoffWarning, HalfLifeWarning, MeasureWarning, ModelWarning)  # of single evaluations; the best one may warn
USUAL_EVALUATIONS = 100  # of a start, for the forecast of its time


@contextmanager
def quiet() -> Iterator[None]:
    """No warnings of single evaluations."""
    with warnings.catch_warnings():
        for category in QUIET:
            warnings.simplefilter("ignore", category)
        yield


@dataclass(frozen=True, eq=False)
class Starts:
    """What every start needs to know; attributes as the arguments of `optimize`."""

    ROWS: ClassVar[str] = "starts"

    build: Callable[..., Battery]
    space: Space
    objective: Callable[[Any], float]
    rho0: Any
    tlist: FloatArray
    measures: Any
    constraints: tuple[Constraint, ...]
    minimise: bool
    realizations: int
    seed: int
    method: str
    evaluations: int
    first: FloatArray
    settings: Settings

    # --- one point ---------------------------------------------------------------------------------------------------

    @cached_property
    def is_random(self) -> bool:
        """Whether the builder draws random numbers."""
        return takes_rng(self.build)

    def battery(self, point: Point, k: int = 0) -> Battery:
        """Battery of realization k at a point; the draws are the same at every point."""
        return build_battery(self.build, accepted(self.build, point), self.seed, k, self.is_random)

    def state(self, point: Point) -> Any:
        """Initial state at a point."""
        if not callable(self.rho0) or hasattr(self.rho0, "dims"):
            return self.rho0
        return self.rho0(**accepted(self.rho0, point))

    def run(self, point: Point, k: int = 0) -> Any:
        """Dataset of realization k at a point."""
        # what cannot be built or is no state is refused; what is wrong with the run itself ends the search
        try:
            battery, state = self.battery(point, k), self.state(point)
            read_state(state, battery.dims)
        except ValueError as error:
            raise Refused(str(error)) from error
        return evolve(battery, state, self.tlist, self.measures, progress=False, **self.settings._asdict())

    def value(self, point: Point) -> float:
        """Mean of the objective over the realizations."""
        values = []
        for k in range(self.realizations if self.is_random else 1):
            values.append(read_value(self.objective(self.run(point, k))))
            if not np.isfinite(values[-1]):
                return float("nan")
        return float(np.mean(values))

    def measured(self, x: FloatArray) -> tuple[float, int]:
        """Value to be made small, and what became of the evaluation."""
        point = self.space.point(x)
        try:
            value = self.value(point)
        except Refused:
            return float("nan"), REFUSED
        if np.isnan(value):
            return value, UNDEFINED
        outcome = VIOLATED if any(c.missed(point) for c in self.constraints) else OK
        return (value if self.minimise else -value), outcome

    # --- one start ---------------------------------------------------------------------------------------------------

    @cached_property
    def limits(self) -> list[dict[str, Any]]:
        """Constraints in the unit cube, as SLSQP takes them."""
        found = []
        for c in self.constraints:
            value = partial(_constrained, c, self.space)
            if c.is_equality:
                found.append({"type": "eq", "fun": lambda x, value=value, c=c: value(x) - c.low})
            else:
                if np.isfinite(c.low):
                    found.append({"type": "ineq", "fun": lambda x, value=value, c=c: value(x) - c.low})
                if np.isfinite(c.high):
                    found.append({"type": "ineq", "fun": lambda x, value=value, c=c: c.high - value(x)})
        return found

    def begin(self, k: int) -> FloatArray:
        """Where start k begins: the first one as asked, others, and those that have no value there, at random."""
        rng = np.random.default_rng(np.random.SeedSequence([self.seed, k, 1]))
        x = self.first if k == 0 else rng.random(len(self.first))
        refused = ""
        for _ in range(TRIES):
            try:
                if not np.isnan(self.value(self.space.point(x))):
                    return x
            except Refused as error:
                refused = str(error)
            x = rng.random(len(self.first))
        raise self._nowhere(refused)

    def _nowhere(self, refused: str) -> ValueError:
        if refused:
            return ValueError(f"None of {TRIES} points of the space can be built: {refused}")
        return ValueError(
            f"Argument objective is nan at all of {TRIES} points of the space. If it is a half-life, extend tlist."
        )

    def compute(self, start: int, stop: int) -> Batch:
        """Starts start to stop - 1."""
        began, n, P, E = now(), stop - start, len(self.first), self.evaluations
        rows = {name: np.full((n, *shape), np.nan) for name, (_, shape) in self.shapes.items()}
        for row in range(n):
            with quiet():
                x, meter = self.begin(start + row), Meter(self.measured, E)
                rows["finished"][row] = search(meter, x, self.method, self.limits)
            count = rows["count"][row] = len(meter.values)
            rows["best"][row] = -1 if meter.best is None else meter.best
            rows["places"][row, :count] = np.reshape(meter.places, (count, P))
            rows["values"][row, :count] = meter.values
            rows["outcomes"][row, :count] = meter.outcomes
        return Batch(start, rows, {"optimize": self.method}, origin(began))

    # --- what the machinery of sweeps asks ---------------------------------------------------------------------------

    @property
    def shapes(self) -> Shapes:
        """Arrays of its batches."""
        P, E = len(self.first), self.evaluations
        shapes = {"count": (), "best": (), "finished": (), "values": (E,), "outcomes": (E,), "places": (E, P)}
        return {name: ("float64", shape) for name, shape in shapes.items()}

    @property
    def title(self) -> str:
        """For messages."""
        return f"the optimisation of {', '.join(self.space.ranges)}"

    @property
    def place(self) -> str:
        """For messages."""
        return ", ".join(f"{name} = {shown(value)}" for name, value in self.space.point(self.probe).items())

    @cached_property
    def probe(self) -> FloatArray:
        """A place that has a value: where the first start begins."""
        with quiet():
            return self.begin(0)

    @cached_property
    def cost(self) -> Cost:
        """Forecast of one start, by the solver that runs where the first one begins."""
        point = self.space.point(self.probe)
        battery, needs = self.battery(point), needs_of(read_measures(self.measures))
        start = read_state(self.state(point), battery.dims)
        module = choose(battery, start, self.tlist, self.settings.solver, needs=needs).module
        seconds = module.seconds(battery, start, self.tlist, spectrum=needs.spectrum) + 5e-3
        count = USUAL_EVALUATIONS * (self.realizations if self.is_random else 1)
        return Cost("optimize", count * seconds, module.forecast(battery, start, self.tlist))

    kind = property(lambda self: ("optimize", self.key))
    sample = property(lambda self: 1)

    @property
    def functions(self) -> list[Any]:
        """Functions of the user."""
        measures = self.measures.values() if isinstance(self.measures, Mapping) else ()
        asked = [self.build, self.objective, self.rho0, *(c.function for c in self.constraints), *measures]
        return [f for f in asked if callable(f)]

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything that the starts depend on; functions by their source, and by what they return."""
        return {
            "space": {name: list(r) for name, r in self.space.ranges.items()},
            "constraints": [[_source(c.function), str(c.low), str(c.high)] for c in self.constraints],
            "objective": _source(self.objective),
            "build": _source(self.build),
            "rho0": _source(self.rho0),
            "measures": [*read_measures(self.measures)],
            "tlist": self.tlist.tolist(),
            "minimise": self.minimise,
            "realizations": self.realizations,
            "seed": self.seed,
            "method": [self.method, self.evaluations],
            "first": self.first.tolist(),
            **self.settings.plain(),
            "found": self._found,
            "batteries": self._batteries,
            "versions": numerics(),
        }

    @property
    def _batteries(self) -> list[str]:
        point = self.space.point(self.probe)
        battery = self.battery(point)
        return [battery_stamp(battery, self.tlist), state_digest(read_state(self.state(point), battery.dims))]

    @property
    def _found(self) -> list[float]:
        """Objective and constraints where the first start begins."""
        point = self.space.point(self.probe)
        with quiet():
            return [self.value(point), *(c.value(point) for c in self.constraints)]

    @cached_property
    def key(self) -> str:
        """Digest of the identity: the name under which the starts are stored."""
        return json_digest(self.identity)

    def fresh(self) -> Starts:
        """A copy without what was worked out."""
        return replace(self)

    def differences(self, theirs: dict[str, Any]) -> list[str]:
        """What is other here than in the identity that a worker was sent."""
        ours = self.identity
        wrong = [] if ours["batteries"] == theirs["batteries"] else ["the builder makes another battery"]
        same = np.allclose(ours["found"], theirs["found"], rtol=1e-7, atol=1e-9)
        return wrong + ([] if same else ["the objective has another value"])


class Refused(ValueError):
    """A point at which there is no battery or no state."""


def read_value(value: Any) -> float:
    """Number that an objective returned; nan where it has none."""
    array = np.asarray(value)
    if array.ndim or array.dtype.kind not in "iuf":
        raise TypeError(f"Argument objective must return one real number, but returns {shown(value)}.")
    return float(array) if np.isfinite(array) else float("nan")


def _constrained(constraint: Constraint, space: Space, x: FloatArray) -> float:
    return constraint.value(space.point(x))


def _source(function: Any) -> str:
    """Digest of the source of a function and of what it encloses, or of its code where it was typed into a console."""
    if not callable(function) or hasattr(function, "dims"):
        return ""
    if isinstance(function, partial):
        parts = [_source(function.func), _plain(function.args), _plain(sorted(function.keywords.items()))]
        return json_digest(parts)
    try:
        text = normalised(inspect.getsource(function))
    except (OSError, TypeError):
        code = getattr(function, "__code__", None)
        text = _plain((getattr(code, "co_code", b""), getattr(code, "co_consts", ())))
    enclosed = [_plain(cell.cell_contents) for cell in getattr(function, "__closure__", None) or ()]
    return json_digest([text, enclosed])


def _plain(value: Any) -> str:
    """Text of a value without the addresses of objects."""
    return re.sub(r" at 0x[0-9A-Fa-f]+", "", repr(value))
