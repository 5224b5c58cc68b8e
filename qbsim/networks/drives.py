"""Terms of a network that depend on time: a function of time, or samples of one, and what it multiplies."""

from __future__ import annotations

import types
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import qutip
from qutip import Coefficient, Qobj, QobjEvo

from .._checks import FloatArray
from .._checks.calls import check_call
from .._checks.names import shown
from .._drives import operator_digest
from .parts import flips, pairs, turns

__all__ = ["DRIVEN", "Drive", "read_drives"]

DRIVEN: Mapping[str, Callable[[FloatArray], Iterable[Qobj]]] = {"pair": pairs, "x": flips, "y": turns}
"""Arguments of `network` that may depend on time, and the operators that their numbers multiply."""


TRIED = 64  # times at which a function is called with an array, and one by one
SAME = 1e-14  # of the largest value: how far the two may differ


class Drive(NamedTuple):
    """Part of H that depends on time: f(t) times a term of a network.

    Attributes
    ----------
    name : str
        Key of `DRIVEN`.
    coefficient : Coefficient
        f, as QuTiP calls it.
    array : ndarray
        What f multiplies: weights of the cells or bonds, in the form of the constant term.
    function : callable, optional
        f as it was given, if it was a function of time alone.
    """

    name: str
    coefficient: Coefficient
    array: FloatArray
    function: Callable[[Any], Any] | None = None

    @property
    def bare(self) -> QobjEvo:
        """f(t) times the number 1, an operator for those who look at f alone."""
        return QobjEvo([[Qobj([[1.0]]), self.coefficient]])

    @property
    def operator(self) -> QobjEvo:
        """f(t) times the operator of the term."""
        return QobjEvo([[sum(DRIVEN[self.name](self.array)), self.coefficient]])

    def value(self, t: float) -> float:
        """f at one time.

        Raises
        ------
        ValueError
            If it is not a real number.
        """
        value = complex(self.coefficient(t))
        if value.imag != 0 or not np.isfinite(value.real):
            raise ValueError(
                f"Argument {self.name} must be a finite real number at all times, but is {value:g} at t = {t:g}; a "
                "complex drive a(t) has x = 2 Re a and y = 2 Im a, or the reverse sign of y."
            )
        return value.real

    def sampler(self, start: float, end: float) -> Callable[[FloatArray], FloatArray]:
        """What evaluates f at many times between two: in one call where f takes arrays, and gives the same numbers.

        Whether it does is seen at some of these times.

        Raises
        ------
        ValueError
            If f is not a real number at one of them.
        """

        def one_by_one(times: FloatArray) -> FloatArray:
            return np.array([self.value(t) for t in times])

        def at_once(times: FloatArray) -> FloatArray:
            found = self._at_once(times)
            return one_by_one(times) if found is None else found

        some = np.array([start + (end - start) * (k * 0.6180339887498949 % 1) for k in range(TRIED)])
        expected, found = one_by_one(some), self._at_once(some)
        close = SAME * np.abs(expected).max()
        return at_once if found is not None and np.abs(found - expected).max() <= close else one_by_one

    def _at_once(self, times: FloatArray) -> FloatArray | None:
        """f called with an array; None if it does not return as many finite real numbers."""
        if self.function is None:
            return None
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                found = np.asarray(self.function(times.copy()))
        except Exception:
            return None
        fits = found.shape == times.shape and found.dtype == float and np.isfinite(found).all()
        return found if fits else None

    @property
    def norm(self) -> float:
        """Largest minus smallest eigenvalue of the operator, or more: the norm of its commutator."""
        return float(np.abs(self.array).sum())

    def with_arguments(self, args: Mapping[str, Any]) -> Drive:
        """The same with other arguments of the function."""
        return self._replace(coefficient=self.coefficient.replace_arguments(dict(args)), function=None)

    def parameters(self) -> dict[str, Any]:
        """Plain data for files and hashes."""
        return {"term": self.name, "weights": self.array.tolist(), "function": operator_digest(self.bare)}


def read_drives(name: str, value: Any, read: Callable[[Any], FloatArray]) -> tuple[FloatArray, tuple[Drive, ...]]:
    """Constant part of an argument, and its parts that depend on time.

    Parameters
    ----------
    name : str
        Name of the argument.
    value : number, array, callable, or list of numbers and callables
        A function of time holds for all cells or bonds, or stands at the place of one.
    read : callable
        Reads numbers into the form of the term, such as `per_cell`.
    """
    if callable(value):
        return read(0.0), (_drive(name, value, read(1.0)),)
    if not isinstance(value, list | tuple) or not any(callable(entry) for entry in value):
        return read(value), ()
    functions = {id(entry): entry for entry in value if callable(entry)}
    constant = read([0.0 if callable(entry) else entry for entry in value])
    return constant, tuple(
        _drive(name, f, read([1.0 if entry is f else 0.0 for entry in value])) for f in functions.values()
    )


def _drive(name: str, function: Any, array: FloatArray) -> Drive:
    """Drive of a function of time, or of a coefficient of QuTiP."""
    return Drive(name, _coefficient(name, function), array, None if isinstance(function, Coefficient) else function)


def _coefficient(name: str, function: Any) -> Coefficient:
    """Function of time as QuTiP calls it."""
    if isinstance(function, Coefficient):
        return function
    wanted = (
        f"Argument {name} must be numbers, a function f(t) of time, or samples as "
        "qutip.coefficient(values, tlist=times)"
    )
    if isinstance(function, Qobj | QobjEvo | type):
        raise TypeError(f"{wanted}, but is {shown(function)}; other operators are added by battery + V.")
    check_call(wanted, function, 0.0)
    plain = isinstance(function, types.FunctionType | types.MethodType)
    return qutip.coefficient(function if plain else _Called(function).at)


class _Called(NamedTuple):
    """Anything that can be called, as a method: QuTiP reads the annotations of a function, and others have none."""

    function: Callable[[float], Any]

    def at(self, t: float) -> Any:
        return self.function(t)
