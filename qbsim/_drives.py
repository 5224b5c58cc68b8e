"""What an operator that depends on time is made of: its digest, its terms and the times at which it was sampled."""

from __future__ import annotations

import functools
import inspect
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import scipy.sparse
from qutip import Coefficient, Qobj, QobjEvo

from ._checks import FloatArray
from ._digest import digest, json_digest


def terms(op: QobjEvo) -> Iterator[tuple[Qobj | None, Any]]:
    """Terms of a time-dependent operator: (operator, coefficient), or (None, function of time with operators)."""
    for part in op.to_list():
        if isinstance(part, list):
            yield (part[0], part[1]) if isinstance(part[0], Qobj) else (None, part[0])


def sampled_times(op: QobjEvo) -> FloatArray:
    """Times at which coefficients given as arrays were sampled, ascending; empty if there are none."""
    found = [times for _, coefficient in terms(op) for times in _sampled(coefficient)]
    return np.unique(np.concatenate(found)) if found else np.empty(0)


def _sampled(coefficient: Any) -> Iterator[FloatArray]:
    """Times of every array inside a coefficient."""
    if type(coefficient).__name__ == "InterCoefficient":
        yield np.asarray(_pieces(coefficient)[0][0], dtype=float)
    elif isinstance(coefficient, Coefficient):
        for piece in _pieces(coefficient)[-1:]:
            for inner in piece if isinstance(piece, tuple) else ():
                yield from _sampled(inner)


def operator_digest(op: Qobj | QobjEvo) -> str:
    """SHA-256 of an operator; of one that depends on time with its arrays, the code of its functions and arguments.

    The same in every process of one Python version.
    """
    if isinstance(op, Qobj):
        return digest(op.to("CSR").data.as_scipy())
    return "time-dependent: " + json_digest([_plain(part, ()) for part in op.to_list()])


def _pieces(value: Any) -> tuple[Any, ...]:
    """What pickle would store of an object, or nothing where it cannot."""
    try:
        reduced = value.__reduce_ex__(2)
    except Exception:
        return ()
    return tuple(reduced[1:]) if isinstance(reduced, tuple) else (reduced,)


def _plain(value: Any, above: tuple[int, ...]) -> Any:
    """An object as plain data that is the same in every process; `above` holds the objects this one is part of."""
    if value is None or isinstance(value, bool | int | float | complex | str | bytes):
        return [type(value).__name__, repr(value)]
    if id(value) in above:
        return ["again", len(above) - above.index(id(value))]
    above = (*above, id(value))

    def plain(part: Any) -> Any:
        return _plain(part, above)

    if isinstance(value, np.ndarray | np.generic) and np.asarray(value).dtype != object:
        return ["array", digest(value)]
    for kinds, describe in _KINDS.items():
        if isinstance(value, kinds):
            return describe(value, plain)
    if hasattr(value, "py_func"):  # compiled by numba
        return ["compiled", plain(value.py_func)]
    name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    if isinstance(value, type):
        own = {k: v for k, v in vars(value).items() if isinstance(v, types.FunctionType)}
        local = name.startswith("__main__.") or "<locals>" in name
        return ["class", name, plain(own) if local else None]
    pieces = _pieces(value)
    if type(value).__name__ == "_FuncElement":  # the last entry is the operator at the time that was asked for last
        pieces = (pieces[0], pieces[-1][:-1])
    return ["object", name, plain(type(value)), [plain(piece) for piece in pieces]]


def _function(value: types.FunctionType, plain: Callable[[Any], Any]) -> Any:
    """Code of a function, its defaults, and the values of the names it reads from outside."""
    try:
        outside = inspect.getclosurevars(value)
        read = {**outside.globals, **outside.nonlocals}
    except ValueError:  # a name that has no value yet
        read = {}
    return ["function", plain((value.__code__, value.__defaults__, value.__kwdefaults__, read))]


# What is told of an object of these types, the first that fit; `plain` tells the same of a part of it.
_KINDS: dict[tuple[type, ...], Callable[[Any, Callable[[Any], Any]], Any]] = {
    (Qobj,): lambda op, _: ["operator", str(op.dims), digest(op.to("CSR").data.as_scipy())],
    (scipy.sparse.spmatrix, scipy.sparse.sparray): lambda matrix, _: ["sparse", digest(matrix)],
    (dict,): lambda table, plain: ["dict", sorted(([plain(k), plain(v)] for k, v in table.items()), key=repr)],
    (set, frozenset): lambda items, plain: ["set", sorted(map(plain, items), key=repr)],
    (list, tuple, np.ndarray): lambda items, plain: [type(items).__name__, [plain(item) for item in items]],
    (types.ModuleType,): lambda module, _: ["module", module.__name__],
    (functools.partial,): lambda part, plain: ["partial", plain((part.func, part.args, part.keywords))],
    (types.MethodType,): lambda method, plain: ["method", plain((method.__func__, method.__self__))],
    (types.FunctionType,): _function,
    (types.CodeType,): lambda code, plain: [
        "code",
        [code.co_code.hex(), list(code.co_names), list(code.co_varnames), list(code.co_freevars)],
        plain(code.co_consts),
    ],
}
