"""Checks of arguments: builders and `evolve` call these, everything inside trusts its arguments."""

from __future__ import annotations

import math
import numbers
import os
import pkgutil
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import gt, lt
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from qutip import Qobj

from .calls import explained as explained
from .names import by_word as by_word
from .names import nearest as nearest
from .names import no_attribute, shown

FloatArray = NDArray[np.float64]
ComplexArray = NDArray[np.complex128]
IntArray = NDArray[np.int64]

LARGEST = 1e100  # of a number: its squares and its product with a time stay far from the overflow at 1e308
SMALLEST_TOLERANCE, LARGEST_TOLERANCE = 1e-15, 0.1
HERMITICITY = 1e-12  # of the largest entry: how far an operator may differ from its adjoint


PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


class CutoffWarning(UserWarning):
    """States reach the levels next to a cut-off, so the truncation shows in the results."""


class HalfLifeWarning(UserWarning):
    """A half-life does not exist inside the time window; the message says why."""


class MeasureWarning(UserWarning):
    """A figure of merit is undefined for this battery; the message says why."""


class ModelWarning(UserWarning):
    """A model is valid but looks like a common mistake; the message says which, and what to do."""


class SamplingWarning(UserWarning):
    """Trajectories are too few for what was asked of them; the message says how many it takes."""


class SweepWarning(UserWarning):
    """Part of a sweep could not be computed or read; the message says which."""


class UnphysicalWarning(UserWarning):
    """The decay matrix is not positive semidefinite, and the caller allowed it."""


def warn(message: str, category: type[Warning]) -> None:
    """Warn, pointing at the line of the caller that is outside of qbsim."""
    frame, level = sys._getframe(1), 2
    ours = re.compile(re.escape(PACKAGE) + "(?!scenarios)")  # scenarios are callers, wherever they lie
    while frame.f_back is not None and ours.match(frame.f_code.co_filename):
        frame, level = frame.f_back, level + 1
    warnings.warn(message, category, stacklevel=level)


def deprecate(old: str, new: str) -> None:
    """Warn of a name of qbsim that has another one by now."""
    warn(f"{old} is deprecated: use {new}.", DeprecationWarning)


def other_roads(
    module: str, roads: Mapping[str, str] = MappingProxyType({}), instead: Mapping[str, str] = MappingProxyType({})
) -> Callable[[str], Any]:
    """``__getattr__`` of a module: {name: full name of the road that stays}, and {name it never had: what to use}."""

    def find(name: str) -> Any:
        if name not in roads:
            raise no_attribute(module, name, instead)
        deprecate(f"{module}.{name}", roads[name])
        return pkgutil.resolve_name(roads[name])

    return find


def apart(*numbers: float, least: int = 6) -> list[str]:
    """Numbers as text, `least` digits each, or as many as it takes to tell different ones apart."""
    for digits in range(least, 18):  # 17 tell any two doubles apart
        shown = [f"{x:.{digits}g}" for x in numbers]
        if len(set(shown)) == len(set(numbers)):
            break
    return shown


def toward_zero(x: float, digits: int = 6) -> str:
    """Number as text, rounded towards zero: a limit that may be typed back in and is still kept."""
    if x == 0:
        return "0"
    step = digits - 1 - math.floor(math.log10(abs(x)))
    shown = f"{x:.{digits}g}"
    return shown if abs(float(shown)) <= abs(x) else f"{x - math.copysign(0.5 * 10.0**-step, x):.{digits}g}"


def stored_numbers(op: Qobj) -> ComplexArray:
    """Entries of an operator as they are stored, nan included, which QuTiP drops when it converts."""
    if not hasattr(op.data, "as_scipy"):
        return np.asarray(op.data.to_array()).ravel()
    return np.asarray(op.data.as_scipy().tocoo().data)  # diagonals hold memory that was never set, beyond the matrix


def as_hermitian(name: str, operator: Any, remedy: str = "") -> Qobj:
    """Square operator that is its own adjoint, to 1e-12 of its largest entry."""
    if not isinstance(operator, Qobj) or not operator.isoper:
        kind = operator.type if isinstance(operator, Qobj) else type(operator).__name__
        hint = "; use its H0" if hasattr(operator, "H0") else ""
        raise TypeError(f"Argument {name} must be a Hermitian operator (Qobj), but is {kind}{hint}.")
    if operator.dims[0] != operator.dims[1]:
        raise ValueError(f"Argument {name} must be a square Hermitian operator, but has dims {operator.dims}.")
    # before the conversion: QuTiP drops nan on the way to sparse storage
    if not np.isfinite(stored_numbers(operator)).all():
        raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
    # QuTiP's own test is absolute: it refuses the rounding of large entries and passes any small ones
    matrix = operator.to("CSR").data.as_scipy()
    error, largest = float(abs(matrix - matrix.conj().T).max()), float(abs(matrix).max())
    if error > HERMITICITY * largest:
        raise ValueError(
            f"Argument {name} must be Hermitian, but differs from its adjoint by {error:.3g}, its largest entry being "
            f"{largest:.3g}; {remedy or f'use ({name} + {name}.dag()) / 2 if that is rounding'}."
        )
    return operator


