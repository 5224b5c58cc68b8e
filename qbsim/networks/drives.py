"""Terms of a network that depend on time: a function of time, or samples of one, and what it multiplies."""

from __future__ import annotations

import types
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
    """

    name: str
    coefficient: Coefficient
    array: FloatArray

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

    @property
    def norm(self) -> float:
        """Largest minus smallest eigenvalue of the operator, or more: the norm of its commutator."""
        return float(np.abs(self.array).sum())

    def with_arguments(self, args: Mapping[str, Any]) -> Drive:
        """The same with other arguments of the function."""
        return self._replace(coefficient=self.coefficient.replace_arguments(dict(args)))

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
        return read(0.0), (Drive(name, _coefficient(name, value), read(1.0)),)
    if not isinstance(value, list | tuple) or not any(callable(entry) for entry in value):
        return read(value), ()
    functions = {id(entry): entry for entry in value if callable(entry)}
    constant = read([0.0 if callable(entry) else entry for entry in value])
    return constant, tuple(
        Drive(name, _coefficient(name, f), read([1.0 if entry is f else 0.0 for entry in value]))
        for f in functions.values()
    )


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
