"""What a sweep computes: curves, which are one point of the axes and one state over many realizations.

Everything here is a pure function of the curve and of the numbers k of the realizations, so it does not matter which
process computes what, in which order, or in how many pieces.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import platform
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.metadata import version
from typing import Any, ClassVar

import numpy as np
from qutip import Qobj, QobjEvo

from .. import _version
from .._checks import CutoffWarning, FloatArray, MeasureWarning, UnphysicalWarning, as_measured
from .._digest import digest, json_digest, numerics_sha256
from ..battery import Battery
from ..evolution import UserMeasure, needs_of, series
from ..measures.expectation import Expectation
from ..measures.reference import Reference
from ..measures.table import read_measures
from ..networks import Network
from ..solvers import Settings, choose
from ..solvers._certificate import CERTIFICATE
from ..states import InitialState
from .jobs import VALUE, Batch, Cost, Shapes

__all__ = [
    "CHUNK",
    "NUMERICS",
    "SEED_RULE",
    "Curve",
    "battery_stamp",
    "build_battery",
    "now",
    "numerics",
    "origin",
    "state_digest",
    "takes_rng",
]

SEED_RULE = "1: default_rng(SeedSequence([seed, k])), made anew at every point and state"
FINGERPRINTS = (0, 1, 2)  # realizations whose batteries enter the identity of a curve
CHUNK = 64  # realizations per step of every average, whatever the batches were
OVERHEAD_SECONDS = 1.5e-3  # of a realization: its battery, the choice of a solver, levels and certificate
# Versions of what the numbers depend on; results of different versions never meet in one average.
NUMERICS = ("qutip", "numpy", "scipy", "numba")


def takes_rng(build: Callable[..., Battery]) -> bool:
    """Whether a builder draws random numbers, that is, accepts the argument `rng`."""
    try:
        parameters = inspect.signature(build).parameters.values()
    except (TypeError, ValueError):  # a callable without a signature, such as some compiled ones
        return True
    return any(p.name == "rng" or p.kind is p.VAR_KEYWORD for p in parameters)


def build_battery(build: Callable[..., Battery], point: dict[str, Any], seed: int, k: int, is_random: bool) -> Battery:
    """Battery of realization k at a point; the random numbers are the same for every point, state and worker."""
    rng = {"rng": np.random.default_rng(np.random.SeedSequence([seed, k]))} if is_random else {}
    battery = build(**point, **rng)
    if not isinstance(battery, Battery):
        raise TypeError(f"Argument build must return a Battery, but returns {type(battery).__name__}.")
    return battery


@dataclass(frozen=True, eq=False)
class Curve:
    """One point of the axes and one state; its realizations are what workers compute.

    Attributes
    ----------
    build : callable
        ``build(**point, rng=...)`` returns the battery.
    point : dict
        Value of every axis.
    state : str
        Name of the initial state.
    rho0 : InitialState
        Initial state.
    tlist : ndarray, (T,)
        Times.
    measures : dict
        Name of every measure to the name of a row of MEASURES, to an operator or to f(rho, battery).
    settings : Settings
        How to solve.
    seed : int
        Master seed.
    """

    ROWS: ClassVar[str] = "realizations"

    build: Callable[..., Battery]
    point: dict[str, Any]
    state: str
    rho0: InitialState
    tlist: FloatArray
    measures: dict[str, str | UserMeasure | Qobj | QobjEvo]
    settings: Settings
    seed: int

    @cached_property
    def is_random(self) -> bool:
        """Whether the builder draws random numbers."""
        return takes_rng(self.build)

    @property
    def place(self) -> str:
        """Its point, for messages."""
        return ", ".join(f"{name} = {value}" for name, value in self.point.items()) or "the only point"

    @property
    def title(self) -> str:
        """Its state and its point, for messages."""
        return f"state {self.state!r} at {self.place}"

    @property
    def kind(self) -> tuple[Any, ...]:
        """The forecasts for curves of one solver and size are off by about the same factor."""
        return self.cost.solver, self.rho0.dimension, self.state

    @property
    def sample(self) -> int:
        """Realizations of the first batch of its kind."""
        return 1 if self.rho0.dimension >= 32 else 8

    @property
    def shapes(self) -> Shapes:
        """A curve for every measure; `spread`: largest minus smallest level of H0; columns of CERTIFICATE."""
        curve = ("float64", (len(self.tlist),))
        return {
            **{f"{VALUE}{name}": curve for name in self.measures},
            "spread": ("float64", ()),  # the scale below which an ergotropy is rounding
            "certificate": ("float64", (len(CERTIFICATE),)),  # nan for an entry that the run does not have
        }

    @property
    def functions(self) -> list[Any]:
        """The builder, and measures that are functions."""
        return [self.build, *(m for m in self.measures.values() if callable(m))]

    def fresh(self) -> Curve:
        """A copy without what was worked out."""
        return replace(self)

    def battery(self, k: int) -> Battery:
        """Battery of realization k."""
        return build_battery(self.build, self.point, self.seed, k, self.is_random)

    @cached_property
    def cost(self) -> Cost:
        """Forecast by the solver that will run, for the battery of the first realization; nothing is computed."""
        battery, needs = self.battery(0), needs_of(read_measures(self.measures))
        choice = choose(battery, self.rho0, self.tlist, self.settings.solver, needs=needs)
        seconds = choice.module.seconds(battery, self.rho0, self.tlist, spectrum=needs.spectrum)
        memory = choice.module.forecast(battery, self.rho0, self.tlist)
        return Cost(choice.name, OVERHEAD_SECONDS + seconds, memory)

    def compute(self, start: int, stop: int) -> Batch:
        """Realizations start to stop - 1."""
        table, began, n = read_measures(self.measures), now(), stop - start
        rows = {name: np.empty((n, *shape), dtype=kind) for name, (kind, shape) in self.shapes.items()}
        solvers: dict[str, str] = {}
        with warnings.catch_warnings():
            # the first two are the same for every realization: `sweep` has already let the first battery warn; of a
            # cut-off it warns once, by the certificate: warnings of a worker process are lost
            for category in (MeasureWarning, UnphysicalWarning, CutoffWarning):
                warnings.simplefilter("ignore", category)
            for row in range(n):
                battery = self.battery(start + row)
                run = series(battery, self.rho0, self.tlist, table, self.settings)
                for name, curve in run.values.items():
                    rows[f"{VALUE}{name}"][row] = curve
                rows["spread"][row] = Reference(battery).spread if table.keys() & {"energy", "ergotropy"} else np.nan
                rows["certificate"][row] = np.array([run.certificate.get(name) for name in CERTIFICATE], dtype=float)
                solvers[run.choice.name] = run.choice.reason
        return Batch(start, rows, solvers, origin(began))

    @cached_property
    def identity(self) -> dict[str, Any]:
        """Everything the numbers of this curve depend on, as plain data.

        The builder enters by what it returns, not by its source: the batteries of the first realizations.
        """
        batteries = [self.battery(k) for k in (FINGERPRINTS if self.is_random else (0,))]
        return {
            # as plain data: 1 and 1.0 are the same point
            "point": {name: x if isinstance(x, str | bool) else float(x) for name, x in self.point.items()},
            "state": [self.state, state_digest(self.rho0)],
            "tlist": self.tlist.tolist(),
            "measures": {name: _measure_stamp(m, self.rho0, batteries[0]) for name, m in self.measures.items()},
            **self.settings.plain(),
            "seed": self.seed,
            "seed_rule": SEED_RULE,
            "versions": numerics(),
            "batteries": [battery_stamp(b, self.tlist) for b in batteries],
        }

    @cached_property
    def key(self) -> str:
        """Digest of the identity: the name under which batches of this curve are stored."""
        return json_digest(self.identity)

    def differences(self, theirs: dict[str, Any]) -> list[str]:
        """What its functions do otherwise here than where the other identity was made."""
        ours = self.identity
        wrong = ["the builder makes another battery"] if theirs["batteries"] != ours["batteries"] else []
        return wrong + [
            f"the measure {name!r} has another value"
            for name, stamp in theirs["measures"].items()
            if not _same_measure(stamp, ours["measures"][name])
        ]


def origin(began: str) -> dict[str, Any]:
    """Where and when a batch was computed that was begun at that time."""
    return {"processors": [processor()], "threads": 1, "started": began, "finished": now()}


@cache
def processor() -> str:
    """Name of the processor, for the record: bits agree on processors of the same kind."""
    with suppress(OSError), open("/proc/cpuinfo") as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def now() -> str:
    """Time of day, UTC, ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