def as_count(name: str, value: Any, minimum: int = 1) -> int:
    """Integer of at least `minimum`; booleans and floats are refused."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, numbers.Integral):
        whole = isinstance(value, float | np.floating) and np.isfinite(value) and value == int(value)
        remedy = f"; write {int(value)}" if whole else ""
        raise TypeError(f"Argument {name} must be an integer, but is {shown(value)}{remedy}.")
    if value < minimum:
        raise ValueError(f"Argument {name} must be at least {minimum}, but is {value}.")
    return int(value)


def has_unit(value: Any) -> bool:
    """Whether a value is a number with a unit, of pint or of astropy; numpy would drop the unit."""
    return (hasattr(value, "magnitude") and hasattr(value, "units")) or (
        hasattr(value, "value") and hasattr(value, "unit")
    )


def remedy_for(value: Any) -> str:
    """What to do with a value that is no real number or holds none; empty if it may be one."""
    if has_unit(value) or (isinstance(value, list | tuple) and any(map(has_unit, value))):
        return "give plain numbers, all in the same units, such as quantity.to(unit).magnitude"
    if hasattr(value, "toarray"):
        return "write it out with toarray()"
    if hasattr(value, "data_vars"):
        return "take one of its variables, such as ds.ergotropy"
    if isinstance(value, Mapping):
        return "give a list in the order of the cells, bonds or times"
    if isinstance(value, Iterator):
        return "make a list of it"
    if callable(value):
        return "give numbers; a Battery of your own takes a QobjEvo where something depends on time"
    if isinstance(value, str | bytes):
        return "give a number, without quotes and without a unit"
    return ""


def not_real(name: str, wanted: str, value: str, remedy: str = "") -> TypeError:
    """Error for an argument that is no real number or does not hold them."""
    return TypeError(f"Argument {name} must {wanted}, but is {value}{f'; {remedy}' if remedy else ''}.")


def as_real(name: str, value: Any, *, minimum: float | None = None, maximum: float | None = None) -> float:
    """Finite real number inside [minimum, maximum]."""
    remedy = remedy_for(value)
    if remedy or isinstance(value, bool | np.bool_ | np.complexfloating | list | tuple) or np.ndim(value) != 0:
        raise not_real(name, "be a real number", shown(value), remedy)
    try:
        number = float(value)
    except OverflowError as error:  # an integer beyond 1e308
        raise ValueError(f"Argument {name} must be at most {LARGEST:g} in size: choose other units.") from error
    except (TypeError, ValueError) as error:
        raise not_real(name, "be a real number", shown(value)) from error
    if not np.isfinite(number):
        raise ValueError(f"Argument {name} must be finite, but is {number}.")
    if abs(number) > LARGEST:
        raise ValueError(f"Argument {name} must be at most {LARGEST:g} in size, but is {number:g}: choose other units.")
    for limit, words, broken in ((minimum, "at least", lt), (maximum, "at most", gt)):
        if limit is not None and broken(number, limit):
            bound, value = apart(limit, number)
            raise ValueError(f"Argument {name} must be {words} {bound}, but is {value}.")
    return number


def as_real_array(name: str, value: ArrayLike) -> FloatArray:
    """Finite real array; complex, boolean and text input is refused."""
    if remedy := remedy_for(value):
        raise not_real(name, "hold real numbers", shown(value), remedy)
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ValueError(f"Argument {name} must hold real numbers in rows of the same length.") from error
    if array.dtype.kind not in "iuf":
        remedy = next(filter(None, map(remedy_for, array.ravel())), "take the real part" * (array.dtype.kind == "c"))
        raise not_real(name, "hold real numbers", shown(value), remedy)
    array = array.astype(float)
    if not np.isfinite(array).all():
        raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
    if (np.abs(array) > LARGEST).any():
        raise ValueError(
            f"Argument {name} must be at most {LARGEST:g} in size, but holds {np.abs(array).max():g}: choose other "
            "units."
        )
    return array


def as_flag(name: str, value: Any) -> bool:
    """True or False; numbers and texts are refused."""
    if not isinstance(value, bool | np.bool_):
        raise TypeError(f"Argument {name} must be True or False, but is {shown(value)}.")
    return bool(value)


def as_text(name: str, value: Any) -> str:
    """Text."""
    if not isinstance(value, str):
        raise TypeError(f"Argument {name} must be a text, but is {shown(value)}.")
    return str(value)


def as_tolerance(name: str, value: Any) -> float:
    """Accuracy that a solver can be asked for: no solver meets 0, and above 0.1 nothing is accurate."""
    return as_real(name, value, minimum=SMALLEST_TOLERANCE, maximum=LARGEST_TOLERANCE)


def as_measured(name: str, value: Any) -> float:
    """Real number that a user's measure returned; nan, infinity and truth values are numbers here."""
    remedy = "A measure f(rho, battery) must return one real number; take the real part or the modulus of a complex one"
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise TypeError(f"Measure {name!r} returned {shown(value)}. {remedy}.") from error
    if array.ndim:
        raise TypeError(
            f"Measure {name!r} returned an array of shape {array.shape}. {remedy}; every entry of an array needs a "
            "measure of its own."
        )
    if array.dtype.kind not in "iufb":
        raise TypeError(f"Measure {name!r} returned {shown(value)}. {remedy}.")
    return float(array)


