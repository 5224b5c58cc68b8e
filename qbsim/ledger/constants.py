"""Constants of a caption as text: what they hold, how they are written, and how they are read.

A text is read as plain data and never run; the new value has the type of the old one.
"""

from __future__ import annotations

import ast
import math
import operator
import re
from typing import Any

import numpy as np

__all__ = ["kind", "literal", "read", "shown"]

_NUMBERS = {"inf": math.inf, "nan": math.nan}
_OPERATIONS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


class _OtherTypeError(Exception):
    """A value that is not of the type of the constant."""


def kind(value: Any) -> str:
    """Type of a constant in words; empty for one that no text can be.

    Examples
    --------
    >>> kind(3), kind((0.0, 5.0)), kind({3: 5000}), kind(len)
    ('int', 'tuple of float', 'dict of int to int', '')
    """
    if isinstance(value, bool | np.bool_):
        return "bool"
    if isinstance(value, int | np.integer):
        return "int"
    if isinstance(value, float | np.floating):
        return "float"
    if isinstance(value, str):
        return "str"
    if isinstance(value, dict):
        keys, values = _common(value), _common(value.values())
        return f"dict of {keys} to {values}" if keys and values else ""
    if isinstance(value, np.ndarray) and value.ndim:
        inner = _common(value.ravel().tolist())
        return f"array of {inner}" if inner else ""
    if isinstance(value, list | tuple):
        inner = _common(value)
        return f"{'list' if isinstance(value, list) else 'tuple'} of {inner}" if inner else ""
    return ""


def _common(values: Any) -> str:
    """Types in a collection; empty if one of them is unknown, or there is none."""
    kinds = list(dict.fromkeys(kind(v) for v in values))
    return "" if "" in kinds else " and ".join(kinds)


def literal(value: Any) -> str:
    """Constant as text that `read` reads.

    Examples
    --------
    >>> literal((0, 0.5)), literal({3: "a"})
    ('(0, 0.5)', "{3: 'a'}")
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{literal(k)}: {literal(v)}' for k, v in value.items())}}}"
    if isinstance(value, np.ndarray | list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
    return repr(value.item() if isinstance(value, np.generic) else value)


def shown(value: Any, width: int = 60) -> str:
    """Constant in one line, its middle left out if it is long."""
    text = literal(value) if kind(value) else re.sub(r" at 0x[0-9a-f]+|\s+", " ", repr(value))
    return text if len(text) <= width else f"{text[: width - 15]} ... {text[-10:]}"


def read(text: str, old: Any) -> Any:
    """Value of the type of `old` from a text.

    Parameters
    ----------
    text : str
        Numbers, texts, lists, tuples and dicts as in Python; a text needs no quotation marks, a list no brackets.
    old : object
        What the constant is now.

    Raises
    ------
    ValueError
        If the text is nothing of this type.

    Examples
    --------
    >>> read("8", 2), read("0, 5", (0.0, 1.0, 2.0)), read("{3: 100}", {3: 5000, 4: 3000}), read("plus", "full")
    (8, (0.0, 5.0), {3: 100}, 'plus')
    """
    try:
        try:
            new = _evaluated(ast.parse(text.strip(), mode="eval").body)
        except (SyntaxError, _OtherTypeError):
            if not isinstance(old, str):
                raise
            new = text
        return _converted(text if isinstance(old, str) and not isinstance(new, str) else new, old)
    except (_OtherTypeError, ArithmeticError, SyntaxError, TypeError, ValueError, RecursionError, MemoryError) as error:
        raise ValueError(f"must be {kind(old)}, such as {shown(old)}, but is {text!r}") from error


def _evaluated(node: ast.expr) -> Any:
    """Plain data of an expression; names are texts."""
    if isinstance(node, ast.Constant) and isinstance(node.value, bool | int | float | str):
        return node.value
    if isinstance(node, ast.Name):
        return _NUMBERS.get(node.id, node.id)
    if isinstance(node, ast.List | ast.Tuple):
        values = [_evaluated(n) for n in node.elts]
        return values if isinstance(node, ast.List) else tuple(values)
    if isinstance(node, ast.Dict) and None not in node.keys:
        return {_evaluated(k): _evaluated(v) for k, v in zip(node.keys, node.values, strict=True) if k is not None}
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
        number = _number(node.operand)
        return -number if isinstance(node.op, ast.USub) else number
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS:
        return _OPERATIONS[type(node.op)](_number(node.left), _number(node.right))
    raise _OtherTypeError


def _number(node: ast.expr) -> Any:
    value = _evaluated(node)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _OtherTypeError
    return value


def _converted(new: Any, old: Any) -> Any:
    """Value of the type of another one."""
    if not kind(old):
        raise _OtherTypeError
    if isinstance(old, dict):
        return _as_dict(new, old)
    if isinstance(old, list | tuple):
        return _as_sequence(new, old)
    if isinstance(old, np.ndarray):
        values = np.array(_as_sequence(new, old.tolist()), dtype=old.dtype)
        if values.ndim != old.ndim:
            raise _OtherTypeError
        return values
    if kind(new) != kind(old) and (kind(new), kind(old)) != ("int", "float"):
        raise _OtherTypeError
    return type(old)(new)


def _as_sequence(new: Any, old: Any) -> Any:
    """List or tuple; of any length if all parts are of one type, else part by part."""
    if not isinstance(new, list | tuple) or not new:
        raise _OtherTypeError
    if len({kind(v) for v in old}) == 1 and not hasattr(old, "_fields"):
        return type(old)(_converted(v, old[0]) for v in new)
    values = [_converted(a, b) for a, b in zip(new, old, strict=True)]
    return type(old)(*values) if hasattr(old, "_fields") else type(old)(values)


def _as_dict(new: Any, old: dict[Any, Any]) -> dict[Any, Any]:
    """Dict: a known key keeps the type of its value, a new one has that of any other."""
    if not isinstance(new, dict) or not new:
        raise _OtherTypeError
    key, value = next(iter(old.items()))
    return {(k := _converted(name, key)): _converted(v, old.get(k, value)) for name, v in new.items()}