@cache
def numerics() -> dict[str, str]:
    """What the numbers depend on besides the question: the code of qbsim, and the versions of the libraries."""
    return {
        "qbsim": _version.__version__,
        "qbsim_code": numerics_sha256(),
        **{name: version(name) for name in NUMERICS},
    }


def _operator_digest(op: Qobj) -> str:
    return digest(op.to("CSR").data.as_scipy()) + str(op.dims)


def state_digest(state: InitialState) -> str:
    """Digest of a state; of every cell, if it is given so."""
    cells = [_operator_digest(op) for op in state.factors]
    return json_digest(cells) if cells else _operator_digest(state.whole)


def battery_stamp(battery: Battery, tlist: FloatArray) -> str:
    """Digest of what a battery evolves; operators that depend on time are sampled over the whole time span."""
    # the arrays of a Network are constant in time, and asking it for its operators would build them
    is_plain = isinstance(battery, Network) and not battery.has_own_operators and not battery.drives
    operators = () if is_plain else (battery.H, *battery.c_ops)
    times = [tlist[0] + f * (tlist[-1] - tlist[0]) for f in (0.0, 0.137, 0.382, 0.618, 1.0)]
    moving = [_operator_digest(op(t)) for op in operators if isinstance(op, QobjEvo) for t in times]
    return json_digest([battery.parameters(), *moving])


