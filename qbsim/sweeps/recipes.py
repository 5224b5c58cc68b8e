"""Functions by name: what a file says about the builder it came from, and the way back from the file to it."""

from __future__ import annotations

import functools
import importlib
import inspect
from collections.abc import Callable
from typing import Any

__all__ = ["describe", "resolve"]


def describe(function: Any) -> dict[str, Any]:
    """Name of a function and the arguments it is bound to or has by default, as plain data."""
    if isinstance(function, functools.partial):
        inner = describe(function.func)
        bound = {f"#{k}": _plain(value) for k, value in enumerate(function.args)}
        bound |= {name: _plain(value) for name, value in function.keywords.items()}
        return {"function": inner["function"], "arguments": inner["arguments"] | bound}
    name = getattr(function, "__qualname__", type(function).__qualname__)
    return {"function": f"{getattr(function, '__module__', None)}:{name}", "arguments": _defaults(function)}


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
    return repr(value)


def resolve(description: dict[str, Any], what: str) -> Callable[..., Any]:
    """Function that `describe` has named, with the same arguments.

    Raises
    ------
    ValueError
        If it cannot be imported, such as a lambda.
    """
    module, _, name = description["function"].partition(":")
    try:
        function: Any = importlib.import_module(module)
        for part in name.split("."):
            function = getattr(function, part)
    except (ImportError, AttributeError) as error:
        raise ValueError(f"{what} was {description['function']}, which cannot be imported; pass it again.") from error
    arguments = {k: v for k, v in description["arguments"].items() if v != _defaults(function).get(k)}
    if any(name.startswith("#") for name in arguments):
        raise ValueError(f"{what} was bound to positional arguments and cannot be made again; pass it again.")
    return functools.partial(function, **arguments) if arguments else function
