"""QuTiP's `mesolve` (or `sesolve` for a closed system): the reference, for every model."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any

import numpy as np
import qutip
from qutip import Qobj, QobjEvo

from .._checks import FloatArray, nearest
from .._machine import is_heard, tell
from ..battery import GENERAL_LOSSES, GENERAL_OPERATORS, Battery
from ..measures.series import DenseStates, KetStates, StateSeries
from ..networks import MORE_ARRAYS, NETWORK_TERMS
from ..states import InitialState
from . import Settings
from ._cost import eigenvalues, generator_entries, generator_norm
from ._pulses import check_hermitian, pieces

TERMS = NETWORK_TERMS | {
    *MORE_ARRAYS,
    GENERAL_OPERATORS,
    GENERAL_LOSSES,
    "superoperators",
    "negative rates",
    "an operator that depends on time",
}
MATRICES = True
LEAST = 0.01
TOLERANCES = ("rtol", "atol")
# Longest step over the norm of the generator. Where nothing happens QuTiP's steps grow without limit, and what it
# interpolates between them then is wrong by orders of magnitude.
LONGEST_STEP = 8.0
CHUNK_BYTES = 256 * 2**20  # density matrices returned at a time
STEPPING = ("vern9", "vern7", "tsit5", "adams", "bdf", "lsoda", "dop853")  # methods that take a longest step
INTERPOLATING = ("vern9", "vern7", "tsit5")
LOOKS = 200  # how often a run is looked at between its times
OPTIONS = ("method", "max_step", "min_step", "first_step", "nsteps", "order", "ifactor", "dfactor", "beta")
OURS = {
    "rtol": "use the argument rtol",
    "atol": "use the argument atol",
    "normalize_output": "it stays off, so that the trace error shows",
    "store_states": "pass states=True to keep them",
    "store_final_state": "pass states=True, and take the last one",
    "progress_bar": "evolve shows its own, see its argument progress",
    "progress_kwargs": "evolve shows its own, see its argument progress",
}


def why_not(battery: Battery, rho0: InitialState, tlist: FloatArray) -> str:
    """Nothing: every model QuTiP can write, it can solve."""
    return ""


def _is_closed(battery: Battery, rho0: InitialState) -> bool:
    return rho0.isket and not battery.has_losses


def seconds(battery: Battery, rho0: InitialState, tlist: FloatArray, *, spectrum: bool) -> float:
    """Right-hand sides of a ninth-order method, 16 a step, on the sparse superoperator."""
    D, span = math.prod(battery.dims), float(tlist[-1] - tlist[0])
    entries = generator_entries(battery) / (D if _is_closed(battery, rho0) else 1)
    steps = max(len(tlist), span * generator_norm(battery) / 2)
    spectra = eigenvalues([math.prod(battery.cell_dims)], len(tlist)) if spectrum and battery.has_losses else 0.0
    return LEAST + 1e-7 * entries + 16 * steps * (1e-5 + 8e-9 * entries) + 1e-5 * len(tlist) + spectra


def forecast(battery: Battery, rho0: InitialState, tlist: FloatArray) -> int:
    """Peak memory in bytes: all states, the integrator's work vectors, one chunk of measures."""
    D = math.prod(battery.dims)
    size = 16 * (D if _is_closed(battery, rho0) else D * D)
    return size * (len(tlist) + 30) + min(CHUNK_BYTES, size * len(tlist)) * 2


def read_options(options: Any) -> dict[str, Any]:
    """Options for QuTiP's solver out of those that leave the meaning of a run as it is.

    Raises
    ------
    TypeError, ValueError
        For anything but a dict, and for names that are unknown or set by `evolve`.
    """
    if not isinstance(options, Mapping):
        raise TypeError(f"Argument options must be a dict of solver options, but is {options!r}.")
    for name, value in options.items():
        if name in OURS:
            raise ValueError(f"Argument options must not hold {name!r}: {OURS[name]}.")
        if name not in OPTIONS:
            raise ValueError(nearest("solver option", name, OPTIONS))
        if name == "method":
            if not isinstance(value, str):
                raise TypeError(f"Solver option 'method' must be a text, but is {value!r}.")
        elif isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < np.inf:
            raise ValueError(f"Solver option {name!r} must be a number of at least 0, but is {value!r}.")
    return dict(options)