def _measure_stamp(measure: str | UserMeasure | Qobj | QobjEvo, start: InitialState, battery: Battery) -> list[str]:
    """Name of a known measure; digest of an operator; name, source and values for two states of a user measure."""
    if isinstance(measure, str):
        return [measure]
    if isinstance(measure, Qobj | QobjEvo):
        return ["operator", Expectation.of("", measure).digest]
    try:
        source = inspect.getsource(measure)
    except (OSError, TypeError):  # typed into a console
        source = getattr(getattr(measure, "__code__", None), "co_code", b"").hex()
    name = f"{getattr(measure, '__module__', '')}.{getattr(measure, '__qualname__', type(measure).__name__)}"
    rho = start.whole.proj() if start.isket else start.whole
    if battery.cells != tuple(range(len(battery.dims))):
        rho = rho.ptrace(list(battery.cells))
    mixed = (rho + Qobj(np.eye(rho.shape[0]) / rho.shape[0], dims=rho.dims)) / 2
    values = [repr(as_measured(name, measure(state, battery))) for state in (rho, mixed)]
    return [name, hashlib.sha256(source.encode()).hexdigest(), *values]


def _same_measure(a: list[str], b: list[str]) -> bool:
    """Whether two stamps are of the same operator, or of functions with the same values."""
    return a == b if a[0] == "operator" else all(map(_agree, a[2:], b[2:]))


def _agree(a: str, b: str) -> bool:
    """Whether two numbers are the same but for the rounding of another processor."""
    x, y = float(a), float(b)
    return x == y or math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-9) or (math.isnan(x) and math.isnan(y))
