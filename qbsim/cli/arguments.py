"""What the commands share: exit codes, mistakes of the user, and the types of their arguments."""

from __future__ import annotations

import argparse
import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from .._checks.calls import meant
from .._checks.names import closest
from ..geometry import INSTEAD

__all__ = [
    "BAD_INPUT",
    "FAILED",
    "FOLDER",
    "FULL",
    "INTERRUPTED",
    "OK",
    "WORKERS",
    "Arguments",
    "Parser",
    "UsageError",
    "add_arguments",
    "add_command",
    "assignment",
    "axis_value",
    "cells",
    "count",
    "numbers",
    "usage_errors",
]

OK, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130
# Errors of a full disk: no space, quota, or a limit on the file size.
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class UsageError(Exception):
    """A mistake of the user; printed as one line, exit code 2."""


class Parser(argparse.ArgumentParser):
    """Parser that prints one line for a mistake."""

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As in argparse, but options that do not exist are refused here, where the options that do are known."""
        found, rest = super().parse_known_args(args, namespace)
        if rest:
            wrong = next((text for text in rest if text.startswith("-")), rest[0])
            kind = "option" if wrong.startswith("-") else "argument"
            self.error(f"unknown {kind} {wrong}{self._hint(wrong) if kind == 'option' else ''}")
        return found, rest

    def _hint(self, wrong: str) -> str:
        """The option that is meant by one that does not exist; empty if none comes near."""
        known = {option.lstrip("-").replace("-", "_"): option for option in self._option_string_actions}
        text = meant(wrong.lstrip("-").partition("=")[0].replace("-", "_"), known)
        option = known.get(text.replace(",", " ").partition(" ")[0])
        return f"; did you mean {option}?{f' It is {text}' if text not in known else ''}" if option else ""

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = INSTEAD if "circular" in action.choices else {}
            close = words.get(str(value).lower()) or closest(str(value), list(action.choices))
            hint = f"did you mean {close}? " if close else ""
            raise argparse.ArgumentError(action, f"unknown {value!r}; {hint}known: {', '.join(action.choices)}")

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: {message} (see `{self.prog} --help`)\n")


@contextmanager
def usage_errors(*kinds: type[Exception]) -> Iterator[None]:
    """Turn errors of these kinds into a `UsageError`, except those of a full disk and of a closed pipe."""
    try:
        yield
    except kinds as error:
        if isinstance(error, BrokenPipeError) or getattr(error, "errno", None) in FULL:
            raise
        raise UsageError(str(error)) from error


# --- types of arguments ---------------------------------------------------------------------------------------------


def count(text: str) -> int:
    """An integer of at least 1."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be an integer of at least 1, but is {text!r}")
    return int(text)


def numbers(text: str) -> list[float]:
    """A number, or first:last:step with both ends.

    Examples
    --------
    >>> numbers("0:0.3:0.1")
    [0.0, 0.1, 0.2, 0.3]
    """
    try:
        parts = [float(part) for part in text.split(":")]
    except ValueError:
        parts = []
    if len(parts) == 1:
        return parts
    if len(parts) == 3 and parts[2] > 0 and parts[1] >= parts[0]:
        steps = int(np.floor((parts[1] - parts[0]) / parts[2] + 1e-9))
        # 0:1:0.1 contains 0.3 and not 0.30000000000000004
        return [float(np.round(parts[0] + k * parts[2], 12)) for k in range(steps + 1)]
    raise argparse.ArgumentTypeError(f"must be a number or first:last:step, but is {text!r}")


def cells(text: str) -> list[int]:
    """An integer, or first:last with both ends."""
    parts = text.split(":")
    if all(part.isdecimal() for part in parts) and len(parts) in (1, 2) and 0 < int(parts[0]) <= int(parts[-1]):
        return list(range(int(parts[0]), int(parts[-1]) + 1))
    raise argparse.ArgumentTypeError(f"must be an integer of at least 1 or first:last, but is {text!r}")


def axis_value(text: str) -> tuple[str, str]:
    """Name of an axis and one of its values, AXIS=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals and value):
        raise argparse.ArgumentTypeError(f"must be AXIS=VALUE, but is {text!r}")
    return name, value


def assignment(text: str) -> tuple[str, str]:
    """Name of a constant and its value as text, NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name.strip().isidentifier() and equals and value.strip()):
        raise argparse.ArgumentTypeError(f"must be NAME=VALUE, but is {text!r}")
    return name.strip(), value.strip()


# --- commands ---------------------------------------------------------------------------------------------------------

Arguments = dict[str, dict[str, Any]]
FOLDER: Arguments = {
    "--out": {"type": Path, "default": Path("figures"), "metavar": "DIR", "help": "folder (default: figures)"}
}
WORKERS: Arguments = {"--workers": {"type": count, "metavar": "N", "help": "processes (default: one per core)"}}
"""What several commands take: name or flag to the keywords of `add_argument`."""


def add_arguments(parser: Any, arguments: Arguments) -> None:
    """Add arguments to a parser or to a group."""
    for name, keywords in arguments.items():
        parser.add_argument(name, **keywords)


def add_command(
    commands: Any, name: str, arguments: Arguments, texts: dict[str, Any], **defaults: Any
) -> argparse.ArgumentParser:
    """Add a command with its arguments; `texts` are the keywords of its parser, `defaults` set at least `command`."""
    sub: argparse.ArgumentParser = commands.add_parser(name, **texts)
    add_arguments(sub, arguments)
    sub.set_defaults(**defaults)
    return sub