def run(
    battery: Battery,
    rho0: InitialState,
    tlist: FloatArray,
    settings: Settings,
) -> Iterator[StateSeries]:
    """States from ``mesolve`` with normalisation off, so that the trace error shows.

    The span is cut where a drive has structure, see `pulses`, unless the options set ``max_step``.
    """
    arguments = {
        "method": "vern9",
        "rtol": settings.rtol,
        "atol": settings.atol,
        "nsteps": 10**8,
        "normalize_output": False,
        "progress_bar": "",
        "store_states": True,
        **(settings.options or {}),
    }
    closed = _is_closed(battery, rho0)
    states = [rho0.whole] if len(tlist) == 1 else _solve(battery, rho0.whole, tlist, closed, arguments)
    D = math.prod(battery.dims)
    step = max(1, CHUNK_BYTES // (16 * D * (1 if closed else D)))
    for start in range(0, len(tlist), step):
        part = slice(start, min(start + step, len(tlist)))
        if closed:
            yield KetStates(np.array([s.full()[:, 0] for s in states[part]]), tlist[part], battery.dims, battery.cells)
        else:
            rho = np.array([(s.proj() if s.isket else s).full() for s in states[part]])
            yield DenseStates(rho, tlist[part], battery.dims, battery.cells)


def _solve(battery: Battery, rho0: Qobj, tlist: FloatArray, closed: bool, options: dict[str, Any]) -> list[Qobj]:
    """States at all times, piece after piece of the span."""
    moving = [op for op in (battery.H, *battery.c_ops) if isinstance(op, QobjEvo)]
    if isinstance(battery.H, QobjEvo):
        check_hermitian(battery.H, tlist)
    cuts = [(float(tlist[-1]), 0.0)]
    if "max_step" not in options and options["method"] in STEPPING:
        if moving:
            cuts = pieces(moving, tlist)
        else:
            options = options | {"max_step": LONGEST_STEP / max(generator_norm(battery), 1e-300)}
    try:
        solver = (
            qutip.SESolver(battery.H, options=options)
            if closed
            else qutip.MESolver(battery.H, battery.c_ops, options=options)
        )
    except (KeyError, ValueError) as error:
        raise ValueError(f"Argument options does not fit QuTiP's method {options['method']!r}: {error}") from error
    states, last, start = [rho0], rho0, float(tlist[0])
    for end, longest in cuts:
        if longest:
            solver.options["max_step"] = longest
        inside = tlist[(tlist > start) & (tlist <= end)]
        times = np.concatenate([[start], inside, [end] if not inside.size or inside[-1] < end else []])
        piece = _follow(solver, last, times, options["method"], tlist)
        states += piece[: inside.size]
        last, start = piece[-1], end
    return states


def _follow(solver: Any, rho: Qobj, times: FloatArray, method: str, tlist: FloatArray) -> list[Qobj]:
    """States at all times but the first, where `rho` is; on the way says how far the whole run is."""
    solver.start(rho, times[0])
    states, looks = [], tlist[:0]
    if is_heard() and method in INTERPOLATING:  # their steps do not depend on where they are looked at
        looks = np.linspace(tlist[0], tlist[-1], LOOKS)
    for before, t in pairwise(times):
        for look in looks[(looks > before) & (looks < t)]:
            solver.step(look, copy=False)
            tell((look - tlist[0]) / (tlist[-1] - tlist[0]))
        states.append(solver.step(t))
        tell((t - tlist[0]) / (tlist[-1] - tlist[0]))
    return states
