"""Operators as QuTiP writes them: lists with coefficients are read, checked, and told apart by digests."""

from __future__ import annotations

import functools
import inspect
import re
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import scipy.sparse
from qutip import Coefficient, Qobj, QobjEvo

from ._checks import LARGEST, FloatArray, as_hermitian, nearest, stored_numbers
from ._digest import digest, json_digest


def read_operator(name: str, value: Any, args: Mapping[str, Any] | None = None) -> Qobj | QobjEvo:
    """Operator from whatever QuTiP's solvers take: a Qobj, a QobjEvo, [H0, [H1, f]], or a function f(t) of operators.

    Raises
    ------
    TypeError
        For anything else, with what QuTiP says of it.
    """
    if isinstance(value, Qobj):
        return value
    if not callable(value) and not _is_list(value):
        raise TypeError(
            f"Argument {name} must be an operator (Qobj, QobjEvo or a list [H0, [H1, f]]), but is "
            f"{'another list' if isinstance(value, list) else type(value).__name__}."
        )
    try:
        op = QobjEvo(value, args=dict(args or {}))
    except Warning:
        raise
    except Exception as error:  # of QuTiP, or of the user's function
        hint = "An array of values needs its times: qutip.QobjEvo([H0, [H1, values]], tlist=times). " * _has_array(
            value
        )
        raise TypeError(
            f"Argument {name} must be an operator (Qobj, QobjEvo or a list [H0, [H1, f]]), but QuTiP cannot read it: "
            f"{error}. {hint}Functions with arguments need args={{...}}, here or in qutip.QobjEvo(..., args={{...}})."
        ) from error
    return op(0.0) if op.isconstant else op


def _is_list(value: Any) -> bool:
    """Whether a list has QuTiP's form, [H0, [H1, f], ...] or [H1, f]; QuTiP itself ends the process at some others."""
    if not isinstance(value, list) or not value:
        return False
    if len(value) == 2 and isinstance(value[0], Qobj) and not isinstance(value[1], Qobj | list):
        return True
    pairs = [part for part in value if isinstance(part, list)]
    return all(isinstance(part, Qobj | list) or callable(part) for part in value) and all(
        len(pair) == 2 and isinstance(pair[0], Qobj) and not isinstance(pair[1], Qobj | list) for pair in pairs
    )


def _has_array(value: Any) -> bool:
    """Whether a coefficient of a list is an array."""
    parts = [value, *value] if isinstance(value, list) else []
    return any(isinstance(part, list) and isinstance(part[-1], np.ndarray) for part in parts)


def check_arguments(args: Any, operators: Iterable[Qobj | QobjEvo]) -> None:
    """Refuse arguments that no operator takes: QuTiP would leave them out without a word.

    Raises
    ------
    TypeError, ValueError
        If `args` is not a dict of texts, nothing depends on time, or a name is unknown to all coefficients.
    """
    if not isinstance(args, Mapping) or not all(isinstance(name, str) for name in args):
        raise TypeError(f"Argument args must be a dict of names to values, but is {args!r}.")
    parts = [part for op in operators if isinstance(op, QobjEvo) for _, part in terms(op)]
    if not parts:
        raise ValueError("Argument args has no meaning: no operator of this battery depends on time.")
    names = [argument_names(part) for part in parts]
    known = None if any(each is None for each in names) else set().union(*(each or () for each in names))
    for name in args:
        if known is not None and name not in known:
            raise ValueError(nearest("argument of a drive", name, sorted(known) or ["none, they take the time only"]))


def argument_names(part: Any) -> set[str] | None:
    """Arguments that a coefficient, or a function of operators, reads; None if it may read any."""
    kind, pieces = type(part).__name__, _pieces(part)[-1:]
    if isinstance(part, types.FunctionType):
        found = list(inspect.signature(part).parameters.values())[1:]
        return None if any(p.kind is p.VAR_KEYWORD or p.name == "args" for p in found) else {p.name for p in found}
    if kind in ("ConstantCoefficient", "InterCoefficient"):
        return set()
    if kind == "StrFunctionCoefficient":
        return set(re.findall(r"[A-Za-z_]\w*", pieces[0][0]))
    if kind == "FunctionCoefficient":  # the set, if there is one, is what QuTiP hands to the function
        return next((set(piece) for piece in pieces[0] if isinstance(piece, set)), None)
    inner = [argument_names(piece) for piece in (pieces[0] if pieces else ()) if isinstance(piece, Coefficient)]
    return None if not inner or None in inner else set().union(*(each or () for each in inner))