def per_cell(name: str, value: ArrayLike, N: int, minimum: float | None = None) -> FloatArray:
    """One value per cell, from a number or a sequence of length N."""
    array = as_real_array(name, value)
    if array.ndim == 0:
        array = np.full(N, float(array))
    if array.shape != (N,):
        raise ValueError(
            f"Argument {name} must be one number or one per cell, shape ({N},), but has shape {array.shape}."
        )
    if minimum is not None and (array < minimum).any():
        bound, lowest = apart(minimum, array.min())
        raise ValueError(f"Argument {name} must be at least {bound}, but holds {lowest}.")
    return array


def per_bond(name: str, value: ArrayLike, edges: Sequence[tuple[int, int]], N: int) -> FloatArray:
    """Symmetric (N, N) matrix with zero diagonal, from a number, one value per bond, or the matrix itself."""
    array = as_real_array(name, value)
    if array.ndim == 2:
        if array.shape != (N, N):
            raise ValueError(f"Argument {name} must have shape ({N}, {N}), but has shape {array.shape}.")
        if not np.array_equal(array, array.T):
            raise ValueError(
                f"Argument {name} must be symmetric, but differs from its transpose by "
                f"up to {np.abs(array - array.T).max():g}."
            )
        if np.diag(array).any():
            raise ValueError(f"Argument {name} must have a zero diagonal: use omega or gamma for single cells.")
        return array
    if array.ndim == 0:
        array = np.full(len(edges), float(array))
    if array.shape != (len(edges),):
        raise ValueError(
            f"Argument {name} must be one number, one per bond, shape ({len(edges)},), "
            f"or a symmetric ({N}, {N}) matrix, but has shape {array.shape}."
        )
    matrix = np.zeros((N, N))
    i, j = np.array(edges, dtype=int).reshape(-1, 2).T
    matrix[i, j] = matrix[j, i] = array
    return matrix


def per_arrow(name: str, value: ArrayLike, edges: Sequence[tuple[int, int]], N: int) -> FloatArray:
    """Antisymmetric (N, N) matrix from one value per bond, of the bond as it is written here, or the matrix itself."""
    array = as_real_array(name, value)
    if array.ndim == 2:
        if array.shape != (N, N):
            raise ValueError(f"Argument {name} must have shape ({N}, {N}), but has shape {array.shape}.")
        if not np.array_equal(array, -array.T):
            raise ValueError(
                f"Argument {name} must be antisymmetric, {name}[j, i] = -{name}[i, j], but differs from minus its "
                f"transpose by up to {np.abs(array + array.T).max():g}."
            )
        return array
    if array.shape != (len(edges),):
        raise ValueError(
            f"Argument {name} must be one number on a line or a ring, one per bond, shape ({len(edges)},), "
            f"or an antisymmetric ({N}, {N}) matrix, but has shape {array.shape}."
        )
    matrix = np.zeros((N, N))
    for (i, j), number in zip(edges, array, strict=True):
        matrix[i, j], matrix[j, i] = number, -number
    return matrix


def as_tlist(tlist: ArrayLike, name: str = "tlist") -> FloatArray:
    """Strictly increasing times, at least one."""
    times = as_real_array(name, tlist)
    if times.ndim != 1 or times.size == 0:
        remedy = f"; write numpy.linspace(0, {float(times):g}, 101)" if times.ndim == 0 and times > 0 else ""
        raise ValueError(f"Argument {name} must be a non-empty list of times, but has shape {times.shape}{remedy}.")
    if (np.diff(times) <= 0).any():
        k = int(np.argmax(np.diff(times) <= 0))
        first, second = apart(times[k], times[k + 1])
        raise ValueError(
            f"Argument {name} must be strictly increasing, but entry {k + 1} ({second}) does not exceed entry {k} "
            f"({first}); numpy.unique({name}) sorts times and drops repeated ones."
        )
    return times
