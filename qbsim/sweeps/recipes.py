"""Functions by name: how a file names its builder, and how a builder of qbsim is looked up by that name.

A file names functions for its readers. Nothing is imported or run because a file names it: the only functions looked
up by name are those of BUILDERS and STATES.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from qutip import Qobj, QobjEvo

from .._drives import operator_digest
from ..models import (
    cell,
    cooper_pair_boxes,
    dicke,
    disorder,
    drive,
    network,
    oscillator,
    spin_chain,
    xx_chain,
)
from ..states import classical, empty, full, plus
from .builders import wired_battery

__all__ = ["BUILDERS", "STATES", "describe", "resolve"]


def _named(*functions: Callable[..., Any]) -> dict[str, Callable[..., Any]]:
    return {f"qbsim:{function.__name__}": function for function in functions}


BUILDERS = _named(
    cooper_pair_boxes.cooper_pair_boxes,
    dicke.dicke,
    disorder.disordered_chain,
    drive.drive,
    network.network,
    oscillator.oscillator,
    cell.single_cell,
    spin_chain.spin_chain,
    wired_battery,
    xx_chain.xx_chain,
)
STATES = _named(classical, empty, full, plus)
"""What a file can ask for by name, builders and states."""


def describe(function: Any) -> dict[str, Any]:
    """Name of a function and the arguments it is bound to or has by default, as plain data; digest of an operator."""
    if isinstance(function, Qobj | QobjEvo):
        return {"function": "operator", "arguments": {"sha256": operator_digest(function)}}
    if isinstance(function, functools.partial):
        inner = describe(function.func)
        bound = {f"#{k}": value for k, value in enumerate(function.args)} | function.keywords
        return inner | {"arguments": inner["arguments"] | {name: _plain(value) for name, value in bound.items()}}
    name = next((name for name, known in (BUILDERS | STATES).items() if known is function), None)
    if name is None:
        local_name = getattr(function, "__qualname__", type(function).__qualname__)
        name = f"{getattr(function, '__module__', None)}:{local_name}"
    return {"function": name, "arguments": _defaults(function)}


def _defaults(function: Any) -> dict[str, Any]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return {}
    return {p.name: _plain(p.default) for p in parameters if p.default is not p.empty}


def _plain(value: Any) -> Any:
    """Value as plain data; text where there is no other way."""
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [_plain(x) for x in value]
    if isinstance(value, dict):
        return {str(key): _plain(x) for key, x in value.items()}
    if hasattr(value, "tolist"):
        return value.tolist()
    if callable(value):
        return {"function": describe(value)["function"]}
    return repr(value)


def resolve(description: Any, known: dict[str, Callable[..., Any]], what: str, argument: str) -> Callable[..., Any]:
    """Function of qbsim that `describe` has named, with the same arguments.

    Parameters
    ----------
    description : dict
        From a file, so anything may be in it.
    known : dict
        BUILDERS or STATES: all that a file can ask for.
    what, argument : str
        For the message: what it is, and the argument that takes it.

    Raises
    ------
    ValueError
        If it is not one of `known`, or was not called as that function can be.
    """
    if not isinstance(description, dict) or not isinstance(description.get("arguments"), dict):
        raise ValueError(f"{what} is not described by a name and its arguments; pass it as {argument}.")
    name, given = description.get("function"), description["arguments"]
    function = known.get(name) if isinstance(name, str) else None
    if function is None:
        raise ValueError(
            f"{what} was {name!r}, which is not a function of qbsim. A file only names its functions, it does not run "
            f"them: pass yours as {argument}."
        )
    arguments = {k: v for k, v in given.items() if v != _defaults(function).get(k)}
    if foreign := [k for k, v in arguments.items() if isinstance(v, dict) and set(v) == {"function"}]:
        function_name = arguments[foreign[0]]["function"]
        raise ValueError(
            f"{what} was {name!r} with {foreign[0]} = {function_name!r}, a function that the file only names: pass "
            f"{what.lower()} with yours as {argument}."
        )
    if unknown := [k for k in arguments if k not in inspect.signature(function).parameters]:
        raise ValueError(f"{what} was {name!r} with the arguments {', '.join(unknown)}; pass it as {argument}.")
    return functools.partial(function, **arguments) if arguments else function
