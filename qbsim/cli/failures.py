"""Errors in the code of a scenario: its own lines and its message, and nothing of what called it."""

from __future__ import annotations

import functools
import linecache
import os
import re
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from ..ledger.scenario import NotAScenarioError, Scenario
from .arguments import FULL, UsageError

__all__ = ["ScenarioFailure", "own_lines"]

_QBSIM = Path(__file__).resolve().parents[1]
_INSTALLED = [Path(sysconfig.get_path(name)).resolve() for name in ("stdlib", "platstdlib", "purelib", "platlib")]


class ScenarioFailure(Exception):
    """What went wrong in a scenario, ready to print; exit code 1."""


class _Line(NamedTuple):
    file: str
    number: int
    function: str


@contextmanager
def own_lines(scenario: Scenario, part: str) -> Iterator[None]:
    """Turn what a scenario raises into a `ScenarioFailure` with the lines of its author.

    A file that is not a scenario is a mistake on the command line; a full disk and a closed pipe pass through.
    """
    try:
        yield
    except NotAScenarioError as error:
        raise UsageError(str(error)) from error
    except Exception as error:
        if isinstance(error, BrokenPipeError | UsageError) or getattr(error, "errno", None) in FULL:
            raise
        raise ScenarioFailure(_text(error, f"{scenario.title}: {part} failed")) from error


def _text(error: Exception, head: str) -> str:
    message = "".join(traceback.format_exception_only(error)).rstrip()
    return f"qbsim: {head}\n{''.join(map(_shown, _own(error)))}{message}"


def _own(error: BaseException) -> list[_Line]:
    """Lines of the author, outermost first; those of a worker process come as text."""
    frames = [_Line(f.filename, f.lineno or 0, f.name) for f in traceback.extract_tb(error.__traceback__)]
    if type(error.__cause__).__name__ in ("_RemoteTraceback", "RemoteTraceback"):
        found = re.findall(r'^\s*File "(.+?)", line (\d+), in (\S+)', str(error.__cause__), re.MULTILINE)
        frames += [_Line(file, int(number), function) for file, number, function in found]
    return [line for line in frames if _is_own(line.file)]


@functools.cache
def _is_own(file: str) -> bool:
    """Whether a file is neither installed nor part of qbsim; the scenarios of the papers are nobody's but theirs."""
    path = Path(file).resolve()
    if path.is_relative_to(_QBSIM):
        return path.is_relative_to(_QBSIM / "scenarios")
    return path.is_file() and not any(path.is_relative_to(folder) for folder in _INSTALLED)


def _near(file: str) -> str:
    """Path from the current folder, if the file lies below it."""
    path = os.path.relpath(file)
    return file if path.startswith(os.pardir) else path


def _shown(line: _Line) -> str:
    """As Python shows it."""
    text = linecache.getline(line.file, line.number).strip()
    return f'  File "{_near(line.file)}", line {line.number}, in {line.function}\n' + (f"    {text}\n" if text else "")