def plain_dims(dims: Any) -> Any:
    """Dimensions as plain integers: QuTiP keeps whatever built them, and numpy's neither compare nor go to JSON."""
    return [plain_dims(d) for d in dims] if isinstance(dims, list) else int(dims)


def read_jumps(c_ops: Any, args: Mapping[str, Any] | None) -> tuple[Qobj | QobjEvo, ...]:
    """Jump operators from a list of what QuTiP takes, or from one operator."""
    if isinstance(c_ops, Qobj | QobjEvo):
        c_ops = [c_ops]
    if isinstance(c_ops, str) or not isinstance(c_ops, Iterable):
        raise TypeError(f"Argument c_ops must be a list of operators, but is {type(c_ops).__name__}.")
    jumps = []
    for op in c_ops:
        if not isinstance(op, Qobj | QobjEvo | list) and not callable(op):
            raise TypeError(
                f"Argument c_ops must hold Qobj or QobjEvo, but holds {type(op).__name__}; a jump operator with a "
                "coefficient is a list of its own, c_ops=[[c, f]]."
            )
        jumps.append(read_operator("c_ops", op, args))
    return tuple(jumps)


def check_reference(H0: Any, stored: list[int], where: str) -> None:
    """Refuse a reference Hamiltonian that is not a constant Hermitian operator on the cells."""
    if not isinstance(H0, Qobj) or not H0.isoper:
        raise TypeError(f"Argument H0 must be an operator (Qobj), but is {type(H0).__name__}.")
    if plain_dims(H0.dims) != [stored, stored]:
        raise ValueError(f"Argument H0 must have dims {[stored, stored]} ({where}), but has {H0.dims}.")
    check_finite("H0", H0)
    as_hermitian("H0", H0)


def check_hamiltonian(name: str, H: Qobj | QobjEvo) -> None:
    """Refuse a Hamiltonian that is not finite, or constant and not Hermitian; drives are checked at run time."""
    check_finite(name, H)
    if isinstance(H, Qobj):
        as_hermitian(name, H, "losses belong in c_ops")


def check_finite(name: str, op: Qobj | QobjEvo) -> None:
    """Refuse nan, infinity and numbers whose squares overflow; QuTiP drops nan on the way to sparse storage."""
    parts = (
        [op]
        if isinstance(op, Qobj)
        else [p for part in op.to_list() for p in (part if isinstance(part, list) else [part])]
    )
    for part in parts:
        if isinstance(part, Qobj):
            stored = stored_numbers(part)
            if not np.isfinite(stored).all():
                raise ValueError(f"Argument {name} must be finite, but holds nan or infinity.")
            if stored.size and np.abs(stored).max() > LARGEST:
                raise ValueError(f"Argument {name} must hold numbers of at most {LARGEST:g}: choose other units.")


def only_raises(H0: Qobj, c_ops: tuple[Any, ...], cells: tuple[int, ...], factors: list[int]) -> bool:
    """Whether jumps that raise two-level cells, in level and in energy, are the only ones that are not diagonal."""
    levels = H0.diag().real.reshape([factors[k] for k in cells]).transpose(np.argsort(cells))
    levels = levels.reshape([factors[k] if k in cells else 1 for k in range(len(factors))])
    energies = np.broadcast_to(levels, factors).ravel()
    found = False
    for op in c_ops:
        if not isinstance(op, Qobj) or op.issuper:
            return False  # its direction is not known
        entries = op.to("CSR").data.as_scipy().tocoo()
        moves = (entries.data != 0) & (entries.row != entries.col)
        if not moves.any():
            continue
        if type(op.data).__name__ == "Dia":  # as operators.raising and create(2) make it: meant
            return False
        up = np.array(np.unravel_index(entries.row[moves], factors)) - np.unravel_index(entries.col[moves], factors)
        two = np.array(factors)[:, None] == 2
        gain = energies[entries.row[moves]] - energies[entries.col[moves]]
        if not ((up >= 0) & (two | (up == 0))).all() or (gain <= 0).any():
            return False
        found = True
    return found


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


def functions(value: Any) -> Iterator[Any]:
    """Functions of time of the user inside an operator."""
    if isinstance(value, QobjEvo):
        for operator, coefficient in terms(value):
            yield from functions(coefficient) if operator is not None else [coefficient]
    elif isinstance(value, types.FunctionType | types.MethodType | functools.partial):
        yield value
    elif isinstance(value, Coefficient | tuple):
        for part in value if isinstance(value, tuple) else _pieces(value):
            yield from functions(part)


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
