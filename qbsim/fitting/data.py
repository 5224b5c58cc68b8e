"""What the user measured, read into curves: values at times, each with a standard error or a number of shots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from .._checks import FloatArray, apart, as_real_array, nearest
from .._checks.names import shown

__all__ = ["Curve", "read_data"]

ENDINGS = ("_sigma", "_sem", "_shots")
FORMS = "a dict {measure: (t, y, sigma)}, a DataFrame with the column time, or a Dataset of evolve"


class Curve(NamedTuple):
    """One measured curve.

    Attributes
    ----------
    measure, state : str
        What was measured, and the name of the initial state; "" where there is only one.
    t, y : ndarray, (T,)
        Times from the start of the evolution, and values.
    sigma : ndarray (T,) or None
        Standard errors of Gaussian values.
    shots : ndarray (T,) or None
        Number of measurements behind every observed fraction.
    """

    measure: str
    state: str
    t: FloatArray
    y: FloatArray
    sigma: FloatArray | None
    shots: FloatArray | None

    @property
    def title(self) -> str:
        """Name for messages and figures."""
        return f"{self.measure}, {self.state}" if self.state else self.measure

    @property
    def errors(self) -> FloatArray:
        """Standard error of every value; of a fraction, from the fraction itself with one more shot of each kind."""
        if self.sigma is not None:
            return self.sigma
        assert self.shots is not None
        p = (self.y * self.shots + 1) / (self.shots + 2)
        return np.sqrt(p * (1 - p) / self.shots)


def read_data(data: Any, states: Sequence[str], shots: Any) -> tuple[Curve, ...]:
    """Curves of all initial states, checked.

    Raises
    ------
    TypeError, ValueError
        For data of another form, without errors, or with values that cannot have been measured.
    """
    curves: list[Curve] = []
    if isinstance(data, Mapping) and not _is_table(data) and tuple(states) != ("",):
        for state, part in data.items():
            if state not in states:
                raise ValueError(nearest("initial state in data,", state, list(states)))
            curves += _curves(part, [state], shots)
    else:
        curves += _curves(data, states, shots)
    if not curves:
        raise ValueError(f"Argument data must hold at least one curve, but is empty: pass {FORMS}.")
    missing = [state for state in states if state not in {curve.state for curve in curves}]
    if missing:
        raise ValueError(f"Argument data must have a curve of every initial state, but has none of {missing[0]!r}.")
    if isinstance(shots, Mapping):
        for name in shots:
            if name not in {curve.measure for curve in curves}:
                raise ValueError(nearest("measure in shots,", name, sorted({curve.measure for curve in curves})))
    return tuple(curves)


def _is_table(data: Any) -> bool:
    return hasattr(data, "data_vars") or (hasattr(data, "columns") and hasattr(data, "iloc"))


def _curves(data: Any, states: Sequence[str], shots: Any) -> list[Curve]:
    if hasattr(data, "data_vars"):
        return _of_dataset(data, states, shots)
    if _is_table(data):
        return _of_frame(data, states, shots)
    if not isinstance(data, Mapping):
        raise TypeError(f"Argument data must be {FORMS}, but is {shown(data)}.")
    found = []
    for name, entry in data.items():
        if not isinstance(name, str) or not isinstance(entry, tuple | list) or len(entry) not in (2, 3):
            raise TypeError(
                f"Argument data must map every measure to (t, y, sigma), or to (t, y) with shots, but maps "
                f"{name!r} to {shown(entry)}."
            )
        sigma = entry[2] if len(entry) == 3 else None
        found.append(_checked(name, states[0], entry[0], entry[1], sigma, _shots_of(shots, name, None)))
    return found


def _of_frame(frame: Any, states: Sequence[str], shots: Any) -> list[Curve]:
    columns = [str(name) for name in frame.columns]
    if "time" not in columns:
        raise ValueError(nearest("column", "time", columns) + " A table of data needs the column time.")
    if not len(frame):
        raise ValueError("Argument data must hold at least one curve, but has no rows.")
    _check_endings(columns)
    found = []
    for state, part in _parts(frame, columns, states):
        for name in _measured(columns):
            sigma = next((part[name + e].to_numpy() for e in ("_sigma", "_sem") if name + e in columns), None)
            own = part[f"{name}_shots"].to_numpy() if f"{name}_shots" in columns else None
            counts = _shots_of(shots, name, own)
            found.append(_checked(name, state, part["time"].to_numpy(), part[name].to_numpy(), sigma, counts))
    return found


def _parts(frame: Any, columns: list[str], states: Sequence[str]) -> list[tuple[str, Any]]:
    """Rows of every initial state."""
    if "state" not in columns:
        if len(states) > 1:
            raise ValueError(f"Argument data needs the column state, with {' and '.join(states)}, for several rho0.")
        return [(states[0], frame)]
    named = list(dict.fromkeys(frame["state"].tolist()))
    if tuple(states) == ("",):
        if len(named) > 1:
            raise ValueError(f"Argument data has the states {named}: pass rho0 as a dict {{name: state}} with them.")
        return [("", frame)]
    for state in named:
        if state not in states:
            raise ValueError(nearest("initial state in data,", state, list(states)))
    return [(state, frame[frame["state"] == state]) for state in named]


def _of_dataset(ds: Any, states: Sequence[str], shots: Any) -> list[Curve]:
    if "time" not in ds.dims:
        raise ValueError("Argument data must have the coordinate time, as a Dataset of evolve has.")
    # a sweep has axes of one value
    ds = ds.squeeze([d for d in ds.dims if ds.sizes[d] == 1 and d not in ("time", "state")], drop=True)
    ds = ds[[name for name in ds.data_vars if set(ds[name].dims) in ({"time"}, {"time", "state"})]]
    if "state" not in ds.dims:
        frame = ds.to_dataframe().reset_index()
    else:
        frame = ds.to_dataframe().reset_index().sort_values(["state", "time"])
    if "state" in frame and "state" not in ds.dims:
        frame = frame.drop(columns="state")
    known = _measured([str(name) for name in ds.data_vars])
    if not known:
        raise ValueError("Argument data must hold at least one curve over time, but has none.")
    return _of_frame(frame[[c for c in frame.columns if c in ds.data_vars or c in ("time", "state")]], states, shots)


def _measured(columns: Sequence[str]) -> list[str]:
    """Columns that are values, not times, states or errors."""
    return [name for name in columns if name not in ("time", "state", "rho") and not name.endswith(ENDINGS)]


def _check_endings(columns: Sequence[str]) -> None:
    """Refuse errors of nothing, which would be left out without a word."""
    for name in columns:
        for ending in ENDINGS:
            if name.endswith(ending) and name.removesuffix(ending) not in columns:
                raise ValueError(
                    f"Column {name!r} of the data belongs to {name.removesuffix(ending)!r}, which is missing."
                )


def _shots_of(shots: Any, name: str, own: Any) -> Any:
    """Number of shots of a measure: its own, or that of the argument."""
    if own is not None:
        return own
    return shots.get(name) if isinstance(shots, Mapping) else shots


def _checked(name: str, state: str, t: Any, y: Any, sigma: Any, shots: Any) -> Curve:
    """A curve whose numbers can have been measured."""
    where = f"data[{name!r}]" if not state else f"data[{state!r}][{name!r}]"
    times, values = as_real_array(f"{where}, times", t), as_real_array(f"{where}, values", y)
    if times.ndim != 1 or times.shape != values.shape:
        raise ValueError(
            f"Argument {where} must have as many values as times, in two lists, but has the shapes {times.shape} and "
            f"{values.shape}."
        )
    if not times.size:
        raise ValueError(f"Argument {where} must hold at least one point, but is empty.")
    if times.min() < 0:
        raise ValueError(
            f"Argument {where}, times must be at least 0, where the evolution starts from rho0, but holds "
            f"{times.min():g}; count times from the preparation of the state."
        )
    if sigma is None and shots is None:
        raise ValueError(
            f"Argument {where} has no errors: give sigma as in (t, y, sigma) or in the column {name}_sigma, or the "
            f"number of measurements behind every fraction, shots=1000 or the column {name}_shots."
        )
    if sigma is not None and shots is not None:
        raise ValueError(f"Argument {where} has both sigma and shots: give one of them.")
    kind = "sigma" if shots is None else "shots"
    errors = as_real_array(f"{where}, {kind}", sigma if shots is None else shots)
    errors = np.broadcast_to(errors, times.shape) if errors.ndim == 0 else errors
    if errors.shape != times.shape:
        raise ValueError(f"Argument {where}, {kind} must be one number or one per time, but has shape {errors.shape}.")
    if shots is None:
        if errors.min() <= 0:
            raise ValueError(f"Argument {where}, sigma must be positive, but holds {errors.min():g}.")
        return Curve(name, state, times, values, errors.copy(), None)
    if errors.min() < 1:
        raise ValueError(f"Argument {where}, shots must be at least 1, but holds {errors.min():g}.")
    if values.min() < 0 or values.max() > 1:
        wrong = values.min() if values.min() < 0 else values.max()
        raise ValueError(
            f"Argument {where} must hold fractions of the shots, from 0 to 1, but holds {apart(wrong, 0.0)[0]}; "
            "divide counts by the number of shots, or give sigma."
        )
    return Curve(name, state, times, values, None, errors.copy())
